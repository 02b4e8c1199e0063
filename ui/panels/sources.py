"""The list of sources: what each is and how it is, shown or hidden, changed, removed."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from studio.control import api
from studio.control.api import SourceState
from ui.dialogs.frame import Question
from ui.selection import Selection
from ui.show import Show
from ui.theme.icons import SOURCE_ICONS, draw, icon
from ui.theme.look import colour, look
from ui.widgets.buttons import icon_button
from ui.widgets.empty import EmptyState
from ui.widgets.label import ElidedLabel, label, set_property, set_tone
from ui.widgets.tip import plain_tip

STATE_WORDS = {
    SourceState.OPENING: "Opening…",
    SourceState.LOST: "Lost. Comes back by itself.",
    SourceState.ENDED: "Ended",
    SourceState.FAILED: "Could not be opened",
}
TONES = {SourceState.OPENING: "busy", SourceState.LOST: "warn", SourceState.FAILED: "danger", SourceState.ENDED: ""}


def state_words(source: api.SourceInfo) -> str:
    """How a source is, in one line."""
    if source.state is not SourceState.LIVE:
        return source.problem.words if source.problem else source.words or STATE_WORDS[source.state]
    if source.held:
        return f"Not in the picture. {source.held}"
    parts = [f"{source.width_px} × {source.height_px}"] if source.has_video and source.width_px else []
    if source.has_video and source.fps:
        parts.append(f"{source.fps:.4g} fps")
    if source.has_audio and not source.has_video:
        parts.append("Sound")
    return " · ".join(parts) or "Playing"


class _Icon(QWidget):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setFixedSize(QSize(20, 20))
        look.changed.connect(self.update)

    def set(self, name: str) -> None:
        self._name = name
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        draw(QPainter(self), self._name, QRectF(self.rect()), colour("text_soft"))


class SourceRow(QFrame):
    """One source. Signals name what the person asks for."""

    chosen = Signal(str)
    replace_wanted = Signal(str)
    remove_wanted = Signal(str)
    shown_wanted = Signal(str, bool)
    place_wanted = Signal(str)

    def __init__(self, source: api.SourceInfo) -> None:
        super().__init__()
        self.setObjectName("row")
        self.source_id = source.id
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 5, 4, 5)
        row.setSpacing(8)
        self._icon = _Icon(SOURCE_ICONS.get(source.kind, "clip"))
        row.addWidget(self._icon)
        column = QVBoxLayout()
        column.setSpacing(1)
        self.name = ElidedLabel()
        self.words = ElidedLabel("", "caption")
        column.addWidget(self.name)
        column.addWidget(self.words)
        row.addLayout(column, 1)
        self.eye = icon_button("eye", "Shown in the picture", checkable=True)
        self.eye.clicked.connect(self._eye_clicked)
        row.addWidget(self.eye)
        self.more = icon_button("more", "More for this source", on=self._open_menu)
        row.addWidget(self.more)
        self._placed = False

    def set(self, source: api.SourceInfo, placements: list[api.Placement], *, chosen: bool) -> None:
        """Show this state."""
        self._icon.set(SOURCE_ICONS.get(source.kind, "clip"))
        self.name.setText(source.name)
        self.words.setText(state_words(source))
        set_tone(self.words, TONES.get(source.state, "warn" if source.held else ""))
        self._placed = bool(placements)
        visible = any(placement.visible for placement in placements)
        self.eye.setVisible(source.has_video)
        self.eye.setChecked(visible)
        self.eye.setIcon(icon("eye" if visible else "eye-off", "text" if visible else "text_faint", "text"))
        said = "Hide from the picture" if visible else "Show in the picture"
        self.eye.setToolTip(plain_tip(said))
        self.eye.setAccessibleName(f"{said}: {source.name}")
        set_property(self, "selected", "true" if chosen else "false")
        self.setAccessibleName(f"{source.name}, {state_words(source)}")

    def _eye_clicked(self, checked: bool) -> None:
        if self._placed:
            self.shown_wanted.emit(self.source_id, checked)
        else:
            self.place_wanted.emit(self.source_id)

    def _open_menu(self) -> None:
        self._menu().popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(icon("refresh"), "Change to something else…", lambda: self.replace_wanted.emit(self.source_id))
        menu.addAction(icon("plus"), "Place in the picture once more", lambda: self.place_wanted.emit(self.source_id))
        menu.addSeparator()
        menu.addAction(icon("trash"), "Remove…", lambda: self.remove_wanted.emit(self.source_id))
        return menu

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self.chosen.emit(self.source_id)
        self._menu().popup(event.globalPos())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.chosen.emit(self.source_id)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.replace_wanted.emit(self.source_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Space,):
            self.chosen.emit(self.source_id)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self.source_id)
            self.replace_wanted.emit(self.source_id)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_wanted.emit(self.source_id)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focusNextPrevChild(key is Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)


class SourcesPanel(QFrame):
    """`add_wanted` asks for the picker; `replace_wanted(id)` for the picker in a source's place."""

    add_wanted = Signal()
    replace_wanted = Signal(str)

    def __init__(self, show: Show, selection: Selection) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._show, self._selection = show, selection
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setContentsMargins(8, 0, 0, 0)
        head.addWidget(label("Sources", "heading"), 1)
        self.add = icon_button("plus", "Add a source (Ctrl+N)", on=self.add_wanted.emit)
        head.addWidget(self.add)
        column.addLayout(head)
        self.empty = EmptyState(
            "camera",
            "No sources yet",
            "Add a camera, a microphone, a screen or a clip to begin.",
            "Add a source",
            self.add_wanted.emit,
        )
        column.addWidget(self.empty, 1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self._rows = QVBoxLayout(inside)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(2)
        self._rows.addStretch(1)
        self._area.setWidget(inside)
        column.addWidget(self._area, 1)
        self.rows: dict[str, SourceRow] = {}
        for signal in (show.sources_changed, show.scene_changed, selection.changed, show.attached, show.detached):
            signal.connect(self._refresh)
        self._refresh()

    def focus_first(self) -> None:
        """Give the keyboard to the chosen source, else the first, else Add."""
        row = self.rows.get(self._selection.source) or next(iter(self.rows.values()), None)
        (row or self.add).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def ask_remove(self, source_id: str) -> None:
        """Remove a source after a question."""
        source = self._show.sources.get(source_id)
        if source is None:
            return
        Question(
            self.window(),
            "Remove this source?",
            f"{source.name} goes out of the picture and the sound at once.",
            "Keep it",
            "Remove",
            lambda: self._show.do("source.remove", api.ById(source_id)),
        ).open()

    def _refresh(self) -> None:
        sources = self._show.sources
        for gone in set(self.rows) - set(sources):
            self.rows.pop(gone).deleteLater()
        for at, source in enumerate(sources.values()):
            row = self.rows.get(source.id)
            if row is None:
                row = self.rows[source.id] = self._new_row(source)
            if self._rows.indexOf(row) != at:
                self._rows.insertWidget(at, row)
            placements = [one for one in self._show.placements if one.source == source.id]
            row.set(source, placements, chosen=source.id == self._selection.source)
        self.empty.setVisible(not sources)
        self._area.setVisible(bool(sources))
        self.setEnabled(self._show.is_attached)

    def _new_row(self, source: api.SourceInfo) -> SourceRow:
        row = SourceRow(source)
        row.chosen.connect(self._selection.choose_source)
        row.replace_wanted.connect(self.replace_wanted)
        row.remove_wanted.connect(self.ask_remove)
        row.shown_wanted.connect(self._set_shown)
        row.place_wanted.connect(self._place)
        return row

    def _set_shown(self, source_id: str, shown: bool) -> None:
        for placement in self._show.placements:
            if placement.source == source_id and placement.visible != shown:
                self._show.do("placement.set", api.PlacementSet(placement.id, visible=shown))

    def _place(self, source_id: str) -> None:
        order = max((one.order for one in self._show.placements), default=-1) + 1
        self._show.do("placement.add", api.Placement(source_id, order=order))
