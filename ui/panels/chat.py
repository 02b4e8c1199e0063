"""The chat: plain text both ways, newest at the bottom."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from studio.media import StoaError
from ui.room import ROLES, Line, Presence, Room
from ui.widgets.buttons import button, icon_button
from ui.widgets.empty import EmptyState
from ui.widgets.label import label
from ui.widgets.tip import plain_tip

SHOWN_LINES = 300
TEXT_CHARACTERS = 500
BACKSTAGE = 1


class Bubble(QFrame):
    """One line, never markup. With the keyboard on it the arrows go to its neighbours and Ctrl+C copies it."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # by the arrows: Tab would stop at every message
        self.setObjectName("bubble" if not line.notice else "")
        self.setProperty("mine", "true" if line.mine else "false")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 7)
        column.setSpacing(1)
        if line.notice:
            said = label(line.text, "caption", wrap=True)
            said.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(said)
            return
        head = QHBoxLayout()
        head.setSpacing(6)
        who = label("You" if line.mine else line.who, "small")
        who.setToolTip(plain_tip(line.who))
        head.addWidget(who)
        if line.role not in ("viewer", ""):
            head.addWidget(label(ROLES.get(line.role, line.role).lower(), "caption"))
        if line.place:
            head.addWidget(label(line.place, "caption"))
        head.addStretch(1)
        head.addWidget(label(line.at, "caption"))
        column.addLayout(head)
        text = QLabel(_breakable(line.text))
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setMinimumWidth(1)
        column.addWidget(text)
        self.setAccessibleName(f"{line.who}{f', {line.place}' if line.place else ''}: {line.text}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self._line.text)
        else:
            event.ignore()


class _Messages(QScrollArea):
    """The messages; the arrows choose one, the newest first."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        bubbles = sorted(self.findChildren(Bubble), key=lambda bubble: bubble.y())
        if step is None or not bubbles:
            super().keyPressEvent(event)
            return
        focused = self.focusWidget()
        at = bubbles.index(focused) + step if isinstance(focused, Bubble) and focused.hasFocus() else len(bubbles) - 1
        chosen = bubbles[max(0, min(at, len(bubbles) - 1))]
        chosen.setFocus(Qt.FocusReason.TabFocusReason)
        self.ensureWidgetVisible(chosen, 0, 0)


def _breakable(text: str) -> str:
    """Words longer than a line may be broken anywhere (zero-width spaces)."""
    return " ".join(
        word if len(word) < 24 else "\u200b".join(word[at : at + 12] for at in range(0, len(word), 12))
        for word in text.split(" ")
    )


class ChatPanel(QWidget):
    """`room` tells what was said; Enter sends."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._sending = False
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        self.empty = EmptyState("chat", "No messages yet", "What viewers write shows up here.")
        column.addWidget(self.empty, 1)
        self._area = _Messages()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setAccessibleName("Chat messages")
        inside = QWidget()
        self._lines = QVBoxLayout(inside)
        self._lines.setContentsMargins(0, 0, 4, 0)
        self._lines.setSpacing(6)
        self._lines.addStretch(1)
        self._area.setWidget(inside)
        column.addWidget(self._area, 1)
        self.newer = button("New messages", "quiet", icon_name="down", on=self._to_end)
        self.newer.hide()
        column.addWidget(self.newer)
        self.problem = label("", "error", wrap=True)
        self.problem.hide()
        column.addWidget(self.problem)
        row = QHBoxLayout()
        row.setSpacing(6)
        self.text = QLineEdit()
        self.text.setPlaceholderText("Write to everyone")
        self.text.setMaxLength(TEXT_CHARACTERS)
        self.text.setAccessibleName("Chat message")
        self.text.returnPressed.connect(self.send)
        row.addWidget(self.text, 1)
        self.reader = QComboBox()
        self.reader.addItems(["Everyone", "Backstage"])
        self.reader.setAccessibleName("Who reads it")
        self.reader.setToolTip("Backstage is read by hosts, directors and admins only")
        self.reader.currentIndexChanged.connect(self._refresh)
        row.addWidget(self.reader)
        self.send_button = icon_button("send", "Send (Enter)", on=self.send)
        row.addWidget(self.send_button)
        column.addLayout(row)
        room.lines_reset.connect(self._fill)
        room.line_added.connect(self._add)
        room.presence_changed.connect(self._refresh)
        bar = self._area.verticalScrollBar()
        bar.valueChanged.connect(self._scrolled)
        bar.rangeChanged.connect(self._grown)
        self._at_end = True
        self._fill()
        self._refresh()

    def send(self) -> None:
        """Send what is typed; it stays in the field where the server refuses it."""
        text = self.text.text().strip()
        if text and self._room.attendance is not None and not self._sending:
            self._sending = True
            self._room.start(self._send(text))

    async def _send(self, text: str) -> None:
        try:
            assert self._room.attendance is not None
            await self._room.attendance.say(text, backstage=self.reader.currentIndex() == BACKSTAGE)
        except StoaError as error:
            self._say(str(error))
        else:
            self._say("")
            if self.text.text().strip() == text:
                self.text.clear()
        finally:
            self._sending = False

    def _say(self, problem: str) -> None:
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))

    def _fill(self) -> None:
        while self._lines.count() > 1:
            item = self._lines.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        for line in self._room.lines[-SHOWN_LINES:]:
            self._lines.insertWidget(self._lines.count() - 1, Bubble(line))
        self._refresh()
        QTimer.singleShot(0, self, self._to_end)

    def _add(self, line: Line) -> None:
        self._at_end = self._at_end or line.mine
        self._lines.insertWidget(self._lines.count() - 1, Bubble(line))
        if self._lines.count() > SHOWN_LINES + 1:
            item = self._lines.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        self.newer.setVisible(not self._at_end)
        self._refresh()

    def _refresh(self) -> None:
        joined = self._room.presence is Presence.JOINED
        self.text.setEnabled(joined)
        self.send_button.setEnabled(joined)
        self.reader.setEnabled(joined)
        empty = not self._room.lines
        self.empty.setVisible(empty)
        self._area.setVisible(not empty)
        if self._room.presence is Presence.NONE:
            self.empty.set_words("chat", "No session", self._room.words or "The chat begins with the session.")
        elif self._room.presence is Presence.JOINED:
            self.empty.set_words("chat", "No messages yet", "What viewers write shows up here.")
        else:
            self.empty.set_words("chat", "Connecting to the session", self._room.words or "This takes a moment.")
        backstage = self.reader.currentIndex() == BACKSTAGE
        writes = "Write backstage" if backstage else "Write to everyone"
        self.text.setPlaceholderText(writes if joined else "Not connected to the session")

    def _to_end(self) -> None:
        bar = self._area.verticalScrollBar()
        bar.setValue(bar.maximum())

    def _scrolled(self, value: int) -> None:
        self._at_end = value >= self._area.verticalScrollBar().maximum() - 8
        if self._at_end:
            self.newer.hide()

    def _grown(self, _low: int, high: int) -> None:
        if self._at_end:
            self._area.verticalScrollBar().setValue(high)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.text.clear()
        else:
            super().keyPressEvent(event)
