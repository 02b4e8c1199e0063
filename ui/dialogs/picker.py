"""Choosing a source: what is plugged in, a file, or a network address. Adds it, or puts it in another's place.

While it opens the dialog says so; where it cannot be opened it says why and stays, and what was on air stays on air.
"""

from __future__ import annotations

from pathlib import PurePath

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from shiboken6 import isValid

from studio.control import api
from studio.media import StoaError
from ui.dialogs.frame import Dialog
from ui.show import Show
from ui.theme.icons import icon
from ui.widgets.buttons import button, icon_button
from ui.widgets.empty import EmptyState
from ui.widgets.label import label, set_property
from ui.widgets.tip import plain_tip

KINDS = (
    ("camera", "Camera", "camera"),
    ("microphone", "Microphone", "microphone"),
    ("system", "System sound", "speaker"),
    ("screen", "Screen", "screen"),
    ("window", "Window", "window"),
    ("clip", "Clip", "clip"),
    ("image", "Image", "image"),
    ("netcamera", "Network camera", "netcamera"),
    ("test", "Test signal", "testcard"),
)
LISTS = {
    "camera": "cameras",
    "microphone": "microphones",
    "system": "system_sounds",
    "screen": "screens",
    "window": "windows",
}
NOTHING = {
    "camera": ("No camera found", "Plug one in and look again."),
    "microphone": ("No microphone found", "Plug one in and look again."),
    "system": ("No system sound here", "This machine's sound system offers nothing to listen to."),
    "screen": ("No screen to share", "Screens can be captured on X11. A Wayland desktop does not allow it yet."),
    "window": ("No window to share", "Open the window that you want to show, then look again."),
}
# What the engine's own words about a kind speak of: it knows better than NOTHING why there is nothing.
ABOUT = {
    "camera": ("camera", "Camera"),
    "microphone": ("sound", "microphone", "Sound"),
    "system": ("sound", "Sound"),
    "screen": ("screen", "display", "Wayland"),
    "window": ("window", "display", "Wayland"),
}
TESTS = (("testcard", "Test card"), ("tone", "Tone"))
CLIPS = "Clips (*.mp4 *.mov *.mkv *.webm *.avi *.ts *.m4a *.mp3 *.wav *.flac *.ogg);;All files (*)"
IMAGES = "Images (*.png *.jpg *.jpeg *.webp *.bmp *.gif);;All files (*)"


def row_of(kind: str) -> int:
    """The row of a kind, a source's too; the first where it has none of its own."""
    shown = "test" if kind in dict(TESTS) else kind
    return next((at for at, each in enumerate(KINDS) if each[0] == shown), 0)


class SourcePicker(Dialog):
    """With `replaces`, the source of that identity gets what is chosen; else a new one is added.

    It begins with `kind`, else with that of the source.
    """

    def __init__(self, parent: QWidget | None, show: Show, *, replaces: str = "", kind: str = "") -> None:
        old = show.sources.get(replaces)
        super().__init__(parent, f"Change {old.name}" if old else "Add a source", 660, scrolls=True)
        self.setMinimumHeight(460)
        self._show, self._replaces = show, replaces
        self._devices: api.DeviceList | None = None
        self._busy = False
        middle = QHBoxLayout()
        middle.setSpacing(16)
        self.kinds = QListWidget()
        self.kinds.setFixedWidth(176)
        self.kinds.setIconSize(QSize(18, 18))
        self.kinds.setAccessibleName("Kind of source")
        for key, words, icon_name in KINDS:
            item = QListWidgetItem(icon(icon_name, "text"), words)
            item.setData(Qt.ItemDataRole.UserRole, key)
            item.setSizeHint(QSize(100, 34))
            self.kinds.addItem(item)
        middle.addWidget(self.kinds)
        self.pages = QStackedWidget()
        middle.addWidget(self.pages, 1)
        self.body.addLayout(middle, 1)
        self._build_devices()
        self._build_file()
        self._build_address()
        self.add_button("Cancel", "", self.reject)
        self.use = self.add_button("Change" if old else "Add", "primary", self._use, default=True)
        self.kinds.currentRowChanged.connect(lambda _: self._kind_changed())
        self.kinds.setCurrentRow(row_of(kind or (old.kind if old else "")))
        self.look_again()

    # -- pages -------------------------------------------------------------------------------------------------------

    def _build_devices(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        head = QHBoxLayout()
        self.found = label("", "small")
        head.addWidget(self.found, 1)
        self.again = icon_button("refresh", "Look again (F5)", on=self.look_again)
        self.again.setShortcut("F5")
        head.addWidget(self.again)
        column.addLayout(head)
        self.devices = QListWidget()
        self.devices.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.devices.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.devices.setAccessibleName("Devices")
        self.devices.itemActivated.connect(lambda _: self._use())
        self.devices.currentRowChanged.connect(lambda _: self._device_changed())
        column.addWidget(self.devices, 1)
        self.nothing = EmptyState("camera", "", "")
        column.addWidget(self.nothing, 1)
        self.modes_row = QWidget()
        row = QHBoxLayout(self.modes_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(label("Picture", "small"))
        self.modes = QComboBox()
        self.modes.setAccessibleName("Size and rate")
        row.addWidget(self.modes, 1)
        column.addWidget(self.modes_row)
        self.pages.addWidget(page)

    def _build_file(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label("File", "small"))
        row = QHBoxLayout()
        self.path = QLineEdit()
        self.path.setPlaceholderText("/path/to/a/file")
        self.path.setAccessibleName("File")
        row.addWidget(self.path, 1)
        self.browse = button("Browse…", icon_name="folder", on=self._browse)
        row.addWidget(self.browse)
        column.addLayout(row)
        self.loop = QCheckBox("Play again from the beginning when it ends")
        self.loop.setChecked(True)
        column.addWidget(self.loop)
        column.addStretch(1)
        self.pages.addWidget(page)

    def _build_address(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label("Address", "small"))
        self.address = QLineEdit()
        self.address.setPlaceholderText("rtsp://camera.local/stream")
        self.address.setAccessibleName("Address of the network camera")
        column.addWidget(self.address)
        column.addWidget(
            label(
                "RTSP (rtsp://…) and MJPEG over HTTP (http://…). A name and password in it are kept secret.",
                "caption",
                wrap=True,
            )
        )
        column.addStretch(1)
        self.pages.addWidget(page)

    @property
    def kind(self) -> str:
        item = self.kinds.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole)) if item else "camera"

    def _kind_changed(self) -> None:
        self.say("")
        kind = self.kind
        page = {"clip": 1, "image": 1, "netcamera": 2}.get(kind, 0)
        self.pages.setCurrentIndex(page)
        self.loop.setVisible(kind == "clip")
        self.again.setVisible(kind != "test")
        if page == 0:
            self._fill_devices()
        self._device_changed()

    # -- devices -----------------------------------------------------------------------------------------------------

    def look_again(self) -> None:
        """Ask the engine what is plugged in now."""
        self._devices = None
        self._fill_devices()
        self._show.start(self._look())

    async def _look(self) -> None:
        try:
            self._devices = await self._show.call("device.list")
        except StoaError as error:
            self._devices = api.DeviceList([], [], [], [], [], [], [])
            if isValid(self):
                self.say(error)
        if isValid(self):  # it may have been closed meanwhile
            self._fill_devices()

    def _fill_devices(self) -> None:
        kind = self.kind
        self.devices.clear()
        if kind == "test":
            for spec, words in TESTS:
                self._add_device(api.DeviceInfo(spec, spec, words))
            self.found.setText("Made by the studio itself")
        elif kind in LISTS and self._devices is not None:
            for device in getattr(self._devices, LISTS[kind]):
                self._add_device(device)
            self.found.setText("Plugged in now" if self.devices.count() else "")
        elif kind in LISTS:
            self.found.setText("Looking…")
        empty = kind in LISTS and self._devices is not None and not self.devices.count()
        self.devices.setVisible(not empty)
        self.nothing.setVisible(empty)
        if empty:
            icon_name = next(each[2] for each in KINDS if each[0] == kind)
            words, remedy = NOTHING[kind]
            problem = next((one for one in self._problems() if any(word in one.words for word in ABOUT[kind])), None)
            if problem is not None:
                words, remedy = problem.words, problem.remedy
            self.nothing.set_words(icon_name, words, remedy)
        if self.devices.count():
            self.devices.setCurrentRow(0)

    def _problems(self) -> list[api.Problem]:
        return [] if self._devices is None else self._devices.problems

    def _add_device(self, device: api.DeviceInfo) -> None:
        words = device.name + (f"\n{device.detail}" if device.detail else "")
        item = QListWidgetItem(words)
        item.setData(Qt.ItemDataRole.UserRole, device)
        item.setToolTip(plain_tip(f"{device.name}\n{device.detail}".strip()))
        self.devices.addItem(item)

    def _device_changed(self) -> None:
        device = self._device()
        modes = device.modes if device is not None and self.kind == "camera" else []
        self.modes_row.setVisible(bool(modes))
        self.modes.clear()
        self.modes.addItem("As the camera likes", "")
        for mode in modes:
            self.modes.addItem(mode.replace("x", " × ", 1).replace("@", " at ") + " fps", mode)

    def _device(self) -> api.DeviceInfo | None:
        item = self.devices.currentItem()
        found: api.DeviceInfo | None = item.data(Qt.ItemDataRole.UserRole) if item else None
        return found

    def _browse(self) -> None:
        chooser = QFileDialog(self, "Choose a file", "", IMAGES if self.kind == "image" else CLIPS)
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        chooser.fileSelected.connect(self.path.setText)
        chooser.open()

    # -- using it ----------------------------------------------------------------------------------------------------

    def _spec(self) -> tuple[str, str]:
        """The SPEC and a name for it; empty where something is missing."""
        kind = self.kind
        if kind in ("clip", "image"):
            path = self.path.text().strip()
            return (f"{'file' if kind == 'clip' else 'image'}:{path}", PurePath(path).name) if path else ("", "")
        if kind == "netcamera":
            url = self.address.text().strip()
            return url, url.split("://")[-1].rsplit("@")[-1].split("/")[0]
        device = self._device()
        return ("", "") if device is None else (device.spec, device.name)

    def _use(self) -> None:
        if self._busy:
            return
        spec, name = self._spec()
        if not spec:
            missing = {"netcamera": "Type the camera's address.", "clip": "Choose a file.", "image": "Choose a file."}
            self.say(missing.get(self.kind, "Choose a device."))
            return
        self.say("")
        self._set_busy(name)
        self._show.start(self._open(spec, name))

    async def _open(self, spec: str, name: str) -> None:
        width, height, fps = _mode(self.modes.currentData() or "") if self.kind == "camera" else (0, 0, 0.0)
        try:
            if self._replaces:
                params = api.SourceReplace(
                    self._replaces, spec, name, loop=self.loop.isChecked(), width_px=width, height_px=height, fps=fps
                )
                await self._show.replace_source(params)
            else:
                add = api.SourceAdd(
                    spec, name, loop=self.loop.isChecked(), width_px=width, height_px=height, fps=fps, place=True
                )
                await self._show.call("source.add", add)
        except StoaError as error:
            kept = self._show.sources.get(self._replaces)
            self._set_busy("")
            self.say(f"{error} {kept.name} stays on." if kept else error)
            {1: self.path, 2: self.address}.get(self.pages.currentIndex(), self.devices).setFocus()
            return
        self.accept()

    def _set_busy(self, name: str) -> None:
        self._busy = bool(name)
        self.use.setText("Opening…" if name else "Change" if self._replaces else "Add")
        self.use.setEnabled(not name)
        self.pages.setEnabled(not name)
        self.kinds.setEnabled(not name)
        set_property(self.use, "busy", str(bool(name)))


def _mode(text: str) -> tuple[int, int, float]:
    """ "1920x1080@60" as numbers; zeros where it says nothing."""
    size, _, rate = text.partition("@")
    width, _, height = size.partition("x")
    try:
        return int(width), int(height), float(rate or 0)
    except ValueError:
        return 0, 0, 0.0
