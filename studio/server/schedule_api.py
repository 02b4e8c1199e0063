"""The typed contract of the schedule, beside `studio.server.api`. A plan ("Weekly Q&A") repeats or not; each time that
it takes place is a show of its own, which is scheduled, then live, then ended.

    GET    /api/v1/sessions/SESSION/schedule            -> Schedule      right see_schedule: everyone
    GET    /api/v1/sessions/SESSION/schedule.ics?plan=  -> text/calendar (RFC 5545); a viewer's invite is good as bearer
    GET    /api/v1/sessions/SESSION/plans               -> PlanList      right see_plans
    POST   /api/v1/sessions/SESSION/plans  PlanRequest  -> Plan          right plan
    PUT    /api/v1/sessions/SESSION/plans/ID PlanChange -> Plan          right change_plan
    DELETE /api/v1/sessions/SESSION/plans/ID            -> Done          right cancel_plan: all that is to come
    DELETE /api/v1/sessions/SESSION/shows/ID            -> Done          right cancel_plan: this one show only

SessionStatus.show is the show that is live, else the next one. `schedule.changed` (ScheduleChange) is told to everyone
whenever a plan or a show's state changed: ask for the schedule again.

A show begins at a time of day in a zone of the IANA database: at 19:00 in Europe/Berlin it stays, whatever the clocks
are changed to. What is told of it in UTC (`starts`, `ends`, `opens`) follows from that. From `opens` on its hosts may
go live; before it /whip answers them with `too_early`, in words, and with Retry-After.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictInt

TITLE_CHARACTERS = 100
DESCRIPTION_CHARACTERS = 2000
MOST_HOSTS = 20
MOST_TIMES = 500
LONGEST_S = 24 * 3600
EARLIEST_GO_LIVE_S = 24 * 3600
THE_OWNER = "owner"
"""Among the ids of hosts: whoever owns the machine, on its own studio."""


class _Body(BaseModel):
    """A request's body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Repeats(StrEnum):
    """`monthly` is on the day of the month that it began on; months without that day have none."""

    NONE = "none"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class Weekday(StrEnum):
    """In the words of RFC 5545, from Monday on."""

    MONDAY = "MO"
    TUESDAY = "TU"
    WEDNESDAY = "WE"
    THURSDAY = "TH"
    FRIDAY = "FR"
    SATURDAY = "SA"
    SUNDAY = "SU"


class ShowState(StrEnum):
    """scheduled → live → ended. What leaves the air before its start was a rehearsal and is scheduled again; hosts
    whose show ended before its planned end may go on until then.
    """

    SCHEDULED = "scheduled"
    LIVE = "live"
    ENDED = "ended"


class Host(_Answer):
    """Who is to go live. `id`: of an account, or `owner`."""

    id: str
    name: str


class Show(_Answer):
    """One time that a plan takes place. `starts`, `ends`, `opens` (Go live), `since` (of the state): ISO 8601 in UTC.

    `local` is the start as it was planned (`2026-11-26T19:00`), in `zone`. `why`: of the last change of state (planned,
    on_air, off_air, missed, cancelled, ended, stopped, lost), `words` says it for a person to read. `hosts`: their
    names; nobody is named where everyone who may go live is a host. `mine`: the caller is one (never in events).
    """

    id: str
    plan: str
    title: str
    description: str
    starts: str
    ends: str
    opens: str
    local: str
    zone: str
    state: ShowState
    why: str
    words: str
    since: str
    hosts: tuple[str, ...] = ()
    mine: bool = False


class Schedule(_Answer):
    """What is live and what comes, the next first: one show of each plan. `last`: the one that ended last.

    `now`: the server's time, to count down by (the asker's own clock may be wrong).
    """

    shows: tuple[Show, ...]
    last: Show | None = None
    now: str


class ScheduleChange(_Answer):
    """Data of `schedule.changed`. `show`: what stands in SessionStatus.show now. `changed`: the plan."""

    show: Show | None
    changed: str


class PlanRequest(_Body):
    """`starts`: a local time, `2026-11-26T19:00`. `days`: of weekly repeats; none of them is the day of the start.

    `interval`: each so many days, weeks, months. `until`: the last day, `2027-06-30`, or `count` times; neither: it has
    no end. `hosts`: ids of accounts that may publish, and `owner`; empty: everyone who may publish.
    """

    title: Annotated[str, Field(max_length=4 * TITLE_CHARACTERS)]
    description: Annotated[str, Field(max_length=4 * DESCRIPTION_CHARACTERS)] = ""
    starts: Annotated[str, Field(max_length=40)]
    zone: Annotated[str, Field(max_length=64)]
    length_s: Annotated[StrictInt, Field(ge=60, le=LONGEST_S)] = 3600
    repeats: Repeats = Repeats.NONE
    interval: Annotated[StrictInt, Field(ge=1, le=52)] = 1
    days: Annotated[tuple[Weekday, ...], Field(max_length=7)] = ()
    until: Annotated[str, Field(max_length=20)] = ""
    count: Annotated[StrictInt, Field(ge=0, le=MOST_TIMES)] = 0
    hosts: Annotated[tuple[Annotated[str, Field(max_length=64)], ...], Field(max_length=MOST_HOSTS)] = ()
    go_live_before_s: Annotated[StrictInt, Field(ge=0, le=EARLIEST_GO_LIVE_S)] = 900


class PlanChange(PlanRequest):
    """The whole plan anew. `sequence`: of the plan that was changed, as it was read: of two who change it at once the
    second one is refused.
    """

    sequence: Annotated[StrictInt, Field(ge=0, le=2**31)]


class Time(_Answer):
    """A show to come, as it will be: `show` is its id."""

    show: str
    starts: str
    local: str
    cancelled: bool = False


class Plan(_Answer):
    """As PlanRequest. `words`: when it takes place, for a person to read. `next`: the coming times, at most five.

    `sequence` rises with each change. `over`: nothing of it is to come.
    """

    id: str
    title: str
    description: str
    starts: str
    zone: str
    length_s: int
    repeats: Repeats
    interval: int
    days: tuple[Weekday, ...]
    until: str
    count: int
    hosts: tuple[Host, ...]
    go_live_before_s: int
    sequence: int
    words: str
    next: tuple[Time, ...]
    over: bool = False
    cancelled: bool = False


class PlanList(_Answer):
    """Those that come, the next first; then those that are over, the last first, at most twenty of them.

    `choices`: who can be a host. Hosts whose account is gone or may not publish any more keep their name in the plan.
    """

    plans: tuple[Plan, ...]
    choices: tuple[Host, ...]
    now: str
