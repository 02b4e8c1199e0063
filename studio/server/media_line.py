"""People's end of the pipe to the media router: questions that wait for their answer, and failures while it is away."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from studio.media.errors import ErrorKind
from studio.server.api import ErrorCode
from studio.server.errors import Refusal
from studio.server.router_pipe import Answered, Done, Refused, Trickled

ANSWER_LIMIT_S = 8.0
_CODES = {404: ErrorCode.NOT_FOUND, 429: ErrorCode.TOO_MANY}
Reply = TypeVar("Reply", Answered, Done, Trickled)


def media_away() -> Refusal:
    """The words for a router that is not there."""
    return Refusal(
        ErrorCode.MEDIA_AWAY,
        "The media router is starting again.",
        "Try again in a second; studio and viewers do so by themselves.",
        retry_after_s=1,
    )


class MediaLine:
    """Sends to the router and matches answers to questions. Belongs to the event loop."""

    def __init__(self, send: Callable[[msgspec.Struct], object], *, limit_s: float = ANSWER_LIMIT_S) -> None:
        self._send = send
        self._limit_s = limit_s
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self.up = False

    def tell(self, message: msgspec.Struct) -> None:
        """Send what needs no answer."""
        self._send(message)

    async def ask(
        self, reply: type[Reply], make: Callable[[int], msgspec.Struct], *, limit_s: float | None = None
    ) -> Reply:
        """Send `make(number)` and wait. Raises Refusal: what the router refused, or MEDIA_AWAY."""
        if not self.up:
            raise media_away()
        number = next(self._numbers)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._send(make(number))
            async with asyncio.timeout(self._limit_s if limit_s is None else limit_s):
                answer = await future
        except TimeoutError:
            raise media_away() from None
        finally:
            self._waiting.pop(number, None)
        if isinstance(answer, Refused):
            raise _refusal(answer)
        if not isinstance(answer, reply):
            raise Refusal(ErrorCode.INTERNAL, "The media router gave an answer to another question.")
        return answer

    def answered(self, message: Answered | Done | Trickled | Refused) -> None:
        """An answer came."""
        future = self._waiting.get(message.request)
        if future is not None and not future.done():
            future.set_result(message)

    def lost(self) -> None:
        """The router is gone: nobody waits for it any longer."""
        self.up = False
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(media_away())


def _refusal(refused: Refused) -> Refusal:
    kind = ErrorKind(refused.kind) if refused.kind in set(ErrorKind) else ErrorKind.REFUSED
    code = _CODES.get(refused.status, ErrorCode.MEDIA_REFUSED)
    return Refusal(
        code,
        refused.message,
        refused.remedy,
        status=refused.status,
        kind=kind,
        retry_after_s=refused.retry_after_s,
    )
