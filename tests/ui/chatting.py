"""What the tests of the chat's panel share: a pretended session, and hands for messages and their menus."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu

from studio.media import StoaError
from studio.server.rights import Role, rights_of
from studio.session import ChatRulesData, Poll
from tests.ui.conftest import Driver
from ui.line import Line
from ui.panels.bubble import Bubble
from ui.room import Presence, Someone

ADA = Someone("host.studio", "Ada", "broadcaster", me=True)
LIN = Someone("p_lin", "Lin", "viewer")
BOB = Someone("p_bob", "Bob", "broadcaster")
HELLO = Line("m7", "Lin", "Hello all", "20:00", "viewer", seq=7, by="p_lin")
TEA = Poll("poll1", "Tea or coffee?", ("Tea", "Coffee"), (3, 1), 4, True)


class FakeAttendance:
    """Remembers what it was asked; `pages` are what the history answers, by the words searched for."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.typing: list[str] = []
        self.pages: dict[tuple[int, str], tuple[list[Line], bool]] = {}
        self.rules = ChatRulesData()
        self.refuse: StoaError | None = None

    async def _do(self, *what: object) -> None:
        self.asked.append(what)
        if self.refuse is not None:
            raise self.refuse

    async def say(self, text: str, *, backstage: bool = False, to: str = "", reply_to: int = 0) -> None:
        await self._do("say", text, backstage, to, reply_to)

    async def chat(self, kind: str, **data: Any) -> None:
        if kind == "chat.typing":
            self.typing.append(data["channel"])
        else:
            await self._do(kind, data)

    async def page(self, before: int = 0, search: str = "") -> tuple[list[Line], bool]:
        await self._do("page", before, search)
        return self.pages[before, search]

    async def chat_rules(self) -> ChatRulesData:
        return self.rules

    async def command(self, action: str, target: str = "", **more: object) -> None:
        await self._do(action, target)


def begin(studio: Driver, role: Role) -> FakeAttendance:
    made = FakeAttendance()
    studio.room.attendance = made  # type: ignore[assignment]
    rights = frozenset(right.value for right in rights_of(role))
    studio.room.set_rights(share=True, remove=True, invite_admins=True, rights=rights)
    studio.room.set_people((ADA, LIN, BOB), 1)
    studio.room.set_presence(Presence.JOINED)
    studio.room.reset_lines([HELLO])
    studio.press("Ctrl+5", studio.window)
    studio.settle()
    return made


def bubble(studio: Driver, seq: int = 7) -> Bubble:
    return next(one for one in studio.window.chat._area.bubbles() if one.line.seq == seq)


def texts(studio: Driver) -> list[str]:
    return [each.text().replace("\u200b", "") for each in studio.window.chat.findChildren(QLabel) if each.isVisible()]


def entries(menu: QMenu) -> list[str]:
    return [action.text() for action in menu.actions()]


def menu_of(studio: Driver, seq: int = 7) -> QMenu:
    bubble(studio, seq).setFocus()
    studio.press("Menu", bubble(studio, seq))
    return studio.menu()


def pick(studio: Driver, words: str, seq: int = 7) -> None:
    """Choose from a message's menu by the keys alone."""
    menu = menu_of(studio, seq)
    for _ in range(len(menu.actions())):
        QTest.keyClick(menu, Qt.Key.Key_Down)
        if menu.activeAction() and menu.activeAction().text() == words:
            break
    QTest.keyClick(menu, Qt.Key.Key_Return)
    studio.settle()


def submenu(studio: Driver, words: str, seq: int = 7) -> QMenu:
    menu = menu_of(studio, seq)
    found = next(action.menu() for action in menu.actions() if action.text() == words)
    assert isinstance(found, QMenu)
    return found


def close_menus(studio: Driver) -> None:
    while (open_one := QApplication.activePopupWidget()) is not None:
        open_one.close()
    studio.settle()
