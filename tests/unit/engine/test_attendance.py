"""The studio in a session that is somewhere else: what the journal says of it, and where the next life goes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from studio.control.api import SessionJoin, SourceAdd
from studio.destination.contract import FreshSecret, OpenDestination
from studio.engine import attendance, destinations, resident
from studio.engine.attendance import DESTINATION, OWN, Attendance
from studio.engine.contract import DestinationSecret
from studio.engine.engine import Engine
from studio.engine.journal import JournalDestination, JournalSource
from studio.engine.resident import Resident
from studio.engine.settings import Settings
from studio.engine.show import ProgramShape
from studio.media import ErrorKind, StoaError, StudioClock
from studio.process import ChildPlan
from studio.session import OwnerAddress, SessionStatus
from studio.session.calls import SessionError
from studio.session.messages import ErrorBody
from tests.unit.engine.test_engine import SHAPE, Counted

LINK = "http://far.example:8470/watch/weekly#i=the-secret-invite"


class Client:
    """A session's client that notes where it went. `refusal` is what whoami says."""

    came = ""
    refusal: StoaError | None = None
    needs_release = False

    def __init__(self, base: str, session: str, *, bearer: str, **_: Any) -> None:
        self.base, self.session, self.bearer, self.me = base, session, bearer, None
        self.whip_url = f"whip+{base}/whip/{session}"
        Client.came = base

    @classmethod
    async def join(cls, link: Any, name: str) -> Client:
        return cls(link.base, link.session, bearer="the-secret-bearer")

    @classmethod
    async def join_as_owner(cls, name: str) -> Client:
        return cls("http://127.0.0.1:8470", "studio", bearer="own")

    async def whoami(self) -> None:
        if self.refusal is not None:
            raise self.refusal

    async def status(self) -> SessionStatus:
        return SessionStatus("weekly", "", "waiting", "", "", self.needs_release, False, False, 0, 0, (), (), 0)

    async def events(self) -> AsyncIterator[None]:
        await asyncio.Event().wait()
        yield

    async def leave(self) -> None: ...

    async def close(self) -> None: ...


class Child(Counted):
    """A destination's process that is never started, and keeps what it is told."""

    def __init__(self, plan: ChildPlan, **more: Any) -> None:
        super().__init__(plan, **more)
        self.told: list[object] = []

    def send(self, message: msgspec.Struct) -> None:
        self.told.append(message)

    def restart(self) -> None:
        self.told.append("restart")


class HangingKeychain:
    """A keyring whose person does not answer."""

    over = threading.Event()

    def __init__(self, home: Path) -> None: ...

    def find(self, name: str) -> DestinationSecret:
        self.over.wait()
        raise StoaError(ErrorKind.NOT_FOUND, "Too late.")


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    own = OwnerAddress(1, 8470, "http://127.0.0.1:8470", "run token", "0")
    monkeypatch.setattr(attendance, "SessionClient", Client)
    monkeypatch.setattr(attendance, "running_server", lambda: own)
    monkeypatch.setattr(Client, "refusal", None)


async def next_life(home: Path, session: str) -> tuple[Engine, Attendance]:
    """An engine that has taken up a show of this session."""
    clock = StudioClock()
    shape = ProgramShape(64, 36)
    engine = Engine(home, shape, clock=clock, started_ns=clock.now_ns(), keep_secret=lambda name, it: None, log_to=None)
    engine.session_name = session
    if session:
        address = DestinationSecret("whip+http://far.example:8470/whip/weekly", "the-secret-bearer")
        engine.destinations.add(address, destination_id=DESTINATION)
    return engine, Attendance(engine)


@pytest.mark.parametrize(
    ("session", "refusal", "goes_to"),
    [
        ("http://far.example:8470 weekly", None, "http://far.example:8470"),
        (OWN, None, "http://127.0.0.1:8470"),
        ("http://far.example:8470 weekly", "removed", "http://127.0.0.1:8470"),
    ],
)
def test_the_next_life_goes_on_in_the_same_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, session: str, refusal: str | None, goes_to: str
) -> None:
    async def live() -> None:
        if refusal:
            body = msgspec.convert({"code": refusal, "message": "No.", "kind": "denied", "remedy": ""}, ErrorBody)
            monkeypatch.setattr(Client, "refusal", SessionError(body))
        engine, attending = await next_life(tmp_path, session)
        await attending.join(SessionJoin())
        assert Client.came == goes_to
        assert engine.destinations.get(DESTINATION).address.url.startswith(f"whip+{goes_to}/")
        await attending.close()
        await engine.close(keep_journal=False)

    asyncio.run(live())


def test_a_session_that_cannot_be_reached_now_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def live() -> None:
        monkeypatch.setattr(Client, "refusal", StoaError(ErrorKind.UNREACHABLE, "It does not answer."))
        engine, attending = await next_life(tmp_path, "http://far.example:8470 weekly")
        with pytest.raises(StoaError):
            await attending.join(SessionJoin())
        assert "far.example" in engine.destinations.get(DESTINATION).address.url
        await engine.close(keep_journal=False)

    asyncio.run(live())


def test_the_journal_never_holds_a_link(tmp_path: Path) -> None:
    async def live() -> None:
        engine, attending = await next_life(tmp_path, "")
        await attending.join(SessionJoin(server=LINK))
        kept = msgspec.json.encode(engine._journal())
        assert b"far.example:8470 weekly" in kept and b"secret" not in kept
        await attending.close()
        await engine.close(keep_journal=False)

    asyncio.run(live())


def test_what_was_on_air_is_there_before_its_session_is_sought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the studio joined as another person, and the first one's address was put over the new one's."""

    async def live() -> None:
        monkeypatch.setattr(resident, "Keychain", HangingKeychain)
        clock = StudioClock()
        engine = Engine(
            tmp_path, ProgramShape(64, 36), clock=clock, started_ns=0, keep_secret=lambda name, it: None, log_to=None
        )
        made, attending = Resident(engine, Settings()), Attendance(engine)
        whip = DestinationSecret("whip+http://far.example:8470/whip/weekly", "the-secret-bearer")
        waiting = JournalSource("s1", SourceAdd("", "Camera with a password"))
        journal = msgspec.structs.replace(
            engine._journal(),
            sources=[waiting],
            destinations=[JournalDestination(DESTINATION, "This session", True, False, False, True)],
            session="http://far.example:8470 weekly",
        )
        made.restore(journal, {DESTINATION: whip}, resume=True)
        beginning = asyncio.create_task(made.begin(journal, resume=True))
        attending.seek()
        async with asyncio.timeout(10):
            while not attending.info.joined:
                await asyncio.sleep(0.005)
        assert Client.came == "http://far.example:8470" and list(engine.destinations.all) == [DESTINATION]
        assert engine.destinations.get(DESTINATION).address.secret == "the-secret-bearer"
        beginning.cancel()
        await attending.close()
        await engine.close(keep_journal=False)
        made.close()

    asyncio.run(live())


def test_a_show_that_was_stopped_between_two_lives_does_not_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def live() -> None:
        monkeypatch.setattr(Client, "needs_release", True)
        engine, attending = await next_life(tmp_path, "http://far.example:8470 weekly")
        engine.show.set_live(True)
        await attending.join(SessionJoin())
        assert not engine.show.live and engine.show.refused
        await attending.close()
        await engine.close(keep_journal=False)

    asyncio.run(live())


def test_a_fresh_token_reaches_what_is_on_air_and_nothing_is_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: dict[str, DestinationSecret | None] = {}

    async def live() -> None:
        Counted.made = []
        monkeypatch.setattr(destinations, "SupervisedChild", Child)
        engine = Engine(tmp_path, SHAPE, clock=StudioClock(), started_ns=0, keep_secret=kept.__setitem__, log_to=None)
        attending = Attendance(engine)
        await attending.join(SessionJoin(server=LINK))
        await engine.start_destination(DESTINATION)
        (child,) = Counted.made
        assert isinstance(child, Child) and child.told == []
        client: Any = attending._client
        client.bearer = "a-fresh-bearer"
        client.on_renewed()
        fresh = DestinationSecret(client.whip_url, "a-fresh-bearer")
        assert engine.destinations.get(DESTINATION).address == fresh
        assert kept[DESTINATION] == fresh, "the engine's next life comes back as the same person"
        assert child.told == [FreshSecret("a-fresh-bearer")], "what is open goes on"
        assert Counted.made == [child] and not child.ended
        child.begin_anew()
        (opening,) = child.begun
        assert isinstance(opening, OpenDestination) and opening.secret == "a-fresh-bearer"
        await attending.close()
        await engine.close(keep_journal=False)

    asyncio.run(live())


def test_a_fresh_token_for_a_session_that_was_left_is_not_the_next_ones(tmp_path: Path) -> None:
    async def live() -> None:
        engine, attending = await next_life(tmp_path, "")
        await attending.join(SessionJoin(server=LINK))
        left: Any = attending._client
        await attending.leave()
        await attending.join(SessionJoin(server=LINK.replace("far", "other")))
        left.bearer = "a-fresh-bearer"
        left.on_renewed()
        address = engine.destinations.get(DESTINATION).address
        assert address == DestinationSecret("whip+http://other.example:8470/whip/weekly", "the-secret-bearer")
        await attending.close()
        await engine.close(keep_journal=False)

    asyncio.run(live())
