"""RTP (RFC 3550): read a header once, forward the payload; sequence numbers that do not wrap."""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEADER = struct.Struct("!BBHII")
"""Version and flags, marker and payload type, sequence number, timestamp, SSRC: 12 bytes."""
_MARKER = 0x80


class RtpError(Exception):
    """A datagram that is no RTP packet."""


@dataclass(slots=True)
class RtpPacket:
    """One packet as it came in, without header extensions, CSRCs and padding.

    `seq` is 16 bits as parsed; the ingest track writes the extended number into it, once. `marker` is 0x80 or 0, ready
    to be or-ed with a payload type. The payload is shared by all viewers.
    """

    seq: int
    timestamp: int
    ssrc: int
    payload_type: int
    marker: int
    payload: bytes


def parse(data: bytes) -> RtpPacket:
    """Raises RtpError for a datagram that is no RTP packet of version 2."""
    if len(data) < 12:
        raise RtpError("shorter than a header")
    flags, second, seq, timestamp, ssrc = HEADER.unpack_from(data)
    if flags >> 6 != 2:
        raise RtpError("not version 2")
    begin = 12 + 4 * (flags & 0x0F)
    if flags & 0x10:
        if len(data) < begin + 4:
            raise RtpError("truncated extension")
        begin += 4 + 4 * int.from_bytes(data[begin + 2 : begin + 4])
    end = len(data) - data[-1] if flags & 0x20 else len(data)
    if begin > end:
        raise RtpError("truncated")
    return RtpPacket(seq, timestamp, ssrc, second & 0x7F, second & _MARKER, data[begin:end])


class SequenceUnwrapper:
    """Turns 16-bit sequence numbers into integers that grow for ever (RFC 3550, appendix A.1)."""

    def __init__(self) -> None:
        self.highest = -1

    def unwrap(self, seq: int) -> int:
        """The extended number nearest to the highest seen. The first is put one cycle up, so that none is negative."""
        if self.highest < 0:
            self.highest = seq + 0x10000
            return self.highest
        extended = self.highest + ((seq - self.highest + 0x8000) & 0xFFFF) - 0x8000
        self.highest = max(self.highest, extended)
        return extended


def signed32(value: int) -> int:
    """A difference of RTP timestamps, taken as the shorter way round."""
    return ((value + 0x80000000) & 0xFFFFFFFF) - 0x80000000
