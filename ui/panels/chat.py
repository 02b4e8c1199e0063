"""The chat: plain text both ways, newest at the bottom; over it what is pinned, asked, or waits."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from ui.line import Line
from ui.panels.bubble import Bubble
from ui.panels.chat_search import ChatSearch
from ui.panels.chat_tools import BACKSTAGE_VIEW, ChatTools
from ui.panels.composer import BACKSTAGE, EVERYONE, Composer
from ui.panels.message_menu import MessageMenu
from ui.panels.messages import MessageList
from ui.panels.poll import PollCard
from ui.panels.shelf import LEAST_PX, Shelf
from ui.panels.waiting import HeldQueue, PinnedStrip, RaisedHands
from ui.room import Presence, Room
from ui.widgets.buttons import button
from ui.widgets.empty import EmptyState
from ui.widgets.label import ElidedLabel, label, set_tone

SHOWN_LINES = 300
READING_LINES = 1200
"""So many stay while somebody reads further up."""
PAGE = 50


class ChatPanel(QWidget):
    """`room` tells what was said; Enter sends."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._at_end = True
        self._from_end: int | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        self.composer = Composer(room)
        self.text, self.reader, self.problem = self.composer.text, self.composer.reader, self.composer.problem
        self.send_button = self.composer.send_button
        self.search = ChatSearch(room, self._bubble)
        self.tools = ChatTools(room, self)
        column.addWidget(self.tools)
        self.pinned, self.poll, self.held, self.hands = (
            PinnedStrip(room),
            PollCard(room),
            HeldQueue(room),
            RaisedHands(room),
        )
        self.shelf = Shelf((self.pinned, self.poll, self.held, self.hands))
        column.addWidget(self.shelf)
        self.empty = EmptyState("chat", "No messages yet", "What viewers write shows up here.")
        column.addWidget(self.empty, 1)
        self.older = button("Show earlier messages", "quiet", on=self.show_older)
        self.older.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # by the arrows: the list is one stop of Tab
        self._area = MessageList("Chat messages", self.older)
        self._area.over_the_top.connect(self._by_key)
        column.addWidget(self._area, 1)
        column.addWidget(self.search, 1)
        self.newer = button("New messages", "quiet", icon_name="down", on=self._to_end)
        self.newer.hide()
        column.addWidget(self.newer)
        self.typing = ElidedLabel("", "caption")
        self.typing.hide()
        column.addWidget(self.typing)
        self.away = label("", "small", wrap=True)
        set_tone(self.away, "warn")
        column.addWidget(self.away)
        column.addWidget(self.composer)
        self._menu = MessageMenu(room, self, answer=self.composer.answer, address=self.composer.address, go=self.go_to)
        self.tools.view_chosen.connect(self._view_chosen)
        self.tools.search_wanted.connect(self._open_search)
        self.search.closed.connect(self._close_search)
        room.lines_reset.connect(self._fill)
        room.line_added.connect(self._add)
        room.line_changed.connect(self._changed)
        room.lines_older.connect(self._put_before)
        room.presence_changed.connect(self._refresh)
        room.talk.typing_changed.connect(self._show_typing)
        bar = self._area.verticalScrollBar()
        bar.valueChanged.connect(self._scrolled)
        bar.rangeChanged.connect(self._grown)
        self._fill()

    def send(self) -> None:
        """Send what is typed; it stays in the field where the server refuses it."""
        self.composer.send()

    # -- messages ----------------------------------------------------------------------------------------------------

    def _bubble(self, line: Line) -> Bubble:
        made = Bubble(line, self._room.find(line.reply_to))
        made.menu_wanted.connect(lambda at: self._open_menu(made, at))
        made.go_wanted.connect(self.go_to)
        made.react_wanted.connect(
            lambda emoji, on: self._room.chat("chat.react", message=made.line.seq, emoji=emoji, on=on)
        )
        return made

    def _open_menu(self, bubble: Bubble, at: QPoint) -> None:
        if QApplication.activePopupWidget() is None:  # the menu key comes as a key and as a wish for the menu
            self._menu.of(bubble).popup(at)

    def _fill(self) -> None:
        self._area.clear()
        self._area.put([self._bubble(line) for line in self._room.lines[-SHOWN_LINES:]])
        self._refresh()
        QTimer.singleShot(0, self, self._to_end)

    def _add(self, line: Line) -> None:
        self._at_end = self._at_end or line.mine
        bubble = self._bubble(line)
        self._area.put([bubble])
        self._area.keep(SHOWN_LINES if self._at_end else READING_LINES)
        here = self._in_view(bubble)
        bubble.setVisible(here)
        news = here and not line.quiet and not self._at_end and self.search.isHidden()
        self.newer.setVisible(self.newer.isVisible() or news)
        self.older.setVisible(self._room.older or self._known_before() > 0)
        if here and self._area.isHidden():
            self._refresh()

    def _changed(self, line: Line) -> None:
        for bubble in self._area.bubbles() + self.search.found.bubbles():
            if line.seq and bubble.line.seq == line.seq:
                bubble.show_line(line, self._room.find(line.reply_to))
            elif line.seq and bubble.line.reply_to == line.seq:
                bubble.show_line(bubble.line, line)

    def go_to(self, seq: int) -> None:
        """Show this message, with the keyboard on it."""
        if not any(line.seq == seq for line in self._room.lines):
            return
        if self.search.isVisible():
            self.search.end()
        self.tools.view.set("all")
        self._refresh()
        found = self._shown(seq)
        while found is None and self._put_known():
            found = self._shown(seq)
        if found is not None:
            self._area.go(found)

    def _shown(self, seq: int) -> Bubble | None:
        return next((bubble for bubble in self._area.bubbles() if bubble.line.seq == seq), None)

    # -- further up --------------------------------------------------------------------------------------------------

    def show_older(self) -> None:
        """What was said before the first message that is shown."""
        if not self._put_known() and self._room.attendance is not None and self._room.older:
            self.older.setEnabled(False)
            self._room.start(self._ask_older())

    async def _ask_older(self) -> None:
        try:
            assert self._room.attendance is not None
            first = next((line.seq for line in self._room.lines if line.seq), 0)
            lines, more = await self._room.attendance.page(first)
        finally:
            self.older.setEnabled(True)
        self._room.put_before(lines, older=more)

    def _known_before(self) -> int:
        """How many lines the room has before the first one that is shown."""
        return len(self._room.lines) - self._area.count()

    def _put_known(self) -> bool:
        before = self._known_before()
        if before > 0:
            self._put_before(self._room.lines[max(0, before - PAGE) : before])
        return before > 0

    def _put_before(self, lines: list[Line]) -> None:
        bar = self._area.verticalScrollBar()
        self._from_end = bar.maximum() - bar.value()
        self._area.put([self._bubble(line) for line in lines], 0)
        self._refresh()

    def _by_key(self) -> None:
        """Up on the first message brings the earlier ones."""
        if self.older.isVisible() and self.older.isEnabled():
            self.show_older()

    # -- what is seen ------------------------------------------------------------------------------------------------

    def _in_view(self, bubble: Bubble) -> bool:
        return bubble.line.backstage or self.tools.view.key != BACKSTAGE_VIEW

    def _view_chosen(self, key: str) -> None:
        self.reader.setCurrentIndex(BACKSTAGE if key == BACKSTAGE_VIEW else EVERYONE)
        self._refresh()
        QTimer.singleShot(0, self, self._to_end)

    def _refresh(self) -> None:
        seen = 0
        for bubble in self._area.bubbles():
            here = self._in_view(bubble)
            if bubble.isHidden() is here:
                bubble.setVisible(here)
            seen += here
        self.away.setText(self._room.words)
        self.away.setVisible(bool(seen and self._room.words) and self._room.presence is not Presence.JOINED)
        searching = not self.search.isHidden()
        self.older.setVisible(self._room.older or self._known_before() > 0)
        self.empty.setVisible(not seen and not searching)
        self._area.setVisible(bool(seen) and not searching)
        if self._room.presence is Presence.NONE:
            self.empty.set_words("chat", "No session", self._room.words or "The chat begins with the session.")
        elif self._room.presence is not Presence.JOINED:
            self.empty.set_words("chat", "Connecting to the session", self._room.words or "This takes a moment.")
        elif self.tools.view.key == BACKSTAGE_VIEW:
            self.empty.set_words("chat", "Nothing backstage yet", "Hosts, directors and admins read what stands here.")
        else:
            self.empty.set_words("chat", "No messages yet", "What viewers write shows up here.")

    def _open_search(self) -> None:
        self.search.begin()
        self.newer.hide()
        self._refresh()

    def _close_search(self) -> None:
        self._refresh()
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)
        QTimer.singleShot(0, self, self._to_end)

    def _show_typing(self) -> None:
        names = list(self._room.talk.typists.values())
        several = "Several people are writing…" if len(names) > 2 else f"{' and '.join(names)} are writing…"
        self.typing.setText(f"{names[0]} is writing…" if len(names) == 1 else several if names else "")
        self.typing.setVisible(bool(names))

    def _to_end(self) -> None:
        bar = self._area.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _scrolled(self, value: int) -> None:
        self._at_end = value >= self._area.verticalScrollBar().maximum() - 8
        if self._at_end:
            self.newer.hide()

    def _grown(self, _low: int, high: int) -> None:
        if self._from_end is not None:
            self._area.verticalScrollBar().setValue(high - self._from_end)
            self._from_end = None
        elif self._at_end:
            self._area.verticalScrollBar().setValue(high)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.shelf.setMaximumHeight(max(LEAST_PX, self.height() * 2 // 5))  # the messages are what one reads

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.composer.escape()
        else:
            super().keyPressEvent(event)
