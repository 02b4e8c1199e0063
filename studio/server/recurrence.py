"""When a plan takes place: local times in a zone, and the instants that they are.

The times repeat by RFC 5545 (dateutil's rrule, on local times without a zone); each is placed in the zone by itself:
what is at 19:00 stays at 19:00 when the clocks change. As RFC 5545 3.3.5 has it, a time that the clocks leave out is
taken by the offset from before the change, and one that they run through twice is the first of the two; `fold=0` of
zoneinfo is both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from dateutil import rrule

from studio.server.api import ErrorCode
from studio.server.errors import Refusal
from studio.server.schedule_api import Repeats, Weekday

LOCAL = "%Y-%m-%dT%H:%M"
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EVERY: dict[Repeats, Literal[0, 1, 2, 3, 4, 5, 6]] = {
    Repeats.DAILY: rrule.DAILY,
    Repeats.WEEKLY: rrule.WEEKLY,
    Repeats.MONTHLY: rrule.MONTHLY,
}
_WEEKDAYS = dict(zip(Weekday, (rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU), strict=True))
_DAYS_OF = {Repeats.DAILY: 1, Repeats.WEEKLY: 7}


@dataclass(frozen=True, slots=True)
class Rule:
    """When a plan takes place. `starts` is a local time without a zone, `until` the last day. Without it, and with
    `count` 0, there is no end.
    """

    starts: datetime
    zone: str
    repeats: Repeats = Repeats.NONE
    interval: int = 1
    days: tuple[Weekday, ...] = ()
    until: date | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that it takes place: the local time as planned, and the instant that this is (seconds of the epoch)."""

    local: datetime
    starts_s: int


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory", "build/etc/localtime"})


def zone_of(name: str) -> ZoneInfo:
    """Raises Refusal(PLAN_BAD) for a zone that is not in the IANA database."""
    if name not in _zones():
        raise Refusal(ErrorCode.PLAN_BAD, "There is no such time zone.", "Give one as Europe/Berlin or UTC.")
    return ZoneInfo(name)


def local_of(text: str) -> datetime:
    """`2026-11-26T19:00` as a local time. Raises Refusal(PLAN_BAD)."""
    try:
        if _LOCAL.fullmatch(text):
            return datetime.strptime(text, LOCAL)  # noqa: DTZ007 - a local time has no zone
    except ValueError:
        pass
    raise Refusal(ErrorCode.PLAN_BAD, "The start is no date and time.", "Write it as 2026-11-26T19:00.")


def day_of(text: str) -> date:
    """`2027-06-30` as a date. Raises Refusal(PLAN_BAD)."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Refusal(ErrorCode.PLAN_BAD, "The last day is no date.", "Write it as 2027-06-30.")


def instant_s(local: datetime, zone: ZoneInfo) -> int:
    """The instant of a local time, in seconds of the epoch."""
    return int(local.replace(tzinfo=zone).timestamp())


def in_zone(instant: int, zone: ZoneInfo) -> datetime:
    """What the clocks of a zone show at an instant; it knows its zone."""
    return datetime.fromtimestamp(instant, tz=zone)


def refuse_left_out(local: datetime, zone: ZoneInfo) -> None:
    """Raises Refusal(PLAN_BAD) for a time that the clocks of the zone never show: they are put forward over it."""
    shown = local.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    if shown == local:
        return
    raise Refusal(
        ErrorCode.PLAN_BAD,
        f"On {local:%Y-%m-%d} there is no {local:%H:%M} in {zone.key}: the clocks are put forward over it.",
        f"Choose another time, {shown:%Y-%m-%d %H:%M} for example.",
    )


def times(rule: Rule, after_s: int) -> Iterator[Occurrence]:
    """The times after an instant, each instant once, in order; without end where the rule has none."""
    zone = ZoneInfo(rule.zone)
    last_s = after_s
    for local in _locals(rule, in_zone(after_s, zone).replace(tzinfo=None) if after_s > 0 else rule.starts):
        starts_s = instant_s(local, zone)
        if starts_s > last_s:  # Samoa left out a whole day: two local times were one instant
            last_s = starts_s
            yield Occurrence(local, starts_s)


def first(rule: Rule) -> Occurrence | None:
    """The very first time."""
    return next(times(rule, 0), None)


def _locals(rule: Rule, near: datetime) -> Iterator[datetime]:
    if rule.repeats is Repeats.NONE:
        return iter((rule.starts,))
    begin = rule.starts
    if not rule.count and rule.repeats in _DAYS_OF:
        period = timedelta(days=_DAYS_OF[rule.repeats] * rule.interval)
        begin += period * max(0, (near - begin) // period - 2)  # what is long over need not be counted through
    end = datetime.combine(rule.until, time.max) if rule.until else None
    return iter(
        rrule.rrule(
            _EVERY[rule.repeats],
            dtstart=begin,
            interval=rule.interval,
            byweekday=[_WEEKDAYS[day] for day in rule.days] or None,
            until=end,
            count=rule.count or None,
        )
    )
