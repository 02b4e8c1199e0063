"""The top bar: on air or not and for how long, Record, Go live and Stop."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from studio.control import api
from studio.media import StoaError
from ui import words
from ui.dialogs.frame import Question
from ui.show import Show
from ui.theme.icons import draw
from ui.theme.look import colour, look
from ui.widgets.buttons import button, icon_button
from ui.widgets.label import ElidedLabel, figures, label, set_property


class _Mark(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(QSize(24, 24))
        look.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        draw(QPainter(self), "stoa", QRectF(self.rect()), colour("text"))


class TopBar(QFrame):
    """`settings_wanted`, `shortcuts_wanted` and `folder_wanted` ask the window."""

    settings_wanted = Signal()
    shortcuts_wanted = Signal()
    folder_wanted = Signal()

    def __init__(self, show: Show, account: QWidget) -> None:
        """`account` stands before the icons: who is signed in."""
        super().__init__()
        self.setObjectName("topbar")
        self.setFixedHeight(56)
        self._show = show
        self._starting = self._stopping = self._recording_asked = False
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(8)
        row.addWidget(_Mark())
        row.addWidget(label("Stoa", "title"))
        row.addSpacing(16)
        self.state = label("Off air")
        self.state.setFixedHeight(30)
        self.state.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row.addWidget(self.state)
        self.told = ElidedLabel("", "small")
        row.addSpacing(4)
        row.addWidget(self.told, 1)
        self.recorded = label("", "small")
        figures(self.recorded, 12)
        row.addWidget(self.recorded)
        self.folder = icon_button(
            "folder", "Show the recording in its folder (Ctrl+Shift+O)", on=self.folder_wanted.emit
        )
        row.addWidget(self.folder)
        self.record = button("Record", icon_name="record", tip="Record to a file (Ctrl+R)", on=self.toggle_recording)
        row.addWidget(self.record)
        self.go = button("Go live", "primary", icon_name="broadcast", tip="Go live (Ctrl+L)", on=self.go_or_stop)
        self.go.setMinimumWidth(112)
        row.addWidget(self.go)
        row.addSpacing(8)
        row.addWidget(account)
        row.addWidget(icon_button("keyboard", "Keyboard shortcuts (F1)", on=self.shortcuts_wanted.emit))
        row.addWidget(icon_button("settings", "Settings (Ctrl+,)", on=self.settings_wanted.emit))
        self._timer = QTimer(self, interval=500)
        self._timer.timeout.connect(self._tick)
        for signal in (show.program_changed, show.attached, show.detached, show.recording_changed):
            signal.connect(self._refresh)
        show.destinations_changed.connect(self._refresh)
        self._refresh()

    # -- actions -----------------------------------------------------------------------------------------------------

    def go_or_stop(self) -> None:
        """The large button: Go live, or Stop, which asks."""
        if self._show.live:
            self.ask_stop()
        else:
            self.go_live()

    def go_live(self) -> None:
        """On air, to all enabled destinations."""
        if self._show.is_attached and not self._show.live and not self._starting:
            self._starting = True
            self._refresh()
            self._show.start(self._start())

    def ask_stop(self) -> None:
        """Off air, after a question."""
        if not self._show.live or self._stopping:
            return
        sending = sum(one.state in ("live", "connecting", "reconnecting") for one in self._show.destinations.values())
        where = f" at {words.count(sending, 'destination')}" if sending else ""
        more = " The recording goes on." if self._show.recording.active else ""
        question = Question(
            self.window(),
            "Stop the show?",
            f"The show has been on air for {words.duration(self._show.on_air_s())} and ends for everyone{where}.{more}",
            "Stay on air",
            "Stop the show",
            self._stop_now,
        )
        question.open()

    def toggle_recording(self) -> None:
        """Begin a recording in the library, or close the one that runs."""
        if self._show.is_attached and not self._recording_asked:
            self._recording_asked = True
            self._show.start(self._record())
            self._refresh()

    def _stop_now(self) -> None:
        self._stopping = True
        self._refresh()
        self._show.start(self._stop())

    async def _start(self) -> None:
        try:
            self._show.program = await self._show.call("program.start")
        finally:
            self._starting = False
            self._show.program_changed.emit()

    async def _stop(self) -> None:
        try:
            self._show.program = await self._show.call("program.stop")
        finally:
            self._stopping = False
            self._show.program_changed.emit()

    async def _record(self) -> None:
        try:
            if self._show.recording.active:
                self._show.take_recording(await self._show.call("recording.stop"))
            else:
                self._show.take_recording(await self._show.call("recording.start", api.RecordingStart()))
        except StoaError as error:
            self._show.refused.emit(error)
        finally:
            self._recording_asked = False
            self._refresh()

    # -- looks -------------------------------------------------------------------------------------------------------

    def _refresh(self) -> None:
        live, attached = self._show.live, self._show.is_attached
        if live or self._show.recording.active:
            self._timer.start()
        else:
            self._timer.stop()
        self.go.setText(
            "Starting…" if self._starting else "Stopping…" if self._stopping else "Stop" if live else "Go live"
        )
        self.go.setEnabled(attached and not self._starting and not self._stopping)
        self.go.setToolTip("Stop the show (Ctrl+Shift+L)" if live else "Go live (Ctrl+L)")
        set_property(self.go, "kind", "danger" if live else "primary")
        self.record.setEnabled(attached and not self._recording_asked)
        recording = self._show.recording
        self.record.setText("Stop recording" if recording.active else "Record")
        self.folder.setVisible(bool(recording.path))
        self._tick()

    def _tick(self) -> None:
        live = self._show.live and self._show.is_attached
        name = "onair" if live else "offair"
        if self.state.objectName() != name:
            self.state.setObjectName(name)
            self.state.style().unpolish(self.state)
            self.state.style().polish(self.state)
            figures(self.state, 13, 600)
        off = "Off air" if self._show.is_attached or self._show.program is None else "Restarting…"
        self.state.setText(f"ON AIR  {words.duration(self._show.on_air_s())}" if live else off)
        self.told.setText(self._told())
        recording = self._show.recording
        kbps = 0 if self._show.program is None else self._show.program.video_kbps + self._show.program.audio_kbps
        left = words.hours_left(recording.free_bytes, kbps)
        free = (
            f"{words.size(recording.free_bytes)} free" + (f" ({left})" if left else "") if recording.free_bytes else ""
        )
        if recording.problem is not None:
            self.recorded.setText(recording.problem.words)
            set_property(self.recorded, "tone", "danger")
        else:
            now = (
                f"REC {words.duration(recording.duration_s)} · {words.size(recording.bytes)} · "
                if recording.active
                else ""
            )
            self.recorded.setText(now + free)
            set_property(self.recorded, "tone", "")

    def _told(self) -> str:
        program = self._show.program
        if not self._show.is_attached:
            return "The engine is not there; it is started again by itself."
        if program is None:
            return ""
        if program.go_live_refused and not program.live:
            return program.go_live_refused
        muted = [what for what, who in (("sound", program.muted_audio_by), ("picture", program.muted_video_by)) if who]
        if muted:
            return f"Your {' and '.join(muted)} {'is' if len(muted) == 1 else 'are'} muted by an admin."
        enabled = [one for one in self._show.destinations.values() if one.enabled]
        if program.live:
            sending = sum(one.state == "live" for one in enabled)
            return f"{sending} of {words.count(len(enabled), 'destination')} live" if enabled else ""
        return f"Ready for {words.count(len(enabled), 'destination')}" if enabled else ""
