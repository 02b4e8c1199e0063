"""The chat's messages: what stands in one, what is done to it by mouse and by keys, search, earlier ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from studio.server.rights import Role
from studio.session import ChatHeld, Poll
from tests.ui.chatting import (
    ADA,
    BOB,
    HELLO,
    FakeAttendance,
    begin,
    bubble,
    close_menus,
    entries,
    menu_of,
    pick,
    submenu,
    texts,
)
from tests.ui.conftest import Driver
from ui import talk
from ui.line import Line, Reaction
from ui.panels.chat import SHOWN_LINES
from ui.room import Someone


@pytest.fixture
def chat(studio: Driver) -> FakeAttendance:
    return begin(studio, Role.OWNER)


def test_an_answer_shows_the_line_that_it_answers_and_goes_there(studio: Driver, chat: FakeAttendance) -> None:
    pick(studio, "Answer")
    field = studio.window.chat.text
    assert field.hasFocus() and "Answer to Lin: Hello all" in texts(studio)
    studio.type("Hello Lin", field)
    studio.press("Return", field)
    studio.until(lambda: chat.asked == [("say", "Hello Lin", False, "", 7)], "answered")
    studio.until(lambda: not studio.window.chat.composer.answering.isVisible(), "done with it")
    studio.room.add_line(Line("m8", "Ada", "Hello Lin", "20:01", "broadcaster", mine=True, seq=8, reply_to=7))
    studio.settle()
    assert texts(studio).count("Lin: Hello all") == 1
    assert bubble(studio, 8).accessibleName() == "Ada, answers Lin: Hello Lin"
    pick(studio, "Go to what it answers", 8)
    assert bubble(studio).hasFocus()
    studio.room.delete_line(7)
    studio.settle()
    assert "Lin: This message was deleted." in texts(studio)


def test_escape_takes_the_answer_back_and_then_the_words(studio: Driver, chat: FakeAttendance) -> None:
    pick(studio, "Answer")
    field = studio.window.chat.text
    studio.type("Hm", field)
    studio.press("Escape", field)
    assert not studio.window.chat.composer.answering.isVisible() and field.text() == "Hm"
    studio.press("Escape", field)
    assert field.text() == ""


def test_five_reactions_are_offered_and_counted(studio: Driver, chat: FakeAttendance) -> None:
    react = submenu(studio, "React")
    assert entries(react) == ["👍", "❤️", "😂", "👏", "🎉"]
    react.actions()[3].trigger()
    close_menus(studio)
    studio.until(lambda: chat.asked == [("chat.react", {"message": 7, "emoji": "👏", "on": True})], "asked")
    studio.room.react(7, "👏", 3, True)
    studio.settle()
    (chip,) = [each for each in bubble(studio).findChildren(QPushButton) if each.isVisible()]
    assert (chip.text(), chip.accessibleName()) == ("👏 3", "👏: 3 people, you too")
    assert submenu(studio, "React").actions()[3].isChecked()
    close_menus(studio)
    studio.click(chip)
    studio.until(lambda: chat.asked[-1] == ("chat.react", {"message": 7, "emoji": "👏", "on": False}), "taken off")
    studio.room.react(7, "👏", 0, False)
    assert bubble(studio).line.reactions == ()


def test_who_is_named_sees_it(studio: Driver, chat: FakeAttendance) -> None:
    studio.room.add_line(replace(HELLO, id="m9", seq=9, text="@Ada welcome", called=True))
    studio.settle()
    assert texts(studio).count("names you") == 1
    assert bubble(studio, 9).property("called") == "true" and bubble(studio).property("called") == "false"
    assert bubble(studio, 9).accessibleName() == "Lin, names you: @Ada welcome"


def test_private_words_go_to_one_person_from_the_menu_or_the_list(studio: Driver, chat: FakeAttendance) -> None:
    panel = studio.window.chat
    pick(studio, "Write to them alone")
    assert panel.text.hasFocus() and panel.text.placeholderText() == "Write to Lin alone"
    studio.type("Psst", panel.text)
    studio.press("Return", panel.text)
    studio.until(lambda: chat.asked == [("say", "Psst", False, "p_lin", 0)], "said")
    assert chat.typing == [], "nobody is told of private words"
    assert [panel.reader.itemText(at) for at in range(panel.reader.count())] == ["Everyone", "Backstage", "Bob", "Lin"]
    studio.room.set_people((ADA, BOB), 0)
    assert panel.reader.currentText() == "Lin", "who leaves is not swapped for another reader"
    private = replace(HELLO, id="m9", seq=9, place="to you alone", partner="p_bob", partner_name="Bob", by="p_bob")
    studio.room.add_line(private)
    studio.settle()
    assert entries(menu_of(studio, 9)) == [
        "React",
        "Answer",
        "Write to them alone",
        "Copy the words",
        "Mute in the chat",
    ]
    close_menus(studio)
    pick(studio, "Answer", 9)
    assert panel.reader.currentText() == "Bob"


def test_backstage_has_a_view_of_its_own(studio: Driver, chat: FakeAttendance) -> None:
    panel = studio.window.chat
    panel.tools.view.button("backstage").click()
    studio.settle()
    assert panel.reader.currentText() == "Backstage" and "Nothing backstage yet" in texts(studio)
    studio.room.add_line(Line("m8", "Bob", "Ready", "20:01", "broadcaster", seq=8, place="backstage", backstage=True))
    studio.room.add_line(replace(HELLO, id="m9", seq=9, text="For all"))
    studio.settle()
    assert "Ready" in texts(studio) and not {"Hello all", "For all"} & set(texts(studio))
    panel.tools.view.button("all").click()
    studio.settle()
    assert {"Ready", "Hello all", "For all"} <= set(texts(studio)) and panel.reader.currentText() == "Everyone"


def test_deleting_and_muting_are_the_moderators(studio: Driver, chat: FakeAttendance) -> None:
    pick(studio, "Delete")
    studio.until(lambda: chat.asked == [("chat.delete", {"message": 7})], "deleted")
    mutes = submenu(studio, "Mute in the chat")
    assert entries(mutes) == ["For 1 minute", "For 10 minutes", "For 1 hour", "For 1 day", "Let them write again"]
    mutes.actions()[1].trigger()
    close_menus(studio)
    studio.until(lambda: chat.asked[-1] == ("chat.mute", {"person": "p_lin", "seconds": 600}), "muted")
    studio.room.delete_line(7)
    studio.settle()
    assert entries(menu_of(studio)) == ["Copy the words"]
    close_menus(studio)


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        (Role.BROADCASTER, {"Pin above the chat", "Mute in the chat", "Delete"}),
        (Role.GUEST, set()),
        (Role.VIEWER, set()),
    ],
)
def test_the_menu_offers_what_one_may(studio: Driver, role: Role, offered: set[str]) -> None:
    begin(studio, role)
    always = {"React", "Answer", "Write to them alone", "Copy the words"}
    assert set(entries(menu_of(studio))) == always | offered
    close_menus(studio)
    assert studio.window.chat.tools.more.isVisible() is bool(offered)
    studio.room.talk.hold(ChatHeld("h1", "p_lin", "Lin", "May I?"))
    assert studio.window.chat.held.isVisible() is bool(offered)


def test_the_history_is_searched_page_by_page(studio: Driver, chat: FakeAttendance) -> None:
    panel = studio.window.chat
    found = [Line(f"f{at}", "Lin", f"cake {at}", "19:00", "viewer", seq=at) for at in range(1, 6)]
    chat.pages = {(0, "cake"): (found[2:], True), (3, "cake"): (found[:2], False), (0, "pie"): ([], False)}
    studio.click(panel.tools.search)
    assert panel.search.words.hasFocus() and not panel._area.isVisible()
    studio.type("cake", panel.search.words)
    studio.until(lambda: len(panel.search.found.bubbles()) == 3, "found")
    assert chat.asked == [("page", 0, "cake")], "asked once, after the last key"
    studio.click(panel.search.earlier)
    studio.until(lambda: len(panel.search.found.bubbles()) == 5, "found more")
    assert [one.line.seq for one in panel.search.found.bubbles()] == [5, 4, 3, 2, 1]
    assert not panel.search.earlier.isVisible()
    studio.press("Down", panel.search.words)
    assert panel.search.found.bubbles()[0].hasFocus()
    panel.search.words.clear()
    studio.type("pie", panel.search.words)
    studio.until(lambda: panel.search.said.text().startswith("Nothing found."), "nothing")
    studio.press("Escape", panel.search.words)
    assert not panel.search.isVisible() and panel._area.isVisible() and panel.text.hasFocus()


def test_earlier_messages_come_in_pages_without_moving_what_is_read(studio: Driver, chat: FakeAttendance) -> None:
    panel = studio.window.chat
    lines = [Line(str(at), "Lin", f"line {at}", "20:00", "viewer", seq=at) for at in range(100, 100 + SHOWN_LINES + 20)]
    studio.room.reset_lines(lines, older=True)
    studio.settle(10)
    assert len(panel._area.bubbles()) == SHOWN_LINES
    panel._area.go(panel._area.bubbles()[0])
    studio.press("Up", panel._area.bubbles()[0])
    assert len(panel._area.bubbles()) == SHOWN_LINES + 20 and chat.asked == []
    chat.pages[100, ""] = ([Line("99", "Lin", "line 99", "19:59", "viewer", seq=99)], False)
    panel._area.go(panel._area.bubbles()[0])
    studio.press("Up", panel._area.bubbles()[0])
    studio.until(lambda: panel._area.bubbles()[0].line.seq == 99, "fetched")
    assert chat.asked == [("page", 100, "")] and not panel.older.isVisible()
    assert len(panel._area.bubbles()) == len(studio.room.lines) == SHOWN_LINES + 21


def test_the_messages_are_one_stop_of_tab_with_arrows_and_a_menu(studio: Driver, chat: FakeAttendance) -> None:
    panel = studio.window.chat
    studio.room.reset_lines([replace(HELLO, id=str(at), seq=at, text=f"line {at}") for at in range(1, 6)])
    studio.room.react(5, "👍", 2, False)
    studio.settle()
    panel.text.setFocus()
    QTest.keyClick(panel.text, Qt.Key.Key_Backtab)
    studio.press("Up", QApplication.focusWidget())
    studio.press("Up", QApplication.focusWidget())
    assert bubble(studio, 4).hasFocus()
    for keys in ("Menu", "Shift+F10", "Return"):
        studio.press(keys, bubble(studio, 4))
        assert "Answer" in entries(studio.menu()), keys
        close_menus(studio)
    studio.press("Ctrl+C", bubble(studio, 4))
    assert QGuiApplication.clipboard().text() == "line 4"
    QTest.mouseClick(bubble(studio, 5), Qt.MouseButton.RightButton, pos=QPoint(5, 5))
    assert [
        one for one in bubble(studio, 5).findChildren(QPushButton) if one.focusPolicy() & Qt.FocusPolicy.TabFocus
    ] == []


def test_everything_is_plain_text(studio: Driver, chat: FakeAttendance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "TYPING_MS", 600_000)
    hostile = "<img src=x width=400> Ann"
    line = Line("x", hostile, hostile, "20:00", "viewer", seq=9, by="p_x", reply_to=7, called=True)
    studio.room.add_line(replace(line, reactions=(Reaction("👍", 1),)))
    studio.room.talk.set_pinned(line)
    studio.room.talk.hold(ChatHeld("h", "p_x", hostile, hostile))
    studio.room.talk.set_poll(Poll("p", hostile, (hostile, "b"), (0, 0), 0, True))
    studio.room.set_people((ADA, Someone("p_x", hostile, "viewer", hand=True, hand_s=1)), 1)
    studio.room.talk.types("p_x", hostile)
    studio.settle()
    shown = [each for each in studio.window.chat.findChildren(QLabel) if "<img" in each.text().replace("\u200b", "")]
    assert len(shown) >= 7
    assert all(each.textFormat() is Qt.TextFormat.PlainText for each in shown)
