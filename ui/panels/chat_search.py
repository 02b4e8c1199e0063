"""Search in what was said: words by how they begin, the newest first, page by page."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from studio.media import StoaError
from ui.line import Line
from ui.panels.bubble import Bubble
from ui.panels.messages import MessageList
from ui.room import Room
from ui.widgets.buttons import button, icon_button
from ui.widgets.label import label

AFTER_MS = 300
WORDS_CHARACTERS = 100


class ChatSearch(QWidget):
    """Takes the place of the messages while it is open. `dressed(line)` makes a message with its menu."""

    closed = Signal()

    def __init__(self, room: Room, dressed: Callable[[Line], Bubble]) -> None:
        super().__init__()
        self._room, self._dressed = room, dressed
        self._asked = 0
        self._before = 0
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        row = QHBoxLayout()
        self.words = QLineEdit()
        self.words.setMaxLength(WORDS_CHARACTERS)
        self.words.setPlaceholderText("Search the chat")
        self.words.setAccessibleName("Search the chat")
        row.addWidget(self.words, 1)
        row.addWidget(icon_button("close", "Close the search", on=self.end))
        column.addLayout(row)
        self.said = label("", "small", wrap=True)
        column.addWidget(self.said)
        self.found = MessageList("Found messages")
        column.addWidget(self.found, 1)
        self.earlier = button("Show earlier ones", "quiet", on=lambda: self._ask(self._before))
        self.earlier.hide()
        column.addWidget(self.earlier)
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(AFTER_MS)
        self._wait.timeout.connect(self._ask)
        self.words.textEdited.connect(lambda: self._wait.start())
        self.words.returnPressed.connect(self._ask)
        self.hide()

    def begin(self) -> None:
        """Open, with the keyboard in the field."""
        self.words.clear()
        self._ask()
        self.show()
        self.words.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def end(self) -> None:
        """Close; the messages are back."""
        self._asked += 1
        self.hide()
        self.closed.emit()

    def _ask(self, before: int = 0) -> None:
        self._wait.stop()
        self._asked += 1
        wanted = self.words.text().strip()
        if wanted and self._room.attendance is not None:
            self._room.start(self._look(wanted, before, self._asked))
            return
        self._say("Words are found by how they begin.")
        self.found.clear()
        self.earlier.hide()

    async def _look(self, wanted: str, before: int, asked: int) -> None:
        assert self._room.attendance is not None
        try:
            lines, more = await self._room.attendance.page(before, wanted)
        except StoaError as error:
            if asked == self._asked:
                self._say(str(error))
            return
        if asked != self._asked:
            return  # other words meanwhile
        if not before:
            self.found.clear()
        self.found.put([self._dressed(line) for line in reversed(lines)])
        self._before = lines[0].seq if lines else 0
        self.earlier.setVisible(more)
        nothing = not lines and not before
        self._say("Nothing found. Words are found by how they begin." if nothing else "")

    def _say(self, words: str) -> None:
        self.said.setText(words)
        self.said.setVisible(bool(words))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.end()
        elif event.key() == Qt.Key.Key_Down and self.found.bubbles():
            self.found.go(self.found.bubbles()[0])
        else:
            super().keyPressEvent(event)
