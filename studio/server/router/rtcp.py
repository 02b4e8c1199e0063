"""RTCP (RFC 3550, RFC 4585, RFC 5104): what the router reads and writes."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SR, RR, SDES, BYE, RTPFB, PSFB = 200, 201, 202, 203, 205, 206
NACK = 1
PLI, FIR = 1, 4


@dataclass(frozen=True, slots=True)
class SenderReport:
    """When `rtp_timestamp` was taken, in NTP time (32.32 bits)."""

    ssrc: int
    ntp: int
    rtp_timestamp: int


@dataclass(frozen=True, slots=True)
class ReceptionReport:
    """What a receiver says of one stream. `fraction_lost` is 0 to 1, `jitter` in clock units, the SR times 16.16."""

    ssrc: int
    fraction_lost: float
    packets_lost: int
    highest_seq: int
    jitter: int
    last_sr: int
    delay_since_last_sr: int


@dataclass(frozen=True, slots=True)
class Nack:
    """Sequence numbers that the receiver misses."""

    media_ssrc: int
    lost: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """PLI or FIR."""

    media_ssrc: int


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The streams that end."""

    ssrcs: tuple[int, ...]


type Report = SenderReport | ReceptionReport | Nack | KeyframeRequest | Goodbye


def is_rtcp(data: bytes) -> bool:
    """RFC 5761: packet types 192 to 223 on a port shared with RTP."""
    return len(data) >= 2 and 192 <= data[1] <= 223


def parse(data: bytes) -> Iterator[Report]:
    """What a compound packet says, as far as the router understands it; stops silently where it is malformed."""
    at = 0
    while at + 8 <= len(data):
        flags, kind, words = struct.unpack_from("!BBH", data, at)
        end = at + 4 + 4 * words
        if flags >> 6 != 2 or end > len(data):
            return
        yield from _parse_one(kind, flags & 0x1F, data[at + 4 : end])
        at = end


def _parse_one(kind: int, count: int, body: bytes) -> Iterator[Report]:
    if kind == SR and len(body) >= 24:
        ssrc, ntp, timestamp = struct.unpack_from("!IQI", body)
        yield SenderReport(ssrc, ntp, timestamp)
        yield from _reception(body[24:], count)
    elif kind == RR:
        yield from _reception(body[4:], count)
    elif kind == BYE and len(body) >= 4 * count:
        yield Goodbye(struct.unpack_from(f"!{count}I", body))
    elif kind == RTPFB and count == NACK and len(body) >= 8:
        lost: list[int] = []
        for at in range(8, len(body) - 3, 4):
            first, mask = struct.unpack_from("!HH", body, at)
            lost.append(first)
            lost.extend((first + bit + 1) & 0xFFFF for bit in range(16) if mask >> bit & 1)
        yield Nack(int.from_bytes(body[4:8]), tuple(lost))
    elif kind == PSFB and count == PLI and len(body) >= 8:
        yield KeyframeRequest(int.from_bytes(body[4:8]))
    elif kind == PSFB and count == FIR:
        for at in range(8, len(body) - 7, 8):
            yield KeyframeRequest(int.from_bytes(body[at : at + 4]))


def _reception(body: bytes, count: int) -> Iterator[ReceptionReport]:
    for at in range(0, min(len(body), 24 * count) - 23, 24):
        ssrc, losses, highest, jitter, last_sr, delay = struct.unpack_from("!IIIIII", body, at)
        lost = losses & 0xFFFFFF
        lost -= (lost & 0x800000) << 1
        yield ReceptionReport(ssrc, (losses >> 24) / 256, lost, highest, jitter, last_sr, delay)


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def sender_report(ssrc: int, ntp: int, rtp_timestamp: int, packets: int, octets: int, cname: str) -> bytes:
    """SR and SDES in one compound packet. The counts wrap at 32 bits."""
    info = struct.pack("!IQIII", ssrc, ntp, rtp_timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF)
    return _packet(SR, 0, info) + source_description(ssrc, cname)


def receiver_report(ssrc: int, reports: Iterable[ReceptionReport], cname: str) -> bytes:
    """RR and SDES in one compound packet."""
    blocks = [
        struct.pack(
            "!IIIIII",
            report.ssrc,
            min(255, int(report.fraction_lost * 256)) << 24 | max(0, min(report.packets_lost, 0x7FFFFF)),
            report.highest_seq & 0xFFFFFFFF,
            report.jitter & 0xFFFFFFFF,
            report.last_sr,
            report.delay_since_last_sr & 0xFFFFFFFF,
        )
        for report in reports
    ]
    return _packet(RR, len(blocks), struct.pack("!I", ssrc) + b"".join(blocks)) + source_description(ssrc, cname)


def source_description(ssrc: int, cname: str) -> bytes:
    """SDES with a CNAME: streams of one CNAME are played in sync."""
    name = cname.encode()
    chunk = struct.pack("!IBB", ssrc, 1, len(name)) + name + b"\x00"
    return _packet(SDES, 1, chunk + bytes(-len(chunk) % 4))


def nack(sender_ssrc: int, media_ssrc: int, lost: list[int]) -> bytes:
    """A generic NACK of these 16-bit sequence numbers, given in order (RFC 4585, 6.2.1)."""
    items: list[tuple[int, int]] = []
    for seq in lost:
        distance = (seq - items[-1][0]) & 0xFFFF if items else 0
        if items and 0 < distance <= 16:
            items[-1] = (items[-1][0], items[-1][1] | 1 << (distance - 1))
        else:
            items.append((seq, 0))
    return _packet(
        RTPFB, NACK, struct.pack("!II", sender_ssrc, media_ssrc) + b"".join(struct.pack("!HH", *i) for i in items)
    )


def picture_loss(sender_ssrc: int, media_ssrc: int) -> bytes:
    """PLI: please send a keyframe."""
    return _packet(PSFB, PLI, struct.pack("!II", sender_ssrc, media_ssrc))


def goodbye(ssrcs: list[int]) -> bytes:
    """BYE: these streams end."""
    return _packet(BYE, len(ssrcs), struct.pack(f"!{len(ssrcs)}I", *ssrcs))
