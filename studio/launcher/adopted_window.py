"""A window that an earlier launcher opened: found by the file of its door, and spoken to over that."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil

from studio.control.window import LauncherToWindow, WindowDoor, WindowToLauncher
from studio.process import End, SocketLink

CONNECT_LIMIT_S = 3.0


class AdoptedWindow:
    """`on_message` and `on_gone` are called on a thread of its own; the rest may be called from any."""

    def __init__(
        self,
        pid: int,
        link: SocketLink[WindowToLauncher],
        on_message: Callable[[WindowToLauncher], None],
        on_gone: Callable[[], None],
    ) -> None:
        self.pid = pid
        self._link = link
        self._on_message = on_message
        self._on_gone = on_gone
        threading.Thread(target=self._read, name="adopted window", daemon=True).start()

    def send(self, message: LauncherToWindow) -> None:
        self._link.send(message)

    def end(self, limit_s: float) -> None:
        """Ask it to leave; by force after `limit_s`."""
        self._link.send(End())
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            try:
                process.wait(limit_s)
            except psutil.TimeoutExpired:
                process.kill()
        self._link.close()

    def _read(self) -> None:
        while (message := self._link.receive()) is not None:
            self._on_message(message)
        self._on_gone()


def find_window(
    folder: Path, on_message: Callable[[WindowToLauncher], None], on_gone: Callable[[], None]
) -> AdoptedWindow | None:
    """The window that runs, if one does; the files of dead ones are taken away."""
    for path in folder.glob("window-*.json"):
        try:
            door = msgspec.json.decode(path.read_bytes(), type=WindowDoor)
        except (OSError, msgspec.DecodeError):
            continue
        if not psutil.pid_exists(door.pid):
            path.unlink(missing_ok=True)
            continue
        try:
            connection = socket.create_connection(("127.0.0.1", door.port), CONNECT_LIMIT_S)
            connection.sendall(door.token.encode() + b"\n")
            connection.settimeout(None)
        except OSError:
            continue
        return AdoptedWindow(door.pid, SocketLink(connection, WindowToLauncher), on_message, on_gone)
    return None
