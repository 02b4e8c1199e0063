"""The sound of one source on the program's timeline: written where it belongs, read where the program is."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from studio.media import CHANNELS, SAMPLE_RATE_HZ

Samples = npt.NDArray[np.float32]


class SampleTimeline:
    """The newest `capacity_s` of a source's samples, by absolute index (0 is the program's zero, 48 kHz).

    One thread writes, another reads. What was never written reads as silence. `end` is one past the newest sample;
    `late` counts samples that arrived after they had been read.
    """

    def __init__(self, capacity_s: float = 4.0) -> None:
        self._capacity = int(capacity_s * SAMPLE_RATE_HZ)
        self._data = np.zeros((self._capacity, CHANNELS), np.float32)
        self._lock = threading.Lock()
        self._begin = 0
        self._read_until = 0
        self.end = 0
        self.late = 0

    def write(self, index: int, samples: Samples) -> None:
        """Put samples at `index`; a jump ahead leaves silence between, a jump back is overwritten."""
        with self._lock:
            if index < self._read_until:
                self.late += min(self._read_until - index, len(samples))
            if index > self.end:
                if index - self.end >= self._capacity or self.end == 0:
                    self._data[:] = 0
                    self._begin = index
                else:
                    self._copy_in(self.end, np.zeros((index - self.end, CHANNELS), np.float32))
            if len(samples) > self._capacity:
                index += len(samples) - self._capacity
                samples = samples[-self._capacity :]
            self._copy_in(index, samples)
            self.end = max(self.end, index + len(samples))
            self._begin = max(min(self._begin, index), self.end - self._capacity, 0)

    def read(self, index: int, count: int) -> Samples:
        """`count` samples from `index` (negative ones are silence); a new array."""
        out = np.zeros((count, CHANNELS), np.float32)
        with self._lock:
            self._read_until = max(self._read_until, index + count)
            start, stop = max(index, self._begin), min(index + count, self.end)
            if stop <= start:
                return out
            at, length = start % self._capacity, stop - start
            first = min(length, self._capacity - at)
            offset = start - index
            out[offset : offset + first] = self._data[at : at + first]
            if first < length:
                out[offset + first : offset + length] = self._data[: length - first]
        return out

    def _copy_in(self, index: int, samples: Samples) -> None:
        at = index % self._capacity
        first = min(len(samples), self._capacity - at)
        self._data[at : at + first] = samples[:first]
        if first < len(samples):
            self._data[: len(samples) - first] = samples[first:]
