"""Where the host listens, as every client sees it: which output, whether it plays, and why not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from studio.control.api import Event, EventType, HeadphonesInfo, HeadphonesSet, Nothing
from studio.engine import headphones
from studio.engine.commands import Commands
from studio.engine.engine import Engine
from studio.engine.headphones import Playing
from studio.media import ErrorKind, StudioClock
from studio.process import Fault, Loss
from tests.unit.engine.test_engine import SHAPE, Counted, running

ABSENT = Fault(ErrorKind.NOT_FOUND, "The headphones are not plugged in.", "Plug them in, or choose others.")


class Studio:
    """An engine whose headphones' child is counted, and what it tells."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._commands = Commands(engine, lambda: None, None, None, {})
        self.told: list[HeadphonesInfo] = []
        engine.events.listen(self._hear)

    def _hear(self, event: Event) -> None:
        if event.type is EventType.HEADPHONES_CHANGED:
            self.told.append(msgspec.convert(event.data, HeadphonesInfo))

    async def choose(self, device: str | None, volume_db: float = 0.0) -> None:
        await self._commands.headphones_set(HeadphonesSet(device, volume_db))

    async def says(self, child: Counted, message: Playing | Fault) -> None:
        child.plan.on_message(message)
        await asyncio.sleep(0)

    async def loses(self, child: Counted, loss: Loss) -> None:
        child.plan.on_lost(loss)
        await asyncio.sleep(0)

    async def info(self) -> HeadphonesInfo:
        found = (await self._commands.engine_status(Nothing())).headphones
        assert not self.told or found == self.told[-1], "what is asked for is what was told"
        return found


def inside(home: Path, monkeypatch: pytest.MonkeyPatch, test: Callable[[Studio], Awaitable[None]]) -> None:
    monkeypatch.setattr(headphones, "SupervisedChild", Counted)
    Counted.made = []

    async def live() -> None:
        engine = Engine(home, SHAPE, clock=StudioClock(), started_ns=0, keep_secret=lambda name, it: None, log_to=None)
        try:
            await test(Studio(engine))
        finally:
            await engine.close(keep_journal=False)

    asyncio.run(live())


def test_which_output_and_whether_it_plays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(studio: Studio) -> None:
        assert await studio.info() == HeadphonesInfo() and (await studio.info()).state == "off"
        await studio.choose("phones", -6.0)
        info = await studio.info()
        assert (info.device, info.volume_db, info.state) == ("phones", -6.0, "opening")
        await studio.says(Counted.made[0], Playing("USB Headset"))
        info = await studio.info()
        assert (info.state, info.name, info.problem) == ("playing", "USB Headset", None) and "USB Headset" in info.words
        await studio.choose(None, -6.0)
        assert await studio.info() == HeadphonesInfo(volume_db=-6.0) and running() == []

    inside(tmp_path, monkeypatch, test)


def test_a_failure_is_told_in_words_until_it_plays_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(studio: Studio) -> None:
        await studio.choose("phones")
        await studio.says(Counted.made[0], ABSENT)
        await studio.loses(Counted.made[0], Loss(0, False, 1, 1.0))
        info = await studio.info()
        assert info.state == "failed" and info.words == ABSENT.message
        assert info.problem is not None and info.problem.remedy == ABSENT.remedy
        await studio.says(Counted.made[0], Playing("USB Headset"))
        assert (await studio.info()).state == "playing" and (await studio.info()).problem is None
        await studio.loses(Counted.made[0], Loss(0, False, 1, 1.0))
        assert (await studio.info()).state == "failed" and "went away" in (await studio.info()).words

    inside(tmp_path, monkeypatch, test)


def test_another_volume_does_not_open_them_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(studio: Studio) -> None:
        await studio.choose("phones")
        await studio.says(Counted.made[0], Playing("USB Headset"))
        await studio.choose("phones", -20.0)
        assert len(Counted.made) == 1 and (await studio.info()).volume_db == -20.0
        await studio.says(Counted.made[0], ABSENT)
        await studio.choose("phones", -20.0)
        assert len(Counted.made) == 2, "what failed is opened at once when it is asked for again"

    inside(tmp_path, monkeypatch, test)


def test_the_last_words_of_headphones_that_were_left_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(studio: Studio) -> None:
        await studio.choose("phones")
        await studio.choose("speaker")
        await studio.says(Counted.made[0], ABSENT)
        await studio.loses(Counted.made[0], Loss(1, False, 1, 1.0))
        assert (await studio.info()).state == "opening" and running() == ["monitor_out"]

    inside(tmp_path, monkeypatch, test)
