"""A network camera's password: in the keyring, there again after the next start, gone with the camera."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from studio.control.api import SourceAdd
from studio.engine import resident
from studio.engine.contract import DestinationSecret
from studio.engine.engine import Engine
from studio.engine.resident import Resident
from studio.engine.settings import load_settings
from studio.engine.show import ProgramShape
from studio.media import ErrorKind, StoaError, StudioClock
from studio.source import feed
from tests.unit.engine.test_engine import Counted

CAMERA = "rtsp://me:secret@camera.example/live"
KEPT: dict[str, DestinationSecret] = {}


class Keychain:
    """A keyring in memory; `closed` is one that cannot be opened."""

    closed = False

    def __init__(self, home: Path) -> None: ...

    def keep(self, name: str, address: DestinationSecret) -> None:
        if self.closed:
            raise StoaError(ErrorKind.NOT_SUPPORTED, "There is no keyring here.")
        KEPT[name] = address

    def find(self, name: str) -> DestinationSecret:
        if name not in KEPT:
            raise StoaError(ErrorKind.NOT_FOUND, "The keyring has no such key.")
        return KEPT[name]

    def forget(self, name: str) -> None:
        KEPT.pop(name, None)


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    KEPT.clear()
    monkeypatch.setattr(feed, "SupervisedChild", Counted)
    monkeypatch.setattr(resident, "Keychain", Keychain)


async def start(home: Path) -> tuple[Engine, Resident]:
    clock = StudioClock()
    engine = Engine(
        home, ProgramShape(64, 36), clock=clock, started_ns=0, keep_secret=lambda name, it: None, log_to=None
    )
    made = Resident(engine, load_settings(home / "settings.json"))
    made.restore(None, {}, resume=False)
    await made.begin(None, resume=False)
    return engine, made


async def end(engine: Engine, made: Resident) -> None:
    for _ in range(3):
        await asyncio.sleep(0)
    await asyncio.gather(*made._keeping)
    await engine.close(keep_journal=False)
    made.close()


def test_it_is_kept_found_again_and_forgotten(tmp_path: Path) -> None:
    async def live() -> None:
        engine, made = await start(tmp_path)
        source = engine.sources.open(SourceAdd(CAMERA))
        await end(engine, made)
        assert {f"source:{source}": DestinationSecret(CAMERA)} == KEPT
        assert b"secret" not in (tmp_path / "settings.json").read_bytes()

        engine, made = await start(tmp_path)
        assert engine.sources.request(source).spec == CAMERA and not engine.notices.all
        engine.sources.remove(source)
        await end(engine, made)
        assert not KEPT

    asyncio.run(live())


def test_without_a_keyring_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def live() -> None:
        monkeypatch.setattr(Keychain, "closed", True)
        engine, made = await start(tmp_path)
        engine.sources.open(SourceAdd(CAMERA))
        await end(engine, made)
        told = engine.notices.all
        assert len(told) == 1 and "password" in told[0].remedy

    asyncio.run(live())
