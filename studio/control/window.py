"""What the launcher and the window say to each other, over the window's pipes and, once adopted, over its door.

    launcher                     window
    WindowRaise              →                    come to the front
    ServerTrouble            →                    why the session server is not there
    End                      →                    leave at once; the show goes on
                             ←   Heartbeat        from the window's own loop
                             ←   WindowShown      the complete window was painted for the first time
                             ←   WindowClosed     the person closed it

End of file is no end here: a window whose launcher died goes on, and the next launcher knocks at its door, the loopback
port of `run/window-PID.json` {pid, port, token}. Send the token and a newline, then messages as on the pipe, both ways.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from studio.media import StoaError
from studio.media.home import run_folder
from studio.process import ChildPipes, End, Heartbeat, Link, SocketLink

__all__ = [
    "End",
    "Heartbeat",
    "LauncherToWindow",
    "ServerTrouble",
    "WindowClosed",
    "WindowDoor",
    "WindowLink",
    "WindowRaise",
    "WindowShown",
    "WindowToLauncher",
]


class WindowRaise(msgspec.Struct, frozen=True, tag="window_raise"):
    """Show the window above all others."""


class ServerTrouble(msgspec.Struct, frozen=True, tag="server_trouble"):
    """Why the embedded session server cannot start, in words; empty once it did."""

    words: str


class WindowShown(msgspec.Struct, frozen=True, tag="window_shown"):
    """First paint of the complete window, `after_ms` after its process started."""

    after_ms: float


class WindowClosed(msgspec.Struct, frozen=True, tag="window_closed"):
    """The person closed the window. `keep_on_air`: they chose that the show goes on without a window."""

    keep_on_air: bool


class WindowDoor(msgspec.Struct, frozen=True):
    """The content of `run/window-PID.json`."""

    pid: int
    port: int
    token: str


LauncherToWindow = WindowRaise | ServerTrouble | End
log = logging.getLogger(__name__)
WindowToLauncher = Heartbeat | WindowShown | WindowClosed


class WindowLink:
    """The window's side. What is called is called on a reading thread; `send` may be called from any."""

    def __init__(
        self,
        pipes: ChildPipes | None,
        on_raise: Callable[[], None],
        on_end: Callable[[], None],
        on_trouble: Callable[[str], None] = lambda words: None,
    ) -> None:
        self._on_raise, self._on_end, self._on_trouble = on_raise, on_end, on_trouble
        self._links: list[Link[Any] | SocketLink[Any]] = []
        self._lock = threading.Lock()
        self._file: Path | None = None
        self._listener: socket.socket | None = None
        if pipes is not None:
            self._serve(Link(pipes.read_fd, pipes.write_fd, LauncherToWindow))

    def open_door(self, folder: Path | None = None) -> None:
        """Listen for the next launcher and tell where. Writes a file: call it from a thread."""
        folder = run_folder() if folder is None else folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        listener = socket.create_server(("127.0.0.1", 0))
        door = WindowDoor(os.getpid(), listener.getsockname()[1], secrets.token_urlsafe(24))
        path = folder / f"window-{door.pid}.json"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(door))
        self._file, self._listener = path, listener
        threading.Thread(target=self._welcome, args=(listener, door.token), name="door", daemon=True).start()

    def send(self, message: WindowToLauncher) -> None:
        """Tell every launcher that listens."""
        with self._lock:
            links = list(self._links)
        for link in links:
            if not link.send(message):
                with self._lock, contextlib.suppress(ValueError):
                    self._links.remove(link)

    def close(self) -> None:
        """Shut the door and take its file away."""
        if self._file is not None:
            self._file.unlink(missing_ok=True)
        if self._listener is not None:
            with contextlib.suppress(OSError):  # wakes the thread that accepts
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()

    def _welcome(self, listener: socket.socket, token: str) -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            caller.settimeout(2.0)
            try:
                said = b""
                while not said.endswith(b"\n") and len(said) < 100:
                    piece = caller.recv(1)
                    if not piece:
                        break
                    said += piece
            except OSError:
                said = b""
            if not secrets.compare_digest(said, token.encode() + b"\n"):
                caller.close()
                continue
            caller.settimeout(None)
            self._serve(SocketLink(caller, LauncherToWindow))

    def _serve(self, link: Link[Any] | SocketLink[Any]) -> None:
        with self._lock:
            self._links.append(link)
        threading.Thread(target=self._read, args=(link,), name="launcher", daemon=True).start()

    def _read(self, link: Link[Any] | SocketLink[Any]) -> None:
        try:
            while (message := link.receive()) is not None:
                if isinstance(message, End):
                    self._on_end()
                elif isinstance(message, ServerTrouble):
                    self._on_trouble(message.words)
                else:
                    self._on_raise()
        except StoaError as error:  # whoever speaks otherwise is let go; the window goes on
            log.warning("a launcher's line broke: %s", error)
        with self._lock, contextlib.suppress(ValueError):
            self._links.remove(link)
        if isinstance(link, SocketLink):
            link.release()
        else:
            link.close_writer()
            link.close_reader()
