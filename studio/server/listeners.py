"""The sockets that the server listens on: each can be opened and closed while the others go on."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from studio.media.errors import ErrorKind, StoaError
from studio.server.addresses import in_url
from studio.server.certificate import Certificate
from studio.server.connections import Connections
from studio.server.descriptors import raise_limit
from studio.server.shared_frames import WRITER

REQUEST_LIMIT_S = 15.0
MESSAGE_BYTES = 64 * 1024
BACKLOG = 512


def bind(host: str, port: int) -> socket.socket:
    """A bound socket. Raises StoaError: CONFLICT for a port in use, DENIED, BAD_ARGUMENT for an address not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((host, port))
        made.listen(BACKLOG)
    except OSError as cause:
        made.close()
        raise _words(host, port, cause) from cause
    made.setblocking(False)
    return made


def _words(host: str, port: int, cause: OSError) -> StoaError:
    where = f"Port {port} on {host}"
    if cause.errno in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", -1)):
        return StoaError(
            ErrorKind.CONFLICT,
            f"{where} is in use by another program.",
            remedy="Choose another port with --port, or end the other program.",
            permanent=True,
        )
    if cause.errno in (errno.EACCES, errno.EPERM, getattr(errno, "WSAEACCES", -1)):
        return StoaError(
            ErrorKind.DENIED,
            f"{where} may not be used by this user.",
            remedy="Choose a port above 1023 with --port.",
            permanent=True,
        )
    return StoaError(
        ErrorKind.BAD_ARGUMENT,
        f"This machine cannot listen on {host}: {cause.strerror or cause}.",
        remedy="Choose one of this machine's addresses with --host.",
        permanent=True,
    )


FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nRetry-After: 5\r\n"
    b"Connection: close\r\nContent-Length: 63\r\n\r\nToo many connections are open. Close some, or try again later.\n"
)


class _CountedConfig(uvicorn.Config):
    """Carries what its protocols count their connections in."""

    counted: Connections


class _CountedWebSocket(WebSocketsSansIOProtocol):
    """Began as a counted HTTP connection, and is that until it is closed. It takes frames that many get as they are."""

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["state"][WRITER] = self._write_frame

    def _write_frame(self, frame: bytes) -> bool:
        """As `shared_frames.FrameWriter`. Nothing that was sent before waits: each sending writes to the transport."""
        if self.close_sent or self.disconnected or not self.writable.is_set() or self.transport.is_closing():
            return False
        self.transport.write(frame)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client is not None:
            _counted(self.config).gone(self.client[0])
        super().connection_lost(exc)


class _ImpatientH11(H11Protocol):
    """Closes a connection that does not bring a request in time, the first as well as each later one.

    One that is idle after an answer is left to uvicorn's keep-alive limit.
    """

    _deadline: asyncio.TimerHandle | None = None
    _admitted = False
    _upgraded = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._admitted = _counted(self.config).admit(self._address)
        if self._admitted:
            self._deadline = self.loop.call_later(REQUEST_LIMIT_S, self._too_late)
        else:
            transport.write(FULL)
            transport.close()

    @property
    def _address(self) -> str:
        return self.client[0] if self.client is not None else ""

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        if not self._admitted:
            return
        super().data_received(data)
        if self._answering:
            self._no_deadline()
        elif self._deadline is None and not self._upgraded:
            self._deadline = self.loop.call_later(REQUEST_LIMIT_S, self._too_late)

    def handle_websocket_upgrade(self, event: Any) -> None:
        self._no_deadline()
        self._upgraded = True
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._no_deadline()
        if self._admitted:
            self._admitted = False
            _counted(self.config).gone(self._address)
        super().connection_lost(exc)

    def _no_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_late(self) -> None:
        if not self._answering and not self.transport.is_closing():
            self.transport.close()


def _counted(config: uvicorn.Config) -> Connections:
    assert isinstance(config, _CountedConfig)
    return config.counted


class _QuietServer(uvicorn.Server):
    """Leaves the process's signals alone: a child ends by its owner's pipe."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(eq=False, slots=True)
class Listener:
    """An open listener. `base` is `http://ADDRESS:PORT`. `bound` holds the port; the server has a duplicate of it."""

    address: str
    port: int
    certificate: Certificate | None
    bound: socket.socket
    server: _QuietServer
    task: asyncio.Task[None]

    @property
    def base(self) -> str:
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://{in_url(self.address)}:{self.port}"


class Listeners:
    """Opens and closes listeners for one application. Belongs to the event loop."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self.counted = Connections(raise_limit())
        self._open: list[Listener] = []

    async def open(self, host: str, port: int, certificate: Certificate | None = None) -> Listener:
        """Listen there too. Raises StoaError as `bind`, TLS."""
        server = self._server(certificate)
        bound = bind(host, port)
        try:
            task = await _started(server, bound.dup(), host)
        except BaseException:
            bound.close()
            raise
        listener = Listener(host, int(bound.getsockname()[1]), certificate, bound, server, task)
        self._open.append(listener)
        return listener

    async def change(self, listener: Listener, certificate: Certificate | None) -> None:
        """Go on at the same port with another certificate, or none; connections that came that way are closed.

        The port is never free meanwhile: who calls waits for a moment. Raises StoaError(TLS), and nothing has changed.
        """
        server, duplicate = self._server(certificate), listener.bound.dup()
        await _stopped(listener)
        listener.server, listener.certificate = server, certificate
        listener.task = await _started(server, duplicate, listener.address)

    async def close(self, listener: Listener) -> None:
        """Stop listening there; connections that came that way are closed."""
        if listener in self._open:
            self._open.remove(listener)
        listener.bound.close()  # whoever calls from now on is refused at once
        await _stopped(listener)

    def _server(self, certificate: Certificate | None) -> _QuietServer:
        config = _CountedConfig(
            self._app,
            http=_ImpatientH11,
            ws=_CountedWebSocket,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws_max_size=MESSAGE_BYTES,
            ws_per_message_deflate=False,
            timeout_keep_alive=20,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=32 * 1024,
            ssl_certfile=certificate.certificate if certificate else None,
            ssl_keyfile=certificate.key if certificate else None,
        )
        config.counted = self.counted
        try:
            config.load()
        except OSError as cause:  # ssl.SSLError is one
            raise StoaError(
                ErrorKind.TLS,
                f"The certificate cannot be used: {cause.strerror or cause}.",
                remedy="Give another certificate and its key, or share without HTTPS.",
                permanent=True,
            ) from cause
        return _QuietServer(config)

    def names(self) -> set[str]:
        """The names of the certificates in use."""
        return {name for each in self._open if each.certificate for name in each.certificate.names}

    async def close_all(self) -> None:
        """The server ends."""
        await asyncio.gather(*(self.close(listener) for listener in list(self._open)))


async def _started(server: _QuietServer, bound: socket.socket, host: str) -> asyncio.Task[None]:
    """The task of a server that accepts connections; it closes `bound` at its end."""
    task = asyncio.create_task(server.serve(sockets=[bound]), name=f"listener {host}")
    while not server.started:
        if task.done():
            bound.close()
            await task
            raise StoaError(ErrorKind.INTERNAL, f"The server could not start to listen on {host}.")
        await asyncio.sleep(0.005)
    return task


async def _stopped(listener: Listener) -> None:
    listener.server.should_exit = True
    await asyncio.wait({listener.task}, timeout=5.0)
    if not listener.task.done():
        listener.task.cancel()
    await asyncio.gather(listener.task, return_exceptions=True)
