"""H.264 over RTP (RFC 6184), read no further than needed: the NAL unit types, and the parameter sets."""

from __future__ import annotations

import struct

_SPS, _PPS = 7, 8
_STAP_A, _FU_A = 24, 28


def nal_types(payload: bytes) -> tuple[int, ...]:
    """The NAL unit types that begin in this payload; empty for the later pieces of a fragmented one."""
    if not payload:
        return ()
    kind = payload[0] & 0x1F
    if kind == _FU_A:
        if len(payload) < 2 or not payload[1] & 0x80:
            return ()
        return (payload[1] & 0x1F,)
    if kind == _STAP_A:
        return tuple(unit[0] & 0x1F for unit in _aggregated(payload))
    return (kind,)


def parameter_sets(payload: bytes) -> list[bytes]:
    """The SPS and PPS units that lie whole in this payload."""
    kind = payload[0] & 0x1F if payload else 0
    units = _aggregated(payload) if kind == _STAP_A else [payload]
    return [unit for unit in units if unit and unit[0] & 0x1F in (_SPS, _PPS)]


def aggregate(units: list[bytes]) -> bytes:
    """One STAP-A payload of these units (RFC 6184, 5.7.1)."""
    importance = max((unit[0] & 0x60 for unit in units), default=0x60)
    return bytes([importance | _STAP_A]) + b"".join(struct.pack("!H", len(unit)) + unit for unit in units)


def _aggregated(payload: bytes) -> list[bytes]:
    units, at = [], 1
    while at + 2 < len(payload):
        size = int.from_bytes(payload[at : at + 2])
        unit = payload[at + 2 : at + 2 + size]
        if not unit:
            break
        units.append(unit)
        at += 2 + size
    return units
