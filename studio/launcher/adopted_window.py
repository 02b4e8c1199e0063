"""A window that an earlier launcher opened: found by the file of its door, and spoken to over that."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil

from studio.control.window import Heartbeat, LauncherToWindow, WindowDoor, WindowToLauncher
from studio.process import End, SocketLink

CONNECT_LIMIT_S = 3.0
FIRST_BEAT_LIMIT_S = 5.0
log = logging.getLogger(__name__)


class AdoptedWindow:
    """`on_message` and `on_gone` are called on a thread of its own; the rest may be called from any."""

    def __init__(
        self,
        pid: int,
        link: SocketLink[WindowToLauncher],
        on_message: Callable[[WindowToLauncher], None],
        on_gone: Callable[[], None],
        *,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pid = pid
        self._now_s = now_s
        self._silent_from_s = now_s() + FIRST_BEAT_LIMIT_S
        self._link = link
        self._on_message = on_message
        self._on_gone = on_gone
        threading.Thread(target=self._read, name="adopted window", daemon=True).start()

    def send(self, message: LauncherToWindow) -> None:
        self._link.send(message)

    def check(self) -> None:
        """The watchdog's turn: kill a window that has been silent for longer than it said. Its end is then told."""
        if self._now_s() > self._silent_from_s:
            log.warning("the window (pid %d) is silent and is ended", self.pid)
            self._silent_from_s = float("inf")
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(self.pid).kill()

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
            if isinstance(message, Heartbeat):
                self._silent_from_s = self._now_s() + message.limit_s
            else:
                self._on_message(message)
        self._silent_from_s = float("inf")
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
