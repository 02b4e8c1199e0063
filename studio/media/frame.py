"""One picture: planar YUV 4:2:0, BT.709 limited range, square pixels, upright."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def i420_bytes(width_px: int, height_px: int) -> int:
    """Bytes of one I420 picture of even size."""
    return width_px * height_px * 3 // 2


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """A picture and its time.

    `data` is one contiguous I420 buffer, uint8, shape (height * 3 // 2, width): `height` rows of Y, then U and V of
    half width and height each, packed one after the other (OpenCV's and FFmpeg's I420 without padding). Both sides are
    even. `pts_ns` is on the source's own timeline, `captured_ns` the studio clock when the light (or the draw)
    happened.
    A frame may be a view into a ring's slot: it is then valid only until the slot is given back.
    """

    data: npt.NDArray[np.uint8]
    width_px: int
    height_px: int
    pts_ns: int
    captured_ns: int

    @property
    def y(self) -> npt.NDArray[np.uint8]:
        """Luma, shape (height, width)."""
        return self.data[: self.height_px]

    @property
    def u(self) -> npt.NDArray[np.uint8]:
        """Cb, shape (height // 2, width // 2)."""
        return self._chroma(0)

    @property
    def v(self) -> npt.NDArray[np.uint8]:
        """Cr, shape (height // 2, width // 2)."""
        return self._chroma(1)

    def _chroma(self, index: int) -> npt.NDArray[np.uint8]:
        quarter = self.width_px * self.height_px // 4
        start = self.width_px * self.height_px + index * quarter
        return self.data.reshape(-1)[start : start + quarter].reshape(self.height_px // 2, self.width_px // 2)


def blank_frame(
    width_px: int, height_px: int, yuv: tuple[int, int, int] = (16, 128, 128), pts_ns: int = 0, captured_ns: int = 0
) -> VideoFrame:
    """A new frame of one colour (limited-range Y, Cb, Cr); black by default. Sizes must be even."""
    if width_px % 2 or height_px % 2:
        raise ValueError(f"a 4:2:0 picture has even sides, not {width_px}x{height_px}")
    data = np.empty((height_px * 3 // 2, width_px), np.uint8)
    frame = VideoFrame(data, width_px, height_px, pts_ns, captured_ns)
    frame.y[:] = yuv[0]
    frame.u[:] = yuv[1]
    frame.v[:] = yuv[2]
    return frame
