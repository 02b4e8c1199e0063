"""Whether the machine may sleep: asked for from any thread without waiting, done on a thread of its own.

The systems' ways may block (a bus that does not answer) or belong to the thread that asked (Windows); neither may cost
the engine's loop or its clock a moment.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from typing import Protocol

END_LIMIT_S = 1.0
log = logging.getLogger(__name__)


class WakeLock(Protocol):
    """A system's way. Both are called on one and the same thread, in turns, `take` first."""

    def take(self) -> None:
        """The machine does not sleep from now on. Raises OSError with words that say why it may."""
        ...

    def drop(self) -> None:
        """It may sleep again."""
        ...


class Wakefulness:
    """Any thread. What is held at the process's end, however it ends, is let go by the system."""

    def __init__(self, make: Callable[[], WakeLock] | None = None) -> None:
        self._make = make or of_this_system
        self._changed = threading.Condition()
        self._wanted = self._closed = self._said = False
        self._turns = 0
        self._thread: threading.Thread | None = None

    def want(self, awake: bool) -> None:
        """Hold from now on, or let go. Returns at once; asking for what is so already costs nothing."""
        with self._changed:
            if awake == self._wanted or self._closed:
                return
            self._wanted = awake
            self._turns += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="wakefulness", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Let go for good. Waits no longer than `END_LIMIT_S`, whatever the system does."""
        with self._changed:
            self._closed, self._wanted = True, False
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(END_LIMIT_S)

    def _run(self) -> None:
        lock: WakeLock | None = None
        turn = 0
        while (turn := self._next(turn, wanted=True)) > 0:
            try:
                lock = lock or self._make()
                lock.take()
            except OSError as error:
                self._say(str(error))
                continue  # tried again when it is wanted anew
            turn = self._next(turn, wanted=False)
            lock.drop()

    def _next(self, turn: int, *, wanted: bool) -> int:
        """Wait for a turn after this one on which it is (not) wanted; 0 once it is closed and wanted no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or (self._turns > turn and self._wanted is wanted))
            return self._turns if self._wanted is wanted else 0

    def _say(self, words: str) -> None:
        if not self._said:
            self._said = True
            log.warning("The machine may go to sleep during the show: %s.", words)


def of_this_system() -> WakeLock:
    """Raises OSError where Stoa knows no way."""
    if sys.platform == "linux":
        from studio.inhibitor.desktop import DesktopLock

        return DesktopLock()
    if sys.platform == "win32":
        from studio.inhibitor.windows import WindowsLock

        return WindowsLock()
    if sys.platform == "darwin":
        from studio.inhibitor.macos import MacLock

        return MacLock()
    raise OSError(f"Stoa knows no way to keep {sys.platform} awake")
