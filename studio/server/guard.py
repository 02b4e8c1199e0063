"""What every request passes first: limits, the Host and Origin checks; and every answer's headers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

from studio.server.api import JSON_BODY_BYTES, SDP_BODY_BYTES, ErrorCode
from studio.server.connections import client_of
from studio.server.errors import Refusal

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_LIMIT_S = 10.0
REQUESTS_OF_ONE_ADDRESS = 256
WRONG_NAME = (
    b"The name in this link is not one of this server's names.\n\n"
    b"Ask the host of the show for a link that begins with an address, for example http://192.168.1.5:8470/.\n"
)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

COMMON_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
)
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def header(scope: Scope, name: bytes) -> str | None:
    """A request's header, None where it is not there."""
    for key, value in scope["headers"]:
        if key == name:
            text: str = value.decode("latin-1")
            return text
    return None


def own_origin(scope: Scope) -> str:
    """The origin of this server as the client named it: a name of ours, since `Guard` lets no other one in."""
    secure = scope["scheme"] in ("https", "wss")
    return f"{'https' if secure else 'http'}://{header(scope, b'host') or ''}"


def foreign_origin(scope: Scope) -> bool:
    """Whether a page of somewhere else sent this."""
    origin = header(scope, b"origin")
    return origin is not None and origin.lower() != own_origin(scope).lower()


def bad_origin() -> Refusal:
    """The words for a request that another site's page made."""
    return Refusal(
        ErrorCode.BAD_ORIGIN, "This request came from a page of another site.", "Open the page of this server itself."
    )


def unknown_host(host: str) -> Refusal:
    """The words for a request that calls this server by a name that is not its own."""
    words = f"This server does not go by the name {host[:100]!r}." if host else "The request does not name its server."
    remedy = "Call it by an address. `--name NAME` of `stoa` and `stoa serve` lets it go by a further name."
    return Refusal(ErrorCode.BAD_ORIGIN, words, remedy)


def _a_person_reads(scope: Scope) -> bool:
    """Whether a browser opens a page, so that the answer is read and not worked with."""
    return _is_page(scope) and scope["method"] in SAFE_METHODS and "text/html" in (header(scope, b"accept") or "")


def _is_page(scope: Scope) -> bool:
    return not scope["path"].startswith(("/api/", "/whip/", "/whep/", "/media/", "/openapi"))


async def _read_body(receive: Receive, limit_bytes: int) -> bytes | None:
    """The whole body; None where it is longer than allowed."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit_bytes:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


async def _refuse(send: Send, refusal: Refusal, kind: str = "http.response") -> None:
    await _end(send, refusal.status, b"application/json", refusal.body().model_dump_json().encode(), kind)


async def _end(send: Send, status: int, content_type: bytes, body: bytes, kind: str = "http.response") -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})


async def _turn_away(scope: Scope, receive: Receive, send: Send, refusal: Refusal) -> None:
    """Refuse a request or a WebSocket before anything is read."""
    if scope["type"] == "websocket":
        await receive()  # what asks to connect
        await _refuse(send, refusal, "websocket.http.response")
    else:
        await _refuse(_with_headers(scope, send), refusal)


class Door(Protocol):
    """What the guard asks the house."""

    def goes_by(self, host: str) -> bool:
        """Whether a Host header names this server."""

    def outside(self, scope: Scope) -> Scope:
        """The request as it was made in front of a reverse proxy. Raises Refusal."""

    def admit(self, address: str) -> bool:
        """Count one more request or WebSocket that a proxy brings of this client, or False: there are too many."""

    def gone(self, address: str) -> None:
        """One that was admitted has ended."""


class Guard:
    """An ASGI application around the real one."""

    def __init__(self, app: App, door: Door) -> None:
        self._app = app
        self._door = door
        self._running: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            seen = self._door.outside(scope)
        except Refusal as refusal:
            await _turn_away(scope, receive, send, refusal)
            return
        if seen is scope:
            await self._enter(scope, receive, send)
            return
        address = seen["client"][0]
        if not self._door.admit(address):
            words = "Too many connections are open from your address."
            too_many = Refusal(ErrorCode.TOO_MANY, words, "Close some of them.", retry_after_s=1)
            await _turn_away(scope, receive, send, too_many)
            return
        try:
            await self._enter(seen, receive, send)
        finally:
            self._door.gone(address)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not self._door.goes_by(host := header(scope, b"host") or ""):
            await _turn_away(scope, receive, send, unknown_host(host))
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client = client_of(scope["client"][0]) if scope.get("client") else ""
        self._running[client] += 1
        try:
            await self._guarded(scope, receive, _with_headers(scope, send), client)
        finally:
            self._running[client] -= 1
            if self._running[client] <= 0:
                del self._running[client]

    async def _guarded(self, scope: Scope, receive: Receive, send: Send, client: str) -> None:
        if not self._door.goes_by(host := header(scope, b"host") or ""):
            refusal = unknown_host(host)
            if _a_person_reads(scope):
                await _end(send, refusal.status, b"text/plain; charset=utf-8", WRONG_NAME)
            else:
                await _refuse(send, refusal)
            return
        if self._running[client] > REQUESTS_OF_ONE_ADDRESS:
            words = "Too many requests from your address are running."
            await _refuse(send, Refusal(ErrorCode.TOO_MANY, words, "Wait until they are answered.", retry_after_s=1))
            return
        if scope["method"] in SAFE_METHODS:
            await self._app(scope, receive, send)
            return
        if foreign_origin(scope):
            await _refuse(send, bad_origin())
            return
        media = scope["path"].startswith(("/whip/", "/whep/", "/media/"))
        limit_bytes = SDP_BODY_BYTES if media else JSON_BODY_BYTES
        too_large = Refusal(ErrorCode.TOO_LARGE, f"More than {limit_bytes} bytes were sent.", "Send less at a time.")
        announced = header(scope, b"content-length") or "0"
        if not announced.isdecimal() or int(announced) > limit_bytes:
            await _refuse(send, too_large)
            return
        try:
            async with asyncio.timeout(BODY_LIMIT_S):
                body = await _read_body(receive, limit_bytes)
        except TimeoutError:
            await _refuse(send, Refusal(ErrorCode.BAD_REQUEST, "The request was not finished in time.", status=408))
            return
        if body is None:
            await _refuse(send, too_large)
            return
        given = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return given.pop() if given else await receive()

        await self._app(scope, replay, send)


def _with_headers(scope: Scope, send: Send) -> Send:
    page = _is_page(scope)
    policy = PAGE_POLICY if page else DATA_POLICY

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ()), *COMMON_HEADERS, (b"content-security-policy", policy.encode())]
            if not any(name.lower() == b"cache-control" for name, _ in headers):
                headers.append((b"cache-control", b"no-cache" if page else b"no-store"))
            message = {**message, "headers": headers}
        await send(message)

    return sending
