"""H.264 and H.265 byte streams as in ITU-T H.264 Annex B: split into NAL units, drop filler, find the parameter
sets.
"""

from __future__ import annotations

from collections.abc import Iterator

START_CODE = b"\x00\x00\x00\x01"
H264_FILLER = 12
H264_SPS = 7
H264_PPS = 8
H264_AUD = 9
H265_FILLER = 38


def nal_units(data: bytes) -> Iterator[bytes]:
    """The NAL units of a byte stream, without start codes and trailing zero bytes."""
    at = data.find(b"\x00\x00\x01")
    while at >= 0:
        begin = at + 3
        at = data.find(b"\x00\x00\x01", begin)
        unit = data[begin:] if at < 0 else data[begin:at]
        unit = unit.rstrip(b"\x00")
        if unit:
            yield unit


def h264_type(unit: bytes) -> int:
    """nal_unit_type of an H.264 NAL unit (7.3.1)."""
    return unit[0] & 0x1F


def h265_type(unit: bytes) -> int:
    """nal_unit_type of an H.265 NAL unit (7.3.1.2)."""
    return (unit[0] >> 1) & 0x3F


def without_filler(data: bytes, *, h265: bool = False) -> bytes:
    """The same access unit without filler data NAL units (H.264 type 12, H.265 type 38); itself where it has none."""
    mark, kind = (b"\x00\x00\x01\x4c", H265_FILLER) if h265 else (b"\x00\x00\x01\x0c", H264_FILLER)
    if mark not in data:
        return data
    of = h265_type if h265 else h264_type
    return b"".join(START_CODE + unit for unit in nal_units(data) if of(unit) != kind)
