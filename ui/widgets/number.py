"""Fields for numbers: they tell their value when Enter is pressed or they are left, and when a key steps it."""

from __future__ import annotations

from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox

from ui.widgets.label import figures


def number_field(name: str, low: int, high: int, unit: str = "", *, step: int = 1, small: bool = False) -> QSpinBox:
    """A whole number; `name` is what a screen reader says."""
    made = QSpinBox()
    made.setRange(low, high)
    made.setSingleStep(step)
    _dress(made, name, unit, small=small)
    return made


def decimal_field(
    name: str, low: float, high: float, unit: str = "", *, step: float = 1.0, decimals: int = 1, small: bool = False
) -> QDoubleSpinBox:
    """A number with this many decimals."""
    made = QDoubleSpinBox()
    made.setRange(low, high)
    made.setSingleStep(step)
    made.setDecimals(decimals)
    _dress(made, name, unit, small=small)
    return made


def _dress(made: QSpinBox | QDoubleSpinBox, name: str, unit: str, *, small: bool) -> None:
    made.setSuffix(unit)
    made.setKeyboardTracking(False)
    made.setAccessibleName(name)
    made.setProperty("kind", "small" if small else "")
    # The style sheet's padding does not reach the text of a number field.
    made.lineEdit().setTextMargins(6 if small else 8, 0, 4, 0)
    figures(made, 12 if small else 13)
