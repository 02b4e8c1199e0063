"""One encoded packet and the description of the stream it belongs to."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction

import msgspec


class Codec(StrEnum):
    """What a packet holds. H.264 and H.265 are Annex B (start codes); AAC is raw LC access units; Opus bare packets."""

    H264 = "h264"
    H265 = "hevc"
    AAC = "aac"
    OPUS = "opus"

    @property
    def is_video(self) -> bool:
        return self in (Codec.H264, Codec.H265)


class VideoTrack(msgspec.Struct, frozen=True, tag="video"):
    """The program's picture as encoded. `extradata` holds the parameter sets as Annex B; packets carry none in band.

    PTS of its packets count in `1 / time_base_den * time_base_num` seconds: the program's frame number where the time
    base is one frame. `profile` is "constrained baseline" or "high", `level` e.g. 31.
    """

    codec: Codec
    width_px: int
    height_px: int
    fps_num: int
    fps_den: int
    extradata: bytes
    bitrate_kbps: int
    profile: str = ""
    level: int = 0

    @property
    def time_base(self) -> Fraction:
        return Fraction(self.fps_den, self.fps_num)


class AudioTrack(msgspec.Struct, frozen=True, tag="audio"):
    """The program's sound as encoded: 48 kHz stereo. `extradata` is the AudioSpecificConfig (AAC) or OpusHead body.

    PTS of its packets count in samples of 1/48000 s.
    """

    codec: Codec
    extradata: bytes
    bitrate_kbps: int
    frame_samples: int

    @property
    def time_base(self) -> Fraction:
        return Fraction(1, 48_000)


class EncodedPacket(msgspec.Struct, frozen=True, tag="packet", gc=False):
    """One access unit. `pts` and `duration` are in the track's time base (there are no B-frames: DTS equals PTS).

    Filler NAL units may be inside H.264 packets: `studio.media.annexb.without_filler` takes them out.
    `made_ns` is the studio clock when the picture was drawn (the program tick) or the first sample's program time.
    """

    codec: Codec
    data: bytes
    pts: int
    duration: int
    keyframe: bool
    made_ns: int
