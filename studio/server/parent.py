"""The small parent of the two server processes: keeps both alive and carries what they say to each other."""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import msgspec
import psutil

from studio import __version__
from studio.media.clock import NS_PER_S, StudioClock
from studio.media.errors import ErrorKind, StoaError
from studio.process.messages import Fault
from studio.process.supervise import ChildPlan, Loss, SupervisedChild, Watchdog
from studio.server.data_folder import prepare_folder, unwritable
from studio.server.front import Front, Shared
from studio.server.parent_pipe import Begin, EndAsked, Listening, PeopleToParent, Remember, RouterDown
from studio.server.router_pipe import RouterToPeople

START_LIMIT_S = 30.0
STOP_LOOK_S = 0.05
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """Where the server keeps its data, where it writes the owner's token, and where it listens.

    `run_folder` is $STOA_HOME/run, `log_to` takes the children's standard error, `shared` is what the owner shared in
    an earlier life of this parent. `database`: PostgreSQL's URL, a secret, or empty for SQLite in `data`.
    """

    data: Path
    run_folder: Path
    front: Front
    log_to: IO[bytes] | int | None = None
    shared: Shared | None = None
    database: str = field(default="", repr=False)


class OwnerFile(msgspec.Struct, frozen=True):
    """run/owner-PID.json, 0600: how programs of this user reach the server and sign in. Gone at the end."""

    pid: int
    port: int
    url: str
    token: str
    version: str

    def __repr__(self) -> str:
        return f"OwnerFile(pid={self.pid}, url={self.url!r})"


class ServerPair:
    """People and router under one parent. `start`, `wait_ready`, `end` may be called from any thread."""

    def __init__(
        self,
        plan: ServerPlan,
        *,
        on_end_asked: Callable[[], object] = lambda: None,
        on_shared: Callable[[Shared | None], object] = lambda shared: None,
    ) -> None:
        """`on_end_asked` and `on_shared` (what is shared from now on) are called on a thread of the pair."""
        self.plan = plan
        self.owner_token = secrets.token_urlsafe(32)
        self._on_end_asked = on_end_asked
        self._on_shared = on_shared
        self._front = plan.front
        self._shared = plan.shared
        self._ready = threading.Event()
        self._failure: StoaError | None = None
        self._listening: Listening | None = None
        self._watchdog = Watchdog()
        self.people = SupervisedChild(
            ChildPlan(
                "people",
                PeopleToParent,
                opening=self._opening,
                on_message=self._from_people,
            ),
            log_to=plan.log_to,
        )
        self.router = SupervisedChild(
            ChildPlan(
                "router",
                RouterToPeople,
                opening=lambda: (),
                on_message=self._from_router,
                on_lost=self._router_lost,
            ),
            log_to=plan.log_to,
        )

    @property
    def pid(self) -> int:
        return os.getpid()

    @property
    def owner_file(self) -> Path:
        return self.plan.run_folder / f"owner-{self.pid}.json"

    def start(self) -> None:
        """Bring both up (returns at once). Raises StoaError(DENIED) for a data folder that cannot be used."""
        prepare_folder(self.plan.data, database=not self.plan.database)
        self._prepare_run_folder()
        for child in (self.router, self.people):
            self._watchdog.add(child)
            child.start()
        self._watchdog.start()

    def wait_ready(self, limit_s: float = START_LIMIT_S) -> Listening:
        """Until the server can be reached. Raises StoaError: why it cannot (port in use, folder not writable)."""
        return self._outcome(self._ready.wait(limit_s), limit_s)

    def wait_ready_or(self, stop: threading.Event, limit_s: float = START_LIMIT_S) -> Listening | None:
        """As `wait_ready`; None as soon as `stop` is set, by a signal's handler for example."""
        clock = StudioClock()
        until_ns = clock.now_ns() + int(limit_s * NS_PER_S)
        while not (ready := self._ready.wait(STOP_LOOK_S)) and clock.now_ns() < until_ns:
            if stop.is_set():
                return None
        return None if stop.is_set() else self._outcome(ready, limit_s)

    def _outcome(self, ready: bool, limit_s: float) -> Listening:
        if self._failure is not None:
            raise self._failure
        if not ready or self._listening is None:
            raise StoaError(
                ErrorKind.TIMEOUT,
                f"The session server did not start within {limit_s:.0f} s.",
                remedy="Look at its log; try again when the machine is less busy.",
            )
        return self._listening

    def end(self) -> None:
        """End both in order; returns once they are gone, and the owner's token with them."""
        self._watchdog.stop()
        self.people.end(wait=False)
        self.router.end(wait=False)
        self.people.join()
        self.router.join()
        with contextlib.suppress(NotADirectoryError):  # where it could not begin
            self.owner_file.unlink(missing_ok=True)

    def _opening(self) -> Iterable[msgspec.Struct]:
        return (Begin(str(self.plan.data), self.owner_token, self._front, self._shared, self.plan.database),)

    def _from_people(self, message: Any) -> None:
        match message:
            case Listening():
                self._now_listening(message)
            case Remember():
                self._shared = message.shared
                self._on_shared(message.shared)
            case EndAsked():
                self._on_end_asked()
            case Fault():
                self._people_failed(message)
            case _:
                self.router.send(message)

    def _now_listening(self, message: Listening) -> None:
        # The next life takes the same ports, so that everyone finds it again.
        self._front = replace_ports(self._front, message)
        self._listening = message
        try:
            self._write_owner_file(message)
        except OSError as cause:
            self._failure = self._unwritable(cause)
        self._ready.set()

    def _prepare_run_folder(self) -> None:
        try:
            self.plan.run_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as cause:
            raise self._unwritable(cause) from cause

    def _unwritable(self, cause: OSError) -> StoaError:
        remedy = "Let yourself write to it, or set STOA_HOME to another folder."
        return unwritable(str(self.plan.run_folder), cause, remedy)

    def _write_owner_file(self, message: Listening) -> None:
        content = OwnerFile(os.getpid(), message.local_port, message.local_base, self.owner_token, __version__)
        self.plan.run_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        remove_stale(self.plan.run_folder)
        made = self.owner_file.with_suffix(".new")
        made.unlink(missing_ok=True)
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(content))
        made.replace(self.owner_file)

    def _people_failed(self, fault: Fault) -> None:
        """Before it has ever listened, what stops it is told to who waits, and it is not tried again. Later it is only
        logged, and it is started again."""
        if self._listening is not None:
            log.error("people: %s", fault.message)
        else:
            kind = ErrorKind(fault.kind)
            self._failure = StoaError(kind, fault.message, remedy=fault.remedy, permanent=fault.permanent)
            self.people.end(wait=False)
            self._ready.set()

    def _from_router(self, message: Any) -> None:
        if isinstance(message, Fault):
            log.error("router: %s", message.message)
        else:
            self.people.send(message)

    def _router_lost(self, loss: Loss) -> None:
        self.people.send(RouterDown())


def remove_stale(run_folder: Path) -> None:
    """Take away the owner files of servers that are gone (kill -9 leaves them; their tokens are dead)."""
    for path in run_folder.glob("owner-*.json"):
        number = path.stem.rpartition("-")[2]
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            path.unlink(missing_ok=True)


def replace_ports(front: Front, listening: Listening) -> Front:
    """The same front with the ports that it got."""
    return msgspec.structs.replace(front, port=listening.port, local_port=listening.local_port)
