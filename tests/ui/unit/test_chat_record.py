"""What the server's chat says, as the window's room has it: over the real application."""

from __future__ import annotations

from typing import Any

import pytest

from studio.session import ChatMuted
from tests.fakes.server_house import Guest
from tests.ui.unit.attending import Window
from ui.chat_record import muted_words
from ui.line import Line, Reaction


async def said(window: Window, lin: Guest, text: str, **where: Any) -> Line:
    await lin.done("chat.send", text=text, **where)
    return await window.line(text)


async def test_messages_say_what_they_answer_whom_they_name_and_who_reads_them(window: Window, lin: Guest) -> None:
    await window.listen()
    assert window.client.me is not None
    me = window.client.me.person
    first = await said(window, lin, "When do we begin?")
    assert (first.who, first.role, first.mine, first.by, first.place) == ("Lin", "viewer", False, lin.id, "")
    await window.attendance.say("At eight", reply_to=first.seq)
    assert (await window.line("At eight")).reply_to == first.seq
    named = await said(window, lin, f"@{me.name} thank you")
    assert named.called and not first.called
    await window.attendance.say("Only us", to=lin.id)
    private = await window.line("Only us")
    assert (private.place, private.partner, private.partner_name) == ("to Lin alone", lin.id, "Lin")
    await window.attendance.say("Get ready", backstage=True)
    assert (await window.line("Get ready")).backstage
    assert "Get ready" not in await lin.texts()


async def test_reactions_the_pin_and_a_deletion_reach_the_line(window: Window, lin: Guest) -> None:
    await window.listen()
    line = await said(window, lin, "What a show")
    await lin.done("chat.react", message=line.seq, emoji="👏")
    await window.attendance.chat("chat.react", message=line.seq, emoji="👏", on=True)
    await window.until(lambda: window.now(line).reactions == (Reaction("👏", 2, True),), "two clap")
    await lin.done("chat.react", message=line.seq, emoji="👏", on=False)
    await window.until(lambda: window.now(line).reactions == (Reaction("👏", 1, True),), "I clap alone")
    await window.attendance.chat("chat.pin", message=line.seq)
    await window.until(lambda: window.room.talk.pinned is not None, "pinned")
    assert window.room.talk.pinned == window.now(line)
    await window.attendance.chat("chat.delete", message=line.seq)
    await window.until(lambda: window.room.talk.pinned is None, "unpinned")
    await window.until(lambda: window.now(line).deleted, "deleted")
    assert window.now(line).reactions == ()


async def test_held_messages_wait_until_they_are_decided(window: Window, lin: Guest) -> None:
    await window.listen()
    talk = window.room.talk
    await window.attendance.chat("chat.rules", hold=True, slow_s=0, links=False)
    await window.until(lambda: talk.rules.hold and not talk.rules.links, "rules")
    await lin.done("chat.send", text="May I?")
    await lin.done("chat.send", text="Or not?")
    await window.until(lambda: [one.text for one in talk.held.values()] == ["May I?", "Or not?"], "two wait")
    first, second = talk.held
    await window.attendance.chat("chat.decide", held=first, allow=True)
    await window.attendance.chat("chat.decide", held=second, allow=False)
    await window.line("May I?")
    await window.until(lambda: not talk.held, "decided")
    assert all(line.text != "Or not?" for line in window.room.lines)


async def test_a_mute_is_told_in_words(window: Window, lin: Guest) -> None:
    await window.listen()
    await window.attendance.chat("chat.mute", person=lin.id, seconds=600)
    assert (await window.line("Lin cannot write in the chat for 10 minutes.")).notice
    await window.attendance.chat("chat.mute", person=lin.id, seconds=0)
    await window.line("Lin can write in the chat again.")


async def test_a_poll_grows_and_closes_and_hands_come_in_order(window: Window, lin: Guest) -> None:
    await window.listen()
    talk = window.room.talk
    await window.attendance.chat("poll.open", question="Tea?", options=["Yes", "No"])
    await window.until(lambda: talk.poll is not None and talk.poll.open, "open")
    poll = talk.poll
    assert poll is not None and (poll.question, poll.options, talk.my_vote) == ("Tea?", ("Yes", "No"), -1)
    await lin.done("poll.vote", poll=poll.poll, option=1)
    await window.attendance.chat("poll.close", poll=poll.poll)
    await window.until(lambda: talk.poll is not None and not talk.poll.open and talk.poll.votes == (0, 1), "closed")
    async with lin.socket():  # whoever left is not listed
        await lin.done("hand", up=True)
        await window.attendance.chat("hand", up=True)
        await window.until(lambda: sum(one.hand for one in window.room.people) == 2, "two hands")
        assert all(one.hand_s for one in window.room.people if one.hand)
        await window.attendance.command("lower_hand", lin.id)
        await window.until(lambda: [one.me for one in window.room.people if one.hand] == [True], "mine is left")


async def test_who_comes_later_finds_everything_and_fetches_what_is_further_up(window: Window, lin: Guest) -> None:
    (first,) = [(await lin.done("chat.send", text="An early word"))["seq"]]
    for at in range(54):
        window.place.clock.forward(60)
        await lin.done("chat.send", text=f"line {at}")
    await window.client.chat("chat.pin", message=first)
    await window.client.chat("chat.react", message=first, emoji="🎉", on=True)
    await lin.done("chat.send", text="As I said", reply_to=first)
    await window.listen()
    room = window.room
    assert room.talk.pinned is not None and room.talk.pinned.text == "An early word"
    assert room.older and all(line.seq != first for line in room.lines)
    await window.until(lambda: room.find(first) is not None, "what is answered was fetched")
    lines, more = await window.attendance.page(room.lines[0].seq)
    assert lines[0].text == "An early word" and lines[0].reactions == (Reaction("🎉", 1, True),) and not more
    room.put_before(lines, older=more)
    assert [line.text for line in room.lines[:2]] == ["An early word", "line 0"]
    assert len({line.id for line in room.lines}) == len(room.lines) and not room.older
    found, more = await window.attendance.page(search="early & wor")
    assert [line.text for line in found] == ["An early word"] and not more


async def test_the_rules_are_read_whole(window: Window, lin: Guest) -> None:
    rules = {"slow_s": 30, "words": ["spam*"], "commands": [{"name": "rules", "answer": "Be kind", "cool_down_s": 5}]}
    await window.client.chat("chat.rules", **rules)
    found = await window.attendance.chat_rules()
    assert (found.slow_s, found.links, found.words) == (30, True, ("spam*",))
    assert [(one.name, one.answer, one.cool_down_s) for one in found.commands] == [("rules", "Be kind", 5)]


@pytest.mark.parametrize("seconds", [0, 30, 60, 600])
def test_the_words_of_a_mute(seconds: int) -> None:
    words = {0: "can write in the chat again", 30: "for 30 s", 60: "for 1 minute.", 600: "for 10 minutes."}
    assert words[seconds] in muted_words(ChatMuted("p", "Lin", seconds))
