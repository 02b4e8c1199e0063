"""One track of a WHIP connection: encoded packets become RTP, kept for repair, with reports of the capture time."""

from __future__ import annotations

import secrets
import struct
from dataclasses import dataclass

from aiortc.rtp import (
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    RtcpByePacket,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSenderInfo,
    RtcpSourceInfo,
    RtcpSrPacket,
)

from studio.destination.h264_rtp import payloads
from studio.destination.whip_sdp import CNAME, AgreedTrack
from studio.media import NS_PER_S, AudioTrack, EncodedPacket, VideoTrack

HISTORY_PACKETS = 4096
"""Over a second of 20 Mb/s: aiortc's 128 are fewer than one large keyframe has."""
RESEND_GUARD_NS = 10_000_000
_HEADER = struct.Struct("!BBHII")
_NTP_EPOCH_S = 2_208_988_800


@dataclass(slots=True)
class SenderCounters:
    """Since this connection began. `loss` is the share that the receiver reports last, 0 to 1."""

    pictures: int = 0
    packets: int = 0
    octets: int = 0
    resent: int = 0
    loss: float = 0.0
    round_trip_ms: float = 0.0


class TrackSender:
    """Sans I/O: gives the packets to send. Not safe between threads."""

    def __init__(self, agreed: AgreedTrack, track: VideoTrack | AudioTrack) -> None:
        self.agreed = agreed
        self.counters = SenderCounters()
        self.ssrc = agreed.numbers.ssrc
        self._track = track
        self._rate_hz = 90_000 if isinstance(track, VideoTrack) else 48_000
        self._extension = _mid_extension(agreed)
        self._seq = secrets.randbelow(0x8000)
        self._rtx_seq = secrets.randbelow(0x8000)
        self._shift = secrets.randbits(32)
        self._history: dict[int, bytes] = {}
        self._resent_ns: dict[int, int] = {}
        self._origin_ns: int | None = None
        self._reports: dict[int, int] = {}

    def pack(self, packet: EncodedPacket) -> list[bytes]:
        """The RTP packets of one access unit, in order; parameter sets go in band before each keyframe."""
        seconds = packet.pts * self._track.time_base
        timestamp = (int(seconds * self._rate_hz) + self._shift) & 0xFFFFFFFF
        # The program's clock gives PTS and capture time; a lagged picture is drawn late, so the earliest counts.
        origin_ns = packet.made_ns - int(seconds * NS_PER_S)
        self._origin_ns = origin_ns if self._origin_ns is None else min(self._origin_ns, origin_ns)
        if isinstance(self._track, VideoTrack):
            parts = payloads(packet.data, self._track.extradata if packet.keyframe else b"")
        else:
            parts = [packet.data]
        if parts:
            self.counters.pictures += 1
        return [
            self._packet(part, timestamp, is_last=index == len(parts) - 1 and isinstance(self._track, VideoTrack))
            for index, part in enumerate(parts)
        ]

    def _packet(self, payload: bytes, timestamp: int, *, is_last: bool) -> bytes:
        self._seq = seq = (self._seq + 1) & 0xFFFF
        flags = 0x90 if self._extension else 0x80
        kind = self.agreed.payload_type | (0x80 if is_last else 0)
        data = _HEADER.pack(flags, kind, seq, timestamp, self.ssrc) + self._extension + payload
        self._history[seq] = data
        self._history.pop((seq - HISTORY_PACKETS) & 0xFFFF, None)
        self.counters.packets += 1
        self.counters.octets += len(payload)
        return data

    def resend(self, seq: int, now_ns: int) -> bytes | None:
        """A packet again, as RTX (RFC 4588) where agreed; None where it is too old, or was resent just now."""
        data = self._history.get(seq)
        if data is None or now_ns - self._resent_ns.get(seq, -RESEND_GUARD_NS) < RESEND_GUARD_NS:
            return None
        if len(self._resent_ns) > 1024:
            self._resent_ns.clear()
        self._resent_ns[seq] = now_ns
        self.counters.resent += 1
        if self.agreed.rtx_payload_type is None:
            return data
        self._rtx_seq = (self._rtx_seq + 1) & 0xFFFF
        flags, kind, _, timestamp, _ = _HEADER.unpack_from(data)
        header = _HEADER.pack(
            flags, kind & 0x80 | self.agreed.rtx_payload_type, self._rtx_seq, timestamp, self.agreed.numbers.rtx_ssrc
        )
        begin = 12 + len(self._extension)
        return header + self._extension + seq.to_bytes(2) + data[begin:]

    def report(self, now_ns: int, wall_ns: int) -> bytes | None:
        """SR and SDES: the RTP timestamp that a picture captured now would have. None before the first packet."""
        if self._origin_ns is None:
            return None
        ntp = ((wall_ns // NS_PER_S + _NTP_EPOCH_S) << 32) | ((wall_ns % NS_PER_S) << 32) // NS_PER_S
        timestamp = ((now_ns - self._origin_ns) * self._rate_hz // NS_PER_S + self._shift) & 0xFFFFFFFF
        info = RtcpSenderInfo(
            ntp_timestamp=ntp,
            rtp_timestamp=timestamp,
            packet_count=self.counters.packets & 0xFFFFFFFF,
            octet_count=self.counters.octets & 0xFFFFFFFF,
        )
        self._reports[(ntp >> 16) & 0xFFFFFFFF] = now_ns
        if len(self._reports) > 16:
            del self._reports[next(iter(self._reports))]
        name = RtcpSdesPacket([RtcpSourceInfo(ssrc=self.ssrc, items=[(1, CNAME.encode())])])
        return bytes(RtcpSrPacket(ssrc=self.ssrc, sender_info=info)) + bytes(name)

    def learn(self, report: RtcpReceiverInfo, now_ns: int) -> None:
        """Take a receiver's report of this track."""
        self.counters.loss = report.fraction_lost / 256
        sent_ns = self._reports.get(report.lsr)
        if report.lsr and sent_ns is not None:
            self.counters.round_trip_ms = max(0.0, (now_ns - sent_ns - report.dlsr * NS_PER_S / 65536) / 1e6)

    def goodbye(self) -> bytes:
        """BYE for this track."""
        return bytes(RtcpByePacket([self.ssrc]))


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a compound RTCP packet of the server asks and says."""

    lost: tuple[tuple[int, int], ...]
    """(SSRC, sequence number) to send again."""
    wants_keyframe: bool
    reports: tuple[RtcpReceiverInfo, ...]


def read_feedback(data: bytes) -> Feedback:
    """Malformed packets say nothing."""
    lost: list[tuple[int, int]] = []
    reports: list[RtcpReceiverInfo] = []
    wants_keyframe = False
    try:
        packets = RtcpPacket.parse(data)
    except ValueError:
        packets = []
    for packet in packets:
        if isinstance(packet, RtcpRtpfbPacket) and packet.fmt == RTCP_RTPFB_NACK:
            lost += [(packet.media_ssrc, seq & 0xFFFF) for seq in packet.lost]
        elif isinstance(packet, RtcpPsfbPacket) and packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
            wants_keyframe = True
        elif isinstance(packet, RtcpRrPacket | RtcpSrPacket):
            reports += packet.reports
    return Feedback(tuple(lost), wants_keyframe, tuple(reports))


def _mid_extension(agreed: AgreedTrack) -> bytes:
    """The header extension with the MID (RFC 8843), one-byte form, padded; empty where it was not agreed."""
    if agreed.mid_extension is None or not 0 < agreed.mid_extension < 15:
        return b""
    mid = agreed.numbers.mid.encode()[:16]
    body = bytes([agreed.mid_extension << 4 | (len(mid) - 1)]) + mid
    body += bytes(-len(body) % 4)
    return struct.pack("!HH", 0xBEDE, len(body) // 4) + body
