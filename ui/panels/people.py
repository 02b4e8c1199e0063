"""Who is here, who may do what, who is muted, and who was removed."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui import words
from ui.panels.orders import Orders
from ui.panels.person import PersonRow
from ui.room import RANK, Room, Someone
from ui.widgets.buttons import button, icon_button
from ui.widgets.empty import EmptyState
from ui.widgets.label import label

SHOWN = 200
"""So many rows at first: a large audience is counted, and listed when asked for."""


class PeoplePanel(QWidget):
    """All people of the session, the backstage first. A row that says the same as before is kept."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._all = False
        self._rows: dict[str, PersonRow] = {}
        self._rights: frozenset[str] = frozenset()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(4)
        self.count = label("", "small", wrap=True)
        self.count.setContentsMargins(8, 0, 0, 0)
        top = QHBoxLayout()
        top.addWidget(self.count, 1)
        self._orders = Orders(room, self)
        self.more = icon_button("more", "The whole session", on=self.open_menu)
        top.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(top)
        self.empty = EmptyState("people", "Nobody here yet", "Share a link, and who opens it is listed here.")
        column.addWidget(self.empty, 1)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setAccessibleName("People")
        inside = QWidget()
        self._list = QVBoxLayout(inside)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        self.show_all = button("", "quiet", on=self._show_all)
        self._list.addWidget(self.show_all, 0, Qt.AlignmentFlag.AlignHCenter)
        self.removed = label("Removed", "heading")
        self.removed.setContentsMargins(8, 12, 0, 4)
        self._list.addWidget(self.removed)
        self._list.addStretch(1)
        self._area.setWidget(inside)
        column.addWidget(self._area, 1)
        self.nameless = label("", "small", wrap=True)
        self.nameless.setContentsMargins(8, 4, 8, 0)
        column.addWidget(self.nameless)
        room.people_changed.connect(self._refresh)
        room.presence_changed.connect(self._refresh)
        self._refresh()

    def open_menu(self) -> None:
        """What may be done with the whole session."""
        self._orders.of_session().popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def _show_all(self) -> None:
        self._all = True
        self._refresh()

    def _refresh(self) -> None:
        people = sorted(
            self._room.people, key=lambda one: (not one.present, RANK.get(one.role, 9), one.name.casefold())
        )
        here = [one for one in people if one.present or not one.removed]
        gone = [one for one in people if one.removed and not one.present]
        shown = here if self._all else here[:SHOWN]
        self.show_all.setText(f"Show all {len(here)}")
        self.show_all.setVisible(len(shown) < len(here))
        self.removed.setVisible(bool(gone))
        self._fill(shown, gone)
        locked = "; locked: nobody new can come in" if self._room.locked else ""
        held = "; going live waits for an admin" if self._room.needs_release else ""
        present = sum(one.present for one in people)
        counted = f"{words.count(present, 'person', 'people')} here, {self._room.watching} watching"
        self.count.setText(counted + locked + held if people else "")
        self.more.setVisible(any(self._orders.may(action) for action in ("lock", "end", "announce", "mute_audio")))
        self.nameless.setText(self._room.nameless)
        self.nameless.setVisible(bool(self._room.nameless))
        self.empty.setVisible(not people)
        self._area.setVisible(bool(people))

    def _fill(self, here: list[Someone], gone: list[Someone]) -> None:
        """Rows in this order; those that say what they said stay where the keyboard and the mouse have them."""
        wanted = {someone.id: someone for someone in here + gone}
        kept_rights, self._rights = self._rights == self._room.rights, self._room.rights
        focused = self.window().focusWidget()
        kept = next((id for id, row in self._rows.items() if focused and focused in row.stops), "")
        was = list(self._rows)
        for id in was:
            if not kept_rights or self._rows[id].someone != wanted.get(id):
                _drop(self._rows.pop(id))
        for first, people in ((0, here), (len(here) + 2, gone)):  # the button and the heading stand between
            for offset, someone in enumerate(people):
                row = self._rows.get(someone.id)
                if row is None:
                    row = self._rows[someone.id] = PersonRow(self._room, someone)
                    row.step_wanted.connect(self._step)
                if self._list.indexOf(row) != first + offset:
                    self._list.insertWidget(first + offset, row)
                    row.show()  # at once: a row that is not seen cannot have the keyboard
        self._rows = {id: self._rows[id] for id in wanted}
        self._set_tab_order()
        if kept in self._rows and self.window().focusWidget() is not focused:
            self._rows[kept].setFocus(Qt.FocusReason.OtherFocusReason)  # whoever comes or goes, the keyboard stays

    def _set_tab_order(self) -> None:
        stops: list[QWidget] = [self.more]
        for row in self._rows.values():
            stops += row.stops
        for before, after in pairwise(stops):
            if before.nextInFocusChain() is not after:
                QWidget.setTabOrder(before, after)

    def _step(self, id: str, by: int) -> None:
        """The keyboard to the neighbour of this row."""
        rows = list(self._rows.values())
        at = list(self._rows).index(id) + by
        if 0 <= at < len(rows):
            rows[at].setFocus(Qt.FocusReason.TabFocusReason)
            self._area.ensureWidgetVisible(rows[at], 0, 0)


def _drop(row: PersonRow) -> None:
    row.hide()
    row.setParent(None)
    row.deleteLater()
