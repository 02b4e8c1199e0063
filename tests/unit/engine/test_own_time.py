"""The studio's own `screen` runs out: its screens leave the picture, nothing else does; they come back as placed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from studio.control.api import Event, EventType, Fit, Placement, SessionJoin, SourceAdd, SourceReplace
from studio.engine import resident
from studio.engine.attendance import Attendance
from studio.engine.engine import Engine
from studio.engine.own_time import HELD, OwnTime
from studio.engine.resident import Resident
from studio.engine.settings import Settings
from studio.engine.show import ProgramShape
from studio.media import Clock, ErrorKind, StoaError, StudioClock
from studio.process import ChildPlan
from studio.session import GrantTold, Me, Person, Sender, SessionEvent, StateChange, Welcome
from studio.source import feed
from tests.fakes.server_house import Guest, running_house
from tests.unit.engine.test_attendance import HangingKeychain
from tests.unit.engine.test_source_turns import Device
from tests.unit.source.live_engine import FakeClock

NOW = "2026-11-21T12:00:00.000Z"
NOW_S = int(datetime.fromisoformat(NOW).timestamp())
CAMERA, SCREEN = "s1", "s2"
SHOWN = 0
"""Of a pretended device's picture; where nothing is the programme is black, which is 16."""


class Waiting:
    """What was asked to be done later."""

    def __init__(self, at_ns: int, call: Callable[[], object]) -> None:
        self.at_ns, self.call = at_ns, call
        self.over = False

    def cancel(self) -> None:
        self.over = True


class Mix:
    """An engine that does not tick: a camera on the left of its picture, a screen on the right."""

    def __init__(self, home: Path, devices: list[Device], clock: Clock) -> None:
        self.clock = clock
        home.mkdir(exist_ok=True)
        shape, secrets = ProgramShape(64, 36), lambda name, it: None
        self.engine = Engine(home, shape, clock=clock, started_ns=0, keep_secret=secrets, log_to=None)
        self.waiting: list[Waiting] = []
        self.heard: list[Event] = []
        for source, spec in ((CAMERA, "camera:front"), (SCREEN, "screen:primary")):
            self.engine.sources.open(SourceAdd(spec), source)
            devices[-1].shows("64x36", clock.now_ns())
        half = {"width": 0.5, "fit": Fit.STRETCH}
        self.scene = [Placement(CAMERA, "p1", **half), Placement(SCREEN, "p2", x=0.5, order=1, **half)]
        self.engine.scene.set(self.scene)

    async def settle(self) -> Mix:
        """What the devices said is heard; what is told from now on counts."""
        for _ in range(20):
            await asyncio.sleep(0)
        self.engine.events.listen(self.heard.append)
        return self

    def later(self, left_s: float, call: Callable[[], object]) -> Any:
        self.waiting.append(Waiting(self.clock.now_ns() + round(left_s * 1e9), call))
        return self.waiting[-1]

    def pass_time(self, seconds: float) -> None:
        assert isinstance(self.clock, FakeClock)
        self.clock.move(seconds)
        for one in list(self.waiting):
            if not one.over and one.at_ns <= self.clock.at_ns:
                one.over = True
                one.call()

    @property
    def picture(self) -> tuple[bool, bool]:
        """Whether the camera and the screen are seen."""
        tick_ns = self.clock.now_ns()
        lease = self.engine.compositor.compose(lambda name: self.engine.sources.picture_of(name, tick_ns, 0), tick_ns)
        assert lease is not None
        row = lease.frame.y[18]
        seen = (bool(row[8] == SHOWN), bool(row[56] == SHOWN))
        lease.release()
        return seen

    @property
    def changed(self) -> list[tuple[str, str]]:
        """Which sources were told to be held, and why."""
        events = [one for one in self.heard if one.type is EventType.SOURCE_CHANGED]
        return [(one.data["id"], one.data["held"]) for one in events]


def bob(**ends: int) -> Me:
    """The studio's person; ends in seconds from NOW."""
    ends = {grant: NOW_S + left_s for grant, left_s in ends.items()}
    return Me("studio", Person("p_bob", "Bob", "broadcaster", True, NOW, ends=ends), ())


def told(left_s: int, *grants: str, person: str = "p_bob") -> GrantTold:
    return GrantTold(person, "Bob", grants, NOW_S, left_s, "Your shared screen …", "Bob: shared screen …")


@pytest.fixture
def devices(monkeypatch: pytest.MonkeyPatch) -> list[Device]:
    made: list[Device] = []

    def make(plan: ChildPlan, **named: Any) -> Device:
        made.append(Device(plan, **named))
        return made[-1]

    monkeypatch.setattr(feed, "SupervisedChild", make)
    return made


async def test_at_its_end_the_screen_alone_leaves_the_picture_without_a_word_of_the_server(
    tmp_path: Path, devices: list[Device]
) -> None:
    mix = await Mix(tmp_path, devices, FakeClock()).settle()
    time = OwnTime(mix.engine, mix.later)
    time.begin(bob(camera=5, screen=30), NOW)
    mix.pass_time(29.9)
    assert mix.picture == (True, True) and mix.changed == []
    mix.pass_time(0.2)
    assert mix.picture == (True, False)
    assert mix.changed == [(SCREEN, HELD)] and mix.engine.sources.info(CAMERA).held == ""
    assert [device.ended for device in devices] == [False, False], "nothing was started anew"
    journal = mix.engine._journal()
    assert mix.engine.scene.placements == mix.scene == journal.placements and journal.screens_held == HELD
    time.set({"screen": NOW_S + 60})
    assert mix.picture == (True, True) and mix.changed[-1] == (SCREEN, "")
    time.set({"screen": 0})
    mix.pass_time(100)
    assert mix.picture == (True, True) and mix.engine._journal().screens_held == ""
    assert len(mix.changed) == 2 and [one.over for one in mix.waiting] == [True, True]
    await mix.engine.close(keep_journal=False)


async def test_what_the_server_tells_counts_and_only_of_ones_own_screen(tmp_path: Path, devices: list[Device]) -> None:
    mix = await Mix(tmp_path, devices, FakeClock()).settle()
    time = OwnTime(mix.engine, mix.later)
    time.begin(bob(screen=600), NOW)
    for each in (told(0, "camera"), told(60, "screen"), told(0, "screen", person="p_eva")):
        time.told(bob(), each)
    time.set({"camera": NOW_S - 1})
    assert mix.picture == (True, True)
    assert [notice.severity for notice in mix.engine.notices.all] == ["warning", "info"]
    time.told(bob(), told(0, "camera", "screen"))
    assert mix.picture == (True, False) and mix.waiting[0].over
    time.set({"screen": NOW_S})
    assert mix.picture == (True, False) and len(mix.changed) == 1, "told once"
    time.end()
    assert mix.picture == (True, True), "it has left the session"
    await mix.engine.close(keep_journal=False)


async def test_what_is_over_already_holds_from_the_first_moment(tmp_path: Path, devices: list[Device]) -> None:
    mix = await Mix(tmp_path, devices, FakeClock()).settle()
    time = OwnTime(mix.engine, mix.later)
    time.begin(bob(screen=-600), NOW)
    assert mix.picture == (True, False)
    time.begin(bob(camera=-600), NOW)
    assert mix.picture == (True, True) and mix.waiting == []
    time.begin(bob(screen=5), "no time that can be read")
    time.told(bob(), told(0, "screen"))
    assert mix.picture == (True, False)
    await mix.engine.close(keep_journal=False)


async def test_a_computer_that_slept_takes_the_time_of_day_from_the_server_again(
    tmp_path: Path, devices: list[Device]
) -> None:
    mix = await Mix(tmp_path, devices, FakeClock()).settle()
    time = OwnTime(mix.engine, mix.later)
    time.begin(bob(screen=30), NOW)
    time.begin(bob(screen=30), NOW.replace("12:00", "12:01"))
    assert mix.picture == (True, False)
    await mix.engine.close(keep_journal=False)


class Back:
    """A client whose line is there again: meanwhile the screen's time was over."""

    me = bob()

    async def whoami(self) -> Me:
        return bob(screen=30)

    async def events(self) -> AsyncIterator[SessionEvent]:
        stoa = Sender("", "Stoa", None)
        state = StateChange("live", NOW, "", "Live.", False, False, False)
        later = NOW.replace("12:00", "12:01")
        yield SessionEvent(0, "welcome", "welcome", later, stoa, Welcome(7, stoa, 2, 0, state))


async def test_what_was_not_heard_while_the_line_was_lost_is_asked_for(tmp_path: Path, devices: list[Device]) -> None:
    mix = await Mix(tmp_path, devices, FakeClock()).settle()
    client: Any = Back()
    await Attendance(mix.engine)._follow(client)
    assert mix.picture == (True, False)
    await mix.engine.close(keep_journal=False)


async def test_while_screens_are_held_none_is_added_and_a_camera_may_take_its_place(
    tmp_path: Path, devices: list[Device]
) -> None:
    mix = await Mix(tmp_path, devices, FakeClock()).settle()
    sources = mix.engine.sources
    assert mix.picture == (True, True)
    OwnTime(mix.engine, mix.later).begin(bob(screen=-1), NOW)
    for asked in (
        sources.add(SourceAdd("screen:other")),
        sources.add(SourceAdd("window:7")),
        sources.replace(SourceReplace(CAMERA, "screen:other")),
    ):
        with pytest.raises(StoaError) as refused:
            await asked
        assert (refused.value.kind, refused.value.message) == (ErrorKind.DENIED, HELD) and refused.value.remedy
    assert len(devices) == 2, "no process was begun for it"
    replacing = asyncio.create_task(sources.replace(SourceReplace(SCREEN, "camera:side")))
    for _ in range(20):
        await asyncio.sleep(0)
    devices[-1].shows("64x36", mix.clock.now_ns())
    assert (await replacing).held == ""
    assert mix.picture == (True, True), "though the screen was on air a moment before"
    await mix.engine.close(keep_journal=False)


@pytest.mark.parametrize("resume", [True, False])
async def test_the_next_life_holds_until_the_session_says_how_it_is_and_a_later_start_does_not(
    tmp_path: Path, devices: list[Device], monkeypatch: pytest.MonkeyPatch, resume: bool
) -> None:
    monkeypatch.setattr(resident, "Keychain", HangingKeychain)
    mix = await Mix(tmp_path / "one", devices, FakeClock()).settle()
    OwnTime(mix.engine, mix.later).begin(bob(screen=-1), NOW)
    journal = mix.engine._journal()
    await mix.engine.close(keep_journal=False)
    again = await Mix(tmp_path / "two", devices, FakeClock()).settle()
    made = Resident(again.engine, Settings())
    for source in (CAMERA, SCREEN):
        again.engine.sources.remove(source)
        again.engine.scene.forget_source(source)
    made.restore(msgspec.structs.replace(journal, session=""), {}, resume=resume)
    assert [bool(info.held) for info in again.engine.sources.infos()] == [False, resume]
    assert again.engine.scene.placements == mix.scene
    OwnTime(again.engine, again.later).begin(bob(), NOW)
    assert [info.held for info in again.engine.sources.infos()] == ["", ""]
    await again.engine.close(keep_journal=False)
    made.close()


async def limit(admin: Guest, person: str, **seconds: int | None) -> None:
    answer = await admin.command("grant", person, ends=seconds)
    assert answer.status_code == 200, answer.text


async def until(fact: Callable[[], object], what: str) -> None:
    async with asyncio.timeout(10):
        while not fact():
            await asyncio.sleep(0.01)
    assert fact(), what


async def test_with_the_real_server_the_screen_goes_at_an_admins_word_and_comes_back(
    tmp_path: Path, devices: list[Device]
) -> None:
    async with running_house(tmp_path / "data") as place:
        mix = await Mix(tmp_path, devices, StudioClock()).settle()
        attending = Attendance(mix.engine)
        await attending.join(SessionJoin(server=(await place.invite("broadcaster"))["link"], name="Bob"))
        eva = await place.join("Eva", "admin")
        people = (await eva.call("GET", "/api/v1/sessions/studio/people")).json()["people"]
        mine = next(one["id"] for one in people if one["name"] == "Bob")
        await limit(eva, mine, screen=0)
        await until(lambda: mix.picture == (True, False), "taken away")
        await limit(eva, mine, screen=90, camera=0)
        await until(lambda: mix.picture == (True, True), "given again")
        for seconds, left in ((30, "ends in 1 minute"), (50, "ends in 10 seconds"), (10, "is over")):
            assert mix.picture == (True, True)
            place.wall.forward(seconds)
            await place.house.sweep()
            words = f"Your shared screen {left}"
            await until(lambda w=words: [one for one in mix.engine.notices.all if w in one.words], words)  # type: ignore[misc]
        await until(lambda: mix.picture == (True, False), "over, by the server's clock")
        await limit(eva, mine, screen=None)
        await until(lambda: mix.picture == (True, True), "without an end")
        await limit(eva, mine, screen=0)
        await until(lambda: mix.picture == (True, False), "taken away again")
        await attending.leave()
        assert mix.picture == (True, True)
        await attending.close()
        await mix.engine.close(keep_journal=False)
