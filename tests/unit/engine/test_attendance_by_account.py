"""The studio in a session of another server by the account of its person, with the real server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from studio.control.api import SessionJoin
from studio.engine.attendance import DESTINATION, Attendance
from studio.engine.engine import Engine
from studio.engine.show import ProgramShape
from studio.media import StoaError, StudioClock
from tests.fakes.account_holder import signed_up
from tests.fakes.server_house import Place, running_house


def life(home: Path) -> tuple[Engine, Attendance]:
    clock = StudioClock()
    shape = ProgramShape(64, 36)
    engine = Engine(home, shape, clock=clock, started_ns=clock.now_ns(), keep_secret=lambda name, it: None, log_to=None)
    return engine, Attendance(engine)


async def until(fact: Callable[[], object], what: str) -> None:
    async with asyncio.timeout(10):
        while not fact():
            await asyncio.sleep(0.01)
    assert fact(), what


async def test_joined_by_the_account_and_again_in_the_next_life(tmp_path: Path) -> None:
    async with running_house(tmp_path / "data") as place:
        eva = await signed_up(place, "eva", "broadcaster")
        engine, attending = life(tmp_path)
        info = await attending.join(SessionJoin(place.base, sign_in=eva.bearer))
        assert (info.joined, info.by_account, info.role, info.name) == (True, True, "broadcaster", "Eva")
        address = engine.destinations.get(DESTINATION).address
        kept = msgspec.json.encode(engine._journal())
        assert eva.bearer.encode() not in kept and address.secret.encode() not in kept
        place_of_it = engine.session_name
        await attending.close()
        await engine.close(keep_journal=False)

        engine, attending = life(tmp_path)
        engine.session_name = place_of_it
        engine.destinations.add(address, destination_id=DESTINATION)
        again = await attending.join(SessionJoin())
        assert (again.by_account, again.name, again.server) == (True, "Eva", place.base)
        await _signed_out(place, eva.bearer)
        await until(lambda: not attending.info.joined, "out with the sign-in")
        assert DESTINATION not in engine.destinations.all
        await attending.close()
        await engine.close(keep_journal=False)


async def _signed_out(place: Place, bearer: str) -> None:
    assert (await place.call("POST", "/api/v1/sign-out", bearer)).is_success


@pytest.mark.parametrize("server", ["", "a b"])
async def test_a_sign_in_needs_its_server(tmp_path: Path, server: str) -> None:
    engine, attending = life(tmp_path)
    with pytest.raises(StoaError, match="no server's address") as told:
        await attending.join(SessionJoin(server, sign_in="sa_secret"))
    assert "sa_secret" not in str(told.value) and not attending.info.joined
    await engine.close(keep_journal=False)


async def test_a_dead_sign_in_joins_nothing(tmp_path: Path) -> None:
    async with running_house(tmp_path / "data") as place:
        engine, attending = life(tmp_path)
        with pytest.raises(StoaError, match="not signed in"):
            await attending.join(SessionJoin(place.base, sign_in="sa_dead"))
        assert not attending.info.joined and DESTINATION not in engine.destinations.all
        await engine.close(keep_journal=False)
