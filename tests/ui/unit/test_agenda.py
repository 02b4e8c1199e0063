"""The shows to come as the window counts down to them, and what must be there for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import msgspec
import pytest

from studio.control import api
from studio.session import Schedule
from studio.session import Show as Told
from tests.fakes.show import FakeShow
from ui.agenda import Agenda, countdown, when_words
from ui.checklist import Check, Mark, checks
from ui.room import Presence, Reach, Room
from ui.show import Show

START = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-5, "0:00"),
        (0.2, "0:01"),
        (59, "0:59"),
        (3600 + 62, "1:01:02"),
        (47 * 3600, "47:00:00"),
        (3 * 86400 + 4 * 3600 + 5, "3 days 4 h"),
        (2 * 86400, "2 days"),
    ],
)
def test_a_countdown_in_words(seconds: float, told: str) -> None:
    assert countdown(seconds) == told


def test_a_start_planned_elsewhere_says_both_times() -> None:
    here = START.astimezone()
    said = f"{here:%A}, {here.day} {here:%B}, {here:%H:%M}"
    assert when_words(START.timestamp(), f"{here:%Y-%m-%dT%H:%M}", "Europe/Berlin") == said
    other = f"{here - timedelta(hours=3):%Y-%m-%dT%H:%M}"
    assert when_words(START.timestamp(), other, "America/Halifax") == f"{said} ({other[11:]} in America/Halifax)"


def told(id: str, state: str = "scheduled", starts: datetime = START) -> Told:
    opens, ends = starts - timedelta(minutes=15), starts + timedelta(hours=1)
    at = [moment.isoformat() for moment in (starts, ends, opens)]
    return Told(id, "plan", "Weekly Q&A", "", *at, "2026-11-26T19:00", "Europe/Berlin", state, "planned", "", at[0])


def test_the_servers_clock_counts_and_what_is_live_comes_first() -> None:
    agenda = Agenda(lambda: 1000.0)
    heard: list[object] = []
    agenda.changed.connect(lambda: heard.append(agenda.next))
    assert agenda.next is None and agenda.now_s == 1000.0
    schedule = Schedule((told("first"), told("second", "live")), "2026-11-26T17:50:00Z")
    agenda.take(schedule)
    assert agenda.now_s == START.timestamp() - 600
    assert agenda.next is not None and agenda.next.id == "second"
    assert agenda.shows[0].opens_s == START.timestamp() - 900 and len(heard) == 1
    agenda.take(schedule)
    assert len(heard) == 1, "what is the same is told once"
    agenda.take(Schedule((), "not a time", told("second", "ended")))
    assert agenda.next is None and agenda.last is not None and agenda.now_s == 1000.0


# -- the checklist -------------------------------------------------------------------------------------------------


class Facts:
    """Stands for the window's show."""

    is_attached = True

    def __init__(self) -> None:
        self.fake = FakeShow(lambda *_: None)
        self.session = api.SessionInfo(True)
        self.recording = api.RecordingInfo(False, free_bytes=400_000_000_000)

    @property
    def program(self) -> api.ProgramInfo:
        return self.fake.program

    @property
    def live(self) -> bool:
        return self.fake.program.live

    @property
    def sources(self) -> dict[str, api.SourceInfo]:
        return self.fake.sources

    @property
    def placements(self) -> list[api.Placement]:
        return list(self.fake.placements.values())

    @property
    def strips(self) -> dict[str, api.StripInfo]:
        return self.fake.strips

    @property
    def destinations(self) -> dict[str, api.DestinationInfo]:
        return self.fake.destinations


@pytest.fixture
def facts() -> Facts:
    made = Facts()
    made.fake.source_add(api.SourceAdd("camera:cam0", "Logitech BRIO", place=True))
    made.fake.source_add(api.SourceAdd("mic:a", "Røde NT-USB"))
    made.fake.destination_add(api.DestinationAdd("rtmp://host/live/key", "YouTube"))
    return made


@pytest.fixture
def room() -> Room:
    made = Room(lambda work: work)
    made.set_presence(Presence.JOINED)
    made.set_rights(share=True, remove=True, invite_admins=True)
    made.set_reach(Reach(shared=True))
    return made


def found(facts: Facts, room: Room) -> dict[str, Check]:
    return {one.name: one for one in checks(cast(Show, facts), room)}


def test_all_is_there(facts: Facts, room: Room) -> None:
    all_checks = found(facts, room)
    assert list(all_checks) == ["Picture", "Sound", "Encoder", "Destinations", "Recording", "Server"]
    assert {one.mark for one in all_checks.values()} == {Mark.GOOD}, all_checks
    assert all_checks["Picture"].words == "Logitech BRIO is in the picture."
    assert all_checks["Destinations"].words == "1 destination: YouTube."


def change(facts: Facts, which: int, **fields: Any) -> None:
    id = list(facts.sources)[which]
    facts.sources[id] = msgspec.structs.replace(facts.sources[id], **fields)


def test_a_camera_that_is_gone_is_named_with_its_remedy(facts: Facts, room: Room) -> None:
    gone = api.Problem("lost", "The camera was unplugged.", "Plug it in again.")
    change(facts, 0, state=api.SourceState.LOST, problem=gone)
    check = found(facts, room)["Picture"]
    assert check.mark is Mark.BAD and check.words == "Logitech BRIO: The camera was unplugged. Plug it in again."


def test_nothing_in_the_picture_and_nothing_to_hear(facts: Facts, room: Room) -> None:
    facts.fake.placements.clear()
    strip = next(iter(facts.strips))
    facts.strips[strip] = msgspec.structs.replace(facts.strips[strip], mute=True)
    assert found(facts, room)["Picture"].mark is Mark.BAD
    assert found(facts, room)["Sound"] == Check("Sound", Mark.WARN, "All sound is muted in the mixer.")
    facts.strips.clear()
    assert found(facts, room)["Sound"].mark is Mark.BAD


def test_only_the_test_card_is_not_enough(facts: Facts, room: Room) -> None:
    change(facts, 0, kind="testcard")
    assert found(facts, room)["Picture"].mark is Mark.WARN


def test_destinations_that_fail_or_are_not_there(facts: Facts, room: Room) -> None:
    id = next(iter(facts.destinations))
    problem = api.Problem("refused", "The key was refused.", "Copy it again.", True)
    facts.destinations[id] = msgspec.structs.replace(facts.destinations[id], state="failed", problem=problem)
    assert found(facts, room)["Destinations"].words == "YouTube: The key was refused. Copy it again."
    facts.destinations[id] = msgspec.structs.replace(facts.destinations[id], enabled=False)
    check = found(facts, room)["Destinations"]
    assert check.mark is Mark.BAD and check.words.startswith("There is nothing to send to.")


def test_the_recordings_room_on_the_disk(facts: Facts, room: Room) -> None:
    facts.recording = api.RecordingInfo(False, free_bytes=300_000_000)
    scarce = found(facts, room)["Recording"]
    assert scarce.mark is Mark.WARN and "300 MB free" in scarce.words and "min of recording" in scarce.words
    facts.recording = api.RecordingInfo(
        False, problem=api.Problem("denied", "The folder cannot be written.", "Choose.")
    )
    assert found(facts, room)["Recording"].mark is Mark.BAD


def test_the_server_the_engine_and_an_admins_stop(facts: Facts, room: Room) -> None:
    room.set_reach(Reach())
    assert found(facts, room)["Server"].mark is Mark.WARN
    room.set_rights(share=False, remove=False, invite_admins=False)
    assert found(facts, room)["Server"] == Check("Server", Mark.GOOD, "The server answers.")
    facts.session = api.SessionInfo(False)
    assert "not in the session" in found(facts, room)["Server"].words
    room.set_presence(Presence.AWAY, "The line was lost.")
    assert found(facts, room)["Server"] == Check("Server", Mark.BAD, "The line was lost.")
    facts.fake.program = msgspec.structs.replace(facts.program, go_live_refused="An admin stopped the show.")
    assert found(facts, room)["Go live"] == Check("Go live", Mark.BAD, "An admin stopped the show.")
    facts.is_attached = False
    assert list(found(facts, room)) == ["Engine", "Server"]
