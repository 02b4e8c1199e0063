"""The lines of the audit log as a table, the newest on top. Ctrl+C copies the chosen one in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from ui import words
from ui.audit_words import action_words, outcome_words, whole
from ui.theme.look import colour
from ui.widgets.tip import plain_tip

if TYPE_CHECKING:  # the client of a session is loaded after the first paint
    from studio.session import AuditEntry

HEADS = ("When", "Who", "What", "Whom", "Outcome")
WIDTHS_PX = (108, 128, 148, 128)
ROW_PX = 30
BAD = ("refused", "failed")
Index = QModelIndex | QPersistentModelIndex
TOP = QModelIndex()


class AuditModel(QAbstractTableModel):
    """Takes the lines in their order, and shows the last one first."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[AuditEntry] = []

    def clear(self) -> None:
        """No lines any more."""
        self.beginResetModel()
        self.entries.clear()
        self.endResetModel()

    def add(self, entries: Sequence[AuditEntry]) -> None:
        """More lines, the oldest first, all newer than those that are there."""
        if entries:
            self.beginInsertRows(TOP, 0, len(entries) - 1)
            self.entries[:0] = reversed(entries)
            self.endInsertRows()

    def rowCount(self, parent: Index = TOP) -> int:
        return 0 if parent.isValid() else len(self.entries)

    def columnCount(self, parent: Index = TOP) -> int:
        return 0 if parent.isValid() else len(HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return HEADS[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _cells(entry)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(whole(entry))
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return whole(entry)
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == len(HEADS) - 1 and entry.outcome in BAD:
            return colour("warn")
        return None


class AuditTable(QTableView):
    """One row is chosen at a time, by the arrows or the mouse; Tab goes on."""

    def __init__(self, model: AuditModel) -> None:
        super().__init__()
        self._model = model
        self.setModel(model)
        self.setAccessibleName("Audit log")
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_PX)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, width_px in enumerate(WIDTHS_PX):
            head.resizeSection(column, width_px)
        head.setSectionResizeMode(len(HEADS) - 1, QHeaderView.ResizeMode.Stretch)

    @property
    def chosen(self) -> AuditEntry | None:
        """The line that is chosen."""
        row = self.currentIndex().row()
        return self._model.entries[row] if 0 <= row < len(self._model.entries) else None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy) and self.chosen is not None:
            QGuiApplication.clipboard().setText(whole(self.chosen))
        else:
            super().keyPressEvent(event)


def _cells(entry: AuditEntry) -> tuple[str, ...]:
    when = words.clock(entry.at)
    return when, entry.actor_name, action_words(entry.action), entry.target_name, outcome_words(entry)
