"""One message of the chat: who, when, what it answers, its words, and the emoji on it. Never markup."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from ui.line import Line, Reaction
from ui.room import ROLES
from ui.widgets.buttons import button
from ui.widgets.label import ElidedLabel, label, set_property
from ui.widgets.tip import plain_tip

EMOJI_SHOWN = 5
CHIP_CHARACTERS, CHIPS_CHARACTERS = 4, 27
"""What an emoji takes beside its number, and what a row of them has room for."""
HEAD_PX, PLACE_PX, NAME_PX = 170, 84, 56
"""For the name and what stands beside it; at most for who reads it, and at least for the name."""


class Bubble(QFrame):
    """With the keyboard on it the arrows go to its neighbours, Ctrl+C copies it, Return or the menu key opens its menu.

    `menu_wanted` says where on the screen; `go_wanted` names the message that it answers by seq; `react_wanted` an
    emoji and whether it is to be there.
    """

    menu_wanted = Signal(object)
    go_wanted = Signal(int)
    react_wanted = Signal(str, bool)

    def __init__(self, line: Line, original: Line | None = None) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # by the arrows: Tab would stop at every message
        self.setObjectName("bubble" if not line.notice else "")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._inside: QWidget | None = None
        self.show_line(line, original)

    @property
    def line(self) -> Line:
        return self._line

    def show_line(self, line: Line, original: Line | None = None) -> None:
        """Show this; `original` is the message that it answers."""
        self._line = line
        self.setProperty("mine", "true" if line.mine else "false")
        set_property(self, "called", "true" if line.called else "false")
        if self._inside is not None:
            self._inside.hide()
            self._column.removeWidget(self._inside)
            self._inside.deleteLater()
        self._inside = QWidget()
        self._column.addWidget(self._inside)
        column = QVBoxLayout(self._inside)
        column.setContentsMargins(10, 6, 10, 7)
        column.setSpacing(2)
        if line.notice:
            said = label(line.text, "caption", wrap=True)
            said.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(said)
            return
        column.addLayout(_head(line))
        if original is not None:
            column.addWidget(_Quote(original, partial(self.go_wanted.emit, original.seq)))
        text = QLabel(breakable(line.text))
        text.setTextFormat(Qt.TextFormat.PlainText)
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        text.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # the message has its own
        text.setMinimumWidth(1)
        if line.deleted:
            text.setProperty("kind", "small")
        column.addWidget(text)
        if line.reactions:
            column.addLayout(self._reactions(line.reactions))
        self.setAccessibleName(_spoken(line, original))

    def _reactions(self, reactions: tuple[Reaction, ...]) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        shown = _fitting(reactions)
        for one in reactions[:shown]:
            chip = button(
                f"{one.emoji} {one.count}", "chip", on=partial(self.react_wanted.emit, one.emoji, not one.mine)
            )
            chip.setProperty("mine", "true" if one.mine else "false")
            chip.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # by the message's menu
            chip.setAccessibleName(f"{one.emoji}: {_people(one.count)}{', you too' if one.mine else ''}")
            row.addWidget(chip)
        if len(reactions) > shown:
            row.addWidget(label(f"+{len(reactions) - shown}", "caption"))
        row.addStretch(1)
        return row

    def _open_menu_below(self) -> None:
        self.menu_wanted.emit(self.mapToGlobal(QPoint(10, self.height())))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() is QContextMenuEvent.Reason.Mouse:
            self.menu_wanted.emit(event.globalPos())
        else:
            self._open_menu_below()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        shift_f10 = key is Qt.Key.Key_F10 and event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif key in (Qt.Key.Key_Menu, Qt.Key.Key_Return, Qt.Key.Key_Enter) or shift_f10:
            self._open_menu_below()
        else:
            event.ignore()

    def copy(self) -> None:
        """The words to the clipboard."""
        QGuiApplication.clipboard().setText(self._line.text)


class _Quote(QFrame):
    """The line that an answer answers; a click goes there."""

    def __init__(self, original: Line, go: partial[None]) -> None:
        super().__init__()
        self.setObjectName("quote")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._go = go
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 1, 6, 1)
        row.addWidget(ElidedLabel(quoted(original), "small"), 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._go()
        else:
            super().mousePressEvent(event)


def _fitting(reactions: tuple[Reaction, ...]) -> int:
    """How many of them fit in the narrowest window: larger numbers, fewer of them."""
    most, left = min(len(reactions), EMOJI_SHOWN), CHIPS_CHARACTERS
    for at, one in enumerate(reactions[:most]):
        left -= CHIP_CHARACTERS + len(str(one.count))
        if left < 0:
            return at
    return most


def quoted(line: Line) -> str:
    """A message on one line."""
    return f"{'You' if line.mine else line.who}: {' '.join(line.text.split())}"


def _head(line: Line) -> QHBoxLayout:
    head = QHBoxLayout()
    head.setSpacing(6)
    role = "" if line.role in ("viewer", "") else ROLES.get(line.role, line.role).lower()
    place = _cut(line.place, "caption", PLACE_PX)
    beside_px = sum(place.fontMetrics().horizontalAdvance(one) for one in (role, place.text()))
    head.addWidget(_cut("You" if line.mine else line.who, "small", max(NAME_PX, HEAD_PX - beside_px)))
    if role:
        head.addWidget(label(role, "caption"))
    if line.place:
        head.addWidget(place)
    if line.called:
        called = label("names you", "small")
        called.setProperty("tone", "busy")
        head.addWidget(called)
    head.addStretch(1)
    head.addWidget(label(line.at, "caption"))
    return head


def _cut(text: str, kind: str, width_px: int) -> QLabel:
    """A name that gives up its end, so that the time beside it stays in sight."""
    made = label(text, kind)
    made.setText(made.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width_px))
    made.setToolTip(plain_tip(text))
    return made


def _spoken(line: Line, original: Line | None) -> str:
    place = f", {line.place}" if line.place else ""
    called = ", names you" if line.called else ""
    answers = f", answers {original.who}" if original is not None else ""
    there = "".join(f"; {one.emoji} {_people(one.count)}" for one in line.reactions)
    return f"{line.who}{place}{called}{answers}: {line.text}{there}"


def _people(count: int) -> str:
    return "1 person" if count == 1 else f"{count} people"


def breakable(text: str) -> str:
    """Words longer than a line may be broken anywhere (zero-width spaces)."""
    return " ".join(
        word if len(word) < 24 else "\u200b".join(word[at : at + 4] for at in range(0, len(word), 4))
        for word in text.split(" ")
    )
