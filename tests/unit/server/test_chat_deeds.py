"""Reactions, deletion, the pin, hands, polls and commands: each done once, and told to whom it concerns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fakes.server_house import Guest, Place, fresh_id, running_house


async def test_a_reaction_is_counted_by_people(place: Place) -> None:
    ann, ben = await place.join("Ann"), await place.join("Ben")
    sent = await ann.done("chat.send", text="Hello")
    async with ann.socket() as line:
        await line.until("welcome")
        for guest, on in ((ann, True), (ben, True), (ben, True), (ann, False)):
            await guest.done("chat.react", message=sent["seq"], emoji=":heart:", on=on)
        told = [await line.until("chat.reaction") for _ in range(3)]
    assert [(each["data"]["count"], each["data"]["on"]) for each in told] == [(1, True), (2, True), (1, False)]
    assert told[0]["data"] == {"message": sent["seq"], "emoji": "❤️", "count": 1, "person": ann.id, "on": True}
    page = (await ben.call("GET", "/api/v1/sessions/studio/chat")).json()
    assert page["reactions"] == [{"message": sent["seq"], "emoji": "❤️", "count": 1, "mine": True}]
    assert (await ann.chat())["reactions"] == [{"message": sent["seq"], "emoji": "❤️", "count": 1, "mine": False}]


async def test_a_reaction_is_one_emoji_on_a_message_that_is_there(place: Place) -> None:
    ann = await place.join("Ann")
    sent = await ann.done("chat.send", text="Hello")
    for emoji, seq, code in (
        ("ok", sent["seq"], "text_bad"),
        ("👍👍", sent["seq"], "text_bad"),
        ("👍", 999, "not_found"),
    ):
        assert (await ann.ask("chat.react", message=seq, emoji=emoji)).json()["code"] == code
    for number in range(25):
        place.clock.forward(1)
        answer = await ann.ask("chat.react", message=sent["seq"], emoji=chr(0x1F600 + number))
    assert answer.json()["code"] == "too_many"
    assert len((await ann.chat())["reactions"]) == 20


async def test_a_deleted_message_is_gone_from_everything(place: Place) -> None:
    admin, ann, ben = await place.join("Adam", "admin"), await place.join("Ann"), await place.join("Ben")
    sent = await ann.done("chat.send", text="Regrettable words @Ben")
    await ben.done("chat.react", message=sent["seq"], emoji="👍")
    await admin.done("chat.pin", message=sent["seq"])
    assert (await ben.ask("chat.delete", message=sent["seq"])).json()["code"] == "no_right"
    async with ben.socket(after=0) as line:
        await line.until("welcome")
        await admin.done("chat.delete", message=sent["seq"])
        assert (await line.until("chat.pinned"))["data"] == {"message": 0}
        assert (await line.until("chat.deleted"))["data"] == {"message": sent["seq"]}
    async with ben.socket(after=0) as line:
        await line.until("welcome")
        (told,) = [each for each in line.seen if each["type"] == "chat.message"]
        assert (told["data"]["text"], told["data"]["deleted"], told["data"]["mentions"]) == ("", True, [])
        assert "Regrettable" not in str(line.seen)
    assert await ann.texts("search=regrettable") == [] and await ann.texts() == [""]
    chat = await ann.chat()
    assert (chat["pinned"], chat["reactions"]) == (None, [])
    for kind, data in (("chat.react", {"emoji": "👍"}), ("chat.pin", {}), ("chat.delete", {})):
        assert (await admin.ask(kind, message=sent["seq"], **data)).json()["code"] == "not_found"
    (line_of_audit,) = [each for each in await place.audit() if each["action"] == "chat.delete"]
    assert line_of_audit["target"] == ann.id and "Regrettable" not in line_of_audit["words"]


async def test_ones_own_message_is_ones_own_to_delete(place: Place) -> None:
    ann = await place.join("Ann")
    sent = await ann.done("chat.send", text="Oops")
    await ann.done("chat.delete", message=sent["seq"])
    assert await ann.texts() == [""]


async def test_one_message_is_pinned_at_a_time(place: Place) -> None:
    admin, ann = await place.join("Adam", "admin"), await place.join("Ann")
    one, two = await ann.done("chat.send", text="One"), await ann.done("chat.send", text="Two")
    back = await admin.done("chat.send", text="Back", channel="backstage")
    assert (await admin.ask("chat.pin", message=back["seq"])).json()["code"] == "bad_request"
    async with ann.socket() as line:
        await line.until("welcome")
        for seq in (one["seq"], two["seq"], two["seq"], 0):
            await admin.done("chat.pin", message=seq)
        told = [(await line.until("chat.pinned"))["data"]["message"] for _ in range(3)]
        assert told == [one["seq"], two["seq"], 0]
    await admin.done("chat.pin", message=one["seq"])
    assert (await ann.chat())["pinned"]["data"]["text"] == "One"


async def test_a_hand_goes_up_and_down_once(place: Place) -> None:
    ann, ben = await place.join("Ann"), await place.join("Ben")
    async with ben.socket() as line, ann.socket() as at_ann:
        await line.until("welcome")
        await at_ann.until("welcome")
        for up in (True, True, False, False):
            await ann.done("hand", up=up)
        told = [(await line.until("hand"))["data"] for _ in range(2)]
        assert [(each["person"], each["up"], each["since_s"] > 0) for each in told] == [
            (ann.id, True, True),
            (ann.id, False, False),
        ]
        await ann.done("hand", up=True)
        people = (await ben.call("GET", "/api/v1/sessions/studio/people")).json()["people"]
        assert {each["name"]: each["hand_s"] > 0 for each in people} == {"Ann": True, "Ben": False}


async def test_a_poll_is_opened_voted_in_and_closed(place: Place) -> None:
    host, ann, ben = await place.host(), await place.join("Ann"), await place.join("Ben")
    assert (await ann.ask("poll.open", question="Tea?", options=["Yes", "No"])).json()["code"] == "no_right"
    for options in (["Yes"], ["Yes", "yes"], ["a"] * 11, ["Yes", " "]):
        assert (await host.ask("poll.open", question="Tea?", options=options)).status_code == 400
    async with ben.socket() as line:
        await line.until("welcome")
        await host.done("poll.open", question="Tea? :tea:", options=["Yes", "No", "Later"])
        opened = (await line.until("poll"))["data"]
        assert (opened["question"], opened["votes"], opened["open"]) == ("Tea? 🍵", [0, 0, 0], True)
        poll = opened["poll"]
        assert (await host.ask("poll.open", question="Two?", options=["Yes", "No"])).status_code == 409
        for guest, option in ((ann, 0), (ben, 0), (host, 2), (ben, 1), (ben, 1)):
            await guest.done("poll.vote", poll=poll, option=option)
        place.clock.forward(1)
        await place.house.sweep()
        told = await line.until("poll")
        assert (told["data"]["votes"], told["data"]["voters"]) == ([1, 1, 1], 3), "a second vote replaces the first"
        assert told["from"]["id"] == "server", "nobody is told who voted"
        assert (await ann.ask("poll.vote", poll=poll, option=3)).json()["code"] == "bad_request"
        assert (await ann.ask("poll.vote", poll="v_none", option=0)).json()["code"] == "not_found"
        assert ((await ann.chat())["my_vote"], (await ben.chat())["my_vote"]) == (0, 1)
        await host.done("poll.close", poll=poll)
        assert (await line.until("poll", open=False))["data"]["votes"] == [1, 1, 1]
        assert (await ann.ask("poll.vote", poll=poll, option=1)).status_code == 409
    chat = await ann.chat()
    assert (chat["poll"]["open"], chat["poll"]["votes"]) == (False, [1, 1, 1])


async def test_many_votes_are_told_together_and_survive_a_restart(tmp_path: Path) -> None:
    async with running_house(tmp_path) as place:
        host, ann, ben = await place.host(), await place.join("Ann"), await place.join("Ben")
        await host.done("poll.open", question="Tea?", options=["Yes", "No"])
        poll = (await host.chat())["poll"]["poll"]
        async with ann.socket() as line:
            await line.until("welcome")
            await ann.done("poll.vote", poll=poll, option=0)
            await place.house.sweep()
            await line.until("poll", votes=[1, 0])
            await ben.done("poll.vote", poll=poll, option=0)
            await place.house.sweep()  # too soon after the last
            await ben.done("poll.vote", poll=poll, option=1)
            before = (await ann.call("GET", "/api/v1/sessions/studio")).json()["seq"]
    async with running_house(tmp_path) as place:
        again = Guest(place, ann.bearer, {"id": ann.id, "name": "Ann"})
        async with again.socket(after=before) as line:
            await line.until("welcome")
            await place.house.sweep()
            await line.until("poll", votes=[1, 1])
            assert [each["type"] for each in line.seen].count("poll") == 1


async def test_commands_are_answered_once_in_their_cool_down(place: Place) -> None:
    host, ann = await place.host(), await place.join("Ann")
    own = [{"name": "Rules", "answer": "Be kind :heart:", "cool_down_s": 30}]
    await host.done("chat.rules", commands=own)

    async def said(text: str, **more: Any) -> list[str]:
        before = len(await ann.texts())
        await ann.done("chat.send", text=text, **more)
        place.clock.forward(2)
        return (await ann.texts())[before + 1 :]

    assert await said("!rules") == ["Be kind ❤️"]
    assert await said("!RULES please") == [], "in its cool-down"
    place.clock.forward(30)
    assert await said("!RULES please") == ["Be kind ❤️"]
    assert await said("!help") == ["Commands: !uptime, !help, !rules."]
    assert await said("!uptime") == ["The show is not on air now."]
    assert await said("!nothing") == [] and await said("say !rules") == [] and await said("!") == []
    place.clock.forward(60)
    assert await said("!rules", to=host.id) == [], "what is private is answered by nobody"
    await place.go_live(host.bearer)
    place.wall.forward(3900)
    place.clock.forward(60)
    assert await said("!uptime") == ["On air for 1 h 5 min."]
    page = (await ann.call("GET", "/api/v1/sessions/studio/chat?limit=1")).json()["messages"][0]
    assert page["from"] == {"id": "server", "name": "Stoa", "role": None} and page["data"]["reply_to"] > 0


@pytest.mark.parametrize("name", ["help", "UPTIME", "!help", "two words", "a<b>", "", "x" * 25])
async def test_a_command_of_ones_own_has_a_name_of_its_own(place: Place, name: str) -> None:
    host = await place.host()
    answer = await host.ask("chat.rules", commands=[{"name": name, "answer": "x", "cool_down_s": 1}])
    assert answer.status_code == 400
    assert (await host.call("GET", "/api/v1/sessions/studio/chat/rules")).json()["commands"] == []


async def test_each_message_has_its_effect_once_however_often_it_is_sent(place: Place) -> None:
    host, ann = await place.host(), await place.join("Ann")
    sent = await ann.done("chat.send", text="Hello")
    seq = sent["seq"]
    for kind, data, other in (
        ("chat.send", {"text": "Once"}, {"text": "Twice"}),
        ("chat.react", {"message": seq, "emoji": "👍"}, {"message": seq, "emoji": "👎"}),
        ("chat.pin", {"message": seq}, {"message": 0}),
        ("chat.rules", {"slow_s": 0, "links": False}, {"slow_s": 5}),
        ("chat.mute", {"person": ann.id, "seconds": 60}, {"person": ann.id, "seconds": 0}),
        ("hand", {"up": True}, {"up": False}),
        ("poll.open", {"question": "Q?", "options": ["a", "b"]}, {"question": "R?", "options": ["a", "b"]}),
        ("chat.delete", {"message": seq}, {"message": seq + 1}),
    ):
        id = fresh_id("once")
        first = await host.done(kind, id, **data)
        before = (await place.owner("GET", "/api/v1/sessions/studio")).json()["seq"]
        second = await host.done(kind, id, **data)
        assert (second["already"], second["seq"]) == (True, first["seq"]), kind
        assert (await host.ask(kind, id, **other)).json()["code"] == "id_used", kind
        assert (await place.owner("GET", "/api/v1/sessions/studio")).json()["seq"] == before, kind


async def test_what_is_done_too_often_waits(place: Place) -> None:
    ann = await place.join("Ann")
    sent = await ann.done("chat.send", text="Hello")
    answers = [await ann.ask("chat.react", message=sent["seq"], emoji="👍", on=bool(n % 2)) for n in range(30)]
    assert answers[0].status_code == 200 and answers[-1].json()["code"] == "too_fast"
    assert answers[-1].headers["Retry-After"]
