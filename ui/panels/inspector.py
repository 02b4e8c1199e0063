"""What the chosen source is and how it lies in the picture: device, delay, fit, crop, opacity, order, mirror."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QScrollArea,
    QSlider,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from studio.control import api
from studio.control.api import Fit
from studio.media import StoaError
from ui.latest import Latest
from ui.selection import Selection
from ui.show import Show
from ui.theme.icons import SOURCE_ICONS, icon
from ui.widgets.buttons import Choices, button, icon_button
from ui.widgets.label import label
from ui.widgets.number import decimal_field, number_field
from ui.widgets.tip import plain_tip

FITS = ((Fit.FIT.value, "Fit"), (Fit.FILL.value, "Fill"), (Fit.STRETCH.value, "Stretch"))
LIST_OF_KIND = {
    "camera": ("cameras",),
    "microphone": ("microphones", "system_sounds"),
    "screen": ("screens", "windows"),
    "window": ("screens", "windows"),
}
PICKER_KIND = {"clip": "clip", "image": "image", "netcamera": "netcamera", "testcard": "test", "tone": "test"}


class Inspector(QFrame):
    """`picker_wanted(source, kind)` asks the window for the large picker."""

    picker_wanted = Signal(str, str)

    def __init__(self, show: Show, selection: Selection, latest: Latest) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._show, self._selection, self._latest = show, selection, latest
        self._filling = False
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        area.setWidget(inside)
        outer.addWidget(area)
        column = QVBoxLayout(inside)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        self.none = label("Choose a source to see how it lies in the picture.", "small", wrap=True)
        self.none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.none, 100)
        self._about = QWidget()
        self._placed = QWidget()
        self._build_source(self._about)
        self._build_placement(self._placed)
        column.addWidget(self._about)
        column.addWidget(self._placed)
        column.addStretch(1)
        for signal in (
            show.sources_changed,
            show.scene_changed,
            show.program_changed,
            selection.changed,
            show.detached,
        ):
            signal.connect(self._refresh)
        latest.settled.connect(lambda _: self._refresh())
        self._refresh()

    # -- building ----------------------------------------------------------------------------------------------------

    def _build_source(self, page: QWidget) -> None:
        grid = QGridLayout(page)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(8)
        grid.setColumnStretch(1, 1)
        self.name = QLineEdit()
        self.name.setMaxLength(80)
        self.name.setAccessibleName("Name of the source")
        self.name.editingFinished.connect(self._rename)
        grid.addWidget(label("Name", "small"), 0, 0)
        grid.addWidget(self.name, 0, 1)
        self.device = button(
            "", "picker", tip="Change to another device or file, on air (Ctrl+E)", on=self.open_devices
        )
        self.device.setAccessibleName("Device of the source")
        grid.addWidget(label("Shows", "small"), 1, 0)
        grid.addWidget(self.device, 1, 1)
        self.delay_words = label("Delay", "small")
        self.delay = decimal_field("Render delay in milliseconds", 0, 2000, " ms", step=10, decimals=0)
        self.delay.setToolTip("Shows the picture later, to meet a late sound")
        self.delay.valueChanged.connect(self._set_delay)
        grid.addWidget(self.delay_words, 2, 0)
        grid.addWidget(self.delay, 2, 1)

    def _build_placement(self, page: QWidget) -> None:
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(8)
        rule = QFrame()
        rule.setObjectName("rule")
        column.addWidget(rule)
        head = QHBoxLayout()
        head.setSpacing(0)
        head.addWidget(label("Placement", "heading"), 1)
        self.forward = icon_button("up", "One forward (Page Up)", on=lambda: self.reorder(1))
        self.back = icon_button("down", "One back (Page Down)", on=lambda: self.reorder(-1))
        self.centre = icon_button("center", "To the middle (Ctrl+G)", on=self.put_centre)
        self.full = icon_button("full", "Fill the frame (Ctrl+F)", on=self.put_full)
        self.mirror = icon_button("mirror", "Mirror (Ctrl+H)", checkable=True, on_token="accent", on=self._mirror)
        self.take_out = icon_button("trash", "Take out of the picture (Delete)", on=self.remove)
        for each in (self.forward, self.back, self.centre, self.full, self.mirror, self.take_out):
            head.addWidget(each)
        column.addLayout(head)
        self.fit = Choices(FITS, "How it goes into its box")
        self.fit.chosen.connect(lambda key: self._send(fit=Fit(key)))
        column.addWidget(self.fit)
        grid = QGridLayout()
        grid.setSpacing(6)
        self.box = [self._spin(name, -9999, 9999, " px", self._set_box) for name in ("Left", "Top", "Width", "Height")]
        self.crop = [
            self._spin(f"Cut {name}", 0, 95, " %", self._set_crop) for name in ("left", "top", "right", "bottom")
        ]
        for at, (spin, letter) in enumerate(zip(self.box, ("X", "Y", "W", "H"), strict=True)):
            grid.addWidget(label(letter, "caption"), at // 2, at % 2 * 2)
            grid.addWidget(spin, at // 2, at % 2 * 2 + 1)
        grid.addWidget(label("Cut off", "small"), 2, 0, 1, 4)
        for at, (spin, arrow) in enumerate(zip(self.crop, ("←", "↑", "→", "↓"), strict=True)):
            grid.addWidget(label(arrow, "caption"), 3 + at // 2, at % 2 * 2)
            grid.addWidget(spin, 3 + at // 2, at % 2 * 2 + 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        column.addLayout(grid)
        row = QHBoxLayout()
        row.addWidget(label("Opacity", "small"))
        self.opacity = QSlider(Qt.Orientation.Horizontal)
        self.opacity.setRange(0, 100)
        self.opacity.setAccessibleName("Opacity in percent")
        self.opacity.valueChanged.connect(lambda value: self._send(opacity=value / 100))
        row.addWidget(self.opacity, 1)
        self.opacity_words = label("100 %", "small")
        self.opacity_words.setFixedWidth(40)
        self.opacity_words.setAlignment(Qt.AlignmentFlag.AlignRight)
        row.addWidget(self.opacity_words)
        column.addLayout(row)

    def _spin(self, name: str, low: int, high: int, unit: str, on: Any) -> QSpinBox:
        made = number_field(name, low, high, unit, small=True)
        made.setToolTip(plain_tip(name))
        made.valueChanged.connect(lambda _: on())
        return made

    # -- showing -----------------------------------------------------------------------------------------------------

    @property
    def _placement(self) -> api.Placement | None:
        return self._show.placement(self._selection.placement)

    def _refresh(self) -> None:
        source = self._show.sources.get(self._selection.source)
        placement = self._placement
        self.none.setVisible(source is None)
        self._about.setVisible(source is not None)
        self._placed.setVisible(source is not None and placement is not None)
        self.setEnabled(self._show.is_attached)
        if source is None:
            return
        self._filling = True
        if not self.name.hasFocus():
            self.name.setText(source.name)
            self.name.setCursorPosition(0)
        self._show_device(source)
        for each in (self.delay, self.delay_words):
            each.setVisible(source.has_video)
        if not self.delay.hasFocus():
            self.delay.setValue(source.render_delay_ms)
        if placement is not None and not self._latest.is_busy(("set", placement.id)):
            self._show_placement(placement)
        self._filling = False

    def _show_device(self, source: api.SourceInfo) -> None:
        spec = source.spec.partition(":")[2] or source.spec
        shown = spec.rsplit("/", 1)[-1] if source.kind in ("clip", "image") else source.spec
        if source.kind in LIST_OF_KIND:
            shown = source.words or source.name
        metrics = self.device.fontMetrics()
        self.device.setText(metrics.elidedText(shown, Qt.TextElideMode.ElideMiddle, max(60, self.device.width() - 68)))
        self.device.setIcon(icon(SOURCE_ICONS.get(source.kind, "clip")))
        self.device.setToolTip(plain_tip(f"{source.spec}\nChange to another device or file, on air (Ctrl+E)"))

    def _show_placement(self, placement: api.Placement) -> None:
        program = self._show.program
        if program is not None:
            sides = (placement.x, placement.y, placement.width, placement.height)
            scales = (program.width_px, program.height_px) * 2
            for spin, side, scale in zip(self.box, sides, scales, strict=True):
                if not spin.hasFocus():
                    spin.setValue(round(side * scale))
        cuts = (placement.crop.left, placement.crop.top, placement.crop.right, placement.crop.bottom)
        for spin, cut in zip(self.crop, cuts, strict=True):
            if not spin.hasFocus():
                spin.setValue(round(cut * 100))
        self.fit.set(placement.fit)
        self.mirror.setChecked(placement.mirror)
        if not self.opacity.isSliderDown():
            self.opacity.setValue(round(placement.opacity * 100))
        self.opacity_words.setText(f"{self.opacity.value()} %")
        orders = [one.id for one in self._show.placements]
        self.forward.setEnabled(orders.index(placement.id) < len(orders) - 1)
        self.back.setEnabled(orders.index(placement.id) > 0)

    # -- changing ----------------------------------------------------------------------------------------------------

    def _send(self, **changes: Any) -> None:
        placement = self._placement
        if placement is not None and not self._filling:
            if "opacity" in changes:
                self.opacity_words.setText(f"{self.opacity.value()} %")
            key = ("set", placement.id, *changes)
            self._latest.send(key, "placement.set", api.PlacementSet(placement.id, **changes))

    def _set_box(self) -> None:
        program = self._show.program
        if program is not None and not self._filling:
            x, y, width, height = (spin.value() for spin in self.box)
            wide, high = program.width_px, program.height_px
            self._send(x=x / wide, y=y / high, width=max(2, width) / wide, height=max(2, height) / high)

    def _set_crop(self) -> None:
        left, top, right, bottom = (spin.value() / 100 for spin in self.crop)
        if not self._filling:
            self._send(crop=api.Crop(left, top, min(right, 0.95 - left), min(bottom, 0.95 - top)))

    def _mirror(self) -> None:
        self._send(mirror=self.mirror.isChecked())

    def toggle_mirror(self) -> None:
        """Mirror the chosen placement, or no longer."""
        if self._placement is not None:
            self._send(mirror=not self._placement.mirror)

    def put_centre(self) -> None:
        """To the middle of the frame, as large as it is."""
        placement = self._placement
        if placement is not None:
            self._send(x=(1 - placement.width) / 2, y=(1 - placement.height) / 2)

    def put_full(self) -> None:
        """Over the whole frame."""
        self._send(x=0.0, y=0.0, width=1.0, height=1.0)

    def reorder(self, step: int) -> None:
        """One forward (1) or back (-1): the whole scene is sent, so that all orders change in one tick."""
        placement = self._placement
        if placement is None:
            return
        ids = [one.id for one in self._show.placements]
        at = ids.index(placement.id)
        to = at + step
        if 0 <= to < len(ids):
            scene = list(self._show.placements)
            scene[at], scene[to] = scene[to], scene[at]
            ordered = [_with_order(one, order) for order, one in enumerate(scene)]
            self._latest.send("scene", "scene.set", api.SceneSet(ordered))

    def remove(self) -> None:
        """Take the placement out of the picture; its source stays."""
        if self._placement is not None:
            self._show.do("placement.remove", api.ById(self._placement.id))

    def _rename(self) -> None:
        source = self._show.sources.get(self._selection.source)
        text = self.name.text().strip()
        if source is not None and text and text != source.name:
            self._show.do("source.set", api.SourceSet(source.id, name=text))

    def _set_delay(self, delay_ms: float) -> None:
        if not self._filling and self._selection.source:
            self._latest.send(
                ("delay", self._selection.source),
                "source.set",
                api.SourceSet(self._selection.source, render_delay_ms=delay_ms),
            )

    # -- the quick picker --------------------------------------------------------------------------------------------

    def open_devices(self) -> None:
        """A menu of what could be here instead; for files and addresses the large picker."""
        source = self._show.sources.get(self._selection.source)
        if source is None:
            return
        if source.kind in LIST_OF_KIND:
            self.device.setEnabled(False)
            self.device.setText("Looking…")
            self._show.start(self._look(source))
        else:
            self.picker_wanted.emit(source.id, PICKER_KIND.get(source.kind, "camera"))

    async def _look(self, source: api.SourceInfo) -> None:
        try:
            found: api.DeviceList = await self._show.call("device.list")
        finally:
            self.device.setEnabled(True)
            self._refresh()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in LIST_OF_KIND[source.kind]:
            for device in getattr(found, name):
                shown = menu.fontMetrics().elidedText(device.name, Qt.TextElideMode.ElideMiddle, 320)
                action = menu.addAction(shown.replace("&", "&&"))
                action.setCheckable(True)
                action.setChecked(device.spec == source.spec)
                action.triggered.connect(lambda _=False, device=device: self._replace(source.id, device))
            menu.addSeparator()
        menu.addAction("Something else…", lambda: self.picker_wanted.emit(source.id, source.kind))
        menu.popup(self.device.mapToGlobal(self.device.rect().bottomLeft()))

    def _replace(self, source_id: str, device: api.DeviceInfo) -> None:
        self.device.setEnabled(False)
        self.device.setText("Opening…")
        self._show.start(self._replace_now(source_id, device))

    async def _replace_now(self, source_id: str, device: api.DeviceInfo) -> None:
        try:
            await self._show.replace_source(api.SourceReplace(source_id, device.spec, device.name))
        except StoaError as error:
            kept = self._show.source_name(source_id)
            remedy = f"{error.remedy} {kept} stays on.".strip()
            raise StoaError(error.kind, error.message, remedy=remedy, permanent=error.permanent) from error
        finally:
            self.device.setEnabled(True)
            self._refresh()


def _with_order(placement: api.Placement, order: int) -> api.Placement:
    fields = {name: getattr(placement, name) for name in placement.__struct_fields__}
    return api.Placement(**{**fields, "order": order})
