"""What a panel shows while it has nothing: a sentence, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.theme.icons import draw
from ui.theme.look import colour, look
from ui.widgets.buttons import button
from ui.widgets.label import label


class _Picture(QWidget):
    def __init__(self, icon_name: str) -> None:
        super().__init__()
        self._name = icon_name
        self.setFixedSize(QSize(28, 28))
        look.changed.connect(self.update)

    def set(self, icon_name: str) -> None:
        self._name = icon_name
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        draw(QPainter(self), self._name, QRectF(self.rect()), colour("text_faint"))


class EmptyState(QWidget):
    """Icon, sentence, remedy, and a button where one helps."""

    def __init__(
        self, icon_name: str, words: str, remedy: str, action: str = "", on: Callable[[], object] | None = None
    ) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 16, 16, 16)
        column.setSpacing(6)
        column.addStretch(1)
        self._picture = _Picture(icon_name)
        column.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        self._words = label(words, "heading", wrap=True)
        self._remedy = label(remedy, "small", wrap=True)
        for each in (self._words, self._remedy):
            each.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(each)
        if action:
            self.button = button(action, on=on)
            column.addSpacing(6)
            column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)

    def set_words(self, icon_name: str, words: str, remedy: str) -> None:
        """Say something else."""
        self._picture.set(icon_name)
        self._words.setText(words)
        self._remedy.setText(remedy)
