"""The control API's server: JSON-RPC 2.0 on a loopback WebSocket, one token, no browser."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Literal

import msgspec
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from studio.control.api import METHODS, ErrorData, Event, EventsSubscribe, Subscribed
from studio.media import ErrorKind, StoaError

PATH = "/control"
MESSAGE_LIMIT_BYTES = 1024 * 1024
TOKEN_LIMIT_S = 5.0
PARSE_ERROR, INVALID_REQUEST, NO_METHOD, BAD_PARAMS, FAILED = -32700, -32600, -32601, -32602, -32000
Handler = Callable[[Any], Awaitable[msgspec.Struct]]
Follow = Callable[[int, Callable[[Event], None]], tuple[Subscribed, list[Event], Callable[[], None]]]
"""(after, listener) -> the state of the event record, the events to send first, and what ends it."""
log = logging.getLogger(__name__)


class _Call(msgspec.Struct, frozen=True):
    """A request of JSON-RPC 2.0; without `id` it is a notification."""

    method: str
    jsonrpc: Literal["2.0"]
    id: int | str | None = None
    params: msgspec.Raw = msgspec.Raw(b"{}")


class ControlServer:
    """Serves the methods that `handlers` has. Belongs to one event loop."""

    def __init__(
        self,
        handlers: dict[str, Handler],
        follow: Follow,
    ) -> None:
        self._handlers = handlers
        self._follow = follow
        self.token = secrets.token_urlsafe(32)
        self._server: Server | None = None
        self.clients = 0

    async def start(self) -> int:
        """Listen on a free loopback port; returns it."""
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            0,
            process_request=self._admit,
            max_size=MESSAGE_LIMIT_BYTES,
            compression=None,
            ping_interval=None,
        )
        port: int = next(iter(self._server.sockets)).getsockname()[1]
        return port

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), 1.0)

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path != PATH:
            return connection.respond(HTTPStatus.NOT_FOUND, "The control API is at /control.\n")
        if "Origin" in request.headers:
            return connection.respond(HTTPStatus.FORBIDDEN, "Pages of a browser may not use the control API.\n")
        bearer = request.headers.get("Authorization")
        if bearer is not None and not self._is_token(bearer.removeprefix("Bearer ")):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "This is not the engine's token.\n")
        return None

    def _is_token(self, given: object) -> bool:
        return isinstance(given, str) and hmac.compare_digest(given.encode(), self.token.encode())

    async def _serve(self, connection: ServerConnection) -> None:
        request = connection.request
        try:
            if request is None or "Authorization" not in request.headers:
                async with asyncio.timeout(TOKEN_LIMIT_S):
                    first = msgspec.json.decode(await connection.recv())
                if not isinstance(first, dict) or not self._is_token(first.get("token")):
                    await connection.close(4401, "This is not the engine's token.")
                    return
            self.clients += 1
            try:
                await _Conversation(connection, self._handlers, self._follow).run()
            finally:
                self.clients -= 1
        except (TimeoutError, msgspec.DecodeError, RecursionError):
            await connection.close(4401, "The first message must be the engine's token.")
        except ConnectionClosed:
            pass


class _Conversation:
    """One authenticated client."""

    def __init__(self, connection: ServerConnection, handlers: dict[str, Handler], follow: Follow) -> None:
        self._connection = connection
        self._handlers = handlers
        self._follow = follow
        self._calls: set[asyncio.Task[None]] = set()
        self._unfollow: Callable[[], None] | None = None
        self._backlog: list[Event] = []
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue(20_000)

    async def run(self) -> None:
        writer = asyncio.create_task(self._write())
        try:
            async for message in self._connection:
                call = asyncio.create_task(self._answer(message))
                self._calls.add(call)
                call.add_done_callback(self._calls.discard)
        finally:
            writer.cancel()
            if self._unfollow is not None:
                self._unfollow()

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._connection.send((await self._outgoing.get()).decode())

    def _send(self, message: object) -> None:
        try:
            self._outgoing.put_nowait(msgspec.json.encode(message))
        except asyncio.QueueFull:  # it does not read: it must subscribe anew
            self._connection.transport.abort()

    def _send_event(self, event: Event) -> None:
        self._send({"jsonrpc": "2.0", "method": "event", "params": event})

    async def _answer(self, message: str | bytes) -> None:
        identity: int | str | None = None
        try:
            try:
                call = msgspec.json.decode(message, type=_Call)
            except msgspec.ValidationError as cause:
                raise _Rejected(INVALID_REQUEST, f"This is no call of JSON-RPC 2.0: {cause}.") from cause
            except (msgspec.DecodeError, RecursionError) as cause:
                raise _Rejected(PARSE_ERROR, f"This is no JSON: {cause}.") from cause
            identity = call.id
            result = await self._call(call)
        except _Rejected as rejected:
            self._send_error(identity, rejected.code, rejected.words, ErrorData(ErrorKind.BAD_ARGUMENT, "", True))
            return
        except StoaError as error:
            data = ErrorData(error.kind, error.remedy, error.permanent)
            self._send_error(identity, FAILED, error.message, data)
            return
        except Exception:
            log.exception("a call failed")
            data = ErrorData(ErrorKind.INTERNAL, "The log tells more.")
            self._send_error(identity, FAILED, "Something went wrong inside the engine.", data)
            return
        if identity is not None:
            self._send({"jsonrpc": "2.0", "id": identity, "result": result})
        backlog, self._backlog = self._backlog, []
        for event in backlog:  # nothing was awaited since the subscription: they come before anything newer
            self._send_event(event)

    async def _call(self, call: _Call) -> object:
        method = METHODS.get(call.method)
        if method is None or (call.method not in self._handlers and call.method != "events.subscribe"):
            raise _Rejected(NO_METHOD, f"There is no method {call.method!r}.")
        try:
            params = msgspec.json.decode(call.params, type=method.params)
        except msgspec.DecodeError as cause:
            raise _Rejected(BAD_PARAMS, f"{call.method} does not take this: {cause}.") from cause
        if isinstance(params, EventsSubscribe):
            return self._subscribe(params)
        return await self._handlers[call.method](params)

    def _subscribe(self, params: EventsSubscribe) -> Subscribed:
        if self._unfollow is not None:
            self._unfollow()
        subscribed, events, self._unfollow = self._follow(params.after, self._send_event)
        self._backlog = events
        return subscribed

    def _send_error(self, identity: int | str | None, code: int, words: str, data: ErrorData) -> None:
        self._send({"jsonrpc": "2.0", "id": identity, "error": {"code": code, "message": words, "data": data}})


class _Rejected(Exception):
    """A call that is none."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
