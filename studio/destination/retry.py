"""When to try again: soon at first, then steadily for five minutes, then ever more seldom."""

from __future__ import annotations

import random

from studio.media import NS_PER_S

FIRST_DELAYS_S = (0.25, 0.5, 1.0)
STEADY_S = 1.5
STEADY_FOR_NS = 300 * NS_PER_S
LONGEST_S = 15.0
GROWTH = 1.5
SPREAD = 0.2


class RetrySchedule:
    """The delays of one outage: 0.25, 0.5, 1, then 1.5 s ± 20 % for five minutes, then growing to 15 s ± 20 %.

    The spread keeps many studios from calling a returning server all at once.
    """

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance or random.Random()
        self._failures = 0
        self._began_ns = 0
        self._late_s = STEADY_S

    def after_failure(self, now_ns: int) -> float:
        """Seconds until the next try, for a try that failed at `now_ns`."""
        if self._failures == 0:
            self._began_ns = now_ns
        self._failures += 1
        if self._failures <= len(FIRST_DELAYS_S):
            return FIRST_DELAYS_S[self._failures - 1]
        if now_ns - self._began_ns >= STEADY_FOR_NS:
            self._late_s = min(self._late_s * GROWTH, LONGEST_S / (1 + SPREAD))
        return self._late_s * self._chance.uniform(1 - SPREAD, 1 + SPREAD)

    def reset(self) -> None:
        """The outage is over."""
        self._failures = 0
        self._late_s = STEADY_S
