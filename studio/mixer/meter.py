"""Levels: highest sample since the last look, and RMS over 300 ms, in dBFS for left and right."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from studio.media import SAMPLE_RATE_HZ

FLOOR_DB = -100.0
WINDOW_S = 0.3


def to_db(level: float) -> float:
    """A linear level in dBFS, no lower than `FLOOR_DB`."""
    return max(FLOOR_DB, 20.0 * math.log10(level)) if level > 1e-5 else FLOOR_DB


class LevelMeter:
    """Fed by the program thread, read by any other."""

    def __init__(self) -> None:
        self._peak = [0.0, 0.0]
        self._mean_square = [0.0, 0.0]

    def feed(self, samples: npt.NDArray[np.float32]) -> None:
        """Take in samples, shape (count, 2)."""
        high, low = samples.max(axis=0), samples.min(axis=0)
        share = min(1.0, len(samples) / (WINDOW_S * SAMPLE_RATE_HZ))
        for channel in (0, 1):
            self._peak[channel] = max(self._peak[channel], float(high[channel]), -float(low[channel]))
            column = samples[:, channel]
            square = float(np.dot(column, column)) / len(samples)
            self._mean_square[channel] += (square - self._mean_square[channel]) * share

    def feed_silence(self, count: int) -> None:
        """The same as `count` samples of silence, for nearly nothing."""
        share = min(1.0, count / (WINDOW_S * SAMPLE_RATE_HZ))
        for channel in (0, 1):
            self._mean_square[channel] *= 1.0 - share

    def take(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """(peak_db, rms_db) of left and right; begins a new peak."""
        peak = (to_db(self._peak[0]), to_db(self._peak[1]))
        self._peak = [0.0, 0.0]
        rms = (to_db(math.sqrt(self._mean_square[0])), to_db(math.sqrt(self._mean_square[1])))
        return peak, rms
