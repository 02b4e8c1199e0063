"""What the window does about a share that is not back yet, and about a change of it that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, cast

import msgspec
import pytest

from studio.media import ErrorKind, StoaError
from studio.session import Invite, SessionClient, ShareStatus
from ui import reaching
from ui.attendance import SessionAttendance
from ui.room import Room
from ui.show import Show

INVITE = Invite("i1", "viewer", "studio", "window", "http://a/watch/studio#i=x", "x", 0, 0, "", None, False)
AWAY = ShareStatus(
    False, "127.0.0.1", 1, "off", "http://a", "http://b", "", "Only this machine.", "", "Not back yet.", (), True
)
BACK = msgspec.structs.replace(AWAY, shared=True, warning_words="", returning=False)


class Client:
    """Tells one status after the other."""

    def __init__(self, *statuses: ShareStatus) -> None:
        self.statuses = list(statuses)

    async def share_status(self) -> ShareStatus:
        return self.statuses.pop(0)

    async def invites(self) -> tuple[Invite, ...]:
        return (INVITE,)

    async def invite_qr(self, invite: str) -> bytes:
        return b"<svg/>"

    async def share(self, address: str, *, port: int, https: str) -> ShareStatus:
        raise StoaError(ErrorKind.CONFLICT, "Port 1 is in use. The earlier share at http://a goes on.")


class Signal:
    def connect(self, slot: object) -> None:
        pass


class Beginning:
    """Stands for the window's show: runs what it is given."""

    session_changed = detached = Signal()

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[Any]] = []

    def start(self, work: Awaitable[object]) -> None:
        self.tasks.append(asyncio.ensure_future(cast(Any, work)))


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Beginning:
    monkeypatch.setattr(reaching, "REACH_AFTER_S", 0.0)
    return Beginning()


def attend(show: Beginning, client: Client) -> tuple[SessionAttendance, Room]:
    room = Room(cast(Any, show.start))
    attendance = SessionAttendance(cast(Show, show), room)
    attendance._client = cast(SessionClient, client)
    return attendance, room


async def test_a_share_that_is_not_back_yet_is_asked_for_until_it_is(show: Beginning) -> None:
    client = Client(AWAY, AWAY, BACK)
    attendance, room = attend(show, client)
    seen: list[str] = []
    room.reach_changed.connect(lambda: seen.append(room.reach.warning_words))
    await attendance._ask_reach(cast(SessionClient, client))
    async with asyncio.timeout(10):
        while client.statuses:
            await asyncio.gather(*show.tasks, asyncio.sleep(0))
        await asyncio.gather(*show.tasks)
    assert seen == ["Not back yet.", ""] and room.reach.shared
    assert len(show.tasks) == 2


async def test_a_change_that_fails_is_told_and_the_panel_shows_what_is_shared(show: Beginning) -> None:
    attendance, room = attend(show, Client(BACK))
    with pytest.raises(StoaError, match="goes on"):
        await attendance.share("192.168.1.5", 0, "off")
    await asyncio.gather(*show.tasks)
    assert room.reach.shared and room.reach.link == INVITE.link
