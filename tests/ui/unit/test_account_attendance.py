"""The window's place in the session where the studio is in another server's by the account that is signed in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import keyring.core
import pytest

from studio.control.api import SessionInfo
from tests.fakes.account_holder import PASSWORD, signed_up
from tests.fakes.keyring_in_memory import Shut
from tests.fakes.server_house import running_house
from tests.unit.session.conftest import write_owner_file
from ui.account import Account
from ui.attendance import SessionAttendance
from ui.room import Presence, Room
from ui.show import Show


class Signal:
    def __init__(self) -> None:
        self.slots: list[Callable[[], object]] = []

    def connect(self, slot: Callable[[], object]) -> None:
        self.slots.append(slot)


class Beginning:
    """Stands for the window's show: runs what it is given, and knows the studio's session."""

    def __init__(self) -> None:
        self.session_changed, self.detached = Signal(), Signal()
        self.session = SessionInfo(False)
        self.tasks: list[asyncio.Task[Any]] = []

    def start(self, work: Awaitable[object]) -> None:
        self.tasks.append(asyncio.ensure_future(cast(Any, work)))

    def set_session(self, session: SessionInfo) -> None:
        self.session = session
        for slot in self.session_changed.slots:
            slot()


async def until(fact: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not fact():
            await asyncio.sleep(0.01)


async def test_the_window_goes_where_the_studio_is_and_comes_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(keyring.core, "_keyring_backend", Shut())
    (tmp_path / "home" / "run").mkdir(parents=True)
    async with running_house(tmp_path / "own") as own, running_house(tmp_path / "far") as far:
        write_owner_file(tmp_path / "home" / "run", own)
        await signed_up(far, "ada", "admin")
        show = Beginning()
        account, room = Account(show.start), Room(cast(Any, show.start))
        attending = asyncio.ensure_future(SessionAttendance(cast(Show, show), room, account).attend())
        await until(lambda: room.presence is Presence.JOINED and room.reach.link)
        assert room.may_share and room.reach.link.startswith(own.base)
        await account.sign_in(far.base, "ada", PASSWORD)
        await asyncio.sleep(0)
        assert room.may_share  # signed in is not yet there
        show.set_session(SessionInfo(True, far.base, "studio", by_account=True))
        await until(lambda: room.presence is Presence.JOINED and room.reach.link.startswith(far.base))
        assert not room.may_share and not room.may_invite_admins and room.may_remove
        assert "ban" in room.rights and [one.name for one in room.people if one.me] == ["Ada"]
        assert [one.login for one in await room.attendance.accounts.all()] == ["ada"]  # type: ignore[union-attr]
        await room.attendance.say("Hello from the studio")  # type: ignore[union-attr]
        await until(lambda: any(line.text == "Hello from the studio" for line in room.lines))
        show.set_session(SessionInfo(False))
        await until(lambda: room.presence is Presence.JOINED and room.may_share)
        assert not any(line.text == "Hello from the studio" for line in room.lines)
        attending.cancel()
        await asyncio.gather(attending, return_exceptions=True)
        await account.close()
        for task in show.tasks:
            task.cancel()
        await asyncio.gather(*show.tasks, return_exceptions=True)
