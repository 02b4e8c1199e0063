"""One WHIP publisher: its tracks, what is asked of it, and how it is heard."""

from __future__ import annotations

import secrets
from typing import Protocol

from studio.media import NS_PER_S
from studio.server.router import rtcp, rtp
from studio.server.router.gop import GopCache
from studio.server.router.ingest import IngestTrack, SenderClock, TrackFormat
from studio.server.router.ntp import NtpClock
from studio.server.router.peer import Peer
from studio.server.router.recent import Recent
from studio.server.router.rtp import HEADER, RtpError, RtpPacket

REPORT_EVERY_NS = NS_PER_S
CNAME = "stoa"


class PublisherOwner(Protocol):
    """The broadcast that the publisher feeds."""

    def publisher_packet(self, publisher: Publisher, track: IngestTrack, packet: RtpPacket, now_ns: int) -> None:
        """One packet, in the order of arrival, each once."""

    def publisher_clock(self, publisher: Publisher, track: IngestTrack, now_ns: int) -> None:
        """The first sender report of a track has come."""

    def publisher_connected(self, publisher: Publisher, now_ns: int) -> None:
        """Its packets may come."""

    def publisher_closed(self, publisher: Publisher, words: str) -> None:
        """It has ended."""


class Publisher:
    """Implements PeerOwner. Asks the sender for what is lost (NACK) and for keyframes (PLI), and reports to it."""

    def __init__(
        self, resource: str, person: str, peer: Peer, formats: list[TrackFormat], owner: PublisherOwner, ntp: NtpClock
    ) -> None:
        self.resource = resource
        self.person = person
        self.peer = peer
        self.gop = GopCache()
        clock = SenderClock()
        self.tracks = {one.kind: IngestTrack(one, clock) for one in formats}
        self.heard_ns = 0
        self._by_type = {track.format.payload_type: track for track in self.tracks.values()}
        self._by_rtx_type = {
            track.format.rtx_payload_type: track
            for track in self.tracks.values()
            if track.format.rtx_payload_type is not None
        }
        self._owner = owner
        self._ntp = ntp
        self._ssrc = 1 + secrets.randbelow(0xFFFFFFFE)
        self._report_ns = 0
        self._losses = Recent()
        peer.owner = self

    @property
    def video(self) -> IngestTrack | None:
        """The picture's track, where there is one."""
        return self.tracks.get("video")

    @property
    def audio(self) -> IngestTrack | None:
        """The sound's track, where there is one."""
        return self.tracks.get("audio")

    # --- PeerOwner ---

    def connected(self, now_ns: int) -> None:
        self.heard_ns = now_ns
        self._owner.publisher_connected(self, now_ns)

    def closed(self, words: str) -> None:
        self._owner.publisher_closed(self, words)

    def received_rtp(self, data: bytes, now_ns: int) -> None:
        try:
            packet = rtp.parse(data)
        except RtpError:
            return
        track = self._by_type.get(packet.payload_type)
        is_repair = False
        if track is None:
            track = self._by_rtx_type.get(packet.payload_type)
            if track is None or len(packet.payload) < 2 or track.ssrc is None:
                return
            is_repair = True
            packet.seq = int.from_bytes(packet.payload[:2])
            packet.payload = packet.payload[2:]
            packet.ssrc = track.ssrc
        if not packet.payload or not track.take(packet, now_ns, is_repair=is_repair):
            return
        self.heard_ns = now_ns
        if track.has_gaps:
            self._ask_again(track, now_ns)
        self._owner.publisher_packet(self, track, packet, now_ns)

    def received_rtcp(self, data: bytes, now_ns: int) -> None:
        for report in rtcp.parse(data):
            match report:
                case rtcp.SenderReport():
                    for track in self.tracks.values():
                        if track.ssrc == report.ssrc and track.take_sender_report(report, now_ns, self._ntp.at(now_ns)):
                            self._owner.publisher_clock(self, track, now_ns)
                case rtcp.Goodbye(ssrcs):
                    if ssrcs and {track.ssrc for track in self.tracks.values()} <= set(ssrcs):
                        self.peer.close("the publisher said goodbye")
                case _:
                    pass

    # --- what is asked of the sender ---

    def ask_for_keyframe(self) -> None:
        """PLI, at once. The broadcast sees to it that this is not said more than once a second."""
        if self.video is not None and self.video.ssrc is not None:
            self.peer.send_rtcp(rtcp.picture_loss(self._ssrc, self.video.ssrc))

    def on_timer(self, now_ns: int) -> bool:
        """Ask again for what is missing; report each second. True where pictures were lost for good."""
        self.peer.ping(now_ns)
        lost = False
        for track in self.tracks.values():
            if track.has_gaps:
                self._ask_again(track, now_ns)
                lost |= track.give_up(now_ns) and track is self.video
        if now_ns - self._report_ns >= REPORT_EVERY_NS:
            self._report_ns = now_ns
            tracks = self.tracks.values()
            self._losses.take(sum(one.expected for one in tracks), sum(one.counters.missed for one in tracks), now_ns)
            reports = [one for track in self.tracks.values() if (one := track.reception(now_ns)) is not None]
            if reports:
                self.peer.send_rtcp(rtcp.receiver_report(self._ssrc, reports, CNAME))
        return lost

    def losses(self, now_ns: int) -> tuple[int, int]:
        """Of the last seconds: packets that were sent, and those that did not come at the first time."""
        return self._losses.gained(now_ns)

    @property
    def octets(self) -> int:
        """All that came, RTP headers and repairs with it."""
        counters = [track.counters for track in self.tracks.values()]
        return sum(one.payload_bytes + HEADER.size * one.packets for one in counters)

    def _ask_again(self, track: IngestTrack, now_ns: int) -> None:
        if track.format.repairs and track.ssrc is not None:
            wanted = track.to_ask(now_ns)
            if wanted:
                self.peer.send_rtcp(rtcp.nack(self._ssrc, track.ssrc, wanted))
