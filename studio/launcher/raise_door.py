"""One studio for each STOA_HOME: a lock, and a loopback door where a second `stoa` asks the first for its window."""

from __future__ import annotations

import contextlib
import hmac
import os
import secrets
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec


class LauncherDoor(msgspec.Struct, frozen=True):
    """The content of `run/launcher.json` (0600)."""

    pid: int
    port: int
    token: str


def take_lock(run_folder: Path) -> IO[bytes] | None:
    """The studio's lock, held until the file is closed; None where another `stoa` holds it."""
    run_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = (run_folder / "studio.lock").open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


class Door:
    """The first studio's side: `on_knock` is called on a thread for every second `stoa`."""

    def __init__(self, run_folder: Path, on_knock: Callable[[], None]) -> None:
        self._on_knock = on_knock
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._token = secrets.token_urlsafe(24)
        self._path = run_folder / "launcher.json"
        draft = self._path.with_suffix(".part")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(LauncherDoor(os.getpid(), self._listener.getsockname()[1], self._token)))
        draft.replace(self._path)
        threading.Thread(target=self._listen, name="door", daemon=True).start()

    def close(self) -> None:
        self._path.unlink(missing_ok=True)
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            with caller, contextlib.suppress(OSError):
                caller.settimeout(2.0)
                said = caller.makefile("rb").readline(100)
                if hmac.compare_digest(said.strip(), self._token.encode()):
                    self._on_knock()
                    caller.sendall(b"ok\n")


def knock(run_folder: Path) -> bool:
    """Ask the first studio for its window; False where it does not answer."""
    try:
        door = msgspec.json.decode((run_folder / "launcher.json").read_bytes(), type=LauncherDoor)
        with socket.create_connection(("127.0.0.1", door.port), 3.0) as caller:
            caller.sendall(door.token.encode() + b"\n")
            caller.settimeout(5.0)
            return caller.recv(3) == b"ok\n"
    except (OSError, msgspec.DecodeError):
        return False
