"""What the studio's launcher looks after: begun by it, or adopted from a launcher before."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from studio.media import ErrorKind, StoaError
from studio.process import SupervisedChild

WATCH_EVERY_S = 0.25
ASK_EVERY_S = 1.5
SILENT_S = 5.0
CLOSED_S = 25.0
"""Nobody listens, yet the process is there: it is ending, and may be closing a recording."""
ASK_AT_END_S = 4.0
KILL_LIMIT_S = 2.0
log = logging.getLogger(__name__)

AskForLife = Callable[[int, float], None]
"""`ask(pid, limit_s)`: returns once the process has answered; raises StoaError where it has not within the limit."""


class Ward:
    """A process that is kept alive: an adopted one until it ends or falls silent, then children of this launcher.

    `make()` gives the supervised child. An adopted one sends this launcher no heartbeat, so it is asked for a sign of
    life by `ask`, on a thread of its own. Any thread may call anything.
    """

    def __init__(
        self,
        make: Callable[[], SupervisedChild],
        adopted_pid: int | None = None,
        *,
        ask: AskForLife,
        silent_s: float = SILENT_S,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = make
        self._adopted = adopted_pid
        self._ask = ask
        self._silent_s = silent_s
        self._now_s = now_s
        self._child: SupervisedChild | None = None
        self._ending = threading.Event()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin, or watch what was adopted."""
        if self._adopted is None:
            self._begin()
        else:
            threading.Thread(target=self._watch, args=(self._adopted,), name="adopted", daemon=True).start()

    @property
    def adopted(self) -> bool:
        """True while it is still the one of an earlier launcher."""
        return self._child is None and self._adopted is not None

    @property
    def child(self) -> SupervisedChild | None:
        return self._child

    def check(self) -> None:
        """The watchdog's turn."""
        child = self._child
        if child is not None:
            child.check()

    def end(self, ask_adopted: Callable[[int], None], limit_s: float) -> None:
        """End it in order: a child over its pipe, an adopted one by `ask_adopted(pid)`; by force after `limit_s`.

        An adopted one that gives no sign of life within ASK_AT_END_S is ended by force at once.
        """
        with self._lock:
            self._ending.set()
            child = self._child
        if child is not None:
            child.end()
        elif self._adopted is not None and not is_gone(self._adopted):
            try:
                self._ask(self._adopted, ASK_AT_END_S)
            except StoaError as error:
                if error.kind is ErrorKind.TIMEOUT:
                    log.warning("pid %d is ended by force: %s", self._adopted, error)
                    kill(self._adopted)
                    return
            ask_adopted(self._adopted)
            wait_or_kill(self._adopted, limit_s)

    def _begin(self) -> None:
        with self._lock:
            if self._ending.is_set():
                return
            self._child = self._make()
            self._child.start()

    def _watch(self, pid: int) -> None:
        answered_s = asked_s = self._now_s()
        while not self._ending.wait(WATCH_EVERY_S):
            if is_gone(pid):
                break
            if self._now_s() - asked_s < ASK_EVERY_S:
                continue
            try:
                self._ask(pid, max(1.0, answered_s + self._silent_s - self._now_s()))
                answered_s = self._now_s()
            except StoaError as error:
                limit_s = self._silent_s if error.kind is ErrorKind.TIMEOUT else CLOSED_S
                if self._now_s() - answered_s >= limit_s and not self._ending.is_set():
                    log.warning("pid %d gives no sign of life and is ended: %s", pid, error)
                    kill(pid)
                    break
            asked_s = self._now_s()
        self._begin()


def is_gone(pid: int) -> bool:
    """True where no such process runs; one that has ended and that nobody has asked after counts as gone."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def kill(pid: int) -> None:
    """End it at once (it may be hung), and wait until it is gone."""
    with contextlib.suppress(psutil.NoSuchProcess, psutil.TimeoutExpired):
        process = psutil.Process(pid)
        process.kill()
        process.wait(KILL_LIMIT_S)


def remove_dead(run_folder: Path) -> None:
    """Take away the run files of servers and windows that are gone (one that was killed leaves them)."""
    for kind in ("owner", "window"):
        for path in run_folder.glob(f"{kind}-*.json"):
            number = path.stem.rpartition("-")[2]
            if number.isdecimal() and is_gone(int(number)):
                path.unlink(missing_ok=True)


def wait_or_kill(pid: int, limit_s: float) -> None:
    """Until it is gone; by force after `limit_s`."""
    try:
        psutil.Process(pid).wait(limit_s)
    except psutil.TimeoutExpired:
        kill(pid)
    except psutil.NoSuchProcess:
        return
