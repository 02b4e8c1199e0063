"""A running house in a thread of its own, for tests whose thread is a window's: real ports, real HTTPS."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from pathlib import Path

from studio.server.front import Front
from tests.fakes.server_house import Place, running_house

LIMIT_S = 20.0


async def _close_what_is_open() -> None:
    """A client that broke off leaves a connection that waits for its last word longer than the loop lives."""
    for transport in list(asyncio.get_running_loop()._transports.values()):  # type: ignore[attr-defined]
        transport.abort()
    for _ in range(5):
        await asyncio.sleep(0)


class HouseThread:
    """`do` runs a coroutine beside the house and gives its answer. Stopped and started again it has the same port."""

    def __init__(self, folder: Path, front: Front | None = None) -> None:
        self._folder = folder
        self._front = front or Front()
        self.base = ""
        self.start()

    def start(self) -> None:
        self._ready: Future[Place] = Future()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._live(),), daemon=True)
        self._thread.start()
        place = self._ready.result(LIMIT_S)
        front = place.house.sharing.front if place.house.sharing else None
        assert front is not None
        scheme = "https" if self._front.certificate else "http"
        self.base = f"{scheme}://127.0.0.1:{front.port}"
        self._front = Front(port=front.port, local_port=0, certificate=self._front.certificate, key=self._front.key)

    async def _live(self) -> None:
        try:
            async with running_house(self._folder, self._front) as place:
                self._ready.set_result(place)
                await self._over.wait()
            await _close_what_is_open()
        except BaseException as cause:
            if self._ready.done():
                raise
            self._ready.set_exception(cause)

    def do[Answer](self, work: Callable[[Place], Awaitable[Answer]]) -> Answer:
        async def run() -> Answer:
            return await work(self._ready.result())

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(LIMIT_S)

    def ask_to_stop(self) -> None:
        """It ends once its clients have let go; `stop` waits for it."""
        self._loop.call_soon_threadsafe(self._over.set)

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        if not self._loop.is_closed():
            self.ask_to_stop()
            self._thread.join(LIMIT_S)
            assert not self._thread.is_alive()
            self._loop.close()
