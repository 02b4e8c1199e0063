"""The mixer: a strip for each source that sounds, and the master with the headphones."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from studio.control import api
from ui.latest import Latest
from ui.panels.strip import StripView
from ui.show import Show
from ui.widgets.buttons import button
from ui.widgets.empty import EmptyState
from ui.widgets.label import figures, label, set_tone
from ui.widgets.meter import LevelMeter, level_words
from ui.widgets.tip import plain_tip

NO_SIGNAL = api.Meter((-100.0, -100.0), (-100.0, -100.0))


class MasterView(QFrame):
    """The sum: its level, what the limiter takes off, and where the host listens."""

    def __init__(self, show: Show) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setFixedWidth(124)
        self._show = show
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(6)
        column.addWidget(label("Master", "heading"))
        middle = QHBoxLayout()
        middle.setSpacing(6)
        self.meter = LevelMeter()
        middle.addWidget(self.meter)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.peak = label("−∞", "small")
        self.limiter = label("", "caption")
        for each in (self.peak, self.limiter):
            figures(each, 11)
            each.setAlignment(Qt.AlignmentFlag.AlignRight)
            words.addWidget(each)
        self.peak.setToolTip("Highest level, dBFS")
        self.limiter.setToolTip("What the limiter takes off the loudest parts, dB")
        words.addStretch(1)
        middle.addLayout(words, 1)
        column.addLayout(middle, 1)
        self.headphones = button("Off", "picker", icon_name="headphones", on=self.open_headphones)
        column.addWidget(self.headphones)
        show.headphones_changed.connect(self._tell)
        self._tell()

    def set_meters(self, meters: api.Meters) -> None:
        """New levels."""
        self.meter.set_meter(meters.master)
        self.peak.setText(level_words(self.meter.peak_db()))
        active = meters.limiter_db < -0.1
        self.limiter.setText(f"Limit {meters.limiter_db:.1f}".replace("-", "−") if active else "")
        set_tone(self.limiter, "warn" if active else "")

    def open_headphones(self) -> None:
        """A menu of what the host can listen on."""
        self.headphones.setEnabled(False)
        self._show.start(self._look())

    async def _look(self) -> None:
        try:
            found: api.DeviceList = await self._show.call("device.list")
        finally:
            self.headphones.setEnabled(self._show.is_attached)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        off = menu.addAction("Off", lambda: self._listen(None))
        off.setCheckable(True)
        off.setChecked(self._show.headphones.device is None)
        menu.addSeparator()
        for device in found.headphones:
            action = menu.addAction(device.name.replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(self._show.headphones.device == device.id)
            action.triggered.connect(lambda _=False, device=device: self._listen(device.id))
        if not found.headphones:
            menu.addAction("No headphones or speakers found").setEnabled(False)
        menu.popup(self.headphones.mapToGlobal(self.headphones.rect().topLeft()))

    def _listen(self, device: str | None) -> None:
        self._show.do("headphones.set", api.HeadphonesSet(device, self._show.headphones.volume_db))

    def _tell(self) -> None:
        """Where the host listens, or why nothing is heard."""
        info = self._show.headphones
        text = {"off": "Off", "opening": "Opening", "playing": info.name, "failed": "Failed"}[info.state]
        self.headphones.setText(self.headphones.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, 58))
        remedy = info.problem.remedy if info.problem else ""
        words = f"{info.words} {remedy}".strip() or "Hear the program in headphones."
        self.headphones.setToolTip(plain_tip(f"{words} (Ctrl+P)"))
        self.headphones.setAccessibleName(f"Headphones: {text}. {words}")
        set_tone(self.headphones, "warn" if info.state == "failed" else "")


class MixerPanel(QFrame):
    """`set_meters` is called 25 times a second while the window is seen."""

    def __init__(self, show: Show, latest: Latest) -> None:
        super().__init__()
        self._show, self._latest = show, latest
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self._row = QHBoxLayout(inside)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.addStretch(1)
        self._area.setWidget(inside)
        self.empty = EmptyState(
            "speaker", "No sound yet", "Add a microphone, or a clip with sound. Each gets a strip here."
        )
        self.empty.setObjectName("card")
        self.empty.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row.addWidget(self.empty, 1)
        row.addWidget(self._area, 1)
        self.master = MasterView(show)
        row.addWidget(self.master)
        self.strips: dict[str, StripView] = {}
        for signal in (show.strips_changed, show.sources_changed, show.program_changed, show.attached, show.detached):
            signal.connect(self._refresh)
        show.strip_changed.connect(lambda _: self._refresh())
        latest.settled.connect(lambda _: self._refresh())
        self._refresh()

    def set_meters(self, meters: api.Meters) -> None:
        """New levels of all strips."""
        for source, view in self.strips.items():
            view.set_meter(meters.strips.get(source, NO_SIGNAL), muted=view.muted)
        self.master.set_meters(meters)

    def focus_first(self) -> None:
        """Give the keyboard to the first strip."""
        first = next(iter(self.strips.values()), None)
        target = self.master.headphones if first is None else first.fader
        target.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def toggle_mute(self, source: str) -> None:
        """Mute the strip of this source, or no longer."""
        if source in self.strips:
            self.strips[source].mute.click()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        focused = self.focusWidget()
        strip = next(
            (view for view in self.strips.values() if focused is not None and view.isAncestorOf(focused)), None
        )
        keys = {Qt.Key.Key_M: "mute", Qt.Key.Key_S: "solo", Qt.Key.Key_L: "listen"}
        key = Qt.Key(event.key())
        if strip is not None and key in keys and not event.modifiers():
            getattr(strip, keys[key]).click()
        else:
            super().keyPressEvent(event)

    def _refresh(self) -> None:
        strips = self._show.strips
        for gone in set(self.strips) - set(strips):
            self.strips.pop(gone).deleteLater()
        forced = bool(self._show.program and self._show.program.muted_audio_by)
        for at, strip in enumerate(strips.values()):
            view = self.strips.get(strip.source)
            if view is None:
                view = self.strips[strip.source] = StripView(strip, self._latest)
                self._row.insertWidget(at, view)
            view.set(strip, self._show.source_name(strip.source), forced_mute=forced)
        self.empty.setVisible(not strips)
        self._area.setVisible(bool(strips))
        self.setEnabled(self._show.is_attached)
