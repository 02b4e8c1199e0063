"""When flashes begin in a picture, to a part of a frame, and beeps in a sound; and which of them belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

GRID_ROWS, GRID_COLUMNS = 18, 32
FLASH_STEPS = 50
"""A patch flashes when its luma rises by at least so many of 256 steps."""
LIT_SHARE = 0.25
"""What is bright for more of the time than this is no flash."""
FULL, DARK = 0.9, 0.05
"""From what part of its full brightness on a flash counts as full, and below what as dark (codecs blur and ring)."""
QUIET_BEFORE_S = 0.1
BEEP_PART = 0.3
"""A beep begins where it first reaches this part of its peak: above what codecs let sound before it."""


def luma_grid(luma: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Mean luma of 18 x 32 cells of a picture, shape (576,): enough to find what flashes, wherever it is."""
    height, width = luma.shape
    down, across = max(1, height // (GRID_ROWS * 5)), max(1, width // (GRID_COLUMNS * 5))
    thin = luma[::down, ::across]
    rows, columns = thin.shape[0] // GRID_ROWS, thin.shape[1] // GRID_COLUMNS
    if not rows or not columns:
        return np.full(GRID_ROWS * GRID_COLUMNS, round(float(luma.mean())), np.uint8)
    cells = thin[: rows * GRID_ROWS, : columns * GRID_COLUMNS].reshape(GRID_ROWS, rows, GRID_COLUMNS, columns)
    mean: npt.NDArray[np.uint8] = cells.mean(axis=(1, 3)).astype(np.uint8).reshape(-1)
    return mean


def flash_signal(grids: npt.NDArray[np.uint8], flashes_expected: int) -> Floats:
    """How bright the flashing cells of `grids`, shape (frames, cells), are: 0 to 1; all 0 where nothing flashes."""
    frames = len(grids)
    nothing = np.zeros(frames)
    if frames < 5:
        return nothing
    ground = np.median(grids, axis=0)
    rank = min(frames, max(1, flashes_expected // 2))
    bright = np.partition(grids, frames - rank, axis=0)[frames - rank].astype(float)
    rise = bright - ground
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.clip((grids - ground) / rise, 0, 1)
    chosen = (rise >= FLASH_STEPS) & ((level > 0.5).mean(axis=0) < LIT_SHARE)
    if not chosen.any():
        return nothing
    # What moves is bright now here, now there; what flashes is bright everywhere at once.
    together = level[:, chosen].mean(axis=1)
    lit = together > 0.5 * together.max()
    steady = level[:, chosen][lit].mean(axis=0) > 0.6
    if not steady.any():
        return nothing
    signal: Floats = level[:, chosen][:, steady].mean(axis=1)
    return signal / signal.max() if signal.max() > 0 else nothing


def flash_onsets(signal: Floats, times_s: Floats) -> Floats:
    """The instants at which flashes begin, in seconds.

    A first picture of part brightness was lit for that part of its time, up to the next (see the test card).
    """
    onsets: list[float] = []
    if len(signal) < 3:
        return np.array(onsets)
    index = 1
    while index < len(signal):
        if signal[index] < 0.5 or signal[index - 1] >= 0.5:
            index += 1
            continue
        full = index
        while full + 1 < len(signal) and signal[full] < FULL and signal[full + 1] > signal[full]:
            full += 1
        onset = float(times_s[full])
        before = full - 1
        while before >= 0 and signal[before] > DARK and signal[before] < FULL and full - before <= 3:
            onset -= float(signal[before] * (times_s[before + 1] - times_s[before]))
            before -= 1
        onsets.append(onset)
        index = full + 1
    return np.array(onsets)


def beep_onsets(sound: npt.NDArray[np.float32], rate_hz: int) -> npt.NDArray[np.int64]:
    """The samples at which beeps begin: each after a tenth of a second that is quiet beside it. `sound` is mono."""
    hop = max(1, rate_hz // 1000)
    count = len(sound) // hop
    if count < 10:
        return np.array([], np.int64)
    envelope = np.abs(sound[: count * hop]).reshape(count, hop).max(axis=1)
    loudest = float(np.percentile(envelope, 99.5))
    floor = float(np.median(envelope))
    if loudest < 0.003 or loudest < 4 * floor:
        return np.array([], np.int64)
    quiet = round(QUIET_BEFORE_S * 1000)
    loud = envelope > max(0.5 * loudest, 2 * floor)
    onsets = []
    last_loud = -quiet - 1
    for index in np.flatnonzero(loud).tolist():
        if index - last_loud > quiet and (index >= quiet or not loud[:index].any()):
            onsets.append(_exact_onset(sound, index * hop, rate_hz))
        last_loud = index
    return np.array([onset for onset in onsets if onset is not None], np.int64)


def _exact_onset(sound: npt.NDArray[np.float32], near: int, rate_hz: int) -> int | None:
    """The first sample about `near` that reaches a part of the beep's peak; None where the sound begins with it."""
    start = max(0, near - rate_hz // 50)
    stretch = np.abs(sound[start : near + rate_hz // 20])
    peak = float(stretch.max())
    first = int(np.argmax(stretch >= BEEP_PART * peak))
    return start + first if start + first > 0 else None


def pair(flashes_s: Floats, beeps_s: Floats) -> list[tuple[float, float]]:
    """Each flash with the beep nearest to it, where that is nearer than half the time between flashes."""
    if not len(flashes_s) or not len(beeps_s):
        return []
    reach_s = float(np.median(np.diff(flashes_s))) / 2 if len(flashes_s) > 1 else 0.5
    pairs = []
    for flash_s in flashes_s.tolist():
        beep_s = float(beeps_s[np.abs(beeps_s - flash_s).argmin()])
        if abs(beep_s - flash_s) < reach_s:
            pairs.append((flash_s, beep_s))
    return pairs
