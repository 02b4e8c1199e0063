"""From the program's planar YUV to what Qt draws, by the cheap path of a machine without a GPU.

Scaling happens in the planes, then one conversion. OpenCV converts with BT.601 only, so the planes are first turned
into the BT.601 values of the same colours: U and V mix among themselves, and luma takes a small part of both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Plane = npt.NDArray[np.uint8]

# R'G'B' from Y'CbCr, with Y' in its own scale: rows R, G, B; columns Y, U, V (ITU-R BT.709 and BT.601).
_BT709 = np.array([[1, 0, 1.5748], [1, -0.187324, -0.468124], [1, 1.8556, 0]]) * [1.0, 219 / 224, 219 / 224]
_BT601 = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]]) * [1.0, 219 / 224, 219 / 224]
MIX = np.linalg.inv(_BT601) @ _BT709


class Conversion:
    """I420 in BT.709 limited range to 32-bit pictures (bytes B, G, R, 255) of a given size.

    Belongs to one thread. Two buffers in turn: what `convert` gave stays as it is until the call after the next.
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        self.width_px, self.height_px = max(2, width_px // 2 * 2), max(2, height_px // 2 * 2)
        import cv2  # 0.1 s: not before the first picture

        cv2.setNumThreads(1)  # a picture takes half a millisecond: sharing it out costs more than it saves
        self._cv2: Any = cv2
        self._planar: Plane = np.empty((self.height_px * 3 // 2, self.width_px), np.uint8)
        self._luma, self._u, self._v = planes(self._planar)
        self._part: Plane = np.empty_like(self._luma)
        self._buffers = [np.empty((self.height_px, self.width_px, 4), np.uint8) for _ in range(2)]
        self._turn = 0

    def convert(self, picture: Plane) -> Plane:
        """`picture` of shape (height * 3 // 2, width) as (height_px, width_px, 4)."""
        cv2 = self._cv2
        luma, u, v = planes(picture)
        if luma.shape != self._luma.shape:
            shrinks = luma.shape[0] > self.height_px
            how = cv2.INTER_AREA if shrinks and luma.shape[0] % self.height_px == 0 else cv2.INTER_LINEAR
            half = (self.width_px // 2, self.height_px // 2)
            luma = cv2.resize(luma, (self.width_px, self.height_px), interpolation=how)
            u, v = (cv2.resize(plane, half, interpolation=how) for plane in (u, v))
        for row, target in ((1, self._u), (2, self._v)):
            cv2.addWeighted(u, MIX[row, 1], v, MIX[row, 2], 128 * (1 - MIX[row, 1] - MIX[row, 2]), dst=target)
        part = cv2.addWeighted(u, MIX[0, 1], v, MIX[0, 2], 128 * (1 - MIX[0, 1] - MIX[0, 2]))
        cv2.resize(part, (self.width_px, self.height_px), dst=self._part, interpolation=cv2.INTER_NEAREST)
        cv2.addWeighted(luma, 1.0, self._part, 1.0, -128, dst=self._luma)
        self._turn = 1 - self._turn
        return cv2.cvtColor(self._planar, cv2.COLOR_YUV2BGRA_I420, dst=self._buffers[self._turn])


def planes(picture: Plane) -> tuple[Plane, Plane, Plane]:
    """The three planes of an I420 picture, as views."""
    height = picture.shape[0] * 2 // 3
    width = picture.shape[1]
    chroma = picture[height:].reshape(2, height // 2, width // 2)
    return picture[:height], chroma[0], chroma[1]
