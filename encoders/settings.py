"""What is asked of an encoder."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from studio.media import Codec

Profile = Literal["constrained baseline", "high"]

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow")


@dataclass(frozen=True, slots=True)
class VideoSettings:
    """One rendition of the picture.

    `preset` is one of PRESETS (hardware encoders take the nearest of their own). `profile` counts for H.264; H.265 is
    always Main. `name` is the encoder's name in the registry. With `parameter_sets_in_band` each keyframe carries them
    too: for an encoder that replaces another on the same connection.
    """

    codec: Codec = Codec.H264
    width: int = 1280
    height: int = 720
    fps_num: int = 30
    fps_den: int = 1
    bitrate_kbps: int = 2500
    preset: str = "veryfast"
    profile: Profile = "constrained baseline"
    name: str = "libx264"
    parameter_sets_in_band: bool = False

    @property
    def frame_duration_s(self) -> Fraction:
        return Fraction(self.fps_den, self.fps_num)

    @property
    def fps(self) -> Fraction:
        return Fraction(self.fps_num, self.fps_den)


@dataclass(frozen=True, slots=True)
class AudioSettings:
    """One rendition of the sound: 48 kHz stereo in `codec` (AAC or Opus)."""

    codec: Codec = Codec.AAC
    bitrate_kbps: int = 128
