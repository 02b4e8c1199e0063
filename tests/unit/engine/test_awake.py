"""The machine is kept awake from the first of going live and recording to the end of the last, however it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from studio.control.api import DestinationAdd, Nothing, ProgramSet, RecordingStart
from studio.engine import destinations, recordings
from studio.engine import engine as engine_room
from studio.engine.commands import Commands
from studio.engine.engine import Engine
from studio.engine.show import ProgramShape
from studio.media import ErrorKind, StudioClock
from studio.process import Fault
from tests.unit.engine.test_engine import Counted

Test = Callable[[Engine, Commands], Awaitable[None]]


class Asked:
    """Remembers every change of what is wanted."""

    def __init__(self) -> None:
        self.turns: list[bool] = [False]
        self.closed = False

    def want(self, awake: bool) -> None:
        if awake != self.turns[-1]:
            self.turns.append(awake)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Test], Asked]:
    """Runs a coroutine with an engine; returns what was asked of the system."""
    asked = Asked()
    monkeypatch.setattr(engine_room, "Wakefulness", lambda: asked)
    for room in (destinations, recordings):
        monkeypatch.setattr(room, "SupervisedChild", Counted)

    async def live(test: Test) -> None:
        shape = ProgramShape(64, 36, 25, 1, 100, 64, "libx264", "veryfast")
        clock = StudioClock()
        engine = Engine(tmp_path, shape, clock=clock, started_ns=0, keep_secret=lambda name, it: None, log_to=None)
        engine.start()
        try:
            await test(engine, Commands(engine, lambda: None, None, None, {}))
        finally:
            await engine.close(keep_journal=False)

    def run(test: Test) -> Asked:
        asyncio.run(live(test))
        return asked

    return run


def test_from_going_live_to_the_recordings_end(inside: Callable[[Test], Asked]) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        asked: Asked = engine.wakefulness  # type: ignore[assignment]
        await commands.destination_add(DestinationAdd("rtmp://127.0.0.1:9/app/key"))
        await commands.program_set(ProgramSet(width_px=128, height_px=72))
        assert asked.turns == [False]
        await commands.program_start(Nothing())
        assert asked.turns == [False, True]
        await commands.recording_start(RecordingStart())
        await commands.program_stop(Nothing())
        assert asked.turns == [False, True], "the recording goes on"
        await commands.recording_stop(Nothing())
        assert asked.turns == [False, True, False]

    assert inside(test).closed


def test_a_recording_that_fails_lets_the_machine_sleep(inside: Callable[[Test], Asked]) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        await commands.recording_start(RecordingStart())
        Counted.made[-1].plan.on_message(Fault(ErrorKind.NO_SPACE, "The disk is full."))
        await asyncio.sleep(0.01)

    assert inside(test).turns == [False, True, False]


def test_an_admins_stop_and_the_engines_end_do_too(inside: Callable[[Test], Asked]) -> None:
    async def test(engine: Engine, commands: Commands) -> None:
        await commands.destination_add(DestinationAdd("rtmp://127.0.0.1:9/app/key"))
        await commands.program_start(Nothing())
        await engine.off_air(recording_too=True)
        assert engine.wakefulness.turns == [False, True, False]  # type: ignore[attr-defined]
        await commands.program_start(Nothing())

    asked = inside(test)
    assert asked.turns == [False, True, False, True, False] and asked.closed
