"""The encoders that Stoa knows, in order of preference: hardware first, the processor last."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import av

from encoders import hardware, software
from encoders.settings import VideoSettings
from studio.media import Codec

EVERYWHERE = ("linux", "darwin", "win32")


@dataclass(frozen=True, slots=True)
class VideoEncoderKind:
    """One video encoder of FFmpeg and how Stoa drives it.

    `options` makes its private options; `pixel_format` is what it takes ("yuv420p" goes in uncopied, "nv12" costs an
    interleaving of the chroma); `live_bitrate` tells whether a running one obeys a new bitrate (else it is opened anew
    at the change, which makes a keyframe).
    """

    name: str
    codec: Codec
    label: str
    hardware: bool
    platforms: tuple[str, ...]
    pixel_format: str
    live_bitrate: bool
    options: Callable[[VideoSettings], dict[str, str]]


@dataclass(frozen=True, slots=True)
class AudioEncoderKind:
    """One audio encoder of FFmpeg. `frame_samples` is the length of its packets."""

    name: str
    codec: Codec
    label: str
    frame_samples: int
    sample_format: str


VIDEO_ENCODERS: tuple[VideoEncoderKind, ...] = (
    VideoEncoderKind(
        "h264_nvenc", Codec.H264, "NVIDIA NVENC", True, ("linux", "win32"), "yuv420p", True, hardware.nvenc
    ),
    VideoEncoderKind("h264_qsv", Codec.H264, "Intel Quick Sync", True, ("linux", "win32"), "nv12", True, hardware.qsv),
    VideoEncoderKind("h264_amf", Codec.H264, "AMD AMF", True, ("linux", "win32"), "yuv420p", False, hardware.amf),
    VideoEncoderKind(
        "h264_videotoolbox",
        Codec.H264,
        "Apple VideoToolbox",
        True,
        ("darwin",),
        "yuv420p",
        False,
        hardware.videotoolbox,
    ),
    VideoEncoderKind(
        "h264_v4l2m2m", Codec.H264, "V4L2 memory to memory", True, ("linux",), "yuv420p", False, hardware.v4l2m2m
    ),
    VideoEncoderKind("h264_mf", Codec.H264, "Media Foundation", True, ("win32",), "yuv420p", False, hardware.mf),
    VideoEncoderKind("libx264", Codec.H264, "x264 (processor)", False, EVERYWHERE, "yuv420p", True, software.x264),
    VideoEncoderKind(
        "hevc_nvenc", Codec.H265, "NVIDIA NVENC", True, ("linux", "win32"), "yuv420p", True, hardware.nvenc
    ),
    VideoEncoderKind("hevc_qsv", Codec.H265, "Intel Quick Sync", True, ("linux", "win32"), "nv12", True, hardware.qsv),
    VideoEncoderKind("hevc_amf", Codec.H265, "AMD AMF", True, ("linux", "win32"), "yuv420p", False, hardware.amf),
    VideoEncoderKind(
        "hevc_videotoolbox",
        Codec.H265,
        "Apple VideoToolbox",
        True,
        ("darwin",),
        "yuv420p",
        False,
        hardware.videotoolbox,
    ),
    VideoEncoderKind(
        "hevc_v4l2m2m", Codec.H265, "V4L2 memory to memory", True, ("linux",), "yuv420p", False, hardware.v4l2m2m
    ),
    VideoEncoderKind("hevc_mf", Codec.H265, "Media Foundation", True, ("win32",), "yuv420p", False, hardware.mf),
    VideoEncoderKind("libx265", Codec.H265, "x265 (processor)", False, EVERYWHERE, "yuv420p", False, software.x265),
)

AUDIO_ENCODERS: tuple[AudioEncoderKind, ...] = (
    AudioEncoderKind("aac", Codec.AAC, "AAC-LC", 1024, "fltp"),
    AudioEncoderKind("libopus", Codec.OPUS, "Opus", 960, "flt"),
)


def video_encoder_kind(name: str) -> VideoEncoderKind:
    """The registry's entry of that name. Raises KeyError for an unknown one."""
    return _BY_NAME[name]


def is_hardware(name: str) -> bool:
    """Whether a driver stands behind the video encoder of that name."""
    return name in _BY_NAME and _BY_NAME[name].hardware


def audio_encoder_kind(codec: Codec) -> AudioEncoderKind:
    """The encoder of an audio codec."""
    return next(kind for kind in AUDIO_ENCODERS if kind.codec is codec)


def candidates(codec: Codec, platform: str = sys.platform) -> list[VideoEncoderKind]:
    """The encoders of `codec` that this platform can have, best first."""
    return [kind for kind in VIDEO_ENCODERS if kind.codec is codec and platform in kind.platforms]


def is_listed(name: str) -> bool:
    """Whether this build of FFmpeg has an encoder of that name."""
    try:
        return av.codec.Codec(name, "w").is_encoder
    except ValueError:
        return False


_BY_NAME = {kind.name: kind for kind in VIDEO_ENCODERS}
