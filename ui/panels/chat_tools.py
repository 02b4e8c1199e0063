"""The row above the chat: everything or backstage only, one's own hand, search, and what those who run it may do."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from studio.media import StoaError
from ui.dialogs.chat_rules import ChatRulesDialog
from ui.dialogs.poll import PollDialog
from ui.room import Presence, Room
from ui.theme.icons import icon
from ui.widgets.buttons import Choices, icon_button
from ui.widgets.label import label
from ui.widgets.tip import plain_tip

BACKSTAGE_VIEW = "backstage"


class ChatTools(QWidget):
    """`parent` is what the dialogs stand over."""

    view_chosen = Signal(str)
    search_wanted = Signal()

    def __init__(self, room: Room, parent: QWidget) -> None:
        super().__init__()
        self._room, self._over = room, parent
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(4)
        self.view = Choices((("all", "All"), (BACKSTAGE_VIEW, "Backstage")), "Which messages")
        self.view.set("all")
        self.view.chosen.connect(self.view_chosen.emit)
        row.addWidget(self.view)
        row.addStretch(1)
        self.hand = icon_button("hand", "Raise your hand", checkable=True, on=self._raise)
        row.addWidget(self.hand)
        self.search = icon_button("search", "Search the chat", on=self.search_wanted.emit)
        row.addWidget(self.search)
        self.more = icon_button("more", "Poll and rules", on=self.open_menu)
        row.addWidget(self.more)
        column.addLayout(row)
        self.rules = label("", "caption", wrap=True)
        column.addWidget(self.rules)
        room.presence_changed.connect(self._refresh)
        room.people_changed.connect(self._refresh)
        room.talk.rules_changed.connect(self._refresh)
        self._refresh()

    def open_menu(self) -> None:
        """A poll, and the rules."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if "poll" in self._room.rights:
            menu.addAction(icon("poll"), "Open a poll…", self.ask_poll)
        if "chat_moderate" in self._room.rights:
            menu.addAction(icon("shield"), "Rules of the chat…", self.ask_rules)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def ask_poll(self) -> None:
        """Write a question for everyone."""
        PollDialog(self._over.window(), self._room).open()

    def ask_rules(self) -> None:
        """The rules as they are, to change."""
        if self._room.attendance is not None:
            self._room.start(self._open_rules())

    async def _open_rules(self) -> None:
        assert self._room.attendance is not None
        rules = await self._room.attendance.chat_rules()
        ChatRulesDialog(self._over.window(), self._room, rules).open()

    def _raise(self) -> None:
        if self._room.attendance is not None:
            self._room.start(self._set_hand(self.hand.isChecked()))

    async def _set_hand(self, up: bool) -> None:
        try:
            assert self._room.attendance is not None
            await self._room.attendance.chat("hand", up=up)
        except StoaError:
            self._refresh()
            raise

    def _refresh(self) -> None:
        joined = self._room.presence is Presence.JOINED
        up = any(one.hand for one in self._room.people if one.me)
        self.hand.setChecked(up)
        said = "Lower your hand" if up else "Raise your hand"
        self.hand.setToolTip(plain_tip(said))
        self.hand.setAccessibleName(said)
        self.hand.setVisible("raise_hand" in self._room.rights)
        self.more.setVisible(bool({"poll", "chat_moderate"} & self._room.rights))
        for tool in (self.hand, self.search, self.more):
            tool.setEnabled(joined)
        rules = self._room.talk.rules
        told = [f"One message every {rules.slow_s} s"] if rules.slow_s else []
        told += [] if rules.links else ["no links"]
        told += ["moderators read first"] if rules.hold else []
        words = ", ".join(told)
        self.rules.setText(f"{words[:1].upper()}{words[1:]}.")
        self.rules.setVisible(bool(told))
