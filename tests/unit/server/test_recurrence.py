"""When a plan takes place: local times that stay where they are, whatever the clocks are changed to."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import islice

import pytest

from studio.server.errors import Refusal
from studio.server.recurrence import Rule, day_of, first, instant_s, local_of, refuse_left_out, times, zone_of
from studio.server.schedule_api import Repeats, Weekday


def utc(rule: Rule, count: int, after: str = "") -> list[str]:
    after_s = int(datetime.fromisoformat(after).timestamp()) if after else 0
    found = islice(times(rule, after_s), count)
    return [datetime.fromtimestamp(one.starts_s, tz=UTC).strftime("%Y-%m-%dT%H:%M") for one in found]


def weekly(starts: str, zone: str, **more: object) -> Rule:
    return Rule(local_of(starts), zone, Repeats.WEEKLY, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("starts", "zone", "expected"),
    [
        # Berlin: back on 25 October 2026, forward on 28 March 2027
        ("2026-10-22T19:00", "Europe/Berlin", ["2026-10-22T17:00", "2026-10-29T18:00"]),
        ("2027-03-25T19:00", "Europe/Berlin", ["2027-03-25T18:00", "2027-04-01T17:00"]),
        # New York: back on 1 November 2026, forward on 14 March 2027
        ("2026-10-29T19:00", "America/New_York", ["2026-10-29T23:00", "2026-11-06T00:00"]),
        ("2027-03-11T19:00", "America/New_York", ["2027-03-12T00:00", "2027-03-18T23:00"]),
        ("2026-10-22T19:00", "Asia/Kolkata", ["2026-10-22T13:30", "2026-10-29T13:30"]),
        # Samoa gave up daylight time in 2021, after 4 April
        ("2021-04-01T19:00", "Pacific/Apia", ["2021-04-01T05:00", "2021-04-08T06:00"]),
    ],
)
def test_seven_in_the_evening_stays_seven_in_the_evening(starts: str, zone: str, expected: list[str]) -> None:
    assert utc(weekly(starts, zone), 2) == expected


def test_a_time_that_the_clocks_leave_out_is_taken_as_before_the_change() -> None:
    daily = Rule(local_of("2027-03-27T02:30"), "Europe/Berlin", Repeats.DAILY)
    assert utc(daily, 3) == ["2027-03-27T01:30", "2027-03-28T01:30", "2027-03-29T00:30"]


def test_of_a_time_that_the_clocks_show_twice_it_is_the_first() -> None:
    daily = Rule(local_of("2026-10-24T02:30"), "Europe/Berlin", Repeats.DAILY)
    assert utc(daily, 3) == ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]


def test_a_day_that_a_place_leaves_out_is_no_second_show_on_the_next() -> None:
    # Samoa had no 30 December 2011
    daily = Rule(local_of("2011-12-28T09:00"), "Pacific/Apia", Repeats.DAILY)
    assert utc(daily, 4) == ["2011-12-28T19:00", "2011-12-29T19:00", "2011-12-30T19:00", "2011-12-31T19:00"]


@pytest.mark.parametrize(
    ("local", "zone"),
    [
        ("2027-03-28T02:00", "Europe/Berlin"),
        ("2027-03-28T02:59", "Europe/Berlin"),
        ("2027-03-14T02:30", "America/New_York"),
        ("2011-12-30T12:00", "Pacific/Apia"),
    ],
)
def test_a_start_that_the_clocks_never_show_is_refused_with_one_that_they_do(local: str, zone: str) -> None:
    with pytest.raises(Refusal) as refused:
        refuse_left_out(local_of(local), zone_of(zone))
    assert refused.value.code == "plan_bad"
    assert f"there is no {local[11:]} in {zone}" in refused.value.message
    assert "Choose another time" in refused.value.remedy


@pytest.mark.parametrize(
    ("local", "zone"),
    [
        ("2027-03-28T01:59", "Europe/Berlin"),
        ("2027-03-28T03:00", "Europe/Berlin"),
        ("2026-10-25T02:30", "Europe/Berlin"),
        ("2027-03-28T02:30", "Asia/Kolkata"),
        ("2011-12-31T12:00", "Pacific/Apia"),
    ],
)
def test_every_start_that_they_show_is_taken(local: str, zone: str) -> None:
    refuse_left_out(local_of(local), zone_of(zone))


def test_weekly_on_days_every_other_week() -> None:
    rule = weekly("2026-11-24T19:00", "UTC", days=(Weekday.TUESDAY, Weekday.THURSDAY), interval=2)
    assert [one[:10] for one in utc(rule, 4)] == ["2026-11-24", "2026-11-26", "2026-12-08", "2026-12-10"]


def test_monthly_leaves_out_the_months_without_that_day() -> None:
    rule = Rule(local_of("2026-12-31T19:00"), "UTC", Repeats.MONTHLY)
    assert [one[:10] for one in utc(rule, 3)] == ["2026-12-31", "2027-01-31", "2027-03-31"]


def test_the_last_day_belongs_to_it_and_a_count_is_kept() -> None:
    until = weekly("2026-11-26T23:30", "America/New_York", until=date(2026, 12, 3))
    assert len(utc(until, 9)) == 2
    assert len(utc(weekly("2026-11-26T19:00", "UTC", count=3), 9)) == 3
    assert utc(weekly("2026-11-26T19:00", "UTC", count=3), 9, "2026-12-09T00:00+00:00") == ["2026-12-10T19:00"]


@pytest.mark.parametrize("days", [(), (Weekday.MONDAY, Weekday.SUNDAY)])
@pytest.mark.parametrize("interval", [1, 2, 3, 5])
@pytest.mark.parametrize("repeats", [Repeats.DAILY, Repeats.WEEKLY])
def test_what_is_long_over_is_passed_over_without_moving_what_comes(
    repeats: Repeats, interval: int, days: tuple[Weekday, ...]
) -> None:
    days = days if repeats is Repeats.WEEKLY else ()
    rule = Rule(local_of("2026-11-26T19:00"), "Europe/Berlin", repeats, interval, days)
    counted = [one for one in utc(rule, 2000) if one > "2029-03-01T12:00"][:5]
    assert utc(rule, 5, "2029-03-01T12:00+00:00") == counted


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../../etc/passwd", "Europe", "posix/Europe/Berlin", "CET; DROP"])
def test_a_zone_that_is_not_there_is_refused(zone: str) -> None:
    with pytest.raises(Refusal, match="no such time zone"):
        zone_of(zone)


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-11-26", "2026-13-01T10:00", "2026-11-26T25:00", "2026-11-26T19:00Z", "٢٠٢٦-11-26T19:00"]
)
def test_a_start_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="no date and time"):
        local_of(text)


def test_a_last_day_that_is_none_is_refused() -> None:
    with pytest.raises(Refusal, match="no date"):
        day_of("2026-02-30")


def test_the_first_time_is_found_where_there_is_one() -> None:
    begin = first(weekly("2026-11-26T19:00", "UTC", days=(Weekday.FRIDAY,)))
    assert begin is not None and begin.local == datetime(2026, 11, 27, 19)  # noqa: DTZ001 - a local time has no zone
    assert first(weekly("2026-11-26T19:00", "UTC", days=(Weekday.FRIDAY,), until=date(2026, 11, 26))) is None
    assert begin.starts_s == instant_s(begin.local, zone_of("UTC"))
