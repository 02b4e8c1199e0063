"""What came to a stream in the last seconds: differences of running totals, so that no packet costs anything more."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from studio.media import NS_PER_S

WINDOW_NS = 5 * NS_PER_S
"""Long enough that one lost packet of a quiet minute is no tenth, short enough to be about now."""
STALE_NS = 2 * WINDOW_NS
"""Receivers of sound alone report every 5 s, give or take a half (RFC 3550, 6.2)."""
MIN_APART_NS = NS_PER_S // 4
"""A peer that reports more often than it needs to fills no memory."""


@dataclass(slots=True)
class Recent:
    """Takes a pair of totals about once a second: packets expected and lost, or bytes and nothing."""

    _totals: deque[tuple[int, int, int]] = field(default_factory=deque)

    def take(self, first: int, second: int, now_ns: int) -> None:
        """Totals that run backwards are a new beginning (a receiver that starts to count anew)."""
        totals = self._totals
        if totals and now_ns - totals[-1][0] < MIN_APART_NS:
            return
        if totals and first < totals[-1][1]:
            totals.clear()
        totals.append((now_ns, first, second))
        while len(totals) > 2 and now_ns - totals[1][0] >= WINDOW_NS:
            totals.popleft()

    def gained(self, now_ns: int) -> tuple[int, int]:
        """What both totals gained in the window; nothing where the newest of them is old."""
        totals = self._totals
        if len(totals) < 2 or now_ns - totals[-1][0] > STALE_NS:
            return 0, 0
        return totals[-1][1] - totals[0][1], totals[-1][2] - totals[0][2]

    @property
    def span_ns(self) -> int:
        """How long the totals stand apart."""
        return self._totals[-1][0] - self._totals[0][0] if self._totals else 0
