"""A gain fader in dB: drag, wheel, arrow keys; double click or Home for 0 dB."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.theme.look import colour, look

LOWEST_DB, HIGHEST_DB = -60.0, 20.0
KNOB_PX = (22, 12)
EDGE_PX = 6


class Fader(QWidget):
    """`moved` tells the gain in dB as the person moves it."""

    moved = Signal(float)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._gain_db = 0.0
        self._held = False
        self._grip_px = 0.0
        self.setFixedWidth(26)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(name)
        self.setToolTip("Gain. Double click for 0 dB.")
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(26, 120)

    @property
    def gain_db(self) -> float:
        return self._gain_db

    @property
    def held(self) -> bool:
        """Whether the person is moving it now: what the engine tells must wait."""
        return self._held

    def set_gain(self, gain_db: float) -> None:
        """Show a gain, without telling."""
        if not self._held and gain_db != self._gain_db:
            self._gain_db = gain_db
            self.setAccessibleDescription(f"{gain_db:.1f} dB")
            self.update()

    def knob_centre_y(self) -> float:
        """Where the knob is, in this widget's coordinates."""
        return self._y(self._gain_db)

    def _y(self, gain_db: float) -> float:
        part = 0.25 * (gain_db + 60) / 36 if gain_db < -24 else 0.25 + 0.75 * (gain_db + 24) / 44
        half = KNOB_PX[1] / 2
        return EDGE_PX + half + (self.height() - 2 * (EDGE_PX + half)) * (1 - part)

    def _gain_at(self, y: float) -> float:
        half = KNOB_PX[1] / 2
        part = 1 - (y - EDGE_PX - half) / (self.height() - 2 * (EDGE_PX + half))
        gain_db = part / 0.25 * 36 - 60 if part < 0.25 else (part - 0.25) / 0.75 * 44 - 24
        return 0.0 if abs(gain_db) < 0.4 else gain_db

    def _move(self, gain_db: float) -> None:
        gain_db = round(max(LOWEST_DB, min(HIGHEST_DB, gain_db)), 1)
        if gain_db != self._gain_db:
            self._gain_db = gain_db
            self.setAccessibleDescription(f"{gain_db:.1f} dB")
            self.update()
            self.moved.emit(gain_db)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.width() / 2
        top, bottom, knob_y = self._y(HIGHEST_DB), self._y(LOWEST_DB), self._y(self._gain_db)
        painter.setPen(QPen(colour("line_strong"), 1))
        zero = self._y(0)
        painter.drawLine(round(middle - 8), round(zero), round(middle + 8), round(zero))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("line_strong"))
        painter.drawRoundedRect(QRectF(middle - 2, top, 4, bottom - top), 2, 2)
        painter.setBrush(colour("accent" if self.isEnabled() else "line_strong"))
        painter.drawRoundedRect(QRectF(middle - 2, knob_y, 4, bottom - knob_y), 2, 2)
        knob = QRectF(middle - KNOB_PX[0] / 2, knob_y - KNOB_PX[1] / 2, *KNOB_PX)
        focus = self.hasFocus()
        painter.setPen(QPen(colour("accent" if focus else "base"), 2 if focus else 1))
        painter.setBrush(colour("text" if look.colours.dark else "text_soft"))
        painter.drawRoundedRect(knob, 4, 4)
        painter.setPen(QPen(colour("base"), 1.5))
        painter.drawLine(round(middle - 5), round(knob_y), round(middle + 5), round(knob_y))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            y = event.position().y()
            on_knob = abs(y - self._y(self._gain_db)) <= KNOB_PX[1]
            self._grip_px = y - self._y(self._gain_db) if on_knob else 0.0
            self._held = True
            if not on_knob:
                self._move(self._gain_at(y))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held:
            self._move(self._gain_at(event.position().y() - self._grip_px))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._held = False
        self._move(0.0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._move(self._gain_db + event.angleDelta().y() / 120 * 0.5)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Up: 0.5,
            Qt.Key.Key_Right: 0.5,
            Qt.Key.Key_Down: -0.5,
            Qt.Key.Key_Left: -0.5,
            Qt.Key.Key_PageUp: 3.0,
            Qt.Key.Key_PageDown: -3.0,
        }
        key = Qt.Key(event.key())
        if key in steps:
            self._move(self._gain_db + steps[key])
        elif key is Qt.Key.Key_Home:
            self._move(0.0)
        elif key is Qt.Key.Key_End:
            self._move(LOWEST_DB)
        else:
            super().keyPressEvent(event)
