"""The test card's sound: a beep at each whole second of program time, silence between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studio.media import CHANNELS, SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy.typing as npt

BEEP_HZ = 1000
BEEP_SAMPLES = SAMPLE_RATE_HZ // 10
BEEP_LEVEL = 0.25
"""Peak, -12 dBFS: loud enough to be found, quiet enough to be heard all day."""


class Tone:
    """Makes the sound of any stretch of program time. One thread."""

    def __init__(self) -> None:
        count = np.arange(BEEP_SAMPLES)
        beep = BEEP_LEVEL * np.sin(2 * np.pi * BEEP_HZ * count / SAMPLE_RATE_HZ)
        beep[-480:] *= np.linspace(1.0, 0.0, 480)
        self._second = np.zeros((2 * SAMPLE_RATE_HZ, CHANNELS), np.float32)
        for start in (0, SAMPLE_RATE_HZ):
            self._second[start : start + BEEP_SAMPLES] = beep.astype(np.float32)[:, None]

    def samples(self, first: int, count: int) -> npt.NDArray[np.float32]:
        """`count` samples (at most one second) from sample `first` of program time on, shape (count, 2); a view."""
        at = first % SAMPLE_RATE_HZ
        return self._second[at : at + count]
