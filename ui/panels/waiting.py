"""What waits above the chat: the pinned message, messages for a moderator, hands that are up."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui import words
from ui.panels.bubble import breakable, quoted
from ui.room import Room
from ui.widgets.buttons import button, icon_button
from ui.widgets.label import ElidedLabel, label
from ui.widgets.tip import plain_tip

SHOWN = 3
"""More are counted, and come up as the first ones go."""


class PinnedStrip(QFrame):
    """The message above the chat."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self.setObjectName("quote")
        self._room = room
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 0, 2)
        self.text = label("", "small", wrap=True)
        row.addWidget(self.text, 1)
        self.unpin = icon_button("close", "Unpin", on=lambda: room.chat("chat.pin", message=0))
        row.addWidget(self.unpin)
        room.talk.pin_changed.connect(self._show)
        room.people_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        line = self._room.talk.pinned
        self.setVisible(line is not None)
        if line is None:
            return
        whole = quoted(line)
        self.text.setText(breakable(f"Pinned · {whole if len(whole) < 140 else whole[:139] + '…'}"))
        self.text.setToolTip(plain_tip(whole))
        self.unpin.setVisible("pin" in self._room.rights)


class _Rows(QFrame):
    """A heading and the first rows of what waits; a row that stays is kept, so that the keyboard stays on it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName("row")
        self.setProperty("kind", "strip")
        self.setAccessibleName(name)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(10, 6, 6, 6)
        self._column.setSpacing(4)
        self.heading = label("", "small")
        self._column.addWidget(self.heading)
        self._more = label("", "caption")
        self._column.addWidget(self._more)
        self.rows: dict[str, QWidget] = {}

    def fill(self, keys: list[str], make: Callable[[str], QWidget]) -> None:
        """Rows for the first of these keys."""
        shown = keys[:SHOWN]
        lost = next((row for key, row in self.rows.items() if key not in shown and _has_keyboard(row)), None)
        for key in [key for key in self.rows if key not in shown]:
            row = self.rows.pop(key)
            row.hide()
            row.deleteLater()
        for key in shown:
            if key not in self.rows:
                self.rows[key] = make(key)
                self._column.insertWidget(self._column.count() - 1, self.rows[key])
        self._more.setText(f"and {len(keys) - SHOWN} more")
        self._more.setVisible(len(keys) > SHOWN)
        self.setVisible(bool(keys))
        if lost is not None and self.rows:
            next(iter(self.rows.values())).setFocus()


def _has_keyboard(row: QWidget) -> bool:
    focused = row.window().focusWidget()
    return focused is not None and row.isAncestorOf(focused)


class HeldQueue(_Rows):
    """Messages that a moderator reads before they appear."""

    def __init__(self, room: Room) -> None:
        super().__init__("Messages that wait for you")
        self._room = room
        room.talk.held_changed.connect(self._show)
        room.people_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        held = self._room.talk.held if "chat_moderate" in self._room.rights else {}
        self.heading.setText(
            "1 message waits for you" if len(held) == 1 else f"{words.count(len(held), 'message')} wait for you"
        )
        self.fill(list(held), self._row)

    def _row(self, key: str) -> QWidget:
        held = self._room.talk.held[key]
        made = QWidget()
        made.setAccessibleName(f"{held.name}: {held.text}")
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, 0, 2)
        column.setSpacing(2)
        whole = f"{held.name}: {' '.join(held.text.split())}"
        said = label(breakable(whole if len(whole) < 200 else whole[:199] + "…"), wrap=True)
        said.setToolTip(plain_tip(whole))
        column.addWidget(said)
        row = QHBoxLayout()
        allow = button("Allow", on=partial(self._decide, key, True))
        refuse = button("Refuse", "quiet", on=partial(self._decide, key, False))
        allow.setAccessibleName(f"Allow what {held.name} wrote: {held.text}")
        refuse.setAccessibleName(f"Refuse what {held.name} wrote: {held.text}")
        row.addWidget(allow)
        row.addWidget(refuse)
        row.addStretch(1)
        column.addLayout(row)
        made.setFocusProxy(allow)
        return made

    def _decide(self, held: str, allow: bool) -> None:
        self._room.chat("chat.decide", held=held, allow=allow)


class RaisedHands(_Rows):
    """Whose hand is up; who asked first comes first."""

    def __init__(self, room: Room) -> None:
        super().__init__("Raised hands")
        self._room = room
        room.people_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        up = sorted((one for one in self._room.people if one.hand), key=lambda one: one.hand_s)
        self.heading.setText("1 hand is up" if len(up) == 1 else f"{len(up)} hands are up")
        self.fill([one.id for one in up], self._row)

    def _row(self, key: str) -> QWidget:
        someone = next(one for one in self._room.people if one.id == key)
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(ElidedLabel("You" if someone.me else someone.name), 1)
        if someone.me or "lower_hand" in self._room.rights:
            lower = button("Lower", "quiet", on=partial(self._lower, key, someone.me))
            lower.setAccessibleName("Lower your hand" if someone.me else f"Lower the hand of {someone.name}")
            row.addWidget(lower)
            made.setFocusProxy(lower)
        return made

    def _lower(self, person: str, me: bool) -> None:
        if me:
            self._room.chat("hand", up=False)
        elif self._room.attendance is not None:
            self._room.start(self._room.attendance.command("lower_hand", person))
