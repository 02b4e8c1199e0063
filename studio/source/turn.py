"""Which way up a picture is: the display matrix of a stream or photograph, as one of eight turns.

The matrix is libavutil/display.h's: nine 16.16 numbers, of which a, b, c, d (places 0, 1, 3, 4) turn and mirror.
"""

from __future__ import annotations

from enum import Enum

import av
import numpy as np
from av.sidedata.sidedata import Type as SideData


class Turn(Enum):
    """The FFmpeg filters that bring a picture upright, each with its options."""

    NONE = ()
    CLOCKWISE = (("transpose", "clock"),)
    COUNTERCLOCKWISE = (("transpose", "cclock"),)
    CLOCKWISE_MIRRORED = (("transpose", "clock_flip"),)
    COUNTERCLOCKWISE_MIRRORED = (("transpose", "cclock_flip"),)
    MIRRORED = (("hflip", ""),)
    UPSIDE_DOWN_MIRRORED = (("vflip", ""),)
    UPSIDE_DOWN = (("hflip", ""), ("vflip", ""))

    @property
    def is_quarter(self) -> bool:
        """Whether width and height change places."""
        return bool(self.value) and self.value[0][0] == "transpose"


def turn_of(frame: av.VideoFrame) -> Turn:
    """How a decoded picture has to be turned; angles between the quarters are taken for none."""
    data = frame.side_data.get(SideData.DISPLAYMATRIX)
    if data is None:
        return Turn.NONE
    a, b, _, c, d = np.sign(np.frombuffer(bytes(data), np.int32)[:5]).tolist()
    straight = {
        (1, 1): Turn.NONE,
        (-1, 1): Turn.MIRRORED,
        (1, -1): Turn.UPSIDE_DOWN_MIRRORED,
        (-1, -1): Turn.UPSIDE_DOWN,
    }
    across = {
        (1, -1): Turn.CLOCKWISE,
        (-1, 1): Turn.COUNTERCLOCKWISE,
        (1, 1): Turn.COUNTERCLOCKWISE_MIRRORED,
        (-1, -1): Turn.CLOCKWISE_MIRRORED,
    }
    if b == 0 and c == 0:
        return straight.get((a, d), Turn.NONE)
    return across.get((b, c), Turn.NONE) if a == 0 and d == 0 else Turn.NONE
