"""The router's NTP time: the wall clock at its start, carried on by the studio clock, so that it never steps."""

from __future__ import annotations

import time

from studio.media import NS_PER_S, Clock

_EPOCH_S = 2_208_988_800
"""From 1900, where NTP begins, to 1970."""


class NtpClock:
    """NTP time in 32.32 bits."""

    def __init__(self, clock: Clock, wall_ns: int | None = None) -> None:
        self._shift_ns = (time.time_ns() if wall_ns is None else wall_ns) - clock.now_ns()

    def at(self, now_ns: int) -> int:
        """The NTP time at an instant of the studio clock."""
        seconds, rest_ns = divmod(now_ns + self._shift_ns, NS_PER_S)
        return (seconds + _EPOCH_S) << 32 | (rest_ns << 32) // NS_PER_S
