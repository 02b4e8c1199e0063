"""What stands above the messages, one under the other: as high as it needs, and scrolled where the window is small."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

LEAST_PX = 72


class Shelf(QScrollArea):
    """Hidden while all of its strips are."""

    def __init__(self, strips: Sequence[QWidget]) -> None:
        super().__init__()
        self._strips = tuple(strips)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        for strip in self._strips:
            self._column.addWidget(strip)
            strip.installEventFilter(self)
        inside.installEventFilter(self)
        self.setWidget(inside)
        self.hide()

    def sizeHint(self) -> QSize:
        width = self.viewport().width()
        tall = self._column.hasHeightForWidth()
        return QSize(width, self._column.heightForWidth(width) if tall else self._column.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(0, min(LEAST_PX, self.sizeHint().height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()  # words that wrap are as high as the width makes them

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.ShowToParent, QEvent.Type.HideToParent) and watched in self._strips:
            self.setVisible(any(not strip.isHidden() for strip in self._strips))
        elif event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)
