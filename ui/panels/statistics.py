"""The statistics panel: frames lost by where they were lost, rates, times, processor."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from studio.control import api
from ui import words
from ui.show import Show
from ui.widgets.label import ElidedLabel, figures, label, set_tone
from ui.widgets.sparkline import Sparkline

ROWS = (
    ("Pictures", ""),
    ("fps", "Rate"),
    ("lagged", "Lagged"),
    ("skipped", "Skipped"),
    ("dropped", "Dropped"),
    ("compose_ms", "Composing"),
    ("Encoding", ""),
    ("encoder", "Encoder"),
    ("encode_ms", "Time a picture"),
    ("video_kbps", "Bitrate"),
    ("encoded", "Encoded"),
    ("Machine", ""),
    ("cpu_percent", "Processor"),
    ("mixer_lag_ms", "Mixer behind"),
    ("first_packet_ms", "First packet after"),
)
TIPS = {
    "lagged": "Composed more than one frame late: the processor was busy elsewhere",
    "skipped": "The encoder was behind: choose a faster preset or a smaller picture",
    "dropped": "Lost for the network, over all destinations: lower the bitrate",
    "compose_ms": "What putting the sources together takes, for each picture",
    "cpu_percent": "Of one core, all of the engine's processes",
}


class StatisticsPanel(QWidget):
    """`set_statistics` is called once a second."""

    def __init__(self, show: Show) -> None:
        super().__init__()
        self._show = show
        self._rates: deque[int] = deque(maxlen=60)
        self._lost: deque[int] = deque(maxlen=60)
        self._before = 0
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("Statistics")
        inside = QWidget()
        area.setWidget(inside)
        outer.addWidget(area)
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 8, 12, 12)
        self.line = Sparkline("Program's bitrate and lost frames of the last minute")
        column.addWidget(self.line)
        grid = QGridLayout()
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        column.addStretch(1)
        self.values: dict[str, ElidedLabel] = {}
        for row, (key, name) in enumerate(ROWS):
            if not name:
                head = label(key, "heading")
                head.setContentsMargins(0, 8, 0, 0)
                grid.addWidget(head, row, 0, 1, 2)
                continue
            said = label(name, "small")
            said.setToolTip(TIPS.get(key, ""))
            grid.addWidget(said, row, 0)
            value = self.values[key] = ElidedLabel("–")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setAccessibleName(name)
            figures(value, 13)
            grid.addWidget(value, row, 1)

    def set_statistics(self, found: api.ProgramStatistics) -> None:
        """New figures."""
        lost = found.lagged + found.skipped + found.dropped
        self._rates.append(int(found.video_kbps))
        self._lost.append(max(0, lost - self._before))
        self._before = lost
        self.line.set_figures(list(self._rates), list(self._lost))
        program = self._show.program
        said = {
            "fps": f"{found.fps:.1f} fps",
            "lagged": _of(found.lagged, found.ticks),
            "skipped": _of(found.skipped, found.encoded + found.skipped),
            "dropped": str(found.dropped),
            "compose_ms": f"{found.compose_ms:.1f} ms",
            "encoder": "–" if program is None else f"{program.encoder} {program.preset}".strip(),
            "encode_ms": f"{found.encode_ms:.1f} ms",
            "video_kbps": words.rate(found.video_kbps),
            "encoded": f"{found.encoded:,}".replace(",", " "),
            "cpu_percent": f"{found.cpu_percent:.0f} %",
            "mixer_lag_ms": f"{found.mixer_lag_ms:.0f} ms",
            "first_packet_ms": f"{found.first_packet_ms:.0f} ms" if found.first_packet_ms else "–",
        }
        for key, text in said.items():
            self.values[key].setText(text)
        for key, number in (("lagged", found.lagged), ("skipped", found.skipped), ("dropped", found.dropped)):
            set_tone(self.values[key], "warn" if number else "")


def _of(number: int, total: int) -> str:
    return f"{number} ({number / total * 100:.2g} %)" if number and total else str(number)
