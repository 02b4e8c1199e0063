"""What the studio's launcher looks after: begun by it, or adopted from a launcher before."""

from __future__ import annotations

import threading
from collections.abc import Callable

import psutil

from studio.process import SupervisedChild

WATCH_EVERY_S = 0.25


class Ward:
    """A process that is kept alive: an adopted one until it ends, then children of this launcher.

    `make()` gives the supervised child. Any thread may call anything.
    """

    def __init__(self, make: Callable[[], SupervisedChild], adopted_pid: int | None = None) -> None:
        self._make = make
        self._adopted = adopted_pid
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
        """End it in order: a child over its pipe, an adopted one by `ask_adopted(pid)`; by force after `limit_s`."""
        with self._lock:
            self._ending.set()
            child = self._child
        if child is not None:
            child.end()
        elif self._adopted is not None and psutil.pid_exists(self._adopted):
            process = psutil.Process(self._adopted)
            ask_adopted(self._adopted)
            try:
                process.wait(limit_s)
            except psutil.TimeoutExpired:
                process.kill()
            except psutil.NoSuchProcess:
                return

    def _begin(self) -> None:
        with self._lock:
            if self._ending.is_set():
                return
            self._child = self._make()
            self._child.start()

    def _watch(self, pid: int) -> None:
        while not self._ending.wait(WATCH_EVERY_S):
            if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                self._begin()
                return
