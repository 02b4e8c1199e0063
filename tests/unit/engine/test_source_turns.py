"""Many choices of sources at once: the last one wins, few open at a time, and nothing is left over."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from studio.control.api import Event, EventType, SourceAdd, SourceInfo, SourceReplace
from studio.engine import sources
from studio.engine.events import EventLog
from studio.engine.sources import SourceDesk
from studio.engine.turns import OPEN_AT_ONCE
from studio.media import ErrorKind, StoaError, StudioClock
from studio.mixer.mixer import Mixer
from studio.process import ChildPlan, Fault, Watchdog
from studio.source import feed
from studio.source.contract import Opened, OpenSource, Picture, ProgramGrid, RingWanted, Timing

LIMIT_S = 10.0
MISSING = Fault(ErrorKind.NOT_FOUND, "There is no such device.", "Plug it in.", True)


class Device:
    """A source's process that does what the test says."""

    def __init__(self, plan: ChildPlan, **_: Any) -> None:
        self.plan = plan
        self.started = self.ended = self.joined = False
        self.lingers = False
        self.slow = False
        """It is gone as soon as somebody waits for that."""
        self.gone = threading.Event()
        self.pid = 0

    @property
    def target(self) -> str:
        (opening,) = self.plan.opening()
        assert isinstance(opening, OpenSource)
        return opening.target

    @property
    def runs(self) -> bool:
        return self.started and not self.gone.is_set()

    alive = runs

    def start(self) -> None:
        self.started = True

    def send(self, message: msgspec.Struct) -> None: ...

    def end(self, *, wait: bool = True) -> None:
        self.ended = True
        if not self.lingers:
            self.gone.set()

    def join(self, timeout_s: float | None = None) -> None:
        self.joined = True
        if self.slow:
            self.gone.set()
        assert timeout_s is not None and (not self.started or self.gone.wait(timeout_s))

    def plays(self, words: str = "") -> None:
        """It has only sound."""
        self.plan.on_message(Opened(False, True, Timing.LIVE, words))

    def shows(self, words: str, pts_ns: int) -> None:
        """It has a picture, for one instant."""
        self.plan.on_message(RingWanted(64, 36, 2))
        self.plan.on_message(Opened(True, False, Timing.LIVE, words, 64, 36, 25.0))
        self.plan.on_message(Picture(0, pts_ns))

    def fails(self) -> None:
        self.plan.on_message(MISSING)


class Studio:
    """A desk of sources whose devices are pretended."""

    def __init__(self, folder: Path, devices: list[Device]) -> None:
        self.devices = devices
        self.clock = StudioClock()
        self.events = EventLog(self.clock)
        rings = (folder / f"{number}.ring" for number in range(1000))
        grid = ProgramGrid(self.clock.now_ns(), 25, 1)
        self.desk = SourceDesk(
            grid, (64, 36), Mixer(grid.zero_ns), self.events, ring_path=lambda: next(rings), clock=self.clock,
            on_changed=lambda: None, log_to=None, watchdog=Watchdog(),
        )  # fmt: skip

    def replace(self, target: str, source_id: str = "s1") -> asyncio.Task[SourceInfo]:
        return asyncio.create_task(self.desk.replace(SourceReplace(source_id, f"mic:{target}")))

    def add(self, target: str) -> asyncio.Task[str]:
        return asyncio.create_task(self.desk.add(SourceAdd(f"mic:{target}")))

    def device(self, target: str) -> Device:
        (found,) = [device for device in self.devices if device.target == target]
        return found

    @property
    def replaced(self) -> list[Event]:
        """What was told of sources that took another's place."""
        return [event for event in self.events.after(0)[0] if event.type is EventType.SOURCE_REPLACED]

    @property
    def running(self) -> list[str]:
        """What has a process now."""
        return [device.target for device in self.devices if device.runs]

    @property
    def started(self) -> list[str]:
        """What has ever had a process."""
        return [device.target for device in self.devices if device.started]

    async def until(self, fact: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_S):
            while not fact():
                await asyncio.sleep(0.001)

    async def begin(self, *targets: str) -> None:
        """The show begins with these sources, and they play."""
        for target in targets:
            self.desk.open(SourceAdd(f"mic:{target}"))
            self.device(target).plays()
        await settle()


Test = Callable[[Studio], Coroutine[Any, Any, None]]
Inside = Callable[[Test], None]


async def settle() -> None:
    """Everything that can happen without another message has happened."""
    for _ in range(20):
        await asyncio.sleep(0)


async def refusal(task: Awaitable[object]) -> StoaError:
    with pytest.raises(StoaError) as told:
        async with asyncio.timeout(LIMIT_S):
            await task
    return told.value


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inside]:
    """Runs a coroutine with a desk of sources; afterwards no process of theirs is left."""
    devices: list[Device] = []

    def make(plan: ChildPlan, **named: Any) -> Device:
        devices.append(Device(plan, **named))
        return devices[-1]

    monkeypatch.setattr(feed, "SupervisedChild", make)

    async def live(test: Test) -> None:
        studio = Studio(tmp_path, devices)
        await test(studio)
        studio.desk.begin_close()
        await settle()
        studio.desk.close()

    yield lambda test: asyncio.run(live(test))
    assert all(device.ended for device in devices)
    assert not list(tmp_path.glob("*.ring"))


def test_the_last_choice_wins_and_those_between_never_start(inside: Inside) -> None:
    async def test(studio: Studio) -> None:
        await studio.begin("old")
        tasks = [studio.replace(f"m{number}") for number in range(100)]
        await settle()
        told = [await refusal(task) for task in tasks[:-1]]
        assert {(error.kind, error.message) for error in told} == {
            (ErrorKind.CONFLICT, "A later choice for this source came first.")
        }
        await studio.until(lambda: studio.device("m99").runs)
        assert studio.started == ["old", "m0", "m1", "m99"] and studio.running == ["old", "m99"]
        studio.device("m99").plays()
        assert (await tasks[-1]).spec == "mic:m99" == studio.desk.info("s1").spec
        assert studio.running == ["m99"]

    inside(test)


def test_a_choice_that_plays_too_late_does_not_replace(inside: Inside) -> None:
    async def test(studio: Studio) -> None:
        await studio.begin("old")
        first = studio.replace("first")
        await settle()
        second = studio.replace("second")
        await settle()
        studio.device("second").plays()
        await second
        studio.device("first").plays()
        assert (await refusal(first)).kind is ErrorKind.CONFLICT
        assert studio.desk.info("s1").spec == "mic:second" and studio.running == ["second"]
        assert len(studio.replaced) == 1

    inside(test)


def test_a_choice_that_played_in_the_same_moment_as_the_next_was_made_is_superseded_too(inside: Inside) -> None:
    async def test(studio: Studio) -> None:
        await studio.begin("old")
        first = studio.replace("first")
        await settle()
        studio.device("first").plays()
        second = studio.replace("second")
        await settle()
        assert (await refusal(first)).kind is ErrorKind.CONFLICT
        studio.device("second").plays()
        await second
        assert studio.desk.info("s1").spec == "mic:second"

    inside(test)


def test_so_many_open_at_once_and_the_others_wait_in_order(inside: Inside) -> None:
    async def test(studio: Studio) -> None:
        await studio.begin("a", "b", "c")
        tasks = [studio.replace("x", "s1"), studio.add("y"), studio.replace("z", "s2"), studio.add("w")]
        await settle()
        assert OPEN_AT_ONCE == 2 and studio.running == ["a", "b", "c", "x", "y"]
        studio.device("y").plays()
        await tasks[1]
        await settle()
        assert studio.running == ["a", "b", "c", "x", "y", "z"]
        studio.device("x").fails()
        assert (await refusal(tasks[0])).message == MISSING.message
        await studio.until(lambda: studio.device("w").runs)
        assert studio.desk.info("s1").spec == "mic:a"
        studio.device("z").plays()
        studio.device("w").plays()
        await asyncio.gather(tasks[2], tasks[3])
        assert studio.running == ["a", "c", "y", "z", "w"]

    inside(test)


def test_a_process_that_takes_its_time_to_end_keeps_its_turn(inside: Inside) -> None:
    async def test(studio: Studio) -> None:
        await studio.begin("old")
        slow = []
        for target in ("one", "two", "three"):
            slow.append(studio.replace(target))
            await settle()
            studio.device(target).lingers = True
        assert [(await refusal(task)).kind for task in slow[:2]] == [ErrorKind.CONFLICT] * 2
        assert studio.running == ["old", "one", "two"] and not studio.device("three").started
        studio.device("one").gone.set()
        await studio.until(lambda: studio.device("three").runs)
        studio.device("three").plays()
        await slow[2]
        for device in studio.devices:
            device.gone.set()

    inside(test)


def test_what_hangs_holds_the_others_up_no_longer_than_its_limit(
    inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "OPEN_LIMIT_S", 0.3)

    async def test(studio: Studio) -> None:
        await studio.begin("a", "b", "c")
        hanging = [studio.replace("x", "s1"), studio.replace("y", "s2")]
        waiting = studio.replace("z", "s3")
        await settle()
        for target in ("x", "y"):
            studio.device(target).lingers = True
        assert [(await refusal(task)).kind for task in hanging] == [ErrorKind.TIMEOUT] * 2
        assert not studio.device("z").started
        monkeypatch.setattr(sources, "OPEN_LIMIT_S", LIMIT_S)
        for target in ("x", "y"):
            studio.device(target).gone.set()
        await studio.until(lambda: studio.device("z").started)
        studio.device("z").plays()
        await waiting
        assert [info.spec for info in studio.desk.infos()] == ["mic:a", "mic:b", "mic:z"]

    inside(test)


def test_a_source_that_is_removed_ends_what_opens_and_waits_for_it(inside: Inside) -> None:
    async def test(studio: Studio) -> None:
        await studio.begin("a", "b")
        opening, other, waiting = studio.replace("x", "s1"), studio.replace("y", "s2"), studio.add("z")
        await settle()
        studio.desk.remove("s3")
        assert (await refusal(waiting)).kind is ErrorKind.NOT_FOUND and not studio.device("z").started
        studio.desk.remove("s1")
        told = await refusal(opening)
        assert (told.kind, told.message) == (ErrorKind.NOT_FOUND, "The source was removed meanwhile.")
        studio.device("y").plays()
        await other
        assert studio.desk.ids == ["s2"] and studio.running == ["y"]

    inside(test)


def test_a_source_that_is_added_and_at_once_replaced_stays(inside: Inside) -> None:
    async def test(studio: Studio) -> None:
        adding = studio.add("hangs")
        await settle()
        replacing = studio.replace("plays")
        await settle()
        studio.device("plays").plays()
        await replacing
        assert await adding == "s1"
        assert studio.desk.info("s1").spec == "mic:plays" and studio.running == ["plays"]

    inside(test)


def test_a_show_s_own_sources_open_beside_each_other(inside: Inside) -> None:
    async def test(studio: Studio) -> None:
        for number in range(6):
            studio.desk.open(SourceAdd(f"mic:m{number}"))
        assert len(studio.running) == 6

    inside(test)


def test_who_replaces_is_told_of_the_new_one_while_the_old_still_shows(inside: Inside) -> None:
    async def test(studio: Studio) -> None:
        desk, clock = studio.desk, studio.clock
        desk.open(SourceAdd("camera:old"))
        studio.device("old").shows("64x36 at 25 fps", clock.now_ns())
        await settle()
        shown = desk.picture_of("s1", clock.now_ns(), 0)
        assert shown is not None
        shown.release()
        task = asyncio.create_task(desk.replace(SourceReplace("s1", "camera:new")))
        await settle()
        later_ns = clock.now_ns() + 3_600_000_000_000
        studio.device("new").shows("32x18 at 60 fps", later_ns)
        told = await task
        assert (told.spec, told.words) == ("camera:new", "32x18 at 60 fps") and studio.device("old").runs
        assert desk.info("s1").words == "32x18 at 60 fps"
        (event,) = studio.replaced
        assert event.data["words"] == told.words
        picture = desk.picture_of("s1", later_ns, 0)
        assert picture is not None
        picture.release()
        await settle()
        assert studio.running == ["new"]

    inside(test)


def test_the_end_waits_for_what_was_replaced_or_removed_just_before(inside: Inside) -> None:
    async def test(studio: Studio) -> None:
        await studio.begin("a", "b")
        for device in studio.devices:
            device.lingers = True
        replacing = studio.replace("x", "s1")
        await settle()
        studio.device("x").plays()
        await replacing
        studio.desk.remove("s2")
        for device in studio.devices:
            device.slow = True
        studio.desk.close()
        assert [device.joined for device in studio.devices] == [True, True, True]

    inside(test)
