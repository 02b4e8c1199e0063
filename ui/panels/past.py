"""What is over or was called off, folded under the shows to come: read from the server when it is opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from shiboken6 import isValid

from studio.media import StoaError
from ui.agenda import Planned, time_words
from ui.room import Presence, Room
from ui.theme.icons import icon
from ui.widgets.buttons import button
from ui.widgets.label import ElidedLabel, label

if TYPE_CHECKING:
    from studio.session import PlanList

CALLED_OFF = "Called off"


class PastRow(QWidget):
    """A plan, or one of its times. There is nothing to be done with it."""

    def __init__(self, title: str, facts: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 4, 4)
        column.setSpacing(0)
        column.addWidget(ElidedLabel(title, "soft"))
        column.addWidget(ElidedLabel(facts, "small"))
        self.setAccessibleName(f"{title}, {facts}")


class PastPlans(QWidget):
    """For who may see the plans. While it is open it follows what becomes of them."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self._asked = 0
        self.rows: list[PastRow] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.fold = button("Over and called off", "quiet", icon_name="down", on=self._turn)
        self.fold.setCheckable(True)
        column.addWidget(self.fold, 0, Qt.AlignmentFlag.AlignLeft)
        self.none = label("Nothing so far.", "small", wrap=True)
        self.none.hide()
        column.addWidget(self.none)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        column.addLayout(self._list)
        room.agenda.told.connect(self._ask_again)
        room.people_changed.connect(self._refresh)
        room.presence_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        self.setVisible("see_plans" in self._room.rights)
        self.fold.setEnabled(self._room.presence is Presence.JOINED)

    def _turn(self) -> None:
        is_open = self.fold.isChecked()
        self.fold.setIcon(icon("up" if is_open else "down"))
        if is_open:
            self._ask_again()
        else:
            self._fill(())
            self.none.hide()

    def _ask_again(self) -> None:
        if self.fold.isChecked() and self._room.attendance is not None:
            self._room.start(self._ask())

    async def _ask(self) -> None:
        assert self._room.attendance is not None
        self._asked += 1
        number = self._asked
        try:
            found = await self._room.attendance.plans()
        except StoaError:
            if isValid(self) and not self.rows:
                self.fold.setChecked(False)
                self._turn()
            raise
        if isValid(self) and number == self._asked and self.fold.isChecked():
            told = tuple(past(found, self._room.agenda.last))
            self._fill(told)
            self.none.setVisible(not told)

    def _fill(self, told: tuple[tuple[str, str], ...]) -> None:
        for row in self.rows:
            row.hide()
            row.deleteLater()
        self.rows = [PastRow(title, facts) for title, facts in told]
        for row in self.rows:
            self._list.addWidget(row)


def past(found: PlanList, last: Planned | None) -> Iterator[tuple[str, str]]:
    """Title and facts: times that were called off, the show that ended last, then whole plans, the last first."""
    seen = {plan.id for plan in found.plans if plan.over}
    for plan in found.plans:
        for time in plan.next:
            if time.cancelled and not plan.over:
                seen.add(time.show)
                yield plan.title, f"{CALLED_OFF} · {time_words(time, plan.zone)}"
    if last is not None and not seen & {last.plan, last.id}:
        yield last.title, f"{last.when} · {last.words}"
    for plan in found.plans:
        if plan.over:
            yield plan.title, f"{CALLED_OFF if plan.cancelled else 'Over'} · {plan.words}"
