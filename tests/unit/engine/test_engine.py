"""The engine's desks together, with children that are only counted: orders outlive a new size, nothing is left over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import pytest

from studio.control.api import (
    ById,
    DestinationAdd,
    Event,
    EventType,
    Nothing,
    Placement,
    ProgramSet,
    RecordingStart,
    SourceAdd,
    SourceReplace,
)
from studio.destination.contract import DestinationState
from studio.engine import destinations, recordings
from studio.engine.commands import Commands
from studio.engine.contract import DestinationSecret
from studio.engine.engine import Engine
from studio.engine.journal import JournalSource
from studio.engine.show import ProgramShape
from studio.media import NS_PER_S, ErrorKind, StoaError, StudioClock
from studio.process import ChildPlan, Fault, Loss
from studio.recording.contract import RecordingClosed
from studio.source import feed

SHAPE = ProgramShape(64, 36, 25, 1, 100, 64, "libx264", "veryfast")


class Counted:
    """A child that is never started: what the engine does to it."""

    made: ClassVar[list[Counted]] = []

    def __init__(self, plan: ChildPlan, **_: Any) -> None:
        self.plan = plan
        self.ended = False
        self.pid = 0
        self.packet_queue = None
        Counted.made.append(self)

    @property
    def alive(self) -> bool:
        return not self.ended

    def begin_anew(self) -> None:
        """As its supervising thread does, at any moment."""
        self.begun = list(self.plan.opening())

    def start(self) -> None: ...
    def send(self, message: msgspec.Struct) -> None: ...
    def check(self) -> None: ...
    def join(self, timeout_s: float | None = None) -> None: ...

    def send_packet(self, packet: object) -> bool:
        return True

    def end(self, *, wait: bool = True) -> None:
        self.ended = True


Test = Callable[[Engine, Commands], Awaitable[None]]


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Test], None]:
    """Runs a coroutine with an engine whose children are counted."""
    Counted.made = []
    for room in (feed, destinations, recordings):
        monkeypatch.setattr(room, "SupervisedChild", Counted)

    async def live(test: Test) -> None:
        clock = StudioClock()
        engine = Engine(
            tmp_path, SHAPE, clock=clock, started_ns=clock.now_ns(), keep_secret=lambda name, it: None, log_to=None
        )
        engine.start()
        try:
            await test(engine, Commands(engine, lambda: None, None, None, {}))
        finally:
            await engine.close(keep_journal=False)
        assert not list(engine.runtime.rings.glob("*.ring"))

    return lambda test: asyncio.run(live(test))


def running() -> list[str]:
    """The kinds of the children that nobody has ended."""
    return sorted(child.plan.kind for child in Counted.made if not child.ended)


def test_what_an_admin_ordered_outlives_another_size(inside: Callable[[Test], None]) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        engine.show.mute(audio_by="Ada", video_by="Ada")
        engine.show.refused = "An admin stopped this session."
        await commands.program_set(ProgramSet(width_px=128, height_px=72))
        info = engine.show.info()
        assert (info.muted_audio_by, info.muted_video_by) == ("Ada", "Ada")
        assert engine.mixer.muted and engine.compositor.muted
        engine.destinations.add(DestinationSecret("rtmp://127.0.0.1:9/app/key", ""))
        with pytest.raises(StoaError) as refusal:
            await commands.program_start(Nothing())
        assert refusal.value.kind is ErrorKind.DENIED

    inside(test)


def test_what_the_session_holds_outlives_another_size(inside: Callable[[Test], None]) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        engine.sources.open(SourceAdd("screen:primary"), "s1")
        engine.sources.open(SourceAdd("testcard"), "s2")
        engine.sources.screens.words = "Not now."
        await commands.program_set(ProgramSet(width_px=128, height_px=72))
        assert [info.held for info in engine.sources.infos()] == ["Not now.", ""]
        assert [source for source in engine.sources.ids if engine.compositor.hides(source)] == ["s1"]

    inside(test)


def test_a_source_that_opens_while_the_size_changes_is_told_so_and_leaves_nothing(
    inside: Callable[[Test], None],
) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        engine.sources.open(SourceAdd("testcard"), "s1")
        adding = asyncio.create_task(commands.source_add(SourceAdd("file:a.mp4")))
        replacing = asyncio.create_task(commands.source_replace(SourceReplace("s1", "image:a.png")))
        await asyncio.sleep(0)
        assert running() == ["clip", "image", "testcard"]
        await commands.program_set(ProgramSet(fps_num=30))
        for task in (adding, replacing):
            with pytest.raises(StoaError) as told:
                await task
            assert told.value.kind is ErrorKind.BUSY
        assert running() == ["testcard"] and engine.sources.ids == ["s1"]

    inside(test)


def test_a_force_stop_beats_a_start_that_waits_for_its_turn(inside: Callable[[Test], None]) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        await commands.destination_add(DestinationAdd("rtmp://127.0.0.1:9/app/key"))
        await commands.program_start(Nothing())
        stopping = asyncio.create_task(commands.program_stop(Nothing()))
        await asyncio.sleep(0)
        starting = asyncio.create_task(commands.program_start(Nothing()))
        await asyncio.sleep(0)
        engine.show.refused = "An admin stopped this session."
        await stopping
        with pytest.raises(StoaError):
            await starting
        assert not engine.show.live and engine.show.encoding is None and running() == []

    inside(test)


def test_a_destination_that_the_encoding_does_not_suit_leaves_the_others_on_air(inside: Callable[[Test], None]) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        await commands.recording_start(RecordingStart())
        rtmp = (await commands.destination_add(DestinationAdd("rtmp://127.0.0.1:9/app/key"))).id
        whip = (await commands.destination_add(DestinationAdd("whip+http://127.0.0.1:9/whip"))).id
        info = await commands.program_start(Nothing())
        assert info.live and running() == ["recorder", "rtmp"]
        state = engine.destinations.get(whip).state
        assert state.state is DestinationState.FAILED and "second rendition" in state.words
        await commands.destination_remove(ById(rtmp))
        with pytest.raises(StoaError):
            await commands.program_start(Nothing())
        assert not engine.show.live

    inside(test)


def test_a_child_that_begins_again_while_the_show_ends_begins_no_encoding(inside: Callable[[Test], None]) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        await commands.destination_add(DestinationAdd("rtmp://127.0.0.1:9/app/key"))
        await commands.program_start(Nothing())
        child = Counted.made[-1]
        await commands.program_stop(Nothing())
        child.begin_anew()
        assert engine.show.encoding is None

    inside(test)


def test_the_last_words_of_an_earlier_recorder_do_not_end_the_next_recording(
    inside: Callable[[Test], None], tmp_path: Path
) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        desk = engine.recordings
        await desk.start(str(tmp_path / "a.mp4"))
        first = Counted.made[-1]
        first.plan.on_message(Fault(ErrorKind.NO_SPACE, "The disk is full."))
        await asyncio.sleep(0.01)
        assert not desk.active and first.ended
        await desk.start(str(tmp_path / "b.mp4"))
        first.plan.on_message(RecordingClosed(str(tmp_path / "a.mp4"), 7, 700, "Too slow.", ErrorKind.TIMEOUT))
        first.plan.on_lost(Loss(1, False, 1, 0.1))
        await asyncio.sleep(0.01)
        assert desk.active and desk.info().frames == 0 and running() == ["recorder"]
        await desk.stop()
        assert (Path(desk.files[0].path).name, desk.files[0].words) == ("a.mp4", "The disk is full.")

    inside(test)


def test_nothing_is_encoded_for_nobody_after_a_recording_failed(inside: Callable[[Test], None], tmp_path: Path) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        await engine.recordings.start(str(tmp_path / "a.mp4"))
        Counted.made[-1].plan.on_message(Fault(ErrorKind.NO_SPACE, "The disk is full."))
        await asyncio.sleep(0.01)
        engine.tend()
        async with asyncio.timeout(10):
            while engine.show.encoding is not None or engine.clockwork.encoding is not None:
                await asyncio.sleep(0.01)
        await commands.program_set(ProgramSet(width_px=128, height_px=72))

    inside(test)


def test_what_the_settings_cannot_mean_costs_only_itself(inside: Callable[[Test], None]) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        kept = engine._journal()
        broken = [JournalSource("s2", SourceAdd("http://[::1")), JournalSource("s3", SourceAdd("tone"), -7.0)]
        good = JournalSource("s1", SourceAdd("testcard"))
        flat = Placement("s1", "p1", width=0.0)
        engine.restore(msgspec.structs.replace(kept, sources=[*broken, good], placements=[flat]))
        assert {"s1", "s3"} <= set(engine.sources.ids) and len(engine.notices.all) == 3

    inside(test)


def test_a_machine_that_is_too_slow_is_an_event(inside: Callable[[Test], None]) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        engine._overload.look(engine.clock.now_ns() - 4 * NS_PER_S, engine.ticks - 120, engine.lagged - 20)
        heard: list[Event] = []
        engine.events.listen(heard.append)
        engine.tend()
        engine.tend()
        (told,) = [event for event in heard if event.type is EventType.ENGINE_OVERLOADED]
        assert told.data["lost"] >= 20 and told.data["due"] >= 120

    inside(test)
