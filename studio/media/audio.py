"""Sound inside the studio: 48 kHz float32 stereo, in blocks of 10 ms (or a whole multiple)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

SAMPLE_RATE_HZ = 48_000
BLOCK_SAMPLES = 480
CHANNELS = 2


def samples_to_ns(samples: int) -> int:
    """Duration of so many samples at 48 kHz, in nanoseconds."""
    return samples * 1_000_000_000 // SAMPLE_RATE_HZ


def ns_to_samples(duration_ns: int) -> int:
    """The number of 48 kHz samples nearest to a duration."""
    return (duration_ns * SAMPLE_RATE_HZ + 500_000_000) // 1_000_000_000


@dataclass(frozen=True, slots=True, eq=False)
class AudioBlock:
    """Some samples and their time.

    `samples` is float32, shape (count, 2), full scale ±1.0; `pts_ns` the time of the first sample on the source's own
    timeline (for live sources: the studio clock at capture).
    """

    samples: npt.NDArray[np.float32]
    pts_ns: int
