"""Shows that would be at one time, found late; and lists that do not grow with what is over."""

from __future__ import annotations

import pytest

from studio.server import plans as planning
from studio.server.plan_model import PlanRow
from studio.server.record import Transaction
from studio.server.schedule_api import Plan
from tests.fakes.planner import SESSION, ask_plan, come_to, planned, plans, schedule, shows_audited
from tests.fakes.server_house import Place

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


async def test_two_plans_that_meet_much_later_leave_that_time_to_the_first(place: Place) -> None:
    await planned(place, repeats="monthly", interval=5)
    await planned(place, title="Other", starts="2026-12-26T19:00", repeats="monthly", interval=4)
    await come_to(place, "2026-11-26T19:00:00Z")
    await come_to(place, "2026-12-26T19:00:00Z")
    found = [(show["title"], show["local"]) for show in (await schedule(place))["shows"]]
    assert found == [("Weekly Q&A", "2027-04-26T19:00"), ("Other", "2027-08-26T19:00")]
    (other,) = [plan for plan in await plans(place) if plan["title"] == "Other"]
    assert [time["cancelled"] for time in other["next"][:2]] == [True, False]
    assert [action for action, _ in await shows_audited(place)].count("show.ended") == 3


async def test_the_time_of_a_cancelled_show_is_free(place: Place) -> None:
    plan = await planned(place)
    assert (await ask_plan(place, title="Other", repeats="none")).status_code == 400
    await place.owner("DELETE", f"{SESSION}/shows/{plan['next'][0]['show']}")
    assert (await ask_plan(place, title="Other", repeats="none")).status_code == 200


async def test_of_what_is_over_only_what_is_shown_is_worked_out(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "OVER_SHOWN", 2)
    for number in range(4):
        plan = await planned(place, title=f"Show {number}", repeats="none")
        place.wall.ms += 1000
        await place.owner("DELETE", f"{SESSION}/plans/{plan['id']}")
    await planned(place)
    worked_out: list[str] = []
    plan_of = planning.plan_of

    def counted(transaction: Transaction, row: PlanRow) -> Plan:
        worked_out.append(row.title)
        return plan_of(transaction, row)

    monkeypatch.setattr(planning, "plan_of", counted)
    assert [plan["title"] for plan in await plans(place)] == ["Weekly Q&A", "Show 3", "Show 2"]
    assert sorted(worked_out) == ["Show 2", "Show 3", "Weekly Q&A"]
