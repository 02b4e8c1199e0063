"""One WHEP viewer: its tracks, its catching up, its reports. Nothing that happens here reaches another viewer."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from studio.media import NS_PER_MS, NS_PER_S
from studio.server.router import rtcp
from studio.server.router.answer import ViewerFormat, profile_of
from studio.server.router.gop import GopCache
from studio.server.router.ingest import IngestTrack
from studio.server.router.ntp import NtpClock
from studio.server.router.outgoing import OutgoingTrack
from studio.server.router.peer import Peer, PeerState
from studio.server.router.publisher import CNAME
from studio.server.router.recent import Recent
from studio.server.router.rtp import HEADER, RtpPacket

REPORT_EVERY_NS = NS_PER_S
PACE_EVERY_NS = 5 * NS_PER_MS
PACE_PACKETS = 16
"""3200 packets (about 30 Mb/s) a second: a browser's socket buffer is small, and a whole group would overflow it."""
CATCH_UP_PACKETS = 2048
"""A larger group is not replayed (it would take more than 0.6 s); a queue that outgrows this is given up."""
RESEND_PACKETS_A_S = 2000
RESEND_BURST = 500


class ViewerOwner(Protocol):
    """The broadcast that the viewer watches."""

    def viewer_connected(self, viewer: Viewer, now_ns: int) -> None:
        """It can be sent to."""

    def viewer_wants_keyframe(self, viewer: Viewer, now_ns: int) -> None:
        """PLI or FIR."""

    def viewer_closed(self, viewer: Viewer, words: str) -> None:
        """It has gone."""


class Viewer:
    """Implements PeerOwner. `schedule` calls a function after some seconds (the event loop's `call_later`)."""

    def __init__(
        self,
        resource: str,
        peer: Peer,
        tracks: list[OutgoingTrack],
        pictures: list[ViewerFormat],
        owner: ViewerOwner,
        ntp: NtpClock,
        schedule: Callable[[float, Callable[[], None]], object],
        now_ns: Callable[[], int],
    ) -> None:
        self.resource = resource
        self.peer = peer
        self.tracks = {track.kind: track for track in tracks}
        self.video = self.tracks.get("video")
        self.audio = self.tracks.get("audio")
        self.dropped = 0
        self._pictures = pictures
        self._owner = owner
        self._ntp = ntp
        self._schedule = schedule
        self._now_ns = now_ns
        self._catching_up: deque[bytes] = deque()
        self._report_ns = 0
        self._losses = {kind: Recent() for kind in self.tracks}
        self._resend_credit = float(RESEND_BURST)
        self._resend_ns = 0
        self._send = peer.send_rtp
        peer.owner = self

    @property
    def is_connected(self) -> bool:
        """Whether packets can be sent."""
        return self.peer.state is PeerState.CONNECTED

    def choose_picture_format(self, profile_level_id: str) -> None:
        """Take the payload type whose profile is the publisher's, else the first: decoders go by the parameter sets."""
        if self.video is not None and self._pictures:
            wanted = profile_of(profile_level_id)
            same = (one for one in self._pictures if profile_of(one.profile_level_id) == wanted)
            constrained = (one for one in self._pictures if one.profile_level_id[:4] == profile_level_id[:4].lower())
            chosen = next(constrained, None) or next(same, self._pictures[0])
            self.video.payload_type = chosen.payload_type
            self.video.rtx_payload_type = chosen.rtx_payload_type

    # --- forwarding ---

    def pause(self, kind: str) -> None:
        """Forward nothing of this kind until it is begun again."""
        track = self.tracks.get(kind)
        if track is not None:
            track.pause()
            if track is self.video:
                self._catching_up.clear()

    def forward(self, track: OutgoingTrack, packet: RtpPacket, now_ns: int) -> None:
        """Send a packet of a running track; behind the group that is still being replayed, where one is."""
        data = track.render(packet, now_ns)
        if data is None:
            return
        if self._catching_up and track is self.video:
            self._catching_up.append(data)
            if len(self._catching_up) > 2 * CATCH_UP_PACKETS:
                self.dropped += len(self._catching_up)
                self._catching_up.clear()
                track.pause()
                self._owner.viewer_wants_keyframe(self, now_ns)
            return
        self._send(data)

    def begin_sound(self, packet: RtpPacket, epoch: IngestTrack, now_ns: int) -> None:
        """Start the sound at this packet, without sending it yet."""
        if self.audio is not None:
            self.audio.begin(packet, epoch, now_ns)
            self._report(now_ns)

    def begin_picture(self, gop: GopCache, epoch: IngestTrack, now_ns: int) -> None:
        """Start the picture at a keyframe that begins now: `gop` holds what has come of it, which is sent."""
        if self.video is not None:
            self._start(self.video, gop, epoch, now_ns, is_replay=False)

    def replay(self, gop: GopCache, epoch: IngestTrack, now_ns: int) -> bool:
        """Start the picture from the cached group, so that it is seen at once. False where that is too long."""
        if self.video is None or len(gop.packets) > CATCH_UP_PACKETS:
            return False
        self._start(self.video, gop, epoch, now_ns, is_replay=True)
        return True

    def _start(self, track: OutgoingTrack, gop: GopCache, epoch: IngestTrack, now_ns: int, *, is_replay: bool) -> None:
        self._catching_up.clear()
        ahead = gop.leading_parameter_sets() if is_replay else None
        if ahead is not None:
            self._catching_up.append(track.insert(ahead, gop.packets[0], epoch, now_ns))
        if is_replay:
            self._catching_up.extend(track.replay(gop.packets, epoch, now_ns))
            self._pace()
        else:
            track.begin(gop.packets[0], epoch, now_ns)
            for packet in gop.packets:
                self.forward(track, packet, now_ns)
        self._report(now_ns)

    def _pace(self) -> None:
        for _ in range(min(PACE_PACKETS, len(self._catching_up))):
            self._send(self._catching_up.popleft())
        if self._catching_up and self.is_connected:
            self._schedule(PACE_EVERY_NS / NS_PER_S, self._pace)

    # --- PeerOwner ---

    def connected(self, now_ns: int) -> None:
        self._owner.viewer_connected(self, now_ns)

    def closed(self, words: str) -> None:
        self._catching_up.clear()
        self._owner.viewer_closed(self, words)

    def received_rtp(self, data: bytes, now_ns: int) -> None:
        """A viewer has nothing to say; what it sends is ignored."""

    def received_rtcp(self, data: bytes, now_ns: int) -> None:
        for report in rtcp.parse(data):
            match report:
                case rtcp.Nack(media_ssrc, lost):
                    self._repair(media_ssrc, lost, now_ns)
                case rtcp.KeyframeRequest(media_ssrc):
                    if self.video is not None and media_ssrc == self.video.ssrc:
                        self._owner.viewer_wants_keyframe(self, now_ns)
                case rtcp.ReceptionReport():
                    self._learn(report, now_ns)
                case _:
                    pass

    def _repair(self, media_ssrc: int, lost: tuple[int, ...], now_ns: int) -> None:
        track = next((one for one in self.tracks.values() if one.ssrc == media_ssrc), None)
        if track is None:
            return
        passed = (now_ns - self._resend_ns) / NS_PER_S
        self._resend_ns = now_ns
        self._resend_credit = min(float(RESEND_BURST), self._resend_credit + passed * RESEND_PACKETS_A_S)
        for seq in lost:
            if self._resend_credit < 1:
                return
            data = track.resend(seq, now_ns)
            if data is not None:
                self._resend_credit -= 1
                self._send(data)

    def _learn(self, report: rtcp.ReceptionReport, now_ns: int) -> None:
        track = next((one for one in self.tracks.values() if one.ssrc == report.ssrc), None)
        if track is None:
            return
        round_trip_ms = track.round_trip_ms(report, now_ns)
        if round_trip_ms is not None:
            self.peer.learn_round_trip(round_trip_ms, now_ns)
        self._losses[track.kind].take(report.highest_seq, report.packets_lost, now_ns)

    def losses(self, now_ns: int) -> tuple[int, int]:
        """Of the last seconds, as the viewer reports: packets that were sent, and those that did not come at first."""
        each = [one.gained(now_ns) for one in self._losses.values()]
        return sum(sent for sent, _ in each), sum(min(max(lost, 0), sent) for sent, lost in each)

    @property
    def octets(self) -> int:
        """All that was sent, RTP headers and repairs with it."""
        return sum(one.octets + HEADER.size * one.packets + one.resent_octets for one in self.tracks.values())

    # --- reports ---

    def on_timer(self, now_ns: int) -> None:
        """Sender reports each second."""
        self.peer.ping(now_ns)
        if now_ns - self._report_ns >= REPORT_EVERY_NS:
            self._report(now_ns)

    def _report(self, now_ns: int) -> None:
        self._report_ns = now_ns
        ntp = self._ntp.at(now_ns)
        for track in self.tracks.values():
            report = track.sender_report(now_ns, ntp, CNAME)
            if report is not None:
                self.peer.send_rtcp(report)

    def report_soon(self) -> None:
        """Say the sender reports at the next timer: the publisher's clock has become known."""
        self._report_ns = 0

    def hang_up(self, words: str) -> None:
        """BYE, and the end of the connection."""
        self.peer.send_rtcp(rtcp.goodbye([track.ssrc for track in self.tracks.values()]))
        self.peer.close(words)
