"""Where the show goes: state in words, bitrate and lost frames over the last minute, retry, add, remove."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from studio.control import api
from ui import words
from ui.dialogs.frame import Question
from ui.show import Show
from ui.theme.icons import icon
from ui.theme.look import colour, look
from ui.widgets.buttons import button, icon_button
from ui.widgets.empty import EmptyState
from ui.widgets.label import ElidedLabel, figures, label, set_tone
from ui.widgets.sparkline import Sparkline
from ui.widgets.tip import plain_tip

TONES = {"idle": "", "connecting": "busy", "live": "good", "reconnecting": "warn", "failed": "danger"}
DOTS = {"idle": "text_faint", "connecting": "accent", "live": "good", "reconnecting": "warn", "failed": "danger"}


def state_words(destination: api.DestinationInfo) -> str:
    """How it is, in a sentence."""
    if destination.state == "live":
        return "Live"  # where, stands in the tooltip
    if destination.problem is not None and destination.state in ("failed", "reconnecting"):
        said = destination.problem.words
    else:
        said = destination.words
    if destination.state == "reconnecting" and destination.retry_in_s > 0.5:
        said += f" Next try in\u00a0{destination.retry_in_s:.0f}\u00a0s."
    return said


class _Dot(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._token = "text_faint"
        self.setFixedSize(QSize(10, 18))
        look.changed.connect(self.update)

    def set(self, token: str) -> None:
        if token != self._token:
            self._token = token
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(self._token))
        painter.drawEllipse(QRectF(1, 5, 8, 8))


class DestinationRow(QFrame):
    """One destination."""

    retry_wanted = Signal(str)
    stop_wanted = Signal(str)
    enable_wanted = Signal(str, bool)
    edit_wanted = Signal(str)
    remove_wanted = Signal(str)

    def __init__(self, destination: api.DestinationInfo) -> None:
        super().__init__()
        self.setObjectName("row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._destination = destination
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 6, 4, 6)
        column.setSpacing(2)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._dot = _Dot()
        head.addWidget(self._dot)
        self.name = ElidedLabel("", "heading")
        head.addWidget(self.name, 1)
        self.rate = label("", "small")
        figures(self.rate, 12)
        head.addWidget(self.rate)
        self.enabled_box = QCheckBox()
        self.enabled_box.setFixedWidth(20)
        self.enabled_box.setToolTip("Takes part when you go live")
        self.enabled_box.clicked.connect(lambda on: self.enable_wanted.emit(self._destination.id, on))
        head.addWidget(self.enabled_box)
        self.more = icon_button("more", "More for this destination", on=self._open_menu)
        head.addWidget(self.more)
        column.addLayout(head)
        self.words = label("", "small", wrap=True)
        self.words.setContentsMargins(18, 0, 4, 0)
        column.addWidget(self.words)
        self.remedy = label("", "caption", wrap=True)
        self.remedy.setContentsMargins(18, 0, 4, 0)
        column.addWidget(self.remedy)
        self.line = Sparkline("Bitrate and lost frames of the last minute")
        self._line_box = QWidget()
        inner = QHBoxLayout(self._line_box)
        inner.setContentsMargins(18, 2, 4, 0)
        inner.addWidget(self.line)
        column.addWidget(self._line_box)
        foot = QHBoxLayout()
        foot.setContentsMargins(18, 0, 4, 0)
        foot.setSpacing(6)
        self.lost = ElidedLabel("", "caption")
        figures(self.lost, 12)
        foot.addWidget(self.lost, 1)
        self.retry = button("Retry now", "quiet", tip="Try again at once (Ctrl+T)")
        self.retry.clicked.connect(lambda: self.retry_wanted.emit(self._destination.id))
        foot.addWidget(self.retry)
        self._foot = QWidget()
        self._foot.setLayout(foot)
        column.addWidget(self._foot)

    def set(self, destination: api.DestinationInfo) -> None:
        """Show this state."""
        self._destination = destination
        state = destination.state
        self._dot.set(DOTS[state])
        self.name.setText(destination.name)
        self.name.setAccessibleDescription(destination.url)
        self.rate.setText(words.rate(destination.bitrate_kbps) if state == "live" else "")
        self.enabled_box.setChecked(destination.enabled)
        self.enabled_box.setVisible(state in ("idle", "failed"))
        self.enabled_box.setAccessibleName(f"{destination.name} takes part when you go live")
        said = state_words(destination)
        self.words.setText(said)
        self.words.setToolTip(plain_tip(destination.url))
        set_tone(self.words, TONES[state])
        remedy = destination.problem.remedy if destination.problem and state in ("failed", "reconnecting") else ""
        self.remedy.setText(remedy)
        self.remedy.setVisible(bool(remedy))
        moving = state in ("live", "reconnecting", "connecting")
        self._line_box.setVisible(moving and bool(destination.history_kbps))
        self.line.set_figures(destination.history_kbps, destination.history_dropped)
        parts = [f"{words.count(destination.dropped, 'frame')} lost"]
        if destination.reconnects:
            parts.append(words.count(destination.reconnects, "reconnect"))
        if destination.rtt_ms:
            parts.append(f"{destination.rtt_ms:.0f} ms round trip" if destination.rtt_ms >= 1 else "< 1 ms round trip")
        if destination.loss > 0.0005:
            parts.append(f"{destination.loss * 100:.1f} % packets lost")
        self.lost.setText(" · ".join(parts) if moving else "")
        self.retry.setVisible(state in ("reconnecting", "failed"))
        self._foot.setVisible(moving or state == "failed")
        self.setAccessibleName(f"{destination.name}, {state}. {said}")

    @property
    def destination(self) -> api.DestinationInfo:
        return self._destination

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        which = self._destination.id
        if self._destination.state in ("idle", "failed"):
            menu.addAction(icon("broadcast"), "Connect now", lambda: self.retry_wanted.emit(which))
        else:
            menu.addAction(icon("refresh"), "Try again at once", lambda: self.retry_wanted.emit(which))
            menu.addAction(icon("stop"), "Disconnect", lambda: self.stop_wanted.emit(which))
        menu.addAction(icon("edit"), "Edit…", lambda: self.edit_wanted.emit(which))
        menu.addSeparator()
        menu.addAction(icon("trash"), "Remove…", lambda: self.remove_wanted.emit(which))
        return menu

    def _open_menu(self) -> None:
        self._menu().popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._menu().popup(event.globalPos())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.edit_wanted.emit(self._destination.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.edit_wanted.emit(self._destination.id)
        elif key is Qt.Key.Key_Space and self.enabled_box.isVisible():
            self.enabled_box.click()
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_wanted.emit(self._destination.id)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focusNextPrevChild(key is Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)


class DestinationsPanel(QFrame):
    """`add_wanted` and `edit_wanted(id)` ask the window for the dialog."""

    add_wanted = Signal()
    edit_wanted = Signal(str)

    def __init__(self, show: Show) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._show = show
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setContentsMargins(8, 0, 0, 0)
        head.addWidget(label("Destinations", "heading"), 1)
        self.add = icon_button("plus", "Add a destination (Ctrl+D)", on=self.add_wanted.emit)
        head.addWidget(self.add)
        column.addLayout(head)
        self.empty = EmptyState(
            "broadcast",
            "No destinations yet",
            "Add where the show goes: a platform's RTMP address, SRT or WHIP.",
            "Add a destination",
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
        self.rows: dict[str, DestinationRow] = {}
        for signal in (show.destinations_changed, show.attached, show.detached):
            signal.connect(self._refresh)
        self._refresh()

    def focus_first(self) -> None:
        """Give the keyboard to the first destination, else to Add."""
        first = next(iter(self.rows.values()), None)
        (first or self.add).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def retry_all(self) -> None:
        """Try again at once wherever the show does not arrive."""
        for destination in self._show.destinations.values():
            if destination.state in ("reconnecting", "failed"):
                self._show.do("destination.start", api.ById(destination.id))

    def _refresh(self) -> None:
        found = self._show.destinations
        for gone in set(self.rows) - set(found):
            self.rows.pop(gone).deleteLater()
        for at, destination in enumerate(found.values()):
            row = self.rows.get(destination.id)
            if row is None:
                row = self.rows[destination.id] = self._new_row(destination)
                self._rows.insertWidget(at, row)
            row.set(destination)
        self.empty.setVisible(not found)
        self._area.setVisible(bool(found))
        self.setEnabled(self._show.is_attached)

    def _new_row(self, destination: api.DestinationInfo) -> DestinationRow:
        row = DestinationRow(destination)
        row.retry_wanted.connect(lambda which: self._show.do("destination.start", api.ById(which)))
        row.stop_wanted.connect(lambda which: self._show.do("destination.stop", api.ById(which)))
        row.enable_wanted.connect(
            lambda which, on: self._show.do("destination.set", api.DestinationSet(which, enabled=on))
        )
        row.edit_wanted.connect(self.edit_wanted)
        row.remove_wanted.connect(self._ask_remove)
        return row

    def _ask_remove(self, which: str) -> None:
        destination = self._show.destinations.get(which)
        if destination is None:
            return
        sending = " It is sending now and stops at once." if destination.state == "live" else ""
        Question(
            self.window(),
            "Remove this destination?",
            f"{destination.name} is forgotten, with its key.{sending}",
            "Keep it",
            "Remove",
            lambda: self._show.do("destination.remove", api.ById(which)),
        ).open()
