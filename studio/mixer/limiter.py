"""A brick-wall limiter for the master: looks one block (10 ms) ahead, so that no sample passes the ceiling."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from studio.media import BLOCK_SAMPLES, CHANNELS

Samples = npt.NDArray[np.float32]
CEILING = 10 ** (-1.0 / 20)
RELEASE_PER_BLOCK = 10 ** (0.6 / 20)
"""The gain climbs back by at most 0.6 dB a block: 60 dB a second."""


class Limiter:
    """Delays by `LATENCY_SAMPLES`; the mixer counts that in. Only the program thread calls it."""

    LATENCY_SAMPLES = BLOCK_SAMPLES

    def __init__(self, ceiling: float = CEILING) -> None:
        self._ceiling = ceiling
        self._pending = np.zeros((BLOCK_SAMPLES, CHANNELS), np.float32)
        self._pending_peak = 0.0
        self._gain = 1.0

    @property
    def reduction_db(self) -> float:
        """What it takes off at present, 0 or less."""
        return float(20 * np.log10(self._gain))

    def process(self, samples: Samples) -> Samples:
        """Limit a whole number of blocks; returns as many samples, one block late."""
        joined = np.concatenate((self._pending, samples))
        blocks = len(samples) // BLOCK_SAMPLES
        peaks = np.abs(samples).reshape(blocks, -1).max(axis=1)
        self._pending = joined[-BLOCK_SAMPLES:]
        out = joined[:-BLOCK_SAMPLES]
        if self._gain == 1.0 and self._pending_peak <= self._ceiling and peaks.max() <= self._ceiling:
            self._pending_peak = float(peaks[-1])
            return out
        out = out.copy()
        for block in range(blocks):
            begin = self._gain
            ahead = float(peaks[block])
            # The gain must be low enough for this block all along and for the next one from its first sample.
            here = min(1.0, self._ceiling / self._pending_peak) if self._pending_peak > self._ceiling else 1.0
            then = min(1.0, self._ceiling / ahead) if ahead > self._ceiling else 1.0
            end = min(here, then, begin * RELEASE_PER_BLOCK, 1.0)
            part = out[block * BLOCK_SAMPLES : (block + 1) * BLOCK_SAMPLES]
            if begin != 1.0 or end != 1.0:
                ramp = np.linspace(begin, end, BLOCK_SAMPLES, endpoint=False, dtype=np.float32)
                part *= ramp[:, None]
            self._gain, self._pending_peak = end, ahead
        np.clip(out, -self._ceiling, self._ceiling, out=out)
        return out
