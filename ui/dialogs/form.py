"""Forms of dialogs: words on the left, fields on the right, on one line."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QWidget

from ui.theme.tokens import CONTROL_PX
from ui.widgets.label import label


def form_of(page: QWidget) -> QFormLayout:
    form = QFormLayout(page)
    form.setContentsMargins(0, 0, 0, 0)
    form.setHorizontalSpacing(12)
    form.setVerticalSpacing(8)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    return form


def form_row(form: QFormLayout, words: str, field: QWidget) -> None:
    """One line of a form."""
    said = label(words, "small")
    said.setMinimumHeight(CONTROL_PX - 2)
    said.setMinimumWidth(84)
    said.setBuddy(field)
    form.addRow(said, field)
