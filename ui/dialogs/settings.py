"""Settings: the program's shape and bitrates (the engine keeps them), and the window's theme."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QComboBox, QWidget
from shiboken6 import isValid

from studio.control import api
from studio.media import StoaError
from ui.dialogs.database import DatabasePage
from ui.dialogs.form import form_of, form_row
from ui.dialogs.frame import Dialog
from ui.show import Show
from ui.theme.look import look
from ui.theme.tokens import ThemeName
from ui.widgets.buttons import Choices
from ui.widgets.label import label
from ui.widgets.number import number_field

SIZES = ((1920, 1080), (1280, 720), (960, 540), (854, 480), (640, 360), (1080, 1920), (720, 1280), (1080, 1080))
RATES = ((24, 1), (25, 1), (30000, 1001), (30, 1), (50, 1), (60, 1))
PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium")
THEMES = ((ThemeName.DARK.value, "Dark"), (ThemeName.LIGHT.value, "Light"), (ThemeName.SYSTEM.value, "As the system"))


class SettingsDialog(Dialog):
    """The theme changes at once; the program when Save is pressed, with one call."""

    def __init__(self, parent: QWidget | None, show: Show, theme_chosen: Callable[[ThemeName], object]) -> None:
        super().__init__(parent, "Settings", 480)
        self._show = show
        program = show.program
        busy = show.live or show.recording.active
        page = QWidget()
        form = form_of(page)
        form.addRow(label("Window", "heading"))
        self.theme = Choices(THEMES, "Theme")
        self.theme.set(look.chosen)
        self.theme.chosen.connect(lambda key: theme_chosen(ThemeName(key)))
        form_row(form, "Theme", self.theme)
        form.addRow(label("Program", "heading"))
        self.shape = QComboBox()
        self.rate = QComboBox()
        self.preset = QComboBox()
        self.encoder = QComboBox()
        self.video = number_field("Video bitrate", 100, 50_000, " kb/s", step=250)
        self.audio = number_field("Sound bitrate", 32, 512, " kb/s", step=32)
        if program is not None:
            self._fill(program)
        for words, field in (
            ("Size", self.shape),
            ("Rate", self.rate),
            ("Encoder", self.encoder),
            ("Preset", self.preset),
            ("Video bitrate", self.video),
            ("Sound bitrate", self.audio),
        ):
            field.setAccessibleName(words)
            form_row(form, words, field)
        form.addRow(label("Session server", "heading"))
        self.database = DatabasePage()
        self.database.changed.connect(lambda: QTimer.singleShot(0, self, self.fit))
        form_row(form, "Data", self.database, tall=True)
        self.body.addWidget(page)
        if busy:
            for field in (self.shape, self.rate, self.encoder, self.preset, self.audio):
                field.setEnabled(False)
            self.body.addWidget(
                label("While live or recording only the video bitrate can change.", "caption", wrap=True)
            )
        self.body.addStretch(1)
        self.add_button("Close", "", self.reject)
        self.save = self.add_button("Save", "primary", self._save, default=True)
        self.save.setEnabled(program is not None and show.is_attached)
        show.start(self._load())

    async def _load(self) -> None:
        try:
            await self.database.load()
        except StoaError as error:
            if isValid(self):
                self.say(error)

    def _fill(self, program: api.ProgramInfo) -> None:
        size = (program.width_px, program.height_px)
        for width, height in dict.fromkeys((*SIZES, size)):
            self.shape.addItem(f"{width} × {height}", (width, height))
        self.shape.setCurrentIndex(self.shape.findText(f"{size[0]} × {size[1]}"))
        rate = (program.fps_num, program.fps_den)
        rates = list(dict.fromkeys((*RATES, rate)))
        for numerator, denominator in rates:
            self.rate.addItem(f"{numerator / denominator:.4g} pictures a second", (numerator, denominator))
        self.rate.setCurrentIndex(rates.index(rate))
        for preset in dict.fromkeys((*PRESETS, program.preset)):
            self.preset.addItem(preset)
        self.preset.setCurrentText(program.preset)
        self.encoder.addItem("Choose the best by itself", "auto")
        if program.encoder and program.encoder != "auto":
            self.encoder.addItem(f"Always {program.encoder}", program.encoder)
        self._encoder_before = self.encoder.currentData()
        self.video.setValue(program.video_kbps)
        self.audio.setValue(program.audio_kbps)

    def _save(self) -> None:
        program = self._show.program
        if program is None:
            return
        width, height = self.shape.currentData()
        numerator, denominator = self.rate.currentData()
        wanted = {
            "width_px": width,
            "height_px": height,
            "fps_num": numerator,
            "fps_den": denominator,
            "preset": self.preset.currentText(),
            "video_kbps": self.video.value(),
            "audio_kbps": self.audio.value(),
        }
        changed = {name: value for name, value in wanted.items() if value != getattr(program, name)}
        if self.encoder.currentData() != self._encoder_before:
            changed["encoder"] = self.encoder.currentData()
        self.save.setEnabled(False)
        self._show.start(self._send(api.ProgramSet(**changed) if changed else None))

    async def _send(self, params: api.ProgramSet | None) -> None:
        try:
            if self.database.isEnabled():
                await self.database.save()
            if params is not None:
                await self._show.call("program.set", params)
        except StoaError as error:
            if isValid(self):
                self.say(error)
                self.save.setEnabled(True)
            return
        if isValid(self):
            self.accept()
