"""A list of messages: one stop of the Tab key, the arrows go from message to message."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ui.panels.bubble import Bubble


class MessageList(QScrollArea):
    """Holds bubbles from top to bottom; what stands over them (`above`) scrolls with them.

    `over_the_top`: the arrow went up from the first one.
    """

    over_the_top = Signal()

    def __init__(self, name: str, above: QWidget | None = None) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(name)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 4, 0)
        column.setSpacing(6)
        if above is not None:
            column.addWidget(above, 0, Qt.AlignmentFlag.AlignHCenter)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        column.addLayout(self._rows)
        column.addStretch(1)
        self.setWidget(inside)

    def bubbles(self) -> list[Bubble]:
        """From top to bottom."""
        rows = (self._rows.itemAt(at) for at in range(self._rows.count()))
        return [widget for row in rows if row is not None and isinstance(widget := row.widget(), Bubble)]

    def count(self) -> int:
        """How many there are."""
        return self._rows.count()

    def put(self, bubbles: Iterable[Bubble], at: int | None = None) -> None:
        """Add them at the end, or from place `at` on."""
        place = self._rows.count() if at is None else at
        for offset, bubble in enumerate(bubbles):
            self._rows.insertWidget(place + offset, bubble)

    def clear(self) -> None:
        """Take all out."""
        self.keep(0)

    def keep(self, most: int) -> None:
        """Take out the topmost, so that at most so many stay."""
        while self._rows.count() > most:
            item = self._rows.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()

    def go(self, bubble: Bubble) -> None:
        """Bring it in sight, with the keyboard on it."""
        bubble.setFocus(Qt.FocusReason.TabFocusReason)
        self.ensureWidgetVisible(bubble, 0, 0)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        bubbles = [bubble for bubble in self.bubbles() if bubble.isVisible()]
        if step is None or not bubbles:
            super().keyPressEvent(event)
            return
        here = self.window().focusWidget()
        focused = next((at for at, each in enumerate(bubbles) if here is each or each.isAncestorOf(here)), None)
        at = len(bubbles) - 1 if focused is None else focused + step
        if at < 0:
            self.over_the_top.emit()
        self.go(bubbles[max(0, min(at, len(bubbles) - 1))])
