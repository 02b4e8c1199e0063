"""A pretended engine: serves the typed control API from memory, in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec
from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from studio.control import api
from studio.control.address import EngineAddress
from studio.media import StoaError
from tests.fakes.preview import FakePreview
from tests.fakes.show import FakeShow


class _Call(msgspec.Struct):
    id: int
    method: str
    params: msgspec.Raw = msgspec.Raw(b"{}")
    jsonrpc: str = "2.0"


class FakeEngine:
    """`home` is where run/engine-PID.json goes. Tests look at `calls`, and set `refuse`, `delay_s` and `show`."""

    def __init__(self, home: Path, *, pid: int | None = None, show: FakeShow | None = None) -> None:
        self.pid = os.getpid() if pid is None else pid
        self.token = secrets.token_hex(16)
        self.calls: list[tuple[str, msgspec.Struct]] = []
        self.refuse: dict[str, StoaError] = {}
        self.delay_s: dict[str, float] = {}
        self.preview: FakePreview | None = None
        self._home = home
        self._events: list[api.Event] = []
        self._subscribers: set[ServerConnection] = set()
        self._connections: set[ServerConnection] = set()
        self._lock = threading.RLock()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._over: asyncio.Event | None = None
        self.port = 0
        self.show = FakeShow(self.emit) if show is None else show
        self.show._emit = self.emit
        self._handlers = self._all_handlers()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)
        self.tell()

    @property
    def address(self) -> EngineAddress:
        return EngineAddress(self.pid, self.port, self.token, "0.1.0")

    @property
    def file(self) -> Path:
        return self._home / "run" / f"engine-{self.pid}.json"

    def tell(self) -> None:
        """Write the file by which the engine is found."""
        self.file.parent.mkdir(mode=0o700, exist_ok=True, parents=True)
        self.file.write_bytes(msgspec.json.encode(self.address))

    def emit(self, kind: api.EventType, data: msgspec.Struct | dict[str, Any]) -> None:
        """Any thread: an event goes to every subscriber."""
        with self._lock:
            event = api.Event(len(self._events) + 1, time.monotonic_ns(), kind, msgspec.to_builtins(data))
            self._events.append(event)
        self._loop.call_soon_threadsafe(self._send_event, event)

    def called(self, method: str) -> list[Any]:
        """The parameters of every call of `method`, in order."""
        return [params for name, params in self.calls if name == method]

    def drop_connections(self) -> None:
        """Cut every connection as a crash does."""
        for connection in list(self._connections):
            self._loop.call_soon_threadsafe(connection.transport.abort)

    def stop(self) -> None:
        """Gone, as after kill -9; its file goes with it."""
        self.file.unlink(missing_ok=True)
        self.drop_connections()
        if self.preview is not None:
            self.preview.close()
        if self._over is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._over.set)
            self._thread.join(5)

    def _all_handlers(self) -> dict[str, Callable[[Any], msgspec.Struct]]:
        handlers: dict[str, Callable[[Any], msgspec.Struct]] = {}
        for name in api.METHODS:
            found = getattr(self.show, name.replace(".", "_"), None)
            if found is not None:
                handlers[name] = found
        handlers["engine.status"] = lambda _: self.show.status(len(self._events), self.pid)
        handlers["preview.open"] = self._open_preview
        return handlers

    def _open_preview(self, params: api.PreviewOpen) -> api.PreviewInfo:
        if self.preview is not None:
            self.preview.close()
        scale = min(params.width_px / self.show.program.width_px, params.height_px / self.show.program.height_px, 1.0)
        width, height = (
            int(side * scale) // 2 * 2 for side in (self.show.program.width_px, self.show.program.height_px)
        )
        self.preview = FakePreview(Path(tempfile.gettempdir()), max(width, 16), max(height, 16))
        return api.PreviewInfo(self.preview.port, self.preview.token)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._over = asyncio.Event()
        async with serve(self._talk, "127.0.0.1", 0, process_request=self._check, compression=None) as server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._over.wait()

    def _check(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Authorization") != f"Bearer {self.token}" or request.path != "/control":
            return connection.respond(HTTPStatus.UNAUTHORIZED, "no\n")
        return None

    async def _talk(self, connection: ServerConnection) -> None:
        self._connections.add(connection)
        tasks = set()
        try:
            async for text in connection:
                task = asyncio.create_task(self._answer(connection, msgspec.json.decode(text, type=_Call)))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        except ConnectionClosed:
            pass
        finally:
            self._connections.discard(connection)
            self._subscribers.discard(connection)

    async def _answer(self, connection: ServerConnection, call: _Call) -> None:
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": call.id}
        try:
            params = msgspec.json.decode(call.params, type=api.METHODS[call.method].params)
            self.calls.append((call.method, params))
            if call.method in self.delay_s:
                await asyncio.sleep(self.delay_s[call.method])
            if call.method in self.refuse:
                raise self.refuse[call.method]
            if call.method == "events.subscribe":
                self._subscribers.add(connection)
                answer["result"] = api.Subscribed(len(self._events), False)
            else:
                with self._lock:
                    answer["result"] = self._handlers[call.method](params)
        except StoaError as error:
            answer["error"] = {
                "code": -32000,
                "message": error.message,
                "data": api.ErrorData(error.kind, error.remedy, error.permanent),
            }
        try:
            await connection.send(msgspec.json.encode(answer).decode())
            if call.method == "events.subscribe":
                for event in self._events[params.after :]:
                    await self._notify(connection, event)
        except ConnectionClosed:
            pass

    def _send_event(self, event: api.Event) -> None:
        for connection in list(self._subscribers):
            task = self._loop.create_task(self._notify(connection, event))
            task.add_done_callback(lambda done: done.exception())

    async def _notify(self, connection: ServerConnection, event: api.Event) -> None:
        body = {"jsonrpc": "2.0", "method": "event", "params": event}
        try:
            await connection.send(msgspec.json.encode(body).decode())
        except ConnectionClosed:
            pass
