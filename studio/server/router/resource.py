"""What a WHIP or WHEP request made: one connection with its owner, as the people process knows it."""

from __future__ import annotations

from dataclasses import dataclass

from studio.server.router.publisher import Publisher
from studio.server.router.viewer import Viewer
from studio.server.router_pipe import Direction, EndReason, MediaKind, Offer, ResourceQuality


@dataclass(slots=True)
class Resource:
    """One connection. `why` is set before it is ended by command; otherwise the connection was lost."""

    id: str
    offer: Offer
    etag: str
    kinds: tuple[MediaKind, ...]
    end: Publisher | Viewer
    why: EndReason = EndReason.LOST
    is_announced: bool = False
    _bytes_before: int = 0
    _measured_ns: int = 0
    bitrate_kbps: float = 0.0

    @property
    def direction(self) -> Direction:
        return self.offer.direction

    def measure(self, now_ns: int) -> None:
        """Bitrate since the last call."""
        if isinstance(self.end, Publisher):
            total = sum(track.counters.payload_bytes for track in self.end.tracks.values())
        else:
            total = sum(track.octets for track in self.end.tracks.values())
        if self._measured_ns and now_ns > self._measured_ns:
            self.bitrate_kbps = (total - self._bytes_before) * 8e6 / (now_ns - self._measured_ns)
        self._bytes_before, self._measured_ns = total, now_ns

    def quality(self) -> ResourceQuality:
        """How it does: a viewer as it reports, a publisher by what is missing here."""
        if isinstance(self.end, Viewer):
            return ResourceQuality(
                self.id,
                self.offer.person,
                self.direction,
                self.end.quality.round_trip_ms,
                round(self.end.quality.loss * 100, 2),
                round(self.bitrate_kbps, 1),
            )
        loss = max((track.last_fraction_lost for track in self.end.tracks.values()), default=0.0)
        return ResourceQuality(
            self.id, self.offer.person, self.direction, None, round(loss * 100, 2), round(self.bitrate_kbps, 1)
        )
