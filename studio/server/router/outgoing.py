"""One track as one viewer gets it: own SSRC, own sequence numbers, own timestamps, own packet store."""

from __future__ import annotations

import secrets
import struct
from collections.abc import Sequence

from studio.media import NS_PER_MS, NS_PER_S
from studio.server.router import rtcp
from studio.server.router.ingest import IngestTrack
from studio.server.router.rtp import HEADER, RtpPacket, signed32

STORE_PACKETS = 4096
"""Two seconds of 20 Mb/s, and far more than the largest keyframe. The payloads are shared with the other viewers."""
REPLAY_STEP = 90
"""RTP ticks (1 ms) between the pictures of a replayed group: all are decoded at once, the newest is shown."""
RESEND_GUARD_NS = 8 * NS_PER_MS
_OSN = struct.Struct("!H")


class OutgoingTrack:
    """Rewrites packets for one viewer and keeps them for repair. Event loop thread only.

    A track is begun with `begin` at a packet where a decoder can start, forwards with `render`, and is broken off with
    `pause` (mute, a new publisher): sequence numbers go on without a gap when it is begun again, timestamps by the
    time that has passed.
    """

    def __init__(self, kind: str, clock_rate_hz: int) -> None:
        self.kind = kind
        self.clock_rate_hz = clock_rate_hz
        self.ssrc = 1 + secrets.randbelow(0xFFFFFFFE)
        self.rtx_ssrc = 1 + secrets.randbelow(0xFFFFFFFE)
        self.payload_type = 0
        self.rtx_payload_type: int | None = None
        self.is_running = False
        self.packets = 0
        self.octets = 0
        self.resent = 0
        self.resent_octets = 0
        self.unavailable = 0
        self._seq_shift = 0
        self._ts_shift = 0
        self._epoch: IngestTrack | None = None
        self._first = 0
        self._slow_until = 0
        self._highest = 0
        self._last_seq = secrets.randbelow(0x8000)
        self._last_ts = secrets.randbits(32)
        self._last_ns = 0
        self._rtx_seq = secrets.randbelow(0x8000)
        self._replayed: dict[int, int] = {}
        self._store: list[tuple[int, int, RtpPacket] | None] = [None] * STORE_PACKETS
        self._resent_ns: dict[int, int] = {}
        self._sent_reports: dict[int, int] = {}

    # --- forwarding ---

    def begin(self, first: RtpPacket, epoch: IngestTrack, now_ns: int) -> None:
        """Forward from this packet on. `epoch` is the publisher's track that it is of."""
        self._seq_shift = self._last_seq + 1 - first.seq
        if self._epoch is not epoch:
            passed = (now_ns - self._last_ns) * self.clock_rate_hz // NS_PER_S if self._last_ns else 0
            self._ts_shift = self._last_ts + max(passed, self.clock_rate_hz // 100) - first.timestamp
        self._epoch = epoch
        self._first = self._slow_until = self._highest = first.seq
        self._replayed = {}
        self.is_running = True

    def replay(self, group: Sequence[RtpPacket], epoch: IngestTrack, now_ns: int) -> list[bytes]:
        """Begin with a cached group of pictures, in order, its timestamps drawn together to end at the newest.

        Without that the pictures of the past would be played at their own pace, and the viewer stay behind by them.
        """
        stamps = list(dict.fromkeys(packet.timestamp for packet in group))
        newest = stamps[-1]
        self.begin(group[0], epoch, now_ns)
        for behind, stamp in enumerate(reversed(stamps)):
            age = signed32(newest - stamp)
            self._replayed[stamp] = (newest - min(age, behind * REPLAY_STEP)) & 0xFFFFFFFF
        self._slow_until = group[-1].seq + 1
        return [data for packet in group if (data := self.render(packet, now_ns)) is not None]

    def render(self, packet: RtpPacket, now_ns: int) -> bytes | None:
        """The packet with this viewer's header; None for one from before the beginning."""
        timestamp = packet.timestamp
        if packet.seq < self._slow_until:
            if packet.seq < self._first:
                return None
            timestamp = self._replayed.get(timestamp, timestamp)
        seq = (packet.seq + self._seq_shift) & 0xFFFF
        timestamp = (timestamp + self._ts_shift) & 0xFFFFFFFF
        self._store[seq % STORE_PACKETS] = (seq, timestamp, packet)
        self.packets += 1
        self.octets += len(packet.payload)
        if packet.seq >= self._highest:
            self._highest = packet.seq
            self._last_seq = seq
            self._last_ts = timestamp
            self._last_ns = now_ns
        return HEADER.pack(0x80, packet.marker | self.payload_type, seq, timestamp, self.ssrc) + packet.payload

    def insert(self, payload: bytes, before: RtpPacket, epoch: IngestTrack, now_ns: int) -> bytes:
        """A packet of our own in front of `before`, with which the track will then be begun (parameter sets)."""
        own = RtpPacket(before.seq - 1, before.timestamp, before.ssrc, before.payload_type, 0, payload)
        self.begin(own, epoch, now_ns)
        data = self.render(own, now_ns)
        assert data is not None
        return data

    def pause(self) -> None:
        """Stop forwarding until `begin`."""
        self.is_running = False

    # --- repair ---

    def resend(self, seq: int, now_ns: int) -> bytes | None:
        """A stored packet again, as RTX (RFC 4588) where agreed; None where it is gone or was resent just now."""
        entry = self._store[seq % STORE_PACKETS]
        if entry is None or entry[0] != seq:
            self.unavailable += 1
            return None
        if now_ns - self._resent_ns.get(seq, -RESEND_GUARD_NS) < RESEND_GUARD_NS:
            return None
        if len(self._resent_ns) > 512:
            self._resent_ns = {one: at for one, at in self._resent_ns.items() if now_ns - at < RESEND_GUARD_NS}
        self._resent_ns[seq] = now_ns
        self.resent += 1
        _, timestamp, packet = entry
        self.resent_octets += HEADER.size + len(packet.payload)
        if self.rtx_payload_type is None:
            return HEADER.pack(0x80, packet.marker | self.payload_type, seq, timestamp, self.ssrc) + packet.payload
        self._rtx_seq = (self._rtx_seq + 1) & 0xFFFF
        header = HEADER.pack(0x80, packet.marker | self.rtx_payload_type, self._rtx_seq, timestamp, self.rtx_ssrc)
        return header + _OSN.pack(seq) + packet.payload

    # --- reports ---

    def sender_report(self, now_ns: int, ntp: int, cname: str) -> bytes | None:
        """SR for this instant; None while nothing flows or the publisher's clock is unknown.

        The NTP time is the router's, the RTP timestamp the publisher's own relation carried on to this instant, so that
        sound and picture keep to each other as the publisher said.
        """
        epoch = self._epoch
        if not self.is_running or epoch is None or epoch.relation is None or epoch.sender.ntp_shift is None:
            return None
        relation = epoch.relation
        passed = (ntp - epoch.sender.ntp_shift - relation.ntp) * self.clock_rate_hz >> 32
        timestamp = (relation.rtp_timestamp + passed + self._ts_shift) & 0xFFFFFFFF
        self._sent_reports[(ntp >> 16) & 0xFFFFFFFF] = now_ns
        if len(self._sent_reports) > 16:
            del self._sent_reports[next(iter(self._sent_reports))]
        return rtcp.sender_report(self.ssrc, ntp, timestamp, self.packets, self.octets, cname)

    def round_trip_ms(self, report: rtcp.ReceptionReport, now_ns: int) -> float | None:
        """The round trip by a receiver's report; None where it answers no report of ours."""
        sent_ns = self._sent_reports.get(report.last_sr)
        if sent_ns is None or not report.last_sr:
            return None
        return max(0.0, (now_ns - sent_ns - report.delay_since_last_sr * NS_PER_S / 65536) / NS_PER_MS)
