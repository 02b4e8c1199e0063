"""A link as a QR code, as the session's server draws it."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget

from ui.theme.look import colour

QR_PX = 148


class QrCode(QWidget):
    """Dark on white in both themes: cameras read it so. Hidden while there is none."""

    def __init__(self, name: str = "QR code of the link", side_px: int = QR_PX) -> None:
        super().__init__()
        self._renderer: QSvgRenderer | None = None
        self.setFixedSize(QSize(side_px, side_px))
        self.setAccessibleName(name)

    def set(self, svg: str) -> None:
        """Show this one; "" for none."""
        self._renderer = QSvgRenderer(QByteArray(svg.encode())) if svg else None
        self.setVisible(bool(svg))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colour("line_strong"))
        painter.setBrush(Qt.GlobalColor.white)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        if self._renderer is not None:
            self._renderer.render(painter, QRectF(self.rect()).adjusted(6, 6, -6, -6))
