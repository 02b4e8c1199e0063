"""One strip of the mixer: meter, fader, gain, mute, solo, listen, pan, sync offset."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSlider, QVBoxLayout

from studio.control import api
from ui.latest import Latest
from ui.widgets.buttons import icon_button
from ui.widgets.fader import HIGHEST_DB, LOWEST_DB, Fader
from ui.widgets.label import ElidedLabel, figures, label, set_property
from ui.widgets.meter import LevelMeter, level_words
from ui.widgets.number import decimal_field

STRIP_WIDTH_PX = 148


class StripView(QFrame):
    """The strip of one source; sends every change, newest value first."""

    def __init__(self, strip: api.StripInfo, latest: Latest) -> None:
        super().__init__()
        self.setObjectName("card")
        self.source = strip.source
        self._latest = latest
        self._strip = strip
        self._name = ""
        self._filling = False
        self.setFixedWidth(STRIP_WIDTH_PX)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        self.title = ElidedLabel("", "heading")
        column.addWidget(self.title)
        middle = QHBoxLayout()
        middle.setSpacing(6)
        self.meter = LevelMeter()
        self.fader = Fader("Gain")
        self.fader.moved.connect(self._fader_moved)
        middle.addWidget(self.fader)
        middle.addWidget(self.meter)
        middle.addLayout(self._build_buttons(), 1)
        column.addLayout(middle, 1)
        column.addLayout(self._build_fields())

    def _build_buttons(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(4)
        self.peak = label("−∞", "caption")
        self.peak.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.peak.setToolTip("Highest level, dBFS")
        figures(self.peak, 11)
        column.addWidget(self.peak)
        self.mute = icon_button("speaker-off", "Mute (M)", checkable=True, kind="strip", on_token="warn")
        self.mute.setProperty("tone", "warn")
        self.solo = icon_button("speaker", "Solo: all others are silent (S)", checkable=True, kind="strip")
        self.solo.setIcon(QIcon())
        self.solo.setText("S")
        self.listen = icon_button(
            "headphones", "Listen to it in the headphones (L)", checkable=True, kind="strip", on_token="accent"
        )
        self.mute.clicked.connect(lambda on: self._send(mute=on))
        self.solo.clicked.connect(lambda on: self._send(solo=on))
        self.listen.clicked.connect(lambda on: self._send(monitor=on))
        for each in (self.mute, self.solo, self.listen):
            each.setMinimumWidth(34)
            column.addWidget(each)
        column.addStretch(1)
        return column

    def _build_fields(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(4)
        self.gain = decimal_field("Gain in dB", LOWEST_DB, HIGHEST_DB, " dB", step=0.5, small=True)
        self.gain.setToolTip("Gain")
        self.gain.valueChanged.connect(self._gain_typed)
        self.pan = QSlider(Qt.Orientation.Horizontal)
        self.pan.setRange(-100, 100)
        self.pan.setSingleStep(5)  # past the middle's catch
        self.pan.setPageStep(25)
        self.pan.setProperty("kind", "pan")
        self.pan.setAccessibleName("Pan, left to right")
        self.pan.valueChanged.connect(self._pan_moved)
        self.sync = decimal_field("Sync offset in milliseconds", -950, 2000, " ms", step=5, decimals=0, small=True)
        self.sync.setToolTip("Sync offset: later (+) or earlier (−) than the picture")
        self.sync.valueChanged.connect(lambda value: self._send(sync_offset_ms=value))
        for row, (words, field) in enumerate((("Gain", self.gain), ("Pan", self.pan), ("Sync", self.sync))):
            grid.addWidget(label(words, "caption"), row, 0)
            grid.addWidget(field, row, 1)
        grid.setColumnStretch(1, 1)
        return grid

    # -- showing -----------------------------------------------------------------------------------------------------

    def set(self, strip: api.StripInfo, name: str, *, forced_mute: bool) -> None:
        """Show what the engine has; a thing that the person holds at this moment is left alone."""
        self._strip = strip
        if name != self._name:
            self._name = name
            self._tell_names(name)
        self._filling = True
        if not self._latest.is_busy((self.source, "gain_db")):
            self.fader.set_gain(strip.gain_db)
            if not self.gain.hasFocus():
                self.gain.setValue(strip.gain_db)
        self.mute.setChecked(strip.mute)
        self.solo.setChecked(strip.solo)
        self.listen.setChecked(strip.monitor)
        if not self.pan.isSliderDown() and not self._latest.is_busy((self.source, "pan")):
            self.pan.setValue(round(strip.pan * 100))
        self.pan.setToolTip(pan_words(strip.pan))
        if not self.sync.hasFocus():
            self.sync.setValue(strip.sync_offset_ms)
        self._filling = False
        set_property(self.peak, "tone", "")
        if forced_mute:
            self.title.setToolTip("An admin muted your sound.")

    def set_meter(self, meter: api.Meter, *, muted: bool) -> None:
        """New levels."""
        self.meter.set_meter(meter, muted=muted)
        self.peak.setText(level_words(self.meter.peak_db()))

    @property
    def muted(self) -> bool:
        return self._strip.mute

    def _tell_names(self, name: str) -> None:
        self.title.setText(name)
        self.fader.setAccessibleName(f"Gain of {name}")
        for field, words in (
            (self.gain, "Gain in dB of"),
            (self.pan, "Pan, left to right, of"),
            (self.sync, "Sync offset in milliseconds of"),
            (self.mute, "Mute"),
            (self.solo, "Solo"),
            (self.listen, "Listen to"),
        ):
            field.setAccessibleName(f"{words} {name}")

    # -- changing ----------------------------------------------------------------------------------------------------

    def _send(self, **change: float | bool) -> None:
        if not self._filling:
            (field,) = change
            self._latest.send((self.source, field), "strip.set", api.StripSet(self.source, **change))  # type: ignore[arg-type]

    def _fader_moved(self, gain_db: float) -> None:
        self._filling = True
        self.gain.setValue(gain_db)
        self._filling = False
        self._send(gain_db=gain_db)

    def _gain_typed(self, gain_db: float) -> None:
        if not self._filling:
            self.fader.set_gain(gain_db)
            self._send(gain_db=round(gain_db, 1))

    def _pan_moved(self, value: int) -> None:
        if abs(value) < 4 and value and not self._filling:
            value = 0
        self.pan.setToolTip(pan_words(value / 100))
        self._send(pan=value / 100)


def pan_words(pan: float) -> str:
    """ "30 % left", "Middle"."""
    if abs(pan) < 0.005:
        return "Pan: middle"
    return f"Pan: {abs(pan) * 100:.0f} % {'left' if pan < 0 else 'right'}"
