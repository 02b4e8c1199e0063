"""When what a network camera sends was captured, on the studio clock: its own time stamps, set by the quickest packets.

Packets come late by a changing while (the network), and the sender's clock runs a little differently. The smallest
lateness seen is taken for the constant part of the way; it may grow by a thousandth of the time that passes, so that a
sender that runs slow is followed. Pictures and sound share one clock, and stay together.
"""

from __future__ import annotations

from studio.media import NS_PER_S

LEAP_NS = 2 * NS_PER_S
"""A lateness that differs by so much is another time line: the sender began anew."""
CREEP = 1_000e-6


class StreamClock:
    """Maps a stream's own seconds to instants. One thread."""

    def __init__(self) -> None:
        self._offset_ns: float | None = None
        self._last_ns = 0

    def instant_ns(self, pts_s: float | None, arrival_ns: int) -> int:
        """When what is stamped `pts_s` and arrived at `arrival_ns` was captured; its arrival where it has no stamp."""
        if pts_s is None:
            return arrival_ns
        late_ns = arrival_ns - pts_s * NS_PER_S
        if self._offset_ns is None or late_ns < self._offset_ns or late_ns - self._offset_ns > LEAP_NS:
            self._offset_ns = late_ns
        else:
            passed_ns = max(0, arrival_ns - self._last_ns)
            self._offset_ns += min(late_ns - self._offset_ns, passed_ns * CREEP)
        self._last_ns = arrival_ns
        return round(self._offset_ns + pts_s * NS_PER_S)
