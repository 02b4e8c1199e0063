"""Who watches by a bare link comes and goes without a message: the window asks again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

import ui.asked
from studio.control.api import SessionInfo
from studio.server.caller import BARE_LINK
from studio.server.router_pipe import EndReason, ViewerJoined, ViewerLeft
from tests.fakes.server_house import running_house
from tests.ui.unit.attending import Beginning
from tests.unit.session.conftest import write_owner_file
from ui.attendance import SessionAttendance
from ui.room import Presence, Room
from ui.show import Show


class Alone(Beginning):
    """The studio is in no session of another server."""

    session = SessionInfo(False)


async def until(fact: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not fact():
            await asyncio.sleep(0.01)


async def test_who_watches_without_a_name_is_told_of_and_not_once_they_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOA_HOME", str(tmp_path))
    monkeypatch.setattr(ui.asked, "AGAIN_AFTER_S", 0.05)
    (tmp_path / "run").mkdir()
    async with running_house(tmp_path / "data") as place:
        write_owner_file(tmp_path / "run", place)
        show = Alone()
        room = Room(cast(Any, show.start))
        attending = asyncio.ensure_future(SessionAttendance(cast(Show, show), room).attend())
        await until(lambda: room.presence is Presence.JOINED)
        somebody = f"{BARE_LINK}{(await place.invite(label='poster'))['id']}"
        await place.router.say(ViewerJoined("studio", "r1", somebody, "token", 1))
        await until(lambda: "(1 by “poster”)" in room.nameless and room.watching == 1)
        await place.router.say(ViewerLeft("studio", "r1", somebody, "token", EndReason.LOST, 0))
        await until(lambda: not room.nameless and room.watching == 0)
        attending.cancel()
        tasks = (attending, *show.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
