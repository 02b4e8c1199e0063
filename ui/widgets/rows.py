"""A list that a person works through: rows with a menu and keys of their own, and words for an empty list."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QScrollArea, QVBoxLayout, QWidget

from ui.widgets.buttons import icon_button
from ui.widgets.empty import EmptyState
from ui.widgets.label import label


class Row(QFrame):
    """One line. Enter and a double click ask to open it, Delete to remove it, the arrows go to its neighbours; the menu
    comes by a right click, the menu key and the button `more`."""

    open_wanted = Signal(str)
    remove_wanted = Signal(str)
    focused = Signal()

    def __init__(self, identity: str, more: str) -> None:
        """`more` is what a screen reader says of the button with the menu."""
        super().__init__()
        self.identity = identity
        self.setObjectName("row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.more = icon_button("more", more, on=self._open_menu)

    def fill_menu(self, menu: QMenu) -> None:
        """What can be done with it."""
        raise NotImplementedError

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu)
        return menu

    def _open_menu(self) -> None:
        self._menu().popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._menu().popup(event.globalPos())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.open_wanted.emit(self.identity)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.open_wanted.emit(self.identity)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_wanted.emit(self.identity)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self._focus_neighbour(1 if key is Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def _focus_neighbour(self, step: int) -> None:
        inside: QWidget | None = self.parentWidget()
        rows = [] if inside is None else sorted(inside.findChildren(Row), key=lambda row: row.y())
        at = rows.index(self) + step if rows else -1
        if 0 <= at < len(rows):
            rows[at].setFocus(Qt.FocusReason.TabFocusReason)


class RowPanel[Line: Row](QFrame):
    """A heading with a button that adds, the rows in an area that scrolls, or the words for an empty list.

    `add_wanted` and `open_wanted(identity)` ask the window for a dialog."""

    add_wanted = Signal()
    open_wanted = Signal(str)

    def __init__(self, heading: str, add: str, empty: tuple[str, str, str, str]) -> None:
        """`add` is the adding button's tip; `empty` are icon, words, remedy and button of the empty list."""
        super().__init__()
        self.setObjectName("panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.setContentsMargins(8, 0, 0, 0)
        head.addWidget(label(heading, "heading"), 1)
        self.add = icon_button("plus", add, on=self.add_wanted.emit)
        head.addWidget(self.add)
        column.addLayout(head)
        self.empty = EmptyState(*empty, self.add_wanted.emit)
        column.addWidget(self.empty, 1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        self._lines = QVBoxLayout(inside)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(2)
        self._lines.addStretch(1)
        self._area.setWidget(inside)
        column.addWidget(self._area, 1)
        self.rows: dict[str, Line] = {}

    def focus_first(self, preferred: str = "") -> None:
        """Give the keyboard to the row of this identity, else the first, else the button that adds."""
        row = self.rows.get(preferred) or next(iter(self.rows.values()), None)
        (row or self.add).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_rows(self, identities: Iterable[str], make: Callable[[str], Line]) -> None:
        """One row for each, in this order; `make` builds the missing ones."""
        wanted, focused = list(identities), self.window().focusWidget()
        orphaned = -1
        for at, (identity, row) in enumerate(list(self.rows.items())):
            if identity not in wanted:
                orphaned = at if focused is row or row.isAncestorOf(focused) else orphaned
                self.rows.pop(identity).deleteLater()
        self.rows = {identity: self.rows.get(identity) or self._new(make, identity) for identity in wanted}
        for at, row in enumerate(self.rows.values()):
            if self._lines.indexOf(row) != at:
                self._lines.insertWidget(at, row)
        self.empty.setVisible(not wanted)
        self._area.setVisible(bool(wanted))
        if orphaned >= 0:  # the keyboard stays where the person was
            heirs: list[QWidget] = [self.add, *list(self.rows.values())[: orphaned + 1]]
            heirs[-1].setFocus(Qt.FocusReason.OtherFocusReason)

    def _new(self, make: Callable[[str], Line], identity: str) -> Line:
        row = make(identity)
        row.open_wanted.connect(self.open_wanted)
        row.focused.connect(lambda: self._area.ensureWidgetVisible(row, 0, 0))
        return row
