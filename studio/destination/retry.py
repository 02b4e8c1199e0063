"""When a destination tries again."""

from __future__ import annotations

import random
from collections.abc import Callable

from studio.media import ErrorKind, StoaError

FIRST_S = (0.25, 0.5, 1.0, 1.5)
PATIENT_AFTER_S = 300.0
PATIENT_S = 15.0
SPREAD = 0.2


class ComeBackLater(StoaError):
    """A server asks not to be tried again for `after_s` seconds (HTTP's Retry-After); 0 where it names none."""

    def __init__(self, message: str, after_s: float) -> None:
        super().__init__(ErrorKind.BUSY, message, remedy="Nothing to do: it is tried again by itself.")
        self.after_s = after_s


class RetryTimes:
    """0.25, 0.5, 1, then 1.5 s ± 20 % for five minutes of failing, then growing up to 15 s. Begun anew by `succeeded`.

    `draw` gives a number from 0 to 1; the spread keeps many senders from knocking at the same moment.
    """

    def __init__(self, draw: Callable[[], float] = random.random) -> None:
        self._draw = draw
        self._failures = 0
        self._waited_s = 0.0
        self._patient_s = FIRST_S[-1]

    def succeeded(self) -> None:
        """A connection came about."""
        self._failures = 0
        self._waited_s = 0.0
        self._patient_s = FIRST_S[-1]

    def next_s(self, at_least_s: float = 0.0) -> float:
        """Seconds to wait after one more failure; `at_least_s` is what a server asked for (Retry-After)."""
        if self._waited_s < PATIENT_AFTER_S:
            base_s = FIRST_S[min(self._failures, len(FIRST_S) - 1)]
        else:
            self._patient_s = base_s = min(PATIENT_S, self._patient_s * 1.5)
        self._failures += 1
        wait_s = max(base_s * (1 - SPREAD + 2 * SPREAD * self._draw()), at_least_s)
        self._waited_s += wait_s
        return wait_s
