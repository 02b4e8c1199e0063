"""The line at the bottom: the figures that a producer glances at."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout

from studio.control import api
from ui import words
from ui.show import Show
from ui.widgets.label import ElidedLabel, figures, label, set_tone


class StatusBar(QFrame):
    """A click opens the statistics (`clicked`)."""

    clicked = Signal()

    def __init__(self, show: Show) -> None:
        super().__init__()
        self.setObjectName("statusbar")
        self.setFixedHeight(28)
        self.setToolTip("Open the statistics (Ctrl+8)")
        self._show = show
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(20)
        self.shape = ElidedLabel("", "small")
        row.addWidget(self.shape, 1)
        self.fps = label("", "small")
        self.rate = label("", "small")
        self.lost = label("", "small")
        self.cpu = label("", "small")
        for each in (self.fps, self.rate, self.lost, self.cpu):
            figures(each, 12)
            row.addWidget(each)
        show.program_changed.connect(self._refresh)
        show.detached.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        program = self._show.program
        if program is None or not self._show.is_attached:
            self.shape.setText("No engine")
            for each in (self.fps, self.rate, self.lost, self.cpu):
                each.setText("")
            return
        rate = program.fps_num / program.fps_den
        self.shape.setText(
            f"{program.width_px} × {program.height_px}, {rate:.4g} fps · {words.rate(program.video_kbps)}"
            f" · {program.encoder}"
        )

    def set_statistics(self, found: api.ProgramStatistics) -> None:
        """New figures."""
        self.fps.setText(f"{found.fps:.1f} fps")
        self.rate.setText(words.rate(found.video_kbps) if self._show.live or self._show.recording.active else "")
        lost = [
            f"{number} {name}"
            for number, name in ((found.lagged, "lagged"), (found.skipped, "skipped"), (found.dropped, "dropped"))
            if number
        ]
        self.lost.setText(", ".join(lost) or "No frames lost")
        set_tone(self.lost, "warn" if lost else "")
        self.cpu.setText(f"CPU {found.cpu_percent:.0f} %")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.clicked.emit()
