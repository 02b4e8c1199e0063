"""What a destination counts: pictures and bytes handed over, pictures lost, and the rate of the last two seconds."""

from __future__ import annotations

from collections import deque

from studio.destination.connection import Measures
from studio.destination.contract import DestinationStatistics
from studio.media import NS_PER_S, EncodedPacket

WINDOW_NS = 2 * NS_PER_S


class Tally:
    """Counts over all connections of this child's life. The runner's thread writes and reads it."""

    def __init__(self) -> None:
        self._frames = 0
        self._bytes = 0
        self._lost_before_first: int | None = None
        self._earlier_retransmitted = 0
        self._earlier_dropped = 0
        self._measures = Measures()
        self._window: deque[tuple[int, int]] = deque()

    @property
    def frames(self) -> int:
        return self._frames

    def count(self, packet: EncodedPacket, now_ns: int, lost_so_far: int) -> None:
        """A packet was handed over. `lost_so_far` is the queue's counter: what it lost before the first picture was
        not yet due here and does not count."""
        if packet.codec.is_video:
            if self._lost_before_first is None:
                self._lost_before_first = lost_so_far
            self._frames += 1
        self._bytes += len(packet.data)
        self._window.append((now_ns, len(packet.data)))

    def measured(self, measures: Measures) -> None:
        """The present connection's figures."""
        self._measures = measures

    def connection_ended(self) -> None:
        """Keep the counts of the connection that is over."""
        self._earlier_retransmitted += self._measures.retransmitted
        self._earlier_dropped += self._measures.dropped
        self._measures = Measures()

    def statistics(self, now_ns: int, lost_so_far: int, queue_ms: float, reconnects: int) -> DestinationStatistics:
        """The figures of this moment."""
        while self._window and now_ns - self._window[0][0] > WINDOW_NS:
            self._window.popleft()
        recent_bytes = sum(size for _, size in self._window)
        lost = 0 if self._lost_before_first is None else lost_so_far - self._lost_before_first
        return DestinationStatistics(
            frames=self._frames,
            bytes=self._bytes,
            dropped=lost + self._earlier_dropped + self._measures.dropped,
            bitrate_kbps=round(recent_bytes * 8 / 1000 / (WINDOW_NS / NS_PER_S), 1),
            queue_ms=round(queue_ms + self._measures.buffered_ms, 1),
            rtt_ms=round(self._measures.rtt_ms, 3),
            loss=round(self._measures.loss, 4),
            retransmitted=self._earlier_retransmitted + self._measures.retransmitted,
            reconnects=reconnects,
        )
