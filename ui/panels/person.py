"""One person of the list: who, since when, what they have on air, what is muted, and what may be done with them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from ui import words
from ui.panels.orders import Orders
from ui.room import ROLES, Room, Someone
from ui.widgets.buttons import button, icon_button
from ui.widgets.label import ElidedLabel, label, set_tone
from ui.widgets.tip import plain_tip

# Shapes that differ without their colours.
TOLD = {"good": "●●● good", "fair": "●●○ fair", "poor": "●○○ poor", "lost": "○○○ lost"}
TONES = {"poor": "warn", "lost": "warn"}  # red is for danger and for being on air
STREAMS = {"audio": "sound", "video": "picture"}


class PersonRow(QFrame):
    """Two lines, and buttons. Delete removes after a question; the menu key and Return open the menu.

    `stops` are the row and its buttons, as Tab goes through them. `step_wanted` tells the arrows: id, and -1 or 1.
    """

    step_wanted = Signal(str, int)

    def __init__(self, room: Room, someone: Someone) -> None:
        super().__init__()
        self.setObjectName("row")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._room, self.someone, self.person_id = room, someone, someone.id
        self.stops: list[QWidget] = [self]
        self._orders = Orders(room, self)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 4, 4)
        row.setSpacing(6)
        column = QVBoxLayout()
        column.setSpacing(0)
        row.addLayout(column, 1)
        head = QHBoxLayout()
        head.setSpacing(8)
        column.addLayout(head)
        head.addWidget(ElidedLabel(someone.name + (" (you)" if someone.me else "")), 1)
        role = ROLES.get(someone.role, someone.role)
        self.connection = label("", "small")
        head.addWidget(self.connection)
        head.addWidget(label(role, "caption"))
        self.facts = ElidedLabel("", "small")
        column.addWidget(self.facts)
        self.muted = ElidedLabel(_muted(someone), "small")  # not to be overlooked: on a line of its own
        set_tone(self.muted, "warn")
        self.muted.setVisible(bool(self.muted.text()))
        column.addWidget(self.muted)
        self._may_remove = self._orders.may_remove(someone)
        if someone.removed:
            self._way_back(row, someone)
        if self._may_remove:
            self._put(row, icon_button("close", f"Remove {someone.name} from the session…", on=self.ask_remove))
        if self._orders.has_more(someone):
            self.more = icon_button("more", f"More for {someone.name}", on=self.open_menu)
            self._put(row, self.more)
        self.setAccessibleName(f"{someone.name}, {role}")
        room.connections_changed.connect(self._show_connection)
        self._show_connection()
        if not someone.present and not someone.removed:
            self.setEnabled(False)

    def _put(self, row: QHBoxLayout, made: QWidget) -> None:
        row.addWidget(made)
        self.stops.append(made)

    def _show_connection(self) -> None:
        """What they do, and how their connection does; nothing else of the row is made anew."""
        someone, connection = self.someone, self._room.connections.get(self.person_id)
        told = facts_of(someone, watches=connection is not None and connection.watches)
        self.facts.setText(told)
        self.facts.setVisible(bool(told))
        self.connection.setVisible(connection is not None and someone.present)
        said = [told, self.muted.text()]
        if connection is not None and someone.present:
            self.connection.setText(TOLD[connection.word])
            self.connection.setToolTip(plain_tip(connection.words))
            set_tone(self.connection, TONES.get(connection.word, ""))
            said.append(connection.words)
        self.setAccessibleDescription(". ".join(one for one in said if one))

    def _way_back(self, row: QHBoxLayout, someone: Someone) -> None:
        action, said = ("unban", "Lift the ban") if someone.banned else ("readmit", "Let back in")
        if self._orders.may(action):
            self.back = button(said, on=lambda: self._orders.give(action, someone.id))
            self.back.setAccessibleName(f"{said}: {someone.name}")
            self._put(row, self.back)

    def open_menu(self) -> None:
        """What may be done with this person."""
        menu = self._orders.of_person(self.someone)
        if menu is not None:
            menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._may_remove:
            self.ask_remove()
        elif key in (Qt.Key.Key_Menu, Qt.Key.Key_Return, Qt.Key.Key_Enter) and hasattr(self, "more"):
            self.open_menu()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.step_wanted.emit(self.person_id, 1 if key is Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def ask_remove(self) -> None:
        """Kick, after a question."""
        self._orders.ask_remove(self.someone)


def _muted(someone: Someone) -> str:
    muted = [what for what, is_so in (("sound", someone.muted_audio), ("picture", someone.muted_video)) if is_so]
    return f"{' and '.join(muted)} muted".capitalize() if muted else ""


def facts_of(someone: Someone, *, watches: bool = False) -> str:
    """On one line what is to be known of somebody beside their name."""
    if someone.banned:
        return f"Banned until {someone.ban_ends}" if someone.ban_ends else "Banned for good"
    if someone.removed:
        return "Removed"
    told = ["hand up"] if someone.hand else []
    if someone.publishing:
        sent = words.listed([STREAMS.get(one, one.replace("_", " ")) for one in someone.streams])
        told.append(f"on air with {sent}" if sent else "on air")
    elif watches:
        told.append("watching")
    told += someone.ends
    told += [someone.device] if someone.device else []
    told += [f"since {someone.since}"] if someone.since and someone.present else []
    return _sentence(told)


def _sentence(told: list[str]) -> str:
    said = ", ".join(told)
    return f"{said[:1].upper()}{said[1:]}"
