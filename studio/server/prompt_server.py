"""uvicorn's server as this project needs it: it leaves the process's signals alone, and ends at once when told.

uvicorn's own looks every tenth of a second whether it should end, and takes another nap where all is closed already.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn

DATE_EVERY_S = 1.0
"""So often the date of the answers is set."""
GOODBYE_LIMIT_S = 1.0
LOOK_EVERY_S = 0.005


class PromptServer(uvicorn.Server):
    """Belongs to the event loop that serves it. Open requests may end first, for `GOODBYE_LIMIT_S`."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told_to_end = asyncio.Event()

    def end(self) -> None:
        """Begin to end."""
        self.should_exit = True
        self._told_to_end.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(DATE_EVERY_S):
                    await self._told_to_end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for each in sockets or ():
            each.close()
        await asyncio.sleep(LOOK_EVERY_S)  # who was let in a moment ago is counted by then
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(GOODBYE_LIMIT_S):
                while state.connections or state.tasks:
                    await asyncio.sleep(LOOK_EVERY_S)
                for server in self.servers:
                    await server.wait_closed()
        except TimeoutError:
            for task in state.tasks:
                task.cancel()
