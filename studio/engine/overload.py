"""Whether this machine keeps up with the show."""

from __future__ import annotations

from collections import deque

from studio.media import NS_PER_S

WINDOW_NS = 5 * NS_PER_S
MOST_LOST = 0.05
"""Of the pictures due in the window. A stall of a moment costs fewer, at 24 pictures a second too."""


class Overload:
    """Pure: told about once a second how many pictures were due and how many of them lost, since whenever."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, int, int]] = deque()
        self._lasts = False

    def look(self, now_ns: int, due: int, lost: int) -> tuple[int, int] | None:
        """(due, lost) of the last five seconds where too many were; once, until five seconds were good again."""
        if self._seen and (due < self._seen[-1][1] or lost < self._seen[-1][2]):  # counted anew: another show
            self._seen.clear()
        self._seen.append((now_ns, due, lost))
        while now_ns - self._seen[0][0] > WINDOW_NS:
            self._seen.popleft()
        first_ns, due_before, lost_before = self._seen[0]
        due, lost = due - due_before, lost - lost_before
        if lost > due * MOST_LOST and lost > 1 and now_ns - first_ns > WINDOW_NS // 2:
            news, self._lasts = not self._lasts, True
            return (due, lost) if news else None
        if not lost:
            self._lasts = False
        return None
