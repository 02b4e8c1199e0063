"""What stands beside the chat's messages: the pinned one, those held, polls, rules, hands, who is writing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from studio.media import ErrorKind, StoaError
from studio.server.rights import Role
from studio.session import ChatHeld, ChatRulesData, OwnCommand, Poll
from tests.ui.chatting import (
    ADA,
    BOB,
    HELLO,
    LIN,
    TEA,
    FakeAttendance,
    begin,
    close_menus,
    entries,
    menu_of,
    pick,
    texts,
)
from tests.ui.conftest import Driver
from ui import talk
from ui.dialogs.chat_rules import ChatRulesDialog
from ui.dialogs.poll import PollDialog
from ui.talk import Rules


@pytest.fixture
def chat(studio: Driver) -> FakeAttendance:
    return begin(studio, Role.OWNER)


def test_pinned_stands_on_top_until_it_is_unpinned(studio: Driver, chat: FakeAttendance) -> None:
    pick(studio, "Pin above the chat")
    studio.until(lambda: chat.asked == [("chat.pin", {"message": 7})], "asked")
    assert not studio.window.chat.shelf.isVisible()
    studio.room.talk.set_pinned(HELLO)
    studio.settle()
    assert "Pinned · Lin: Hello all" in texts(studio)
    assert "Unpin" in entries(menu_of(studio))
    close_menus(studio)
    studio.click(studio.window.chat.pinned.unpin)
    studio.until(lambda: chat.asked[-1] == ("chat.pin", {"message": 0}), "asked to unpin")
    studio.room.talk.set_pinned(None)
    studio.settle()
    assert not studio.window.chat.shelf.isVisible()


def test_held_messages_are_allowed_and_refused_and_the_keyboard_goes_on(studio: Driver, chat: FakeAttendance) -> None:
    panel = studio.window.chat
    studio.room.talk.set_held(tuple(ChatHeld(f"h{at}", "p_lin", "Lin", f"<b>{at}</b>") for at in range(5)))
    studio.settle()
    assert "5 messages wait for you" in texts(studio) and "and 2 more" in texts(studio)
    assert "Lin: <b>0</b>" in texts(studio)
    allow = panel.held.rows["h0"].focusProxy()
    allow.setFocus()
    studio.press("Space", allow)
    studio.until(lambda: chat.asked == [("chat.decide", {"held": "h0", "allow": True})], "allowed")
    studio.room.talk.decided("h0")
    studio.settle()
    assert list(panel.held.rows) == ["h1", "h2", "h3"] and panel.held.rows["h1"].focusProxy().hasFocus()
    refuse = next(each for each in panel.held.rows["h1"].findChildren(QPushButton) if each.text() == "Refuse")
    studio.click(refuse)
    studio.until(lambda: chat.asked[-1] == ("chat.decide", {"held": "h1", "allow": False}), "refused")
    studio.room.talk.decided("h4")
    studio.settle()
    panel.held.rows["h3"].focusProxy().setFocus()
    studio.room.talk.decided("h3")
    studio.settle()
    assert panel.held.rows["h1"].focusProxy().hasFocus(), "the last one is gone: on to the first"
    studio.room.talk.set_held(())
    studio.settle()
    assert not panel.held.isVisible()


def test_a_poll_is_voted_on_grows_and_is_closed(studio: Driver, chat: FakeAttendance) -> None:
    panel = studio.window.chat.poll
    studio.room.talk.set_poll(TEA)
    studio.settle()
    tea, coffee = panel.options
    assert [one.accessibleName() for one in panel.options] == ["Tea: 75 %, 3 votes", "Coffee: 25 %, 1 vote"]
    tea.setFocus()
    studio.press("Space", tea)
    studio.until(lambda: chat.asked == [("poll.vote", {"poll": "poll1", "option": 0})], "voted")
    assert tea.accessibleName().endswith("your vote")
    studio.room.talk.set_poll(Poll("poll1", TEA.question, TEA.options, (4, 4), 8, True))
    assert (tea.percent, coffee.share) == ("50 %", 0.5) and tea.hasFocus() and panel.count.text() == "8 votes"
    studio.click(panel.close_poll)
    studio.until(lambda: chat.asked[-1] == ("poll.close", {"poll": "poll1"}), "closed")
    studio.room.talk.set_poll(Poll("poll1", TEA.question, TEA.options, (4, 4), 8, False))
    studio.settle()
    assert panel.count.text() == "8 votes, closed" and not tea.isEnabled()
    studio.click(panel.put_away)
    assert not panel.isVisible()


def test_a_vote_that_is_refused_is_taken_back(studio: Driver, chat: FakeAttendance) -> None:
    studio.room.talk.set_poll(TEA)
    studio.settle()
    chat.refuse = StoaError(ErrorKind.CONFLICT, "The poll is closed.", remedy="Look at the result.")
    studio.click(studio.window.chat.poll.options[1])
    studio.until(studio.window.toast.isVisible, "told")
    assert studio.room.talk.my_vote == -1


def test_a_poll_is_opened_from_the_menu(studio: Driver, chat: FakeAttendance) -> None:
    studio.click(studio.window.chat.tools.more)
    studio.choose("Open a poll…")
    dialog = studio.dialog(PollDialog)
    studio.click(dialog.ask)
    assert dialog.problem == "Write the question."
    studio.type("Tea?", dialog.question)
    dialog.options.setPlainText("Yes\n\n")
    studio.click(dialog.ask)
    assert "this one has 1" in dialog.problem
    dialog.options.setPlainText("Yes\n No \n")
    studio.click(dialog.ask)
    asked = ("poll.open", {"question": "Tea?", "options": ["Yes", "No"]})
    studio.until(lambda: chat.asked == [asked], "opened")


def test_the_rules_are_shown_and_set_whole(studio: Driver, chat: FakeAttendance) -> None:
    chat.rules = ChatRulesData(20, False, False, ("spam*", "ham"), (OwnCommand("rules", "Be kind", 30),))
    studio.click(studio.window.chat.tools.more)
    studio.choose("Rules of the chat…")
    dialog = studio.dialog(ChatRulesDialog)
    assert (dialog.slow.value(), dialog.links.isChecked(), dialog.hold.isChecked()) == (20, False, False)
    assert dialog.words.toPlainText() == "spam*\nham" and dialog.commands.toPlainText() == "!rules 30 Be kind"
    dialog.hold.setChecked(True)
    dialog.commands.setPlainText("!rules 30 Be kind\nmail")
    studio.click(dialog.save)
    assert dialog.problem.startswith("A command needs a name and an answer.") and chat.asked == []
    dialog.commands.setPlainText("!rules 30 Be kind\nmail ask@example.org")
    chat.refuse = StoaError(ErrorKind.BAD_ARGUMENT, "That is no word.", remedy="Write words.")
    studio.click(dialog.save)
    studio.until(lambda: dialog.problem == "That is no word. Write words.", "refused")
    chat.refuse = None
    studio.click(dialog.save)
    commands = [
        {"name": "rules", "answer": "Be kind", "cool_down_s": 30},
        {"name": "mail", "answer": "ask@example.org", "cool_down_s": 10},
    ]
    rules = {"slow_s": 20, "links": False, "hold": True, "words": ["spam*", "ham"], "commands": commands}
    studio.until(lambda: len(chat.asked) == 2 and chat.asked[-1] == ("chat.rules", rules), "set")
    studio.room.talk.set_rules(Rules(20, False, True))
    assert studio.window.chat.tools.rules.text() == "One message every 20 s, no links, moderators read first."


def test_hands_go_up_are_listed_in_order_and_lowered(studio: Driver, chat: FakeAttendance) -> None:
    panel = studio.window.chat
    studio.click(panel.tools.hand)
    studio.until(lambda: chat.asked == [("hand", {"up": True})], "raised")
    people = (replace(ADA, hand=True, hand_s=30), replace(LIN, hand=True, hand_s=20), BOB)
    studio.room.set_people(people, 1)
    studio.settle()
    assert panel.tools.hand.isChecked() and "2 hands are up" in texts(studio)
    assert list(panel.hands.rows) == ["p_lin", "host.studio"]
    studio.click(panel.hands.rows["p_lin"].focusProxy())
    studio.until(lambda: chat.asked[-1] == ("lower_hand", "p_lin"), "lowered theirs")
    studio.click(panel.hands.rows["host.studio"].focusProxy())
    studio.until(lambda: chat.asked[-1] == ("hand", {"up": False}), "lowered mine")
    studio.room.set_people((ADA, LIN, BOB), 1)
    studio.settle()
    assert not panel.tools.hand.isChecked() and not panel.hands.isVisible()


def test_a_hand_that_is_refused_is_not_up(studio: Driver, chat: FakeAttendance) -> None:
    chat.refuse = StoaError(ErrorKind.REFUSED, "You have no place in this session.")
    studio.click(studio.window.chat.tools.hand)
    studio.until(studio.window.toast.isVisible, "told")
    assert not studio.window.chat.tools.hand.isChecked()


def test_who_writes_is_said_for_a_moment(studio: Driver, chat: FakeAttendance, monkeypatch: pytest.MonkeyPatch) -> None:
    line = studio.window.chat.typing
    monkeypatch.setattr(talk, "TYPING_MS", 600_000)
    studio.room.talk.types("p_lin", "<i>Lin</i>")
    studio.settle()
    assert line.text() == "<i>Lin</i> is writing…" and line.textFormat() is Qt.TextFormat.PlainText
    studio.room.talk.types("p_bob", "Bob")
    assert line.text() == "<i>Lin</i> and Bob are writing…"
    studio.room.talk.types("p_cy", "Cy")
    assert line.text() == "Several people are writing…"
    for person in ("p_lin", "p_bob", "p_cy"):
        studio.room.talk.typed(person)
    assert not line.isVisible()
    monkeypatch.setattr(talk, "TYPING_MS", 20)
    studio.room.talk.types("p_lin", "Lin")
    assert line.isVisible()
    studio.until(lambda: not line.isVisible(), "forgotten")


def test_others_are_told_now_and_then_that_one_writes(studio: Driver, chat: FakeAttendance) -> None:
    composer = studio.window.chat.composer
    now_s = [100.0]
    composer._clock_s = lambda: now_s[0]
    studio.type("Hel", composer.text)
    assert chat.typing == ["all"]
    now_s[0] += 3.5
    composer.reader.setCurrentIndex(1)
    studio.type("lo", composer.text)
    assert chat.typing == ["all", "backstage"]


def test_a_full_shelf_does_not_push_the_window_apart(studio: Driver, chat: FakeAttendance) -> None:
    studio.window.resize(1024, 640)
    studio.settle()
    before = studio.window.height()
    studio.room.talk.set_pinned(replace(HELLO, text="word " * 60))
    studio.room.talk.set_held(tuple(ChatHeld(f"h{at}", "p", "Lin", "word " * 60) for at in range(9)))
    studio.room.talk.set_poll(Poll("p", "Which?", tuple(f"Option {at}" for at in range(10)), (0,) * 10, 0, True))
    studio.settle(10)
    assert studio.window.height() == before
    chat_panel = studio.window.chat
    assert chat_panel.shelf.height() < chat_panel.shelf.sizeHint().height(), "it is scrolled"
    assert chat_panel.shelf.geometry().bottom() < chat_panel._area.y() and chat_panel._area.height() > 40
    assert chat_panel.composer.geometry().bottom() < chat_panel.height()
