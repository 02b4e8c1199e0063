"""The home panel: the next show with its countdown and checklist, Go live from its time on, and what is planned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QDate, QDateTime, QTime
from PySide6.QtWidgets import QApplication, QFileDialog

from studio.media import ErrorKind, StoaError
from studio.server.rights import Role, rights_of
from studio.session import Host, Plan, PlanList
from tests.fakes.engine import FakeEngine
from tests.ui.conftest import Driver
from ui.agenda import Planned
from ui.dialogs.frame import Question
from ui.dialogs.plan import AFTER, ON_A_DAY, PlanDialog
from ui.panels.plans import ShowRow
from ui.room import Presence

NOW_S = 1_800_000_000.0
SHOW = Planned(
    "s1",
    "pl1",
    "Weekly Q&A",
    NOW_S + 3600,
    NOW_S + 900,
    NOW_S + 7200,
    "Thursday, 26 November, 19:00",
    description="Ask <b>anything</b>.",
    hosts=("Ada", "Bob"),
)
PLAN = Plan(
    "pl1",
    "Weekly Q&A",
    "Ask anything.",
    "2026-11-26T19:00",
    "Europe/Berlin",
    5400,
    "weekly",
    2,
    ("MO", "TH"),
    "2027-06-30",
    0,
    (Host("owner", "Ada"),),
    1800,
    7,
    "Every other week on Monday and Thursday at 19:00.",
    (),
)


class FakeAttendance:
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.refuse: StoaError | None = None

    async def plans(self) -> PlanList:
        return PlanList((PLAN,), (Host("owner", "Ada"), Host("a_bob", "Bob")), "2026-11-21T10:00:00Z")

    async def plan(self, plan: Plan | None, values: dict[str, Any]) -> None:
        self.asked.append(("plan", plan, values))
        if self.refuse is not None:
            raise self.refuse

    async def calendar(self, plan: str) -> bytes:
        return f"BEGIN:VCALENDAR {plan}".encode()

    async def cancel_show(self, show: str) -> None:
        self.asked.append(("cancel_show", show))

    async def cancel_plan(self, plan: str) -> None:
        self.asked.append(("cancel_plan", plan))


@pytest.fixture
def clock(studio: Driver) -> list[float]:
    """The server's time, in its only place."""
    at = [NOW_S]
    studio.room.agenda._clock_s = lambda: at[0]
    return at


@pytest.fixture
def attendance(studio: Driver, clock: list[float]) -> FakeAttendance:
    made = FakeAttendance()
    studio.room.attendance = made  # type: ignore[assignment]
    studio.room.set_presence(Presence.JOINED)
    rights = frozenset(right.value for right in rights_of(Role.OWNER))
    studio.room.set_rights(share=True, remove=True, invite_admins=True, rights=rights)
    studio.press("Ctrl+9", studio.window)
    return made


def test_it_counts_down_and_go_live_opens_at_its_time(
    studio: Driver, engine: FakeEngine, attendance: FakeAttendance, clock: list[float]
) -> None:
    home = studio.window.home
    assert home.title.text() == "No show is planned" and not home.go.isVisible()
    studio.room.agenda.set((SHOW,))
    assert (home.title.text(), home.left.text(), home.when.text()) == ("Weekly Q&A", "1:00:00", SHOW.when)
    assert home.description.text() == "Ask <b>anything</b>." and home.hosts.text() == "Hosts: Ada and Bob"
    assert not home.go.isEnabled() and home.why.text() == "Go live opens in 15:00."
    studio.show.blockSignals(True)  # by its own clock alone
    clock[0] += 899
    studio.until(lambda: home.why.text() == "Go live opens in 0:01.", "counted")
    studio.show.blockSignals(False)
    assert not home.go.isEnabled()
    clock[0] += 1
    studio.until(home.go.isEnabled, "open")
    assert not home.why.isVisible() and home.left.text() == "45:00"
    studio.click(home.go)
    studio.until(lambda: studio.show.live, "live")
    studio.room.agenda.set((replace(SHOW, state="live", words="On air since 19:00."),))
    assert home.left.text() == "On air" and home.until.text() == "On air since 19:00." and not home.go.isVisible()


def test_a_late_start_is_said_and_an_admins_stop_holds(
    studio: Driver, engine: FakeEngine, attendance: FakeAttendance, clock: list[float]
) -> None:
    home = studio.window.home
    studio.room.agenda.set((SHOW,))
    clock[0] = SHOW.starts_s + 180
    studio.until(lambda: home.left.text() == "Now", "due")
    assert home.until.text() == "It should have begun 3 minutes ago." and home.go.isEnabled()
    program = engine.show.program
    engine.show.program = type(program)(
        **{name: getattr(program, name) for name in program.__struct_fields__ if name != "go_live_refused"},
        go_live_refused="An admin stopped the show.",
    )
    engine.emit(engine_changed(), engine.show.program)
    studio.until(lambda: not home.go.isEnabled(), "refused")
    assert home.why.text() == "An admin stopped the show."


def engine_changed() -> Any:
    from studio.control.api import EventType

    return EventType.PROGRAM_CHANGED


def test_who_is_no_host_of_it_cannot_go_live_with_it(
    studio: Driver, attendance: FakeAttendance, clock: list[float]
) -> None:
    studio.room.agenda.set((replace(SHOW, mine=False, hosts=("Bob",)),))
    clock[0] = SHOW.starts_s
    studio.until(lambda: studio.window.home.left.text() == "Now", "due")
    assert not studio.window.home.go.isEnabled()
    assert studio.window.home.why.text() == "Bob can go live with it, not you."


def test_the_checklist_follows_the_engine(studio: Driver, engine: FakeEngine, attendance: FakeAttendance) -> None:
    from studio.control import api

    home = studio.window.home
    said = lambda: [row.accessibleName() for row in home._rows if row.isVisible()]  # noqa: E731
    assert "Picture, missing: Nothing is in the picture. Add a camera, a screen or a clip." in said()
    assert "things missing for the show" in home.ready.text()
    engine.show.source_add(api.SourceAdd("camera:cam0", "Logitech BRIO", place=True))
    studio.until(lambda: "Picture, ready: Logitech BRIO is in the picture." in said(), "the camera is there")
    engine.drop_connections()
    engine.file.unlink()
    studio.until(lambda: said()[0].startswith("Engine, missing"), "no engine")


def test_planning_a_show(studio: Driver, attendance: FakeAttendance) -> None:
    studio.click(studio.window.home.plans.plan)
    dialog = studio.dialog(PlanDialog)
    studio.click(dialog.save)
    assert dialog.problem == "Give the show a title." and attendance.asked == []
    studio.type("Weekly Q&A", dialog.title)
    dialog.starts.setDateTime(QDateTime(QDate(2026, 11, 26), QTime(19, 0)))
    dialog.zone.setCurrentText("Europe/Berlin")
    assert not dialog.interval.isVisible() and not dialog._days.isVisible()
    dialog.repeats.setCurrentIndex(dialog.repeats.findData("weekly"))
    dialog.days["TH"].setChecked(True)
    dialog.interval.setValue(2)
    dialog.ends.setCurrentIndex(AFTER)
    dialog.count.setValue(6)
    dialog.hosts.item(1).setCheckState(dialog.hosts.item(1).checkState().Checked)
    attendance.refuse = StoaError(ErrorKind.BAD_ARGUMENT, "That day is over.", remedy="Choose a later one.")
    studio.click(dialog.save)
    studio.until(lambda: dialog.problem == "That day is over. Choose a later one.", "refused in words")
    attendance.refuse = None
    studio.click(dialog.save)
    studio.until(lambda: not studio.window.findChildren(PlanDialog), "planned")
    assert attendance.asked[-1] == (
        "plan",
        None,
        {
            "title": "Weekly Q&A",
            "description": "",
            "starts": "2026-11-26T19:00",
            "zone": "Europe/Berlin",
            "length_s": 3600,
            "repeats": "weekly",
            "interval": 2,
            "days": ["TH"],
            "until": "",
            "count": 6,
            "hosts": ["a_bob"],
            "go_live_before_s": 900,
        },
    )


def test_go_live_opens_as_long_before_as_was_written(studio: Driver, attendance: FakeAttendance) -> None:
    studio.click(studio.window.home.plans.plan)
    dialog = studio.dialog(PlanDialog)
    assert dialog.before.value() == 15
    studio.type("Weekly Q&A", dialog.title)
    studio.press("Ctrl+A", dialog.before)
    studio.type("30", dialog.before)
    studio.click(dialog.save)
    studio.until(lambda: not studio.window.findChildren(PlanDialog), "planned")
    ((asked, plan, values),) = attendance.asked
    assert (asked, plan) == ("plan", None) and isinstance(values, dict)
    assert values["go_live_before_s"] == 1800


def row(studio: Driver) -> ShowRow:
    studio.room.agenda.set((SHOW,))
    studio.settle()
    return studio.window.home.plans.rows[0]


def test_a_plan_is_changed_from_what_it_was(studio: Driver, attendance: FakeAttendance) -> None:
    studio.click(row(studio).more)
    studio.choose("Change the plan…")
    dialog = studio.dialog(PlanDialog)
    assert dialog.ends.currentIndex() == ON_A_DAY and dialog._days.isVisible()
    studio.press("End", dialog.title)
    studio.type(" again", dialog.title)
    studio.click(dialog.save)
    studio.until(lambda: len(attendance.asked) == 1, "changed")
    _, plan, values = attendance.asked[0]
    assert plan is PLAN and isinstance(values, dict)
    kept = {name: getattr(PLAN, name) for name in values if name not in ("title", "hosts", "days")}
    assert values == kept | {"title": "Weekly Q&A again", "hosts": ["owner"], "days": ["MO", "TH"]}
    studio.until(lambda: not studio.window.findChildren(PlanDialog), "closed")


def test_one_or_all_are_called_off_after_a_question(studio: Driver, attendance: FakeAttendance) -> None:
    for words, asked in (
        ("Call off this one…", ("cancel_show", "s1")),
        ("Call off all of them…", ("cancel_plan", "pl1")),
    ):
        studio.click(row(studio).more)
        studio.choose(words)
        question = studio.dialog(Question)
        assert question.keep.hasFocus() and "Weekly Q&A" in question.accessibleDescription()
        studio.click(question.act)
        studio.until(lambda a=asked: attendance.asked and attendance.asked[-1] == a, words)  # type: ignore[misc]
        studio.until(lambda: studio.window.findChild(Question) is None, "closed")


def test_a_show_goes_into_a_calendar(studio: Driver, attendance: FakeAttendance, tmp_path: Path) -> None:
    shown = row(studio)
    studio.click(shown.more)
    studio.choose("Calendar file…")
    chooser = studio.dialog(QFileDialog)
    assert chooser.acceptMode() is QFileDialog.AcceptMode.AcceptSave and chooser.defaultSuffix() == "ics"
    chooser.reject()
    plans = studio.window.home.plans
    plans.save_calendar(shown.planned, tmp_path / "nowhere" / "show.ics")
    toast = studio.window.toast
    studio.until(lambda: "cannot be written" in toast.words.text(), "why not")
    plans.save_calendar(shown.planned, tmp_path / "show.ics")
    studio.until(lambda: "is saved in" in toast.words.text(), "saved")
    assert (tmp_path / "show.ics").read_bytes() == b"BEGIN:VCALENDAR pl1"


def test_who_may_not_plan_sees_what_is_planned(studio: Driver, attendance: FakeAttendance) -> None:
    rights = frozenset(right.value for right in rights_of(Role.VIEWER))
    studio.room.set_rights(share=False, remove=False, invite_admins=False, rights=rights)
    assert not studio.window.home.plans.plan.isVisible()
    assert [action.text() for action in studio.window.home.plans.menu_of(row(studio).planned).actions()] == [
        "Calendar file…"
    ]
    assert QApplication.activeModalWidget() is None
