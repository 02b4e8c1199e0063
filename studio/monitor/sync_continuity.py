"""Whether a recording has every picture once, where its keyframes stand, and how its bitrate runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from studio.media.strip import NUMBER_BITS

if TYPE_CHECKING:
    import numpy.typing as npt

WINDOW_S = 10.0


class Break(msgspec.Struct, frozen=True):
    """Where the numbers of the strip do not run on: at this second, from one number to another that is not the next."""

    at_s: float
    from_number: int
    to_number: int

    @property
    def missing(self) -> int:
        """Pictures left out; negative where the numbers went back."""
        return self.to_number - self.from_number - 1


class Numbers(msgspec.Struct, frozen=True):
    """What the strips of all pictures say: how many were readable, what came twice, what is missing."""

    readable: int
    unreadable: int
    first: int | None
    last: int | None
    repeats: int
    gaps: list[Break]

    @property
    def run_on(self) -> bool:
        """Every picture carries a strip, and each number is the one after the last."""
        return self.readable > 0 and not self.unreadable and not self.repeats and not self.gaps


def check_numbers(numbers: Sequence[int | None], times_s: Sequence[float]) -> Numbers:
    """Follow the strips' numbers picture by picture; unreadable ones (None) are passed over."""
    previous: int | None = None
    first: int | None = None
    repeats = unreadable = 0
    gaps = []
    for number, at_s in zip(numbers, times_s, strict=True):
        if number is None:
            unreadable += 1
            continue
        if first is None or previous is None:
            first = number
        elif number == previous:
            repeats += 1
        elif number != (previous + 1) % (1 << NUMBER_BITS):
            gaps.append(Break(round(at_s, 3), previous, number))
        previous = number
    return Numbers(len(numbers) - unreadable, unreadable, first, previous, repeats, gaps)


class Bitrate(msgspec.Struct, frozen=True):
    """kb/s on the whole, and the least and most over any 10 s (None where it is shorter than that)."""

    mean_kbps: float
    least_kbps: float | None
    most_kbps: float | None


def measure_bitrate(times_s: npt.NDArray[np.float64], sizes: npt.NDArray[np.int64], duration_s: float) -> Bitrate:
    """From the packets' times (in decoding order) and sizes in bytes."""
    if not len(times_s) or duration_s <= 0:
        return Bitrate(0.0, None, None)
    mean_kbps = float(sizes.sum()) * 8 / duration_s / 1000
    begin = float(times_s[0])
    starts = times_s[times_s <= begin + duration_s - WINDOW_S + 1e-6]
    if duration_s < WINDOW_S or not len(starts):
        return Bitrate(round(mean_kbps, 1), None, None)
    total = np.concatenate([[0], np.cumsum(sizes)])
    ends = np.searchsorted(times_s, starts + WINDOW_S - 1e-6)
    rates = (total[ends] - total[: len(starts)]) * 8 / WINDOW_S / 1000
    return Bitrate(round(mean_kbps, 1), round(float(rates.min()), 1), round(float(rates.max()), 1))
