"""The .ics file, read again by another library than the one that wrote it (vobject), and line by line."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
import vobject

from tests.fakes.planner import SESSION, changed, planned
from tests.fakes.server_house import Place, fresh_id


async def asked(place: Place, query: str = "") -> bytes:
    viewer = await place.join(fresh_id("Mia"))
    answer = await viewer.call("GET", f"{SESSION}/schedule.ics{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert answer.headers["content-disposition"] == 'attachment; filename="schedule.ics"'
    return answer.content


async def read(place: Place, query: str = "") -> Any:
    return vobject.readOne((await asked(place, query)).decode())


def starts(event: Any, count: int) -> list[str]:
    """The first times of an event in UTC, as the other library works them out from zone and rule."""
    found = islice(event.getrruleset(addRDate=True), count)
    return [one.astimezone(UTC).strftime("%Y-%m-%dT%H:%M") for one in found]


@pytest.mark.parametrize(
    ("first", "zone", "expected"),
    [
        ("2027-03-25T19:00", "Europe/Berlin", ["2027-03-25T18:00", "2027-04-01T17:00"]),
        ("2027-10-28T19:00", "Europe/Berlin", ["2027-10-28T17:00", "2027-11-04T18:00"]),
        ("2027-03-11T19:00", "America/New_York", ["2027-03-12T00:00", "2027-03-18T23:00"]),
        ("2027-04-01T19:00", "Australia/Sydney", ["2027-04-01T08:00", "2027-04-08T09:00"]),
        ("2026-11-26T19:00", "Asia/Kolkata", ["2026-11-26T13:30", "2026-12-03T13:30"]),
        ("2026-11-26T19:00", "Pacific/Apia", ["2026-11-26T06:00", "2026-12-03T06:00"]),
        ("2026-11-26T19:00", "UTC", ["2026-11-26T19:00", "2026-12-03T19:00"]),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_calendar_reads_the_times_that_the_server_means(
    place: Place, first: str, zone: str, expected: list[str]
) -> None:
    plan = await planned(place, starts=first, zone=zone)
    (event,) = (await read(place)).vevent_list
    assert starts(event, 2) == expected == [time["starts"][:16] for time in plan["next"]][:2]


async def test_the_hour_of_the_change_itself_is_right(place: Place) -> None:
    # at 03:30 on the day on which the clocks go from 02:00 to 03:00
    await planned(place, starts="2027-03-28T03:30", repeats="none")
    content = (await asked(place)).decode()
    (event,) = vobject.readOne(content).vevent_list
    assert event.dtstart.value.astimezone(UTC) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    # RFC 5545 3.6.5 dates a change by the clocks before it, which vobject does not heed
    assert "BEGIN:DAYLIGHT\r\nDTSTART:20270328T020000\r\n" in content
    assert "BEGIN:STANDARD\r\nDTSTART:20271031T030000\r\n" in content
    assert "\r\nRDATE:20280326T020000," in content and "\r\nRDATE:20281029T030000," in content


async def test_title_and_description_are_escaped_and_long_lines_folded(place: Place) -> None:
    title, description = "Ask; us, \\ anything “ü”", "First line,\nsecond; line\n" + "größer " * 60
    await planned(place, title=title, description=description)
    content = await asked(place)
    lines = content.split(b"\r\n")
    assert lines[0] == b"BEGIN:VCALENDAR" and lines[-2:] == [b"END:VCALENDAR", b""]
    assert b"\n" not in content.replace(b"\r\n", b"") and b"\r" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in lines) <= 75
    assert all(line.decode() or True for line in lines), "no sign is cut in two"
    (event,) = vobject.readOne(content.decode()).vevent_list
    assert (event.summary.value, event.description.value) == (title, description.rstrip())


async def test_text_cannot_become_a_property(place: Place) -> None:
    await planned(place, title="Q&A\r\nATTENDEE:mailto:mallory@example.org", description="x\r\nBEGIN:VALARM")
    content = (await asked(place)).decode()
    assert "\r\nATTENDEE" not in content and "\r\nBEGIN:VALARM" not in content
    (event,) = vobject.readOne(content).vevent_list
    assert event.summary.value == "Q&A ATTENDEE:mailto:mallory@example.org"


async def test_the_rule_goes_along_with_its_days_and_its_end(place: Place) -> None:
    await planned(place, days=["TU", "TH"], interval=2, until="2027-01-31")
    (event,) = (await read(place)).vevent_list
    parts = dict(part.split("=") for part in event.rrule.value.split(";"))
    assert parts == {"FREQ": "WEEKLY", "INTERVAL": "2", "BYDAY": "TU,TH", "UNTIL": "20270131T225959Z"}
    assert event.duration.value.total_seconds() == 3600


async def test_a_cancelled_show_is_left_out_and_a_cancelled_plan_says_so(place: Place) -> None:
    plan = await planned(place)
    await place.owner("DELETE", f"{SESSION}/shows/{plan['next'][1]['show']}")
    (event,) = (await read(place)).vevent_list
    assert starts(event, 2) == ["2026-11-26T18:00", "2026-12-10T18:00"]
    await place.owner("DELETE", f"{SESSION}/plans/{plan['id']}")
    assert not hasattr(await read(place), "vevent")
    (event,) = (await read(place, f"?plan={plan['id']}")).vevent_list
    assert event.status.value == "CANCELLED"


async def test_uid_stays_and_sequence_rises_with_each_change(place: Place) -> None:
    plan = await planned(place)
    (first,) = (await read(place)).vevent_list
    await changed(place, plan, title="Q&A")
    (second,) = (await read(place)).vevent_list
    await place.owner("DELETE", f"{SESSION}/shows/{plan['next'][0]['show']}")
    (third,) = (await read(place)).vevent_list
    assert first.uid.value == second.uid.value == third.uid.value
    assert [event.sequence.value for event in (first, second, third)] == ["0", "1", "2"]


async def test_the_link_is_good_with_the_invite_alone_and_with_nothing_less(place: Place) -> None:
    await planned(place)
    invite = await place.invite()
    answer = await place.call("GET", f"{SESSION}/schedule.ics", invite["invite"])
    assert answer.status_code == 200 and answer.content.startswith(b"BEGIN:VCALENDAR")
    assert invite["invite"].encode() not in answer.content, "whoever gets the file must not get in by it"
    for bearer in ("", "nonsense"):
        assert (await place.call("GET", f"{SESSION}/schedule.ics", bearer)).status_code == 401
