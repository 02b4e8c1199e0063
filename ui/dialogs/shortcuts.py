"""The shortcut sheet, made from the table."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ui.dialogs.frame import Dialog
from ui.shortcuts import SHORTCUTS
from ui.widgets.label import label

COLUMNS = (("The show", "Sound"), ("In the picture",), ("Moving about",))


class ShortcutSheet(Dialog):
    """Escape or Enter closes it."""

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent, "Keyboard shortcuts", 900)
        row = QHBoxLayout()
        row.setSpacing(32)
        for groups in COLUMNS:
            column = QVBoxLayout()
            column.setSpacing(8)
            for group in groups:
                column.addWidget(label(group, "heading"))
                column.addLayout(_group(group))
                column.addSpacing(8)
            column.addStretch(1)
            row.addLayout(column, 1)
        self.body.addLayout(row)
        self.add_button("Close", "", self.accept, default=True)


def _group(group: str) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(5)
    grid.setColumnStretch(0, 1)
    shown: dict[str, list[str]] = {}
    for each in SHORTCUTS:
        if each.group == group:
            shown.setdefault(each.words, []).append(each.keys.replace("Return", "Enter"))
    for row, (words, keys) in enumerate(shown.items()):
        said = label(words, "soft", wrap=True)
        grid.addWidget(said, row, 0)
        cap = QLabel(" or ".join(keys))
        cap.setObjectName("keycap")
        grid.addWidget(cap, row, 1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
    return grid
