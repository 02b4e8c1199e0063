"""The studio clock: monotonic nanoseconds, the same in all processes of the machine, injected everywhere."""

from __future__ import annotations

import sys
import time
from typing import Protocol

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


class Clock(Protocol):
    """What tells the time. `now_ns` may be called from any thread."""

    def now_ns(self) -> int:
        """Monotonic nanoseconds, comparable between processes of one machine."""

    def sleep_until_ns(self, instant_ns: int) -> None:
        """Block the calling thread until `instant_ns`; returns at once where that has passed."""


class StudioClock:
    """The real clock.

    On Windows `time.monotonic` steps by 15.6 ms before Python 3.13; `perf_counter_ns` is the same counter for all
    processes there, so it is taken instead.
    """

    if sys.platform == "win32":

        def now_ns(self) -> int:
            return time.perf_counter_ns()
    else:

        def now_ns(self) -> int:
            return time.monotonic_ns()

    def sleep_until_ns(self, instant_ns: int) -> None:
        while (left_ns := instant_ns - self.now_ns()) > 0:
            time.sleep(left_ns / NS_PER_S)
