"""What stands beside the picture, one page behind the other: chat, people, share, statistics and home."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from ui.account import Account
from ui.panels.chat import ChatPanel
from ui.panels.home import HomePanel
from ui.panels.people import PeoplePanel
from ui.panels.session import SessionBox
from ui.panels.share import SharePanel
from ui.panels.statistics import StatisticsPanel
from ui.room import Room
from ui.show import Show
from ui.widgets.label import set_property


class Beside(QWidget):
    """`pages` are the tabs; the People tab counts who is here."""

    def __init__(self, show: Show, room: Room, account: Account) -> None:
        super().__init__()
        self._room = room
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        self.pages = QTabWidget()
        self.pages.setAccessibleName("Chat, people, share, statistics, home")
        self.pages.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its bar has the keyboard
        self.pages.setDocumentMode(True)
        self.pages.tabBar().setExpanding(False)
        self.pages.tabBar().setDrawBase(False)
        self.home = HomePanel(show, room)
        self.chat = ChatPanel(room)
        self.people = PeoplePanel(room)
        self.session = SessionBox(show, account)
        self.share = SharePanel(room, self.session)
        self.statistics = StatisticsPanel(show)
        for page, words in (
            (self.chat, "Chat"),
            (self.people, "People"),
            (self.share, "Share"),
            (self.statistics, "Statistics"),
            (self.home, "Home"),
        ):
            self.pages.addTab(page, words)
        column.addWidget(self.pages)
        room.people_changed.connect(self._count_people)

    def set_narrow(self, narrow: bool) -> None:
        """Smaller tabs, so that all are in sight in a narrow window."""
        set_property(self.pages.tabBar(), "narrow", "true" if narrow else "false")

    def focus(self, page: QWidget) -> None:
        """Show a page and put the keyboard on its tab."""
        self.pages.setCurrentWidget(page)
        self.pages.tabBar().setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _count_people(self) -> None:
        here = sum(one.present for one in self._room.people)
        self.pages.setTabText(self.pages.indexOf(self.people), f"People {here}" if here else "People")
