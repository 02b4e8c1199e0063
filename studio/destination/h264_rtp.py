"""H.264 into RTP payloads (RFC 6184, packetization mode 1): single units, aggregates of small ones, fragments."""

from __future__ import annotations

from collections.abc import Iterable

from studio.media.annexb import H264_AUD, H264_FILLER, h264_type, nal_units

PAYLOAD_BYTES = 1180
"""With RTP header, extensions, RTX's two bytes, SRTP's tag and UDP this stays under the 1280 bytes of any path."""
_STAP_A, _FU_A = 24, 28


def payloads(access_unit: bytes, parameter_sets: bytes = b"") -> list[bytes]:
    """The payloads of one Annex B access unit, `parameter_sets` (Annex B) in front; filler and delimiters left out."""
    units = [unit for unit in nal_units(parameter_sets + access_unit) if h264_type(unit) not in (H264_FILLER, H264_AUD)]
    return [payload for group in _grouped(units) for payload in _payloads_of(group)]


def _grouped(units: Iterable[bytes]) -> list[list[bytes]]:
    """Neighbours that fit into one aggregate together."""
    groups: list[list[bytes]] = []
    size = 0
    for unit in units:
        if groups and size + 2 + len(unit) <= PAYLOAD_BYTES:
            groups[-1].append(unit)
            size += 2 + len(unit)
        else:
            groups.append([unit])
            size = 1 + 2 + len(unit)
    return groups


def _payloads_of(group: list[bytes]) -> list[bytes]:
    if len(group) > 1:
        importance = max(unit[0] & 0x60 for unit in group)
        return [bytes([importance | _STAP_A]) + b"".join(len(unit).to_bytes(2) + unit for unit in group)]
    unit = group[0]
    if len(unit) <= PAYLOAD_BYTES:
        return [unit]
    indicator, kind = unit[0] & 0xE0 | _FU_A, unit[0] & 0x1F
    room = PAYLOAD_BYTES - 2
    pieces = [unit[at : at + room] for at in range(1, len(unit), room)]
    return [
        bytes([indicator, kind | (0x80 if index == 0 else 0) | (0x40 if index == len(pieces) - 1 else 0)]) + piece
        for index, piece in enumerate(pieces)
    ]
