"""A time zone as a calendar file has it: RFC 5545's VTIMEZONE, from the IANA database.

Not by icalendar's own, which dates the beginning of daylight time by the clocks as they are afterwards; RFC 5545 3.6.5
wants the clocks as they were before, and the hour between would be taken wrongly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

from studio.server.recurrence import zone_of

YEARS = 10
"""The clocks' changes are written down for so long; a calendar that knows the zone by its name needs none of them."""
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Change:
    """A change of the clocks: from which offset to which, and what the zone is called then."""

    before: timedelta
    after: timedelta
    name: str
    daylight: bool


def zone_component(name: str, first_year: int) -> Timezone:
    """The zone from the beginning of a year on. Raises Refusal(PLAN_BAD) for one that is not known."""
    zone = zone_of(name)
    begin = datetime(first_year, 1, 1, tzinfo=zone).astimezone(UTC)
    end = begin.replace(year=first_year + YEARS)
    found: dict[_Change, list[datetime]] = {}
    first = begin.astimezone(zone)
    offset = _offset(first)
    found[_Change(offset, offset, first.tzname() or name, bool(first.dst()))] = [first.replace(tzinfo=None)]
    for at in _changes(begin, end, name):
        before, after = (at - _SECOND).astimezone(zone), at.astimezone(zone)
        change = _Change(_offset(before), _offset(after), after.tzname() or name, bool(after.dst()))
        found.setdefault(change, []).append((at + _offset(before)).replace(tzinfo=None))
    component = Timezone()
    component.add("tzid", name)
    for change, onsets in found.items():
        part = TimezoneDaylight() if change.daylight else TimezoneStandard()
        part.add("dtstart", onsets[0])
        if onsets[1:]:
            part.add("rdate", onsets[1:])
        part.add("tzname", change.name)
        part.add("tzoffsetfrom", change.before)
        part.add("tzoffsetto", change.after)
        component.add_component(part)
    return component


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta()


def _changes(begin: datetime, end: datetime, name: str) -> Iterator[datetime]:
    """The instants at which the clocks of a zone are changed."""
    zone = zone_of(name)
    at = begin
    while at < end:
        following = at + _DAY
        if _shown(at, zone) != _shown(following, zone):
            low, high = at, following
            while high - low > _SECOND:
                middle = (low + (high - low) / 2).replace(microsecond=0)
                low, high = (middle, high) if _shown(middle, zone) == _shown(at, zone) else (low, middle)
            yield high
        at = following


def _shown(moment: datetime, zone: ZoneInfo) -> tuple[timedelta, str]:
    local = moment.astimezone(zone)
    return _offset(local), local.tzname() or ""
