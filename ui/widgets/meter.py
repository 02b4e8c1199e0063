"""A sound level meter: RMS as a bar, the peak as a line that falls slowly, dBFS marks beside it."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QRectF, QSize, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from studio.control.api import Meter
from ui.theme.look import colour, font, look

FLOOR_DB = -60.0
MARKS_DB = (0, -6, -12, -24, -40, -60)
FALL_DB_S = 18.0
HOLD_MS = 900
BAR_PX = 6
GAP_PX = 2
EDGE_PX = 6  # above and below, so that the marks at the ends are whole


class LevelMeter(QWidget):
    """Two channels. `set_meter` may be called 25 times a second; only bars that changed are painted."""

    def __init__(self, *, marks: bool = True) -> None:
        super().__init__()
        self._marks = marks
        self._rms = [FLOOR_DB, FLOOR_DB]
        self._peak = [FLOOR_DB, FLOOR_DB]
        self._held_ms = [0, 0]
        self._clipped = False
        self._muted = False
        self._time = QElapsedTimer()
        self._time.start()
        self._last_ms = 0
        self.setFixedWidth(2 * BAR_PX + GAP_PX + (26 if marks else 0))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Level")
        look.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(self.width(), 120)

    def set_meter(self, meter: Meter, *, muted: bool = False) -> None:
        """New levels in dBFS."""
        now_ms = self._time.elapsed()
        fall_db = FALL_DB_S * (now_ms - self._last_ms) / 1000
        self._last_ms = now_ms
        before = (*self._rms, *self._peak, self._clipped, self._muted)
        self._muted = muted
        for channel in (0, 1):
            self._rms[channel] = max(FLOOR_DB, min(0.0, meter.rms_db[channel]))
            peak_db = max(FLOOR_DB, min(0.0, meter.peak_db[channel]))
            if peak_db >= self._peak[channel]:
                self._peak[channel], self._held_ms[channel] = peak_db, now_ms
            elif now_ms - self._held_ms[channel] > HOLD_MS:
                self._peak[channel] = max(peak_db, self._peak[channel] - fall_db)
        self._clipped = max(self._peak) > -0.1
        if before != (*self._rms, *self._peak, self._clipped, self._muted):
            self.update(0, 0, 2 * BAR_PX + GAP_PX, self.height())

    def peak_db(self) -> float:
        """The higher of the two held peaks."""
        return max(self._peak)

    def _y(self, level_db: float) -> float:
        # -60 to -24 dB get 30 % of the height: what matters is near the top.
        span = self.height() - 2 * EDGE_PX
        part = 0.3 * (level_db + 60) / 36 if level_db < -24 else 0.3 + 0.7 * (level_db + 24) / 24
        return EDGE_PX + span * (1 - max(0.0, min(1.0, part)))

    def _gradient(self) -> QLinearGradient:
        gradient = QLinearGradient(0, self._y(0), 0, self._y(FLOOR_DB))
        span = self._y(FLOOR_DB) - self._y(0)
        for level_db, name in ((0, "on_air"), (-3, "warn"), (-9, "warn"), (-12, "good"), (-60, "good")):
            gradient.setColorAt((self._y(level_db) - self._y(0)) / span, colour(name))
        return gradient

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        top, bottom = self._y(0), self._y(FLOOR_DB)
        for channel in (0, 1):
            x = channel * (BAR_PX + GAP_PX)
            painter.fillRect(QRectF(x, top, BAR_PX, bottom - top), colour("raised" if look.colours.dark else "hover"))
            rms_y, peak_y = self._y(self._rms[channel]), self._y(self._peak[channel])
            fill = colour("line_strong") if self._muted else self._gradient()
            painter.fillRect(QRectF(x, rms_y, BAR_PX, bottom - rms_y), fill)
            if self._peak[channel] > FLOOR_DB:
                peak = colour("on_air" if self._peak[channel] > -0.1 else "text_soft")
                painter.fillRect(QRectF(x, peak_y, BAR_PX, 2), peak)
        if self._marks and event.rect().right() > 2 * BAR_PX + GAP_PX:
            painter.setFont(font(10, figures=True))
            painter.setPen(colour("text_faint"))
            for mark_db in MARKS_DB:
                y = self._y(mark_db)
                rect = QRectF(2 * BAR_PX + GAP_PX + 5, y - 7, 21, 14)
                painter.drawText(
                    rect, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), str(abs(mark_db))
                )


def level_words(level_db: float) -> str:
    """A level for a person: "−12.4", or "−∞"."""
    return "−∞" if level_db <= FLOOR_DB else f"{level_db:.1f}".replace("-", "−")
