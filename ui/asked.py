"""What the window asks the session's server for again and again, and shows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from studio.media import StoaError

if TYPE_CHECKING:
    from studio.session import SessionClient

AGAIN_AFTER_S = 10.0


class Asked[Answer]:
    """Belongs to the window's thread. An answer that a later one has overtaken is not shown."""

    def __init__(
        self,
        ask: Callable[[SessionClient], Awaitable[Answer]],
        show: Callable[[SessionClient, Answer], object],
        is_here: Callable[[SessionClient], bool],
    ) -> None:
        """`is_here`: whether this client's session is still the one that is shown."""
        self._ask, self._show, self._is_here = ask, show, is_here
        self._asked = self._shown = 0

    async def ask(self, client: SessionClient) -> None:
        """As it is now. Raises nothing: the line says that it is lost, and who is asked when it is back."""
        if not self._is_here(client):
            return
        self._asked += 1
        number = self._asked
        try:
            answer = await self._ask(client)
        except StoaError:
            return
        if self._is_here(client) and number > self._shown:
            self._shown = number
            self._show(client, answer)

    async def again_and_again(self, client: SessionClient) -> None:
        """For what is another without a message, while its session is shown."""
        while self._is_here(client):
            await asyncio.sleep(AGAIN_AFTER_S)
            await self.ask(client)
