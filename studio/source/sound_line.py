"""Sound on its way out of a clip: pieces are laid down by their place in time and leave without gap or overlap."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from studio.media import BLOCK_SAMPLES, CHANNELS

if TYPE_CHECKING:
    import numpy.typing as npt

TOLERANCE_SAMPLES = 240
"""5 ms: containers that count in milliseconds jitter; only what is further off is a real gap or overlap."""


class SoundLine:
    """Places are sample numbers from the clip's start on, over all its loops. One thread.

    `head` is the place after the last sample laid down, `sent` the place after the last one taken.
    """

    def __init__(self, start: int = 0) -> None:
        self._pieces: deque[npt.NDArray[np.float32]] = deque()
        self.head = start
        self.sent = start

    def lay(self, samples: npt.NDArray[np.float32], place: int, *, exactly: bool = False) -> None:
        """Lay samples, shape (count, 2), at a place. Near the head they join it, unless `exactly`."""
        off = place - self.head
        if off and (exactly or abs(off) > TOLERANCE_SAMPLES):
            if off > 0:
                self.pad_to(place)
            else:
                samples = samples[-off:]
        if len(samples):
            self._pieces.append(samples)
            self.head += len(samples)

    def pad_to(self, place: int) -> None:
        """Silence from the head to a place, where that lies ahead."""
        if place > self.head:
            self._pieces.append(np.zeros((place - self.head, CHANNELS), np.float32))
            self.head = place

    def cut_to(self, place: int) -> None:
        """Forget what is laid beyond a place and not taken yet."""
        while self._pieces and self.head > place:
            last = self._pieces.pop()
            self.head -= len(last)
            if self.head < place:
                kept = last[: place - self.head]
                self._pieces.append(kept)
                self.head += len(kept)

    def take(self, limit: int) -> tuple[int, npt.NDArray[np.float32]] | None:
        """Whole blocks of 10 ms from `sent` to at most `limit`: their place and the samples; None below one block."""
        count = (min(limit, self.head) - self.sent) // BLOCK_SAMPLES * BLOCK_SAMPLES
        if count <= 0:
            return None
        taken, wanted = [], count
        while wanted:
            piece = self._pieces.popleft()
            if len(piece) > wanted:
                self._pieces.appendleft(piece[wanted:])
                piece = piece[:wanted]
            taken.append(piece)
            wanted -= len(piece)
        place, self.sent = self.sent, self.sent + count
        return place, taken[0] if len(taken) == 1 else np.concatenate(taken)
