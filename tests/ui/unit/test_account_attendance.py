"""The window's place in the session where the studio is in another server's by the account that is signed in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import keyring.core
import pytest
import pytest_asyncio

from studio.control.api import SessionInfo
from studio.server.messages import CloseCode
from studio.server.model import PersonRow
from studio.server.record import Transaction
from tests.fakes.account_holder import PASSWORD, signed_up
from tests.fakes.keyring_in_memory import Shut
from tests.fakes.planner import planned
from tests.fakes.server_house import Guest, Place, fresh_id, running_house
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


@dataclass
class Visit:
    """Ada's window, in a far server's session by her account; Bob is its host, and Lin watches."""

    far: Place
    room: Room
    bob: Guest
    lin: Guest

    @property
    def ada(self) -> str:
        return next(one.id for one in self.room.people if one.me)

    async def command(self, action: str, role: str) -> None:
        order = {"id": fresh_id("command"), "action": action, "target": self.ada, "role": role}
        answer = await self.far.owner("POST", "/api/v1/sessions/studio/commands", json=order)
        assert answer.status_code == 200, answer.text

    def told(self) -> set[str]:
        """What only a host sees and may do."""
        room = self.room
        found = {
            "held": [one.text for one in room.talk.held.values()] == ["May I?"],
            "link": room.reach.link.startswith(self.far.base),
            "show": room.agenda.next is not None and room.agenda.next.mine,
            "backstage": any(line.text == "Two minutes" for line in room.lines),
            "moderates": "chat_moderate" in room.rights,
            "removes": room.may_remove,
            "role": any(one.role == "broadcaster" for one in room.people if one.me),
        }
        return {what for what, here in found.items() if here}


HOSTS = {"held", "link", "show", "backstage", "moderates", "role"}


@pytest_asyncio.fixture
async def visit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Visit]:
    monkeypatch.setenv("STOA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(keyring.core, "_keyring_backend", Shut())
    async with running_house(tmp_path / "far") as far:
        await signed_up(far, "ada")
        await planned(far)
        bob, lin = await far.host(), await far.join("Lin")
        await bob.done("chat.rules", hold=True)
        await lin.done("chat.send", text="May I?")
        await bob.done("chat.send", text="Two minutes", channel="backstage")
        show = Beginning()
        account, room = Account(show.start), Room(cast(Any, show.start))
        await account.sign_in(far.base, "ada", PASSWORD)
        show.session = SessionInfo(True, far.base, "studio", by_account=True)
        attending = asyncio.ensure_future(SessionAttendance(cast(Show, show), room, account).attend())
        try:
            await until(lambda: room.presence is Presence.JOINED and room.agenda.next is not None)
            yield Visit(far, room, bob, lin)
        finally:
            attending.cancel()
            await asyncio.gather(attending, return_exceptions=True)
            await account.close()
            for task in show.tasks:
                task.cancel()
            await asyncio.gather(*show.tasks, return_exceptions=True)


async def test_a_promotion_and_a_demotion_hold_in_ones_own_window_at_once(visit: Visit) -> None:
    assert visit.told() == set()
    await visit.command("promote", "broadcaster")
    await until(lambda: visit.told() == HOSTS)
    await visit.command("promote", "admin")
    await until(lambda: visit.room.may_remove)
    await visit.command("demote", "viewer")
    await until(lambda: visit.told() == set())
    assert visit.room.presence is Presence.JOINED, "on the same line all the time"


async def test_what_one_may_do_is_asked_for_again_after_a_lost_line(visit: Visit) -> None:
    """Also where nothing is said of it: a server whose data were put back from a backup has older roles."""

    def another(transaction: Transaction) -> None:
        transaction.db.get_one(PersonRow, ada).role = "broadcaster"

    ada, house = visit.ada, visit.far.house
    await house.record.run(another)
    house.admission.forget()
    for connection in house.hub.of_person("studio", ada):
        connection.close(CloseCode.RESTART, "The server ends.")
    await until(lambda: visit.told() == HOSTS)
    await until(lambda: visit.room.presence is Presence.JOINED)
