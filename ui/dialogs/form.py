"""Forms of dialogs: words on the left, fields on the right, on one line."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractScrollArea, QFormLayout, QWidget

from ui.theme.tokens import CONTROL_PX
from ui.widgets.label import label

FIRST_LINE_PX = 6
"""From the top of a field of several lines to the words beside it."""


def form_of(page: QWidget) -> QFormLayout:
    form = QFormLayout(page)
    form.setContentsMargins(0, 0, 0, 0)
    form.setHorizontalSpacing(12)
    form.setVerticalSpacing(8)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return form


def form_row(form: QFormLayout, words: str, field: QWidget, *, tall: bool = False) -> None:
    """One line of a form. `tall`: more may appear under the field's first line."""
    said = label(words, "small")
    said.setMinimumHeight(CONTROL_PX - 2)
    said.setMinimumWidth(84)
    said.setBuddy(field)
    if tall or isinstance(field, QAbstractScrollArea):  # the words stand by its first line
        said.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        said.setContentsMargins(0, FIRST_LINE_PX, 0, 0)
    form.addRow(said, field)
