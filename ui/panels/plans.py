"""What is planned: each plan with its coming times; planned, changed and called off from here. What is over, folded."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from ui.agenda import Planned
from ui.dialogs.frame import Question
from ui.dialogs.saving import ask_where, write
from ui.panels.past import PastPlans
from ui.room import Presence, Room
from ui.theme.icons import icon
from ui.widgets.buttons import button, icon_button
from ui.widgets.label import ElidedLabel, label

CALENDAR = "show.ics"


class ShowRow(QFrame):
    """One show to come."""

    def __init__(self, plans: PlanList, planned: Planned) -> None:
        super().__init__()
        self.setObjectName("row")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._plans, self.planned = plans, planned
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 4, 4)
        row.setSpacing(6)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(ElidedLabel(planned.title))
        column.addWidget(ElidedLabel(planned.when, "small"))
        row.addLayout(column, 1)
        self.more = icon_button("more", f"More for {planned.title}", on=self.open_menu)
        row.addWidget(self.more)
        self.setAccessibleName(f"{planned.title}, {planned.when}")

    def open_menu(self) -> None:
        """Into a calendar; change the plan, or call it off."""
        menu = self._plans.menu_of(self.planned)
        menu.popup(self.more.mapToGlobal(self.more.rect().bottomLeft()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Menu):
            self.open_menu()
        else:
            super().keyPressEvent(event)


class PlanList(QWidget):
    """The shows to come, and what may be done with them."""

    def __init__(self, room: Room) -> None:
        super().__init__()
        self._room = room
        self.rows: list[ShowRow] = []
        self._told: tuple[object, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        head = QHBoxLayout()
        head.addWidget(label("Planned", "heading"), 1)
        self.plan = button("Plan a show…", "quiet", icon_name="plus", on=self.ask_plan)
        head.addWidget(self.plan)
        column.addLayout(head)
        said = "Nothing yet. Viewers see what is planned, with its start in their own time."
        self.none = label(said, "small", wrap=True)
        column.addWidget(self.none)
        self._list = QVBoxLayout()
        self._list.setSpacing(0)
        column.addLayout(self._list)
        self.past = PastPlans(room)
        column.addWidget(self.past)
        room.agenda.changed.connect(self._refresh)
        room.people_changed.connect(self._refresh)
        room.presence_changed.connect(self._refresh)
        self._refresh()

    @property
    def may_change(self) -> bool:
        """Whether the person at the window may change or call off what is planned."""
        return bool({"change_plan", "cancel_plan"} & self._room.rights)

    def menu_of(self, planned: Planned) -> QMenu:
        """What may be done with one show."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(icon("folder"), "Calendar file…", partial(self.ask_calendar, planned))
        if "change_plan" in self._room.rights:
            menu.addAction(icon("edit"), "Change the plan…", partial(self.ask_change, planned.plan))
        if "cancel_plan" in self._room.rights:
            menu.addAction(icon("close"), "Call off this one…", partial(self.ask_cancel_show, planned))
            menu.addAction(icon("trash"), "Call off all of them…", partial(self.ask_cancel_plan, planned))
        return menu

    def ask_calendar(self, planned: Planned) -> None:
        """Where the file is to be by which a calendar takes all its times."""
        save = partial(self.save_calendar, planned)
        ask_where(self.window(), "Save the calendar file", CALENDAR, "Calendar (*.ics)", save)

    def save_calendar(self, planned: Planned, file: Path) -> None:
        """The plan with all its times, as a calendar reads it."""
        if self._room.attendance is not None:
            self._room.start(self._save_calendar(planned, file))

    async def _save_calendar(self, planned: Planned, file: Path) -> None:
        assert self._room.attendance is not None
        await write(file, await self._room.attendance.calendar(planned.plan))
        self._room.outcome.emit(f"{planned.title} is saved in {file}.", "good")

    def ask_plan(self) -> None:
        """Plan something new."""
        self._open("")

    def ask_change(self, plan: str) -> None:
        """Change what is planned."""
        self._open(plan)

    def _open(self, plan: str) -> None:
        if self._room.attendance is not None:
            self._room.start(self._ask(plan))

    async def _ask(self, plan: str) -> None:
        from ui.dialogs.plan import PlanDialog

        assert self._room.attendance is not None
        found = await self._room.attendance.plans()
        PlanDialog(self.window(), self._room, found, plan).open()

    def ask_cancel_show(self, planned: Planned) -> None:
        """This one does not take place; asks first."""
        self._question(planned, "Call off this one?", "The others stay.", "cancel_show", planned.id)

    def ask_cancel_plan(self, planned: Planned) -> None:
        """Nothing of the plan takes place any more; asks first."""
        self._question(planned, "Call off all of them?", "Nor do those after it.", "cancel_plan", planned.plan)

    def _question(self, planned: Planned, title: str, more: str, action: str, which: str) -> None:
        said = f"{planned.title} on {planned.when} does not take place, and its viewers are told so. {more}"
        Question(self.window(), title, said, "Keep it", "Call off", partial(self._call_off, action, which)).open()

    def _call_off(self, action: str, which: str) -> None:
        if self._room.attendance is not None:
            self._room.start(getattr(self._room.attendance, action)(which))

    def _refresh(self) -> None:
        shows = self._room.agenda.shows
        joined = self._room.presence is Presence.JOINED
        self.plan.setVisible("plan" in self._room.rights)
        self.plan.setEnabled(joined)
        self.none.setVisible(not shows)
        told = (shows, self.may_change)
        if told == self._told:
            return
        self._told = told
        for row in self.rows:
            row.hide()
            row.deleteLater()
        self.rows = [ShowRow(self, one) for one in shows]
        for row in self.rows:
            self._list.addWidget(row)
