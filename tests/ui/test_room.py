"""Chat, people and share panels."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from studio.media import ErrorKind, StoaError
from tests.ui.conftest import Driver
from ui.dialogs.frame import Question
from ui.line import Line
from ui.panels.person import PersonRow
from ui.room import Address, Presence, Reach, Someone


class FakeAttendance:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.refuse: StoaError | None = None

    async def _do(self, *what: object) -> None:
        self.asked.append(what)
        if self.refuse is not None:
            raise self.refuse

    async def say(self, text: str, *, backstage: bool = False, to: str = "", reply_to: int = 0) -> None:
        await self._do(*(("say", text, "backstage") if backstage else ("say", text)))

    async def chat(self, kind: str, **data: object) -> None:
        assert kind == "chat.typing"

    async def share(self, address: str, port: int, https: str) -> None:
        await self._do("share", address, port, https)

    async def take_back(self) -> None:
        await self._do("take_back")

    async def admin_link(self) -> str:
        await self._do("admin_link")
        return "http://host/admin#i=once"

    async def command(self, action: str, target: str = "", **more: object) -> None:
        await self._do(action, target)


@pytest.fixture
def attendance(studio: Driver) -> FakeAttendance:
    made = FakeAttendance()
    studio.room.attendance = made
    studio.room.set_presence(Presence.JOINED)
    studio.room.set_rights(share=True, remove=True, invite_admins=True)
    return made


def texts(studio: Driver) -> list[str]:
    return [each.text().replace("\u200b", "") for each in studio.window.chat.findChildren(QLabel) if each.isVisible()]


def test_chat_both_ways(studio: Driver, attendance: FakeAttendance) -> None:
    studio.press("Ctrl+5", studio.window)
    field = studio.window.chat.text
    assert field.hasFocus()
    studio.type("Hello", field)
    studio.press("Return", field)
    studio.until(lambda: not field.text(), "sent")
    assert attendance.asked == [("say", "Hello")]
    studio.room.add_line(Line("1", "Lin", "<script>alert(1)</script>", "20:00", "viewer"))
    studio.room.add_line(Line("1", "Lin", "again", "20:00", "viewer"))
    studio.settle()
    assert "<script>alert(1)</script>" in texts(studio) and "again" not in texts(studio)
    assert all(each.textFormat() is Qt.TextFormat.PlainText for each in studio.window.chat.findChildren(QLabel))


def test_backstage_is_chosen_and_said_where_it_stands(studio: Driver, attendance: FakeAttendance) -> None:
    chat = studio.window.chat
    chat.reader.setCurrentIndex(1)
    studio.type("Two minutes", chat.text)
    studio.press("Return", chat.text)
    studio.until(lambda: not chat.text.text(), "sent")
    assert attendance.asked == [("say", "Two minutes", "backstage")]
    assert chat.text.placeholderText() == "Write backstage"
    studio.room.add_line(Line("1", "Lin", "Only for you", "20:00", "viewer", seq=7, place="to you alone"))
    studio.settle()
    assert "to you alone" in texts(studio)
    studio.room.delete_line(7)
    studio.settle()
    assert "This message was deleted." in texts(studio) and "Only for you" not in texts(studio)


def test_a_refused_message_stays_in_the_field_with_the_reason(studio: Driver, attendance: FakeAttendance) -> None:
    attendance.refuse = StoaError(ErrorKind.BUSY, "You write too fast.", remedy="Wait a moment.")
    studio.type("Hello", studio.window.chat.text)
    studio.press("Return", studio.window.chat.text)
    studio.until(studio.window.chat.problem.isVisible, "reason")
    assert studio.window.chat.problem.text() == "You write too fast. Wait a moment."
    assert studio.window.chat.text.text() == "Hello"


def test_a_reader_further_up_is_not_pulled_down(studio: Driver, attendance: FakeAttendance) -> None:
    studio.room.reset_lines([Line(str(at), "Lin", f"line {at}", "20:00", "viewer") for at in range(60)])
    bar = studio.window.chat._area.verticalScrollBar()
    studio.until(lambda: bar.maximum() > 0 and bar.value() == bar.maximum(), "at the end")
    bar.setValue(0)
    studio.room.add_line(Line("came", "Ben", "Ben is here.", "20:01", "viewer", notice=True, quiet=True))
    studio.settle()
    assert not studio.window.chat.newer.isVisible() and "Ben is here." in texts(studio)
    studio.room.add_line(Line("new", "Lin", "newest", "20:01", "viewer"))
    studio.until(studio.window.chat.newer.isVisible, "told")
    assert bar.value() == 0
    studio.click(studio.window.chat.newer)
    assert bar.value() == bar.maximum() and not studio.window.chat.newer.isVisible()


def test_without_the_session_nothing_can_be_sent(studio: Driver, attendance: FakeAttendance) -> None:
    studio.room.set_presence(Presence.AWAY, "The line to the session server was lost.")
    assert not studio.window.chat.text.isEnabled()
    studio.room.set_presence(Presence.NONE, "")
    assert studio.window.chat.empty.isVisible()


def test_people_are_listed_backstage_first_and_removed_after_a_question(
    studio: Driver, attendance: FakeAttendance
) -> None:
    studio.room.set_people(
        (Someone("v", "Lin", "viewer"), Someone("a", "Grace", "admin"), Someone("o", "Ada", "broadcaster", me=True)), 1
    )
    studio.press("Ctrl+6", studio.window)
    assert studio.window.pages.tabText(1) == "People 3"
    rows = [row for row in studio.window.people.findChildren(PersonRow) if row.isVisible()]
    assert [row.accessibleName() for row in rows] == ["Grace, Admin", "Ada, Host", "Lin, Viewer"]
    rows[2].ask_remove()
    studio.click(studio.dialog(Question).act)
    studio.until(lambda: attendance.asked == [("kick", "v")], "removed")


class TestShare:
    @pytest.fixture(autouse=True)
    def _reach(self, studio: Driver, attendance: FakeAttendance) -> None:
        choices = (Address("192.168.1.20", "wlan0", "Who is in your network."), Address("10.8.0.2", "tun0", "The VPN."))
        studio.room.set_reach(
            Reach(link="http://127.0.0.1:8080/watch/studio#i=x", reach_words="Only you.", choices=choices)
        )
        studio.press("Ctrl+7", studio.window)

    def test_an_address_is_chosen_and_shared(self, studio: Driver, attendance: FakeAttendance) -> None:
        share = studio.window.share
        assert not share.back.isVisible()
        share.address.setCurrentIndex(1)
        assert share.address_words.text() == "The VPN."
        share.https.setChecked(True)
        studio.click(share.share)
        studio.until(lambda: attendance.asked == [("share", "10.8.0.2", 0, "self_made")], "shared")

    def test_it_is_taken_back(self, studio: Driver, attendance: FakeAttendance) -> None:
        reach = studio.room.reach
        studio.room.set_reach(Reach(True, "10.8.0.2", 8080, link=reach.link, choices=reach.choices))
        assert studio.window.share.address.currentIndex() == 1
        studio.click(studio.window.share.back)
        studio.until(lambda: attendance.asked == [("take_back",)], "taken back")

    def test_the_link_is_copied_by_button_and_key(self, studio: Driver) -> None:
        studio.click(studio.window.share.copy)
        assert QGuiApplication.clipboard().text() == "http://127.0.0.1:8080/watch/studio#i=x"
        QGuiApplication.clipboard().clear()
        studio.press("Ctrl+Shift+C", studio.window)
        assert QGuiApplication.clipboard().text() == "http://127.0.0.1:8080/watch/studio#i=x"

    def test_an_admins_link_is_copied_once_made(self, studio: Driver, attendance: FakeAttendance) -> None:
        studio.window.share.admin.click()
        studio.until(lambda: QGuiApplication.clipboard().text() == "http://host/admin#i=once", "copied")

    def test_a_refusal_is_told(self, studio: Driver, attendance: FakeAttendance) -> None:
        attendance.refuse = StoaError(ErrorKind.BUSY, "Port 8080 is taken.", remedy="Choose another.")
        studio.click(studio.window.share.share)
        studio.until(studio.window.share.problem.isVisible, "told")
        assert studio.window.share.problem.text() == "Port 8080 is taken. Choose another."
        assert studio.window.share.share.isEnabled()
