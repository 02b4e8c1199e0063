"""`stoa sync`: sound against picture of any recording or stream with flashes and beeps, measured on what was received.

A positive offset means that the sound comes after the picture. Beside it stands what else a receiver can tell: whether
the test card's numbers run on, keyframes, B-frames, bitrate, colour bars.
"""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np

from studio.media import ErrorKind, StoaError
from studio.monitor.sync_continuity import Bitrate, Numbers, check_numbers, measure_bitrate
from studio.monitor.sync_onsets import beep_onsets, flash_onsets, flash_signal, pair
from studio.monitor.sync_reading import Observations, masked, observe
from studio.source.card import BARS

PIECE_GAP_S = 0.005


class Pair(msgspec.Struct, frozen=True):
    """One flash and its beep: their seconds in the recording, and how much later the beep is."""

    flash_s: float
    beep_s: float
    offset_ms: float


class BarReading(msgspec.Struct, frozen=True):
    """One colour bar as received, and its largest difference from the table in any picture and component."""

    name: str
    y: int
    cb: int
    cr: int
    off: int


class Keyframe(msgspec.Struct, frozen=True):
    """A keyframe: its second in the recording, and the number in its strip (None where it has none)."""

    at_s: float
    number: int | None


class SyncReport(msgspec.Struct, frozen=True):
    """What was measured. Offsets are None where there was nothing to measure by."""

    what: str
    words: str
    offset_ms: float | None
    worst_ms: float | None
    earliest_ms: float | None
    latest_ms: float | None
    flashes: int
    beeps: int
    pairs: list[Pair]
    duration_s: float
    width_px: int
    height_px: int
    fps: float
    frames: int
    picture_codec: str
    sound_codec: str
    numbers: Numbers
    pts_monotonic: bool
    b_frames: int
    keyframes: list[Keyframe]
    bitrate: Bitrate
    sound_kbps: float
    sound_gaps: int
    damaged_packets: int
    bars: list[BarReading]
    bars_off: int | None
    colour: str


def measure(what: str, *, limit_s: float | None = None, require_sync: bool = True) -> SyncReport:
    """Measure `limit_s` of a file or URL (where None: ten minutes of a file, 15 s of a URL).

    Raises StoaError: NOT_FOUND and BAD_DATA for a file that cannot be read, UNREACHABLE and LOST for a URL, and, with
    `require_sync`, NOT_SUPPORTED (not permanent) where there are no flashes or no beeps. Blocks; any thread.
    """
    seen = observe(what, limit_s)
    order = np.argsort(np.array(seen.picture_times_s), kind="stable") if seen.picture_times_s else np.array([], int)
    times_s = np.array(seen.picture_times_s)[order]
    pairs, flashes, beeps = _measure_pairs(seen, times_s)
    if require_sync and not pairs:
        raise StoaError(
            ErrorKind.NOT_SUPPORTED,
            f"{masked(what)} has {flashes} flashes and {beeps} beeps, none of which belong together.",
            remedy="Measure a recording of the test card with its tone, of at least two seconds.",
        )
    return _report(what, seen, pairs, flashes, beeps)


def _measure_pairs(seen: Observations, times_s: np.ndarray) -> tuple[list[Pair], int, int]:
    if len(times_s) < 5:
        return [], 0, 0
    duration_s = float(times_s[-1] - times_s[0])
    signal = flash_signal(np.array(seen.grids), max(1, round(duration_s)))
    flashes_s = flash_onsets(signal, times_s)
    beeps_s = _beeps_s(seen)
    found = [
        Pair(round(flash_s, 4), round(beep_s, 4), round((beep_s - flash_s) * 1000, 2))
        for flash_s, beep_s in pair(flashes_s, beeps_s)
    ]
    return found, len(flashes_s), len(beeps_s)


def _beeps_s(seen: Observations) -> np.ndarray:
    if not seen.sound_pieces:
        return np.array([])
    sound = np.concatenate(seen.sound_pieces)
    starts = np.concatenate([[0], np.cumsum([len(piece) for piece in seen.sound_pieces])[:-1]])
    onsets = beep_onsets(sound, seen.sound_rate_hz)
    pieces = np.searchsorted(starts, onsets, side="right") - 1
    times_s = np.array(seen.sound_times_s)[pieces] + (onsets - starts[pieces]) / seen.sound_rate_hz
    return np.asarray(times_s)


def _report(what: str, seen: Observations, pairs: list[Pair], flashes: int, beeps: int) -> SyncReport:
    times_s = seen.picture_times_s
    frames = len(times_s)
    frame_s = float(np.median(np.diff(times_s))) if frames > 1 else 0.0
    duration_s = times_s[-1] - times_s[0] + frame_s if frames else 0.0
    offsets = [found.offset_ms for found in pairs]
    mean_ms = round(float(np.mean(offsets)), 2) if offsets else None
    worst_ms = max(offsets, key=abs) if offsets else None
    numbers = check_numbers([mark.number if mark else None for mark in seen.marks], times_s)
    by_time = {round(at_s, 6): mark.number for at_s, mark in zip(times_s, seen.marks, strict=True) if mark}
    bars = _bars(seen)
    report = SyncReport(
        what=masked(what),
        words="",
        offset_ms=mean_ms,
        worst_ms=worst_ms,
        earliest_ms=min(offsets) if offsets else None,
        latest_ms=max(offsets) if offsets else None,
        flashes=flashes,
        beeps=beeps,
        pairs=pairs,
        duration_s=round(duration_s, 3),
        width_px=seen.width_px,
        height_px=seen.height_px,
        fps=round((frames - 1) / (times_s[-1] - times_s[0]), 3) if frames > 1 and times_s[-1] > times_s[0] else 0.0,
        frames=frames,
        picture_codec=seen.picture_codec,
        sound_codec=seen.sound_codec,
        numbers=numbers,
        pts_monotonic=all(later > earlier for earlier, later in pairwise(times_s)),
        b_frames=seen.b_frames,
        keyframes=[Keyframe(round(at_s, 4), by_time.get(round(at_s, 6))) for at_s in seen.keyframe_times_s],
        bitrate=measure_bitrate(np.array(seen.packet_times_s), np.array(seen.packet_sizes), duration_s),
        sound_kbps=round(seen.sound_bytes * 8 / duration_s / 1000, 1) if duration_s else 0.0,
        sound_gaps=_sound_gaps(seen),
        damaged_packets=seen.damaged_packets,
        bars=bars,
        bars_off=max((bar.off for bar in bars), default=None),
        colour=seen.colour,
    )
    return msgspec.structs.replace(report, words=_words(report))


def _sound_gaps(seen: Observations) -> int:
    gaps = 0
    for index in range(1, len(seen.sound_pieces)):
        expected_s = seen.sound_times_s[index - 1] + len(seen.sound_pieces[index - 1]) / seen.sound_rate_hz
        gaps += abs(seen.sound_times_s[index] - expected_s) > PIECE_GAP_S
    return gaps


def _bars(seen: Observations) -> list[BarReading]:
    readings = []
    for index, bar in enumerate(BARS if seen.bars else ()):
        received = np.array([picture[index] for picture in seen.bars])
        off = int(np.abs(received - [bar.y, bar.cb, bar.cr]).max())
        y, cb, cr = (round(part) for part in received.mean(axis=0))
        readings.append(BarReading(bar.name, y, cb, cr, off))
    return readings


def _words(report: SyncReport) -> str:
    """One paragraph for a person."""
    parts = []
    if report.offset_ms is None or report.worst_ms is None:
        parts.append("There is nothing to measure sound against picture by.")
    else:
        side = "after" if report.offset_ms >= 0 else "before"
        parts.append(
            f"The sound comes {abs(report.offset_ms):.1f} ms {side} the picture on average, "
            f"{report.worst_ms:+.1f} ms at worst, over {len(report.pairs)} flashes."
        )
    parts.append(
        f"{report.frames} pictures of {report.width_px}x{report.height_px} at {report.fps:g} fps in "
        f"{report.duration_s:g} s, {report.bitrate.mean_kbps:g} kb/s."
    )
    if report.numbers.readable:
        missing = sum(max(0, gap.missing) for gap in report.numbers.gaps)
        if report.numbers.run_on:
            parts.append("Every picture of the test card is there once.")
        else:
            parts.append(
                f"The test card's numbers do not run on: {missing} missing, {report.numbers.repeats} twice, "
                f"{report.numbers.unreadable} unreadable."
            )
    return " ".join(parts)
