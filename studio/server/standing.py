"""The session server under `stoa`: the parent of people and router as a child of the launcher, `stoa --child server`.

It outlives its launcher: while an engine or a window of the same STOA_HOME is there, the show goes on, and the next
launcher adopts the server through its owner file (run/owner-PID.json: ask /api/v1/health, end by POST /api/v1/end).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psutil

from studio.media.errors import StoaError
from studio.process.child import ChildPipes
from studio.process.link import Link
from studio.process.messages import End, Fault, Heartbeat
from studio.server.front import Front
from studio.server.kept_share import KeptShare
from studio.server.parent import ServerPair, ServerPlan

BEAT_EVERY_S = 0.5
ALONE_LIMIT_S = 10.0
log = logging.getLogger(__name__)


class OpenServer(msgspec.Struct, frozen=True, tag="open_server"):
    """Launcher to server, first. Give the port of an earlier life again, so that links stay good.

    `resume`: the same studio runs on, so what an earlier life shared is shared again. A fresh start shares nothing.
    `database`: PostgreSQL's URL, a secret, or empty for SQLite in `data`.
    """

    data: str
    run_folder: str
    front: Front = Front()
    resume: bool = False
    database: str = ""

    def __repr__(self) -> str:
        return f"OpenServer(data={self.data!r}, front={self.front!r}, resume={self.resume})"


class ServerReady(msgspec.Struct, frozen=True, tag="server_ready"):
    """Server to launcher: it can be reached; the owner file `run/owner-PID.json` is written."""

    pid: int
    port: int
    local_base: str
    links_base: str


LauncherToServer = OpenServer | End
ServerToLauncher = ServerReady


def run(pipes: ChildPipes) -> None:
    """The child's entry point."""
    _Standing(pipes).live()


def others_are_running(run_folder: Path, is_running: Callable[[int], bool] = psutil.pid_exists) -> bool:
    """Whether an engine or a window of this STOA_HOME is there, for which the server stays."""
    for kind in ("engine", "window"):
        for path in run_folder.glob(f"{kind}-*.json"):
            number = path.stem.rpartition("-")[2]
            if number.isdecimal() and is_running(int(number)):
                return True
    return False


class _Standing:
    """One life of the process."""

    def __init__(self, pipes: ChildPipes) -> None:
        self._link: Link[Any] = Link(pipes.read_fd, pipes.write_fd, LauncherToServer)
        self._stop = threading.Event()
        self._orphaned = threading.Event()

    def live(self) -> None:
        opening = self._link.receive()
        if not isinstance(opening, OpenServer):
            return
        threading.Thread(target=self._read, name="launcher", daemon=True).start()
        kept = KeptShare(Path(opening.run_folder))
        shared = kept.read() if opening.resume else None
        kept.keep(shared)
        plan = ServerPlan(
            Path(opening.data), Path(opening.run_folder), opening.front, shared=shared, database=opening.database
        )
        pair = ServerPair(plan, on_end_asked=self._stop.set, on_shared=kept.keep)
        beating = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        beating.start()
        try:
            pair.start()
            listening = pair.wait_ready()
            self._link.send(
                ServerReady(
                    pid=pair.pid, port=listening.port, local_base=listening.local_base, links_base=listening.links_base
                )
            )
            self._stay(plan.run_folder)
            pair.end()
            kept.keep(None)
        except StoaError as error:
            log.error("the session server cannot start: %s", error)
            self._link.send(Fault(error.kind, error.message, error.remedy, error.permanent))
        finally:
            pair.end()

    def _stay(self, run_folder: Path) -> None:
        alone_s = 0.0
        while not self._stop.wait(BEAT_EVERY_S):
            if self._orphaned.is_set() and not others_are_running(run_folder):
                alone_s += BEAT_EVERY_S
                if alone_s >= ALONE_LIMIT_S:
                    log.info("the launcher, engine and window are gone; the server ends too")
                    return
            else:
                alone_s = 0.0

    def _read(self) -> None:
        message = self._link.receive()
        if isinstance(message, End):
            self._stop.set()
        else:
            self._orphaned.set()

    def _beat(self) -> None:
        while self._link.send(Heartbeat()) and not self._stop.wait(BEAT_EVERY_S):
            pass
