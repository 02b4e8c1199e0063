"""Who is here, who may do what, and who is muted."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui import words
from ui.dialogs.frame import Question
from ui.panels.orders import Orders
from ui.room import RANK, ROLES, Room, Someone
from ui.widgets.buttons import icon_button
from ui.widgets.empty import EmptyState
from ui.widgets.label import ElidedLabel, label


class PersonRow(QFrame):
    """One person."""

    def __init__(self, room: Room, someone: Someone) -> None:
        super().__init__()
        self.setObjectName("row")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._room, self._someone = room, someone
        self.person_id = someone.id
        self._may_remove = False
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 4, 4)
        self.setMinimumHeight(36)
        row.setSpacing(8)
        name = ElidedLabel(someone.name + (" (you)" if someone.me else ""))
        row.addWidget(name, 1)
        muted = [what for what, is_so in (("sound", someone.muted_audio), ("picture", someone.muted_video)) if is_so]
        if muted:
            said = label(f"{' and '.join(muted)} muted", "small")
            said.setProperty("tone", "warn")
            row.addWidget(said)
        if someone.hand:
            row.addWidget(label("hand up", "small"))
        row.addWidget(label(ROLES.get(someone.role, someone.role), "caption"))
        if room.may_remove and not someone.me and someone.role != "owner":
            row.addWidget(icon_button("close", f"Remove {someone.name} from the session", on=self.ask_remove))
            self._may_remove = True
        self._orders = Orders(room, self)
        if not someone.me and self._offers():
            self.more = icon_button("more", f"More for {someone.name}", on=self.open_menu)
            row.addWidget(self.more)
        self.setAccessibleName(f"{someone.name}, {ROLES.get(someone.role, someone.role)}")
        if not someone.present:
            self.setEnabled(False)

    def _offers(self) -> bool:
        menu = self._orders.of_person(self._someone)
        if menu is not None:
            menu.deleteLater()
        return menu is not None

    def open_menu(self) -> None:
        """What may be done with this person."""
        menu = self._orders.of_person(self._someone)
        if menu is not None:
            menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._may_remove:
            self.ask_remove()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.focusNextPrevChild(key is Qt.Key.Key_Down)
        else:
            super().keyPressEvent(event)

    def ask_remove(self) -> None:
        """Kick, after a question."""
        Question(
            self.window(),
            "Remove this person?",
            f"{self._someone.name} is out at once and cannot come back without a new invite. "
            "The link they came by is dead then, and a new one takes its place.",
            "Keep them",
            "Remove",
            self._remove,
        ).open()

    def _remove(self) -> None:
        if self._room.attendance is not None:
            self._room.start(self._room.attendance.remove(self._someone.id))


class PeoplePanel(QWidget):
    """All people of the session, the backstage first."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        self.count = label("", "small")
        self.count.setContentsMargins(8, 0, 0, 0)
        top = QHBoxLayout()
        top.addWidget(self.count, 1)
        self._orders = Orders(room, self)
        self.more = icon_button("more", "The whole session", on=self.open_menu)
        top.addWidget(self.more)
        column.addLayout(top)
        self.empty = EmptyState("people", "Nobody here yet", "Share a link, and who opens it is listed here.")
        column.addWidget(self.empty, 1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setAccessibleName("People")
        column.addWidget(self._area, 1)
        room.people_changed.connect(self._refresh)
        room.presence_changed.connect(self._refresh)
        self._refresh()

    def open_menu(self) -> None:
        """What may be done with the whole session."""
        self._orders.of_session().popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _refresh(self) -> None:
        people = sorted(
            self._room.people, key=lambda one: (not one.present, RANK.get(one.role, 9), one.name.casefold())
        )
        focused = self.window().focusWidget()
        kept = next((row.person_id for row in self.findChildren(PersonRow) if row is focused), "")
        inside = QWidget()
        rows = QVBoxLayout(inside)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        for someone in people:
            rows.addWidget(PersonRow(self._room, someone))
        rows.addStretch(1)
        self._area.setWidget(inside)
        for row in inside.findChildren(PersonRow):
            if row.person_id == kept:  # whoever comes or goes, the keyboard stays
                row.setFocus(Qt.FocusReason.OtherFocusReason)
        here = sum(one.present for one in people)
        locked = "; locked: nobody new can come in" if self._room.locked else ""
        counted = f"{words.count(here, 'person', 'people')} here, {self._room.watching} watching"
        self.count.setText(counted + locked if people else "")
        self.more.setVisible(any(self._orders.may(action) for action in ("lock", "end", "announce", "mute_audio")))
        self.empty.setVisible(not people)
        self._area.setVisible(bool(people))
