"""The show's encoder behind a driver that hangs: the engine goes on, `auto` takes the next, and a stop is a stop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from encoders import ProbeResult
from encoders.settings import VideoSettings
from encoders.video import VideoEncoder
from studio.control.api import ById, DestinationAdd, Nothing, ProgramSet, RecordingStart
from studio.destination.contract import DestinationState
from studio.engine import destinations, opening, recordings
from studio.engine.commands import Commands
from studio.engine.engine import Engine
from studio.engine.opening import StoppedMeanwhile
from studio.engine.show import ProgramShape
from studio.media import ErrorKind, StoaError, StudioClock
from studio.process import SupervisedChild
from tests.unit.engine.test_engine import Counted, running

HARDWARE = "h264_nvenc"
open_really = VideoEncoder.open


class Driver:
    """Stands for the graphics driver: in the child and in the engine it works, hangs until the test is over, or
    refuses."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.hangs_in_child = self.hangs_in_engine = False
        self.refuses = ""
        self.rehearsed: list[str] = []
        self.opened: list[str] = []

    def rehearse(self, settings: VideoSettings, *, limit_s: float, stopped: Callable[[], bool]) -> None:
        self.rehearsed.append(settings.name)
        if self.hangs_in_child:
            self.over.wait()
        if self.refuses:
            raise StoaError(ErrorKind.NOT_SUPPORTED, self.refuses)

    def open(self, settings: VideoSettings) -> VideoEncoder:
        self.opened.append(settings.name)
        if settings.name == HARDWARE and self.hangs_in_engine:
            self.over.wait()
        return open_really(replace(settings, name="libx264"))


Test = Callable[[Engine, Commands], Awaitable[None]]


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Any:
    made = Driver()
    monkeypatch.setattr(opening, "rehearse_in_child", made.rehearse)
    monkeypatch.setattr(VideoEncoder, "open", made.open)
    monkeypatch.setattr(opening, "LIMIT_S", 1.5)
    monkeypatch.setattr(opening, "KILL_GRACE_S", 0.1)
    yield made
    made.over.set()


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: Driver) -> Callable[[Test], None]:
    """Runs a coroutine with an engine whose children are counted and whose `auto` takes the hardware first."""
    Counted.made = []
    for room in (destinations, recordings):
        monkeypatch.setattr(room, SupervisedChild.__name__, Counted)

    async def live(test: Test) -> None:
        clock = StudioClock()
        shape = ProgramShape(64, 36, 25, 1, 100, 64, "auto", "veryfast")
        engine = Engine(tmp_path, shape, clock=clock, started_ns=0, keep_secret=lambda name, address: None, log_to=None)
        engine.findings.results[HARDWARE] = ProbeResult(HARDWARE, True, True)
        engine.start()
        commands = Commands(engine, lambda: None, None, None, {})
        await commands.destination_add(DestinationAdd("rtmp://127.0.0.1:9/app/key"))
        try:
            await test(engine, commands)
        finally:
            await engine.close(keep_journal=False)

    return lambda test: asyncio.run(live(test))


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not fact():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize("where", ["hangs_in_child", "hangs_in_engine"])
def test_auto_takes_the_next_encoder_and_the_engine_goes_on_meanwhile(
    inside: Callable[[Test], None], driver: Driver, where: str
) -> None:
    setattr(driver, where, True)

    async def test(engine: Engine, commands: Commands) -> None:
        starting = asyncio.create_task(commands.program_start(Nothing()))
        await until(lambda: bool(driver.opened if where == "hangs_in_engine" else driver.rehearsed))
        ticks = engine.ticks
        await until(lambda: engine.ticks > ticks + 2)
        assert not (await commands.engine_status(Nothing())).program.live, "and it is not on air yet"
        info = await starting
        assert info.live and info.encoder == "libx264" and running() == ["rtmp"]
        words = engine.notices.all[0].words
        assert HARDWARE in words and "libx264 is tried instead" in words
        await commands.program_stop(Nothing())
        rehearsals = len(driver.rehearsed)
        await commands.program_start(Nothing())
        assert len(driver.rehearsed) == rehearsals, "it is not waited for a second time"

    inside(test)


def test_hardware_that_works_is_taken_after_its_rehearsal(inside: Callable[[Test], None], driver: Driver) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        info = await commands.program_start(Nothing())
        assert (info.encoder, driver.rehearsed, driver.opened) == (HARDWARE, [HARDWARE], [HARDWARE])

    inside(test)


def test_what_only_this_shape_does_not_suit_is_tried_again(inside: Callable[[Test], None], driver: Driver) -> None:
    driver.refuses = "The picture is too small for it."

    async def test(engine: Engine, commands: Commands) -> None:
        assert (await commands.program_start(Nothing())).encoder == "libx264"
        await commands.program_stop(Nothing())
        driver.refuses = ""
        assert (await commands.program_start(Nothing())).encoder == HARDWARE

    inside(test)


def test_a_named_encoder_that_hangs_is_refused_in_words(inside: Callable[[Test], None], driver: Driver) -> None:
    driver.hangs_in_child = True

    async def test(engine: Engine, commands: Commands) -> None:
        await commands.program_set(ProgramSet(encoder=HARDWARE))
        with pytest.raises(StoaError) as refusal:
            await commands.program_start(Nothing())
        assert refusal.value.kind is ErrorKind.TIMEOUT and HARDWARE in refusal.value.message
        assert "libx264" in refusal.value.remedy
        destination = engine.destinations.get("d1")
        assert destination.state.state is DestinationState.FAILED and HARDWARE in destination.state.words
        assert not engine.show.live and engine.show.encoding is None and running() == []

    inside(test)


def test_a_stop_while_it_opens_leaves_nothing(inside: Callable[[Test], None], driver: Driver) -> None:
    driver.hangs_in_child = True

    async def test(engine: Engine, commands: Commands) -> None:
        opening.LIMIT_S = 60.0  # the fixture's monkeypatch puts it back
        starting = asyncio.create_task(commands.program_start(Nothing()))
        await until(lambda: len(driver.rehearsed) == 1)
        await commands.program_stop(Nothing())
        with pytest.raises(StoppedMeanwhile):
            await starting
        recording = asyncio.create_task(commands.recording_start(RecordingStart()))
        await until(lambda: len(driver.rehearsed) == 2)
        await commands.recording_stop(Nothing())
        with pytest.raises(StoppedMeanwhile):
            await recording
        one = asyncio.create_task(commands.destination_start(ById("d1")))
        await until(lambda: len(driver.rehearsed) == 3)
        await engine.off_air(recording_too=True)  # an admin's stop waits for nobody's turn
        with pytest.raises(StoppedMeanwhile):
            await one
        assert engine.show.encoding is None and not engine.show.live and running() == []
        driver.hangs_in_child = False
        assert (await commands.program_start(Nothing())).live

    inside(test)


def test_two_that_start_at_once_share_one_encoder(inside: Callable[[Test], None], driver: Driver) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        await asyncio.gather(engine.go_live(), engine.recordings.start())
        assert running() == ["recorder", "rtmp"] and driver.opened == [HARDWARE]

    inside(test)


def test_one_who_gives_up_takes_nothing_from_the_other(inside: Callable[[Test], None], driver: Driver) -> None:
    driver.hangs_in_child = True

    async def test(engine: Engine, commands: Commands) -> None:
        going = asyncio.create_task(engine.go_live())
        recording = asyncio.create_task(engine.recordings.start())
        await until(lambda: bool(driver.rehearsed))
        with pytest.raises(StoaError):
            await commands.program_set(ProgramSet(width_px=128))
        await engine.off_air()
        with pytest.raises(StoppedMeanwhile):
            await going
        await recording
        assert running() == ["recorder"] and driver.opened == ["libx264"]

    inside(test)


def test_what_opens_too_late_is_closed(inside: Callable[[Test], None], driver: Driver) -> None:
    driver.hangs_in_engine = True

    async def test(engine: Engine, commands: Commands) -> None:
        await commands.program_start(Nothing())
        threads = [thread for thread in threading.enumerate() if thread.name == "encoder"]
        assert len(threads) == 2
        driver.over.set()
        await until(lambda: sum(thread.is_alive() for thread in threads) == 1)
        assert engine.show.live

    inside(test)


@pytest.mark.parametrize("hung", [HARDWARE, "h264_amf"])
@pytest.mark.parametrize("named", [HARDWARE, "auto"])
def test_once_one_hung_on_air_no_hardware_is_opened_in_this_process(
    inside: Callable[[Test], None], driver: Driver, monkeypatch: pytest.MonkeyPatch, named: str, hung: str
) -> None:
    left = open_really(VideoSettings(name="libx264", width=64, height=36))
    left._settings = replace(left.settings, name=hung)
    monkeypatch.setattr(opening, "left_behind", [left])

    async def test(engine: Engine, commands: Commands) -> None:
        await commands.program_set(ProgramSet(encoder=named))
        if named == HARDWARE:
            with pytest.raises(StoaError) as refusal:
                await commands.program_start(Nothing())
            assert hung in refusal.value.message and "libx264" in refusal.value.remedy
        else:
            assert (await commands.program_start(Nothing())).encoder == "libx264"
            assert hung in engine.notices.all[0].words
        assert HARDWARE not in driver.rehearsed + driver.opened

    inside(test)
