"""Private options of the hardware encoders: constant rate, no B-frames, no look-ahead, keyframes when asked only."""

from __future__ import annotations

from encoders.settings import VideoSettings
from studio.media import Codec

_NVENC_PRESETS = {
    "ultrafast": "p1",
    "superfast": "p1",
    "veryfast": "p2",
    "faster": "p3",
    "fast": "p4",
    "medium": "p5",
    "slow": "p6",
}
_QSV_PRESETS = {"ultrafast": "veryfast", "superfast": "veryfast"}
_AMF_QUALITIES = {"medium": "balanced", "slow": "quality"}


def _profile(settings: VideoSettings, constrained_baseline: str) -> str:
    if settings.codec is Codec.H265:
        return "main"
    return "high" if settings.profile == "high" else constrained_baseline


def nvenc(settings: VideoSettings) -> dict[str, str]:
    """NVIDIA: ultra-low latency, padded CBR."""
    return {
        "preset": _NVENC_PRESETS.get(settings.preset, "p4"),
        "tune": "ull",
        "profile": _profile(settings, "baseline"),
        "rc": "cbr",
        "cbr_padding": "1",
        "zerolatency": "1",
        "delay": "0",
        "forced-idr": "1",
        "no-scenecut": "1",
        "b_ref_mode": "disabled",
    }


def qsv(settings: VideoSettings) -> dict[str, str]:
    """Intel: one picture in flight."""
    return {
        "preset": _QSV_PRESETS.get(settings.preset, settings.preset),
        "profile": _profile(settings, "baseline"),
        "async_depth": "1",
        "forced_idr": "1",
        "scenario": "livestreaming",
        "low_delay_brc": "1",
        "look_ahead": "0",
    }


def amf(settings: VideoSettings) -> dict[str, str]:
    """AMD: ultra-low latency, CBR with filler."""
    return {
        "usage": "ultralowlatency",
        "quality": _AMF_QUALITIES.get(settings.preset, "speed"),
        "profile": _profile(settings, "constrained_baseline"),
        "rc": "cbr",
        "filler_data": "1",
        "forced_idr": "1",
        "async_depth": "1",
    }


def videotoolbox(settings: VideoSettings) -> dict[str, str]:
    """Apple: real time, in hardware or not at all."""
    return {
        "profile": _profile(settings, "constrained_baseline"),
        "realtime": "1",
        "allow_sw": "0",
        "prio_speed": "1",
        "constant_bit_rate": "1",
    }


def v4l2m2m(settings: VideoSettings) -> dict[str, str]:
    """Linux boards: few buffers, for a short delay."""
    return {"num_output_buffers": "4", "num_capture_buffers": "4"}


def mf(settings: VideoSettings) -> dict[str, str]:
    """Windows: the hardware transform for live streaming."""
    return {"rate_control": "cbr", "scenario": "live_streaming", "hw_encoding": "1"}
