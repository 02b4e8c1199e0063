"""A keyring that waits for its person: only what is in it waits, and says so; all else is up, and nothing is lost."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from studio.control.api import Nothing, Placement, ProgramSet, SourceAdd, SourceState, StripInfo
from studio.engine import destinations, resident
from studio.engine.commands import Commands
from studio.engine.contract import DestinationSecret
from studio.engine.engine import Engine
from studio.engine.journal import JournalSource
from studio.engine.resident import Resident
from studio.engine.settings import SavedDestination, Settings, load_settings
from studio.media import ErrorKind, StoaError, StudioClock
from studio.source import feed
from tests.unit.engine.test_engine import SHAPE, Counted

CAMERA = "rtsp://me:secret@camera.example/live"
SAVED = [
    SavedDestination("Far", "rtmp://far.example/live/•••"),
    SavedDestination("Near", "srt://near.example:9000", in_keyring=False),
]
SETTINGS = Settings(
    program=SHAPE,
    sources=[JournalSource("s1", SourceAdd("", "Door")), JournalSource("s2", SourceAdd("testcard", "Card"))],
    placements=[Placement("s1", "p1", x=0.5), Placement("s2", "p2")],
    strips=[StripInfo("s1", gain_db=-7.0)],
    destinations=SAVED,
)


class Started(Counted):
    """A child that is counted once it was started."""

    is_begun = False

    def start(self) -> None:
        self.is_begun = True

    @property
    def is_running(self) -> bool:
        return self.is_begun and not self.ended


def running() -> list[str]:
    """The kinds of the children that were started and that nobody has ended."""
    return sorted(one.plan.kind for one in Counted.made if isinstance(one, Started) and one.is_running)


class Keychain:
    """A keyring that asks its person, who answers when the test says so."""

    opened = threading.Event()
    forgotten: list[str]
    refused = False

    def __init__(self, home: Path) -> None: ...

    def find(self, name: str) -> DestinationSecret:
        Keychain.opened.wait()
        if self.refused:
            raise StoaError(ErrorKind.NOT_SUPPORTED, "There is no keyring.")
        return DestinationSecret(CAMERA if name.startswith("source:") else "rtmp://far.example/live/the-key")

    def forget(self, name: str) -> None:
        self.forgotten.append(name)


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    Counted.made = []
    monkeypatch.setattr(Keychain, "opened", threading.Event())
    monkeypatch.setattr(Keychain, "forgotten", [], raising=False)
    monkeypatch.setattr(resident, "Keychain", Keychain)
    monkeypatch.setattr(resident, "PATIENCE_S", 0.02)
    for room in (feed, destinations):
        monkeypatch.setattr(room, "SupervisedChild", Started)
    yield
    Keychain.opened.set()


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not fact():
            await asyncio.sleep(0.005)


def inside(home: Path, test: Callable[[Engine, Commands, Resident], Awaitable[None]]) -> None:
    """Runs a coroutine with a studio that begins while its keyring is closed; ends without it being opened."""
    (home / "settings.json").write_bytes(msgspec.json.encode(SETTINGS))

    async def live() -> None:
        clock = StudioClock()
        engine = Engine(home, SHAPE, clock=clock, started_ns=0, keep_secret=lambda name, it: None, log_to=None)
        engine.start()
        made = Resident(engine, load_settings(home / "settings.json"))
        made.restore(None, {}, resume=False)
        beginning = asyncio.create_task(made.begin(None, resume=False))
        try:
            await until(lambda: engine._journaling)
            await test(engine, Commands(engine, lambda: None, None, made, {}), made)
        finally:
            beginning.cancel()
            await engine.close(keep_journal=False)
            made.close()

    asyncio.run(live())


def saved(home: Path) -> Settings:
    return msgspec.json.decode((home / "settings.json").read_bytes(), type=Settings)


def test_only_what_is_in_it_waits_and_says_so(tmp_path: Path) -> None:
    async def test(engine: Engine, commands: Commands, made: Resident) -> None:
        await until(lambda: bool(engine.notices.all))
        status = await commands.engine_status(Nothing())
        door, card = status.sources
        assert (door.name, door.state) == ("Door", SourceState.OPENING) and "keyring" in door.words
        assert card.name == "Card" and running() == ["testcard"]
        assert [item.source for item in status.placements] == ["s1", "s2"] and status.strips[0].gain_db == -7.0
        assert [item.name for item in status.destinations] == ["Near"]
        words = engine.notices.all[0].words
        assert "“Far”" in words and "“Door”" in words and "“Near”" not in words
        await commands.program_start(Nothing())
        assert running() == ["srt", "testcard"]

    inside(tmp_path, test)


def test_once_it_is_open_all_is_as_it_was(tmp_path: Path) -> None:
    async def test(engine: Engine, commands: Commands, made: Resident) -> None:
        await until(lambda: bool(engine.notices.all))
        Keychain.opened.set()
        await until(lambda: "netcamera" in running())
        assert not engine.sources.expected and engine.sources.request("s1").spec == CAMERA
        assert engine.sources.strip_info("s1").gain_db == -7.0 and engine.scene.placements[0].x == 0.5
        assert {item.name: item.address.url for item in engine.destinations.all.values()} == {
            "Near": "srt://near.example:9000",
            "Far": "rtmp://far.example/live/the-key",
        }
        assert not engine.notices.all

    inside(tmp_path, test)


def test_what_is_written_meanwhile_keeps_what_waits(tmp_path: Path) -> None:
    async def test(engine: Engine, commands: Commands, made: Resident) -> None:
        await commands.program_set(ProgramSet(video_kbps=200))
        await commands.program_set(ProgramSet(width_px=128, height_px=72))  # sources are opened anew for another size
        assert "keyring" in engine.sources.info("s1").words
        journal = engine._journal()
        assert [item.request.spec for item in journal.sources] == ["", "testcard"] and len(journal.placements) == 2
        engine.sources.open(SourceAdd("tone"))

    inside(tmp_path, test)
    kept = saved(tmp_path)
    assert kept.program.width_px == 128 and [item.id for item in kept.sources] == ["s1", "s2", "s3"]
    assert {item.name: item.in_keyring for item in kept.destinations} == {"Far": True, "Near": False}
    assert Keychain.forgotten == []


def test_what_is_removed_while_it_waits_does_not_come_back(tmp_path: Path) -> None:
    async def test(engine: Engine, commands: Commands, made: Resident) -> None:
        engine.sources.remove("s1")
        Keychain.opened.set()
        await until(lambda: Keychain.forgotten == ["source:s1"])
        await until(lambda: len(engine.destinations.all) == 2)
        assert running() == ["testcard"] and engine.sources.ids == ["s2"]

    inside(tmp_path, test)


def test_a_keyring_that_does_not_give_it_leaves_a_place_to_put_it_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Keychain, "refused", True)

    async def test(engine: Engine, commands: Commands, made: Resident) -> None:
        Keychain.opened.set()
        await until(lambda: engine.sources.info("s1").state is SourceState.FAILED)
        problem = engine.sources.info("s1").problem
        assert problem is not None and "password" in problem.words and problem.remedy
        assert any("“Door” needs its password" in notice.words for notice in engine.notices.all)

    inside(tmp_path, test)
    assert [item.id for item in saved(tmp_path).sources] == ["s1", "s2"] and len(saved(tmp_path).destinations) == 2
    assert Keychain.forgotten == []
