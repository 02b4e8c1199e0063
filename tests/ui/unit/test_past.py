"""What is listed as over: times that were called off, what ended last, whole plans."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from studio.session import Host, Plan, PlanList
from studio.session.schedule_messages import Time
from ui.agenda import Planned
from ui.panels.past import past

PLAN = Plan(
    "pl1", "Weekly Q&A", "", "2026-11-26T19:00", "UTC", 3600, "weekly", 1, (), "", 0, (Host("owner", "Ada"),), 900, 1,
    "Every Thursday at 19:00 (UTC)",
    (
        Time("s2", "2026-11-26T19:00:00Z", "2026-11-26T19:00"),
        Time("s3", "2026-12-03T19:00:00Z", "2026-12-03T19:00", cancelled=True),
    ),
)  # fmt: skip
LAST = Planned("s1", "pl1", "Weekly Q&A", 0.0, 0.0, 0.0, "Thursday, 19 November, 19:00", "ended", words="It is over.")
OVER = msgspec.structs.replace(PLAN, id="pl2", title="Launch", next=(), over=True, words="Once")


def told(*plans: Plan, last: Planned | None = None) -> list[str]:
    return [f"{title}: {facts}" for title, facts in past(PlanList(plans, (), ""), last)]


def test_the_show_that_ended_last_stands_between_times_and_plans() -> None:
    first, *rest = told(PLAN, OVER, last=LAST)
    assert first.startswith("Weekly Q&A: Called off · Thursday, 3 December, ")
    assert rest == ["Weekly Q&A: Thursday, 19 November, 19:00 · It is over.", "Launch: Over · Once"]


def test_nothing_stands_there_twice() -> None:
    assert len(told(PLAN, last=replace(LAST, id="s3"))) == 1, "the last one is a time that was called off"
    assert told(OVER, last=replace(LAST, plan="pl2")) == ["Launch: Over · Once"]
    cancelled = msgspec.structs.replace(OVER, cancelled=True, next=PLAN.next)
    assert told(cancelled) == ["Launch: Called off · Once"], "not each of its times too"
