"""What a stream's parameter sets say, and packets without them (ITU-T H.264 7.3.2, H.265 7.3.2)."""

from __future__ import annotations

from collections.abc import Iterable

from studio.media import Codec
from studio.media.annexb import H264_AUD, H264_PPS, H264_SPS, START_CODE, h264_type, h265_type, nal_units

_H264_SETS = frozenset({H264_SPS, H264_PPS})
_H265_SETS = frozenset({32, 33, 34})
_H265_AUD = 35


def _type(unit: bytes, codec: Codec) -> int:
    return h264_type(unit) if codec is Codec.H264 else h265_type(unit)


def _kept_out(codec: Codec) -> frozenset[int]:
    return _H264_SETS | {H264_AUD} if codec is Codec.H264 else _H265_SETS | {_H265_AUD}


def _join(units: Iterable[bytes]) -> bytes:
    return b"".join(START_CODE + unit for unit in units)


def parameter_sets(data: bytes, codec: Codec) -> bytes:
    """The parameter sets in a byte stream (extradata or a keyframe), as Annex B; empty where there are none."""
    sets = _H264_SETS if codec is Codec.H264 else _H265_SETS
    return _join(unit for unit in nal_units(data) if _type(unit, codec) in sets)


def without_parameter_sets(data: bytes, codec: Codec) -> bytes:
    """The access unit without parameter sets and delimiters; itself where it has none at its head.

    Encoders put them first, so an access unit that begins with a slice or filler is not searched.
    """
    out = _kept_out(codec)
    first = next(nal_units(data[:256]), b"")
    if first and _type(first, codec) not in out:
        return data
    return _join(unit for unit in nal_units(data) if _type(unit, codec) not in out)


def h264_level(extradata: bytes) -> int:
    """level_idc of the first sequence parameter set, e.g. 31; 0 where there is none."""
    for unit in nal_units(extradata):
        if h264_type(unit) == H264_SPS and len(unit) > 3:
            return unit[3]
    return 0


def h264_profile(extradata: bytes) -> str:
    """The profile in the first sequence parameter set, in the words of VideoTrack; empty where there is none."""
    for unit in nal_units(extradata):
        if h264_type(unit) == H264_SPS and len(unit) > 3:
            constrained = bool(unit[2] & 0x40)
            names = {66: "constrained baseline" if constrained else "baseline", 77: "main", 100: "high"}
            return names.get(unit[1], str(unit[1]))
    return ""
