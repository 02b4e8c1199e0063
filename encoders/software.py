"""Private options of the encoders that run on the processor: x264 and x265."""

from __future__ import annotations

import os

from encoders.settings import VideoSettings

_RELATIVE_COST = {
    "ultrafast": 0.5,
    "superfast": 0.7,
    "veryfast": 1.0,
    "faster": 1.6,
    "fast": 2.0,
    "medium": 2.6,
    "slow": 4.5,
}
_MACROBLOCKS_PER_S_A_THREAD = 200_000


def threads(settings: VideoSettings, cores: int | None = None) -> int:
    """Encoding threads: as few as keep a picture well within its frame time.

    Measured, 720p30 veryfast: one thread 7.4 ms of processor time a picture, two slices 7.7, frame threads 7.9 (and a
    picture of delay). One thread is cheapest and enough until it takes more than about half of the frame time.
    """
    macroblocks = ((settings.width + 15) // 16) * ((settings.height + 15) // 16)
    work = macroblocks * float(settings.fps) * _RELATIVE_COST.get(settings.preset, 2.6)
    wanted = 1 + int(work / _MACROBLOCKS_PER_S_A_THREAD)
    return max(1, min(wanted, cores or os.cpu_count() or 1, 8))


def x264(settings: VideoSettings) -> dict[str, str]:
    """CBR by filler, without nal-hrd (which forbids a new bitrate while running); every keyframe is the engine's."""
    return {
        "preset": settings.preset,
        "tune": "zerolatency",
        "profile": "high" if settings.profile == "high" else "baseline",
        "forced-idr": "1",
        "x264-params": "filler=1:scenecut=0:keyint=infinite:bframes=0:sliced-threads="
        + ("1" if threads(settings) > 1 else "0"),
    }


def x265(settings: VideoSettings) -> dict[str, str]:
    """The same for H.265. x265 has no filler of its own: a still picture comes out below the rate."""
    return {
        "preset": settings.preset,
        "tune": "zerolatency",
        "forced-idr": "1",
        "x265-params": "log-level=error:scenecut=0:keyint=-1:bframes=0:repeat-headers=0:"
        f"frame-threads=1:pools={threads(settings) * 2}",
    }
