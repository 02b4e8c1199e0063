"""A minute of figures as a line, with what was lost as bars below it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme.look import colour, look

SECONDS = 60


class Sparkline(QWidget):
    """`set_figures` takes one figure a second, newest last."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._rates: tuple[int, ...] = ()
        self._lost: tuple[int, ...] = ()
        self.setFixedHeight(28)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(120, 28)

    def set_figures(self, rates: Sequence[int], lost: Sequence[int]) -> None:
        found = tuple(rates[-SECONDS:]), tuple(lost[-SECONDS:])
        if found != (self._rates, self._lost):
            self._rates, self._lost = found
            losses = sum(self._lost)
            self.setToolTip(
                f"The last minute: {min(self._rates)} to {max(self._rates)} kb/s, {losses} frames lost"
                if self._rates
                else ""
            )
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, height = self.width(), self.height()
        step = width / (SECONDS - 1)
        painter.setPen(QPen(colour("line"), 1))
        painter.drawLine(QPointF(0, height - 0.5), QPointF(width, height - 0.5))
        top = max([*self._rates, 1]) * 1.15
        start = width - (len(self._rates) - 1) * step
        path = QPainterPath()
        for at, rate in enumerate(self._rates):
            point = QPointF(start + at * step, height - 2 - (height - 5) * rate / top)
            path.lineTo(point) if at else path.moveTo(point)
        if len(self._rates) > 1:
            ground = QPainterPath(path)
            ground.lineTo(width, height)
            ground.lineTo(start, height)
            tint = QColor(colour("accent"))
            tint.setAlpha(36)
            painter.fillPath(ground, tint)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("accent"), 1.5))
            painter.drawPath(path)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("danger"))
        lost_start = width - (len(self._lost) - 1) * step
        for at, lost in enumerate(self._lost):
            if lost:
                tall = min(height - 2.0, 5 + 2.0 * lost)
                painter.drawRect(QRectF(lost_start + at * step - 1.5, height - tall, 3, tall))
