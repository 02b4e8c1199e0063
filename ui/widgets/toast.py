"""A refusal or a fact in words, for a moment, at the bottom of the picture. Stays while the mouse is on it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui.theme.icons import draw
from ui.theme.look import colour
from ui.widgets.buttons import icon_button
from ui.widgets.label import label, set_property

SHOWN_MS = 9000


class _Icon(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.name, self.token = "info", "accent"
        self.setFixedSize(QSize(20, 20))

    def paintEvent(self, event: QPaintEvent) -> None:
        draw(QPainter(self), self.name, QRectF(self.rect()), colour(self.token))


class Toast(QFrame):
    """One at a time over `over`; the newest takes the place of the one before."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self.setObjectName("toast")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 10, 8, 10)
        row.setSpacing(10)
        self._icon = _Icon()
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(2)
        self.words = label("", "", wrap=True)
        self.remedy = label("", "small", wrap=True)
        column.addWidget(self.words)
        column.addWidget(self.remedy)
        column.addStretch(1)
        row.addLayout(column, 1)
        row.addWidget(icon_button("close", "Dismiss (Escape)", on=self.hide), 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def say(self, words: str, remedy: str = "", *, tone: str = "") -> None:
        """Show a sentence; `tone` danger for a refusal, good for what went well."""
        self.words.setText(words)
        self.remedy.setText(remedy)
        self.remedy.setVisible(bool(remedy))
        self._icon.name = {"danger": "warning", "good": "check"}.get(tone, "info")
        self._icon.token = {"danger": "danger", "good": "good"}.get(tone, "accent")
        set_property(self, "tone", tone)
        self.setAccessibleName(f"{words} {remedy}".strip())
        self.show()
        self.place()
        self.raise_()
        self._timer.start()

    def place(self) -> None:
        """To the bottom middle of what it lies over."""
        over = self._over
        width = min(520, over.width() - 32)
        self.setFixedWidth(width)
        layout = self.layout()
        tall = layout.heightForWidth(width) if layout is not None else -1
        self.resize(width, tall if tall > 0 else self.sizeHint().height())
        self.move((over.width() - width) // 2, over.height() - self.height() - 16)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._timer.stop()

    def leaveEvent(self, event: object) -> None:
        self._timer.start()
