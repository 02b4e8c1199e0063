"""Buttons: with words, with an icon only, and a row of which one is chosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QToolButton

from ui.theme.icons import draw, icon
from ui.theme.look import colour, look
from ui.widgets.tip import plain_tip


def button(
    words: str, kind: str = "", *, icon_name: str = "", tip: str = "", on: Callable[[], object] | None = None
) -> QPushButton:
    """A button with words; `kind` is primary, danger, quiet or picker."""
    made = PickerButton(words) if kind == "picker" else QPushButton(words)
    made.setProperty("kind", kind)
    made.setAutoDefault(False)
    if icon_name:
        made.setIcon(icon(icon_name, "on_fill" if kind in ("primary", "danger") else "text_soft"))
        made.setIconSize(QSize(22, 18))  # the icon is drawn to the left: the rest is its distance from the words
    if tip:
        made.setToolTip(plain_tip(tip))
    if on is not None:
        made.clicked.connect(lambda: on())
    return made


class PickerButton(QPushButton):
    """A button that opens a list: what is chosen on the left, a small arrow on the right."""

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        at = QRectF(self.width() - 22, self.height() / 2 - 7, 14, 14)
        draw(QPainter(self), "down", at, colour("text_soft" if self.isEnabled() else "text_faint"))


def icon_button(
    icon_name: str,
    words: str,
    *,
    checkable: bool = False,
    kind: str = "icon",
    token: str = "text_soft",
    on_token: str = "text",
    on: Callable[[], object] | None = None,
) -> QToolButton:
    """A button that is an icon; `words` is its tooltip and what a screen reader says."""
    made = QToolButton()
    made.setProperty("kind", kind)
    made.setIcon(icon(icon_name, token, on_token))
    made.setIconSize(QSize(18, 18))
    made.setCheckable(checkable)
    made.setToolTip(plain_tip(words))
    made.setAccessibleName(words)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    look.changed.connect(made.update)
    if on is not None:
        made.clicked.connect(lambda: on())
    return made


class Choices(QFrame):
    """A row of words of which one is chosen. `chosen` tells the key of the one that the person took."""

    chosen = Signal(str)

    def __init__(self, choices: Sequence[tuple[str, str]], name: str) -> None:
        """`choices` are pairs of key and words."""
        super().__init__()
        self.setObjectName("choices")
        self.setAccessibleName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(2, 2, 2, 2)
        row.setSpacing(2)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._buttons: dict[str, QToolButton] = {}
        for key, words in choices:
            made = QToolButton()
            made.setText(words)
            made.setProperty("kind", "choice")
            made.setCheckable(True)
            made.setAccessibleName(f"{name}: {words}")
            made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            made.clicked.connect(lambda _=False, key=key: self.chosen.emit(key))
            self._group.addButton(made)
            self._buttons[key] = made
            row.addWidget(made, 1)

    def set(self, key: str) -> None:
        """Mark one as chosen, without telling."""
        if key in self._buttons:
            self._buttons[key].setChecked(True)

    @property
    def key(self) -> str:
        """The chosen one."""
        return next((key for key, made in self._buttons.items() if made.isChecked()), "")

    def button(self, key: str) -> QToolButton:
        return self._buttons[key]
