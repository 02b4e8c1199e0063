"""The one client of the control API: typed calls and events over one WebSocket.

Used by the window, `stoa ctl` and the tests. All of it belongs to one event loop. `studio.control.follow` keeps one
attached over restarts of the engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from typing import Any, Self

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from studio.control.address import EngineAddress, the_engine
from studio.control.api import METHODS, ErrorData, Event, EventsSubscribe, Nothing, Subscribed
from studio.media import ErrorKind, StoaError

CONNECT_LIMIT_S = 5.0
CALL_LIMIT_S = 60.0
UNREAD_EVENTS = 10_000
MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024


class _Request(msgspec.Struct, frozen=True):
    id: int
    method: str
    params: msgspec.Struct
    jsonrpc: str = "2.0"


class _Error(msgspec.Struct, frozen=True):
    code: int
    message: str
    data: ErrorData | None = None


class _Incoming(msgspec.Struct, frozen=True):
    id: int | None = None
    method: str | None = None
    params: msgspec.Raw = msgspec.Raw()
    result: msgspec.Raw = msgspec.Raw()
    error: _Error | None = None


def read_params(method: str, text: str) -> msgspec.Struct:
    """The parameters of a method, from JSON text. Raises StoaError(BAD_ARGUMENT), which says what there is."""
    known = METHODS.get(method)
    if known is None:
        near = ", ".join(name for name in METHODS if name.split(".")[0] == method.split(".")[0])
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            f"{method} is no method of the engine.",
            remedy=f"There are {near}." if near else f"There are {', '.join(METHODS)}.",
            permanent=True,
        )
    try:
        params: msgspec.Struct = msgspec.json.decode(text or "{}", type=known.params)
    except (msgspec.DecodeError, UnicodeDecodeError) as cause:
        names = ", ".join(field.name for field in msgspec.structs.fields(known.params))
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            f"{method} does not take this: {cause}.",
            remedy=f"It takes one JSON object of {names}." if names else "It takes nothing.",
            permanent=True,
        ) from cause
    return params


class ControlClient:
    """One connection to one engine. Use `async with await ControlClient.connect(address)`, or `close` it."""

    def __init__(self, connection: ClientConnection, address: EngineAddress) -> None:
        self.address = address
        self._connection = connection
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[msgspec.Raw]] = {}
        self._events: asyncio.Queue[Event | None] = asyncio.Queue(UNREAD_EVENTS + 1)
        self._decoder = msgspec.json.Decoder(_Incoming)
        self._event_decoder = msgspec.json.Decoder(Event)
        self._closed = False
        self._reader = asyncio.get_running_loop().create_task(self._read())

    @classmethod
    async def connect(cls, address: EngineAddress | None = None, *, limit_s: float = CONNECT_LIMIT_S) -> Self:
        """Connect to `address`, by default the only running engine.

        Raises StoaError: NOT_FOUND or CONFLICT as `the_engine`, UNREACHABLE, TIMEOUT, DENIED where the token is wrong.
        """
        if address is None:
            address = await asyncio.to_thread(the_engine)
        try:
            connection = await connect(
                address.url,
                additional_headers={"Authorization": f"Bearer {address.token}"},
                open_timeout=limit_s,
                close_timeout=1,
                ping_interval=5,
                ping_timeout=10,
                max_size=MESSAGE_LIMIT_BYTES,
                compression=None,
                proxy=None,
            )
        except TimeoutError as cause:
            raise StoaError(ErrorKind.TIMEOUT, f"The engine did not answer within {limit_s:g} s.") from cause
        except InvalidStatus as cause:
            if cause.response.status_code in (401, 403):
                raise StoaError(ErrorKind.DENIED, "The engine refused the token.", permanent=True) from cause
            raise _unreachable(address) from cause
        except (OSError, InvalidHandshake, EOFError) as cause:
            raise _unreachable(address) from cause
        return cls(connection, address)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def closed(self) -> bool:
        """Whether this connection is over; a new one is needed."""
        return self._closed

    async def call(self, method: str, params: msgspec.Struct | None = None, *, limit_s: float = CALL_LIMIT_S) -> Any:
        """Call `method` of METHODS with its struct of parameters; the answer is its struct of results.

        Raises StoaError: the engine's own refusal, LOST where the connection ends first, TIMEOUT, BAD_ARGUMENT for a
        method or a struct that is not the API's, BAD_DATA for an answer that is not.
        """
        known = METHODS.get(method)
        params = Nothing() if params is None else params
        if known is None or not isinstance(params, known.params):
            raise StoaError(
                ErrorKind.BAD_ARGUMENT,
                f"{method} is no method of the engine."
                if known is None
                else f"{method} takes {known.params.__name__}.",
                remedy="The control API's reference page lists all of them.",
                permanent=True,
            )
        raw = await self._exchange(method, params, limit_s)
        try:
            return msgspec.json.decode(raw, type=known.result)
        except msgspec.DecodeError as cause:
            raise StoaError(
                ErrorKind.BAD_DATA,
                f"The engine answered {method} with something else than was agreed: {cause}.",
                remedy="Window and engine may be of different versions: restart the studio.",
            ) from cause

    async def call_json(self, method: str, text: str = "{}", *, limit_s: float = CALL_LIMIT_S) -> str:
        """The same with parameters and answer as JSON text, for `stoa ctl`. Raises as `call`."""
        params = read_params(method, text)
        return msgspec.json.encode(await self.call(method, params, limit_s=limit_s)).decode()

    async def subscribe(self, after: int) -> Subscribed:
        """Ask for events newer than `after`; they arrive in `next_event` and `events`."""
        answer: Subscribed = await self.call("events.subscribe", EventsSubscribe(after))
        return answer

    async def next_event(self) -> Event | None:
        """The next event; None once the connection has ended."""
        if self._closed and self._events.empty():
            return None
        return await self._events.get()

    async def events(self, after: int = 0) -> AsyncIterator[Event]:
        """Subscribe and yield until the connection ends. One reader at a time."""
        await self.subscribe(after)
        while (event := await self.next_event()) is not None:
            yield event

    async def close(self) -> None:
        """End the connection; calls that still wait are refused with LOST."""
        await self._connection.close()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader

    async def _exchange(self, method: str, params: msgspec.Struct, limit_s: float) -> msgspec.Raw:
        if self._closed:
            raise _lost(method)
        number = next(self._numbers)
        answer: asyncio.Future[msgspec.Raw] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(limit_s):
                await self._connection.send(msgspec.json.encode(_Request(number, method, params)).decode())
                return await answer
        except ConnectionClosed as cause:
            raise _lost(method) from cause
        except TimeoutError as cause:
            raise StoaError(ErrorKind.TIMEOUT, f"The engine did not answer {method} within {limit_s:g} s.") from cause
        finally:
            self._waiting.pop(number, None)

    async def _read(self) -> None:
        try:
            async for text in self._connection:
                self._take(self._decoder.decode(text))
        except (ConnectionClosed, msgspec.DecodeError, asyncio.QueueFull):
            pass  # an engine that speaks otherwise, or faster than is read, is left as if it had gone
        finally:
            self._closed = True
            for number, answer in list(self._waiting.items()):
                if not answer.done():
                    answer.set_exception(_lost(f"call {number}"))
            with contextlib.suppress(asyncio.QueueFull):
                self._events.put_nowait(None)
            self._connection.transport.abort()

    def _take(self, message: _Incoming) -> None:
        if message.id is None:
            if message.method == "event":
                if self._events.qsize() >= UNREAD_EVENTS:
                    raise asyncio.QueueFull
                self._events.put_nowait(self._event_decoder.decode(message.params))
            return
        answer = self._waiting.get(message.id)
        if answer is None or answer.done():
            return
        if message.error is None:
            answer.set_result(message.result)
        else:
            answer.set_exception(_refusal(message.error))


def _refusal(error: _Error) -> StoaError:
    data = error.data or ErrorData(kind=ErrorKind.INTERNAL)
    try:
        kind = ErrorKind(data.kind)
    except ValueError:
        kind = ErrorKind.INTERNAL
    return StoaError(kind, error.message, remedy=data.remedy, permanent=data.permanent)


def _lost(what: str) -> StoaError:
    return StoaError(
        ErrorKind.LOST,
        f"The connection to the engine ended before {what} was answered.",
        remedy="The engine is started again by itself; try once more.",
    )


def _unreachable(address: EngineAddress) -> StoaError:
    return StoaError(
        ErrorKind.UNREACHABLE,
        f"The engine with process id {address.pid} does not answer.",
        remedy="It may be starting or ending; try again in a moment.",
    )
