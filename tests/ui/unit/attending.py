"""The window's place in a session over the real application, without a window."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from studio.session import SessionClient, SessionEvent
from tests.fakes.server_house import Place
from ui.attendance import SessionAttendance
from ui.line import Line
from ui.room import Room
from ui.show import Show


class Signal:
    def connect(self, slot: object) -> None:
        pass


class Beginning:
    """Stands for the window's show: runs what it is given."""

    session_changed = detached = Signal()

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task


class Window:
    """The window's place in the session, without a window."""

    def __init__(self, client: SessionClient, place: Place) -> None:
        self.show = Beginning()
        self.room = Room(cast(Any, self.show.start))
        self.attendance = SessionAttendance(cast(Show, self.show), self.room)
        self.attendance._client = client
        self.client, self.place = client, place
        self.following: asyncio.Task[Any] | None = None

    async def listen(self) -> None:
        await self.attendance._look_around(self.client)
        self.following = self.show.start(self._follow())

    async def _follow(self) -> None:
        async for event in self.client.events():
            if isinstance(event, SessionEvent):
                self.attendance._take(self.client, event)

    async def until(self, fact: Callable[[], object], what: str) -> None:
        try:
            async with asyncio.timeout(10):
                while not fact():
                    assert self.following is None or not self.following.done(), self.following
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"never: {what}") from None

    async def line(self, text: str) -> Line:
        await self.until(lambda: any(line.text == text for line in self.room.lines), text)
        return next(line for line in self.room.lines if line.text == text)

    def now(self, line: Line) -> Line:
        found = self.room.find(line.seq)
        assert found is not None
        return found


@asynccontextmanager
async def attending(client: SessionClient, place: Place, *, at: str = "") -> AsyncIterator[Window]:
    """`at`: the session, where it is not this machine's own. All that it began, and the client, ends with it."""
    made = Window(client, place)
    made.attendance._at = at
    try:
        yield made
    finally:
        for task in list(made.show.tasks):
            task.cancel()
        await asyncio.gather(*made.show.tasks, return_exceptions=True)
        await client.close()
