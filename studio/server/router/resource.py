"""What a WHIP or WHEP request made: one connection with its owner, as the people process knows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from studio.media import NS_PER_S
from studio.server.router.publisher import Publisher
from studio.server.router.recent import Recent
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
    _octets: Recent = field(default_factory=Recent)

    @property
    def direction(self) -> Direction:
        return self.offer.direction

    def measure(self, now_ns: int) -> None:
        """Call once a second."""
        self._octets.take(self.end.octets, 0, now_ns)

    def quality(self, now_ns: int) -> ResourceQuality:
        """How it does: a viewer as it reports, a publisher by what is missing here."""
        sent, lost = self.end.losses(now_ns)
        lost = min(max(lost, 0), sent)
        gained, _ = self._octets.gained(now_ns)
        round_trip_ms = self.end.peer.round_trip_ms
        return ResourceQuality(
            resource=self.id,
            session=self.offer.session,
            person=self.offer.person,
            direction=self.direction,
            rtt_ms=None if round_trip_ms is None else round(round_trip_ms, 1),
            loss_percent=round(100 * lost / sent, 2) if sent else 0.0,
            lost_packets=lost,
            bitrate_kbps=round(gained * 8e6 / self._octets.span_ns, 1) if gained else 0.0,
            silent_s=round((now_ns - self.end.peer.alive_ns) / NS_PER_S, 1),
        )
