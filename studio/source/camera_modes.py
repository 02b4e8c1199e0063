"""Which mode of a camera is asked for, and how its bytes become a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np

from studio.device.inventory import CameraMode
from studio.device.pixels import JPEG_FORMATS, RAW_FORMATS, READABLE
from studio.media import ErrorKind, StoaError
from studio.source.entry import MATRIX_601, RANGE_FULL, RANGE_LIMITED

if TYPE_CHECKING:
    import numpy.typing as npt

SMOOTH_FPS = 24.0


@dataclass(frozen=True, slots=True)
class CameraWish:
    """What the person asks for; 0 leaves it to us. `max_*` is the largest that the studio shows."""

    width_px: int
    height_px: int
    fps: float
    max_width_px: int
    max_height_px: int
    program_fps: float = 0.0

    def rate_of(self, mode: CameraMode) -> float:
        """The rate to ask of a mode: the wish, else no more than the program shows."""
        if self.fps:
            return self.fps
        return min(mode.fps, self.program_fps) if mode.fps and self.program_fps else mode.fps or self.program_fps


def choose_mode(modes: Sequence[CameraMode], wish: CameraWish) -> CameraMode | None:
    """The mode nearest to the wish; None where the camera tells of none that we can read.

    Without a wish: the largest smooth one that fits, bytes that need no decoding before JPEG.
    """
    usable = [mode for mode in modes if mode.pixels in READABLE]
    if not usable:
        return None
    fps = wish.fps or SMOOTH_FPS

    def distance(mode: CameraMode) -> tuple[float, ...]:
        slow = max(0.0, fps - mode.fps - 0.1) if mode.fps else 0.0
        rank = float(READABLE.index(mode.pixels))
        grey = 1.0 if mode.pixels == "GREY" else 0.0
        if wish.width_px and wish.height_px:
            size = abs(mode.width_px - wish.width_px) + abs(mode.height_px - wish.height_px)
            return (float(size), slow, grey, rank)
        over = max(0, mode.width_px - wish.max_width_px) + max(0, mode.height_px - wish.max_height_px)
        size = -mode.width_px * mode.height_px
        # A slow large picture is worth less than a smooth smaller one.
        return (float(over), 1.0 if slow else 0.0, float(size), grey, slow, rank)

    return min(usable, key=distance)


class PictureReader:
    """Turns what a camera gives into decoded pictures of known colour. One thread.

    Video4Linux's YUV is BT.601 limited unless a driver says otherwise (videodev2.h, V4L2_MAP_YCBCR_ENC_DEFAULT);
    JPEG is BT.601 full range (JFIF).
    """

    def __init__(self, pixels: str, width_px: int, height_px: int) -> None:
        """Raises StoaError(NOT_SUPPORTED) for pixels that cannot be read."""
        self._size = (width_px, height_px)
        self._format = RAW_FORMATS.get(pixels, "")
        self._jpeg: av.VideoCodecContext | None = None
        if pixels in JPEG_FORMATS:
            context = av.CodecContext.create("mjpeg", "r")
            assert isinstance(context, av.VideoCodecContext)
            # One thread, or a picture would come out only when the next goes in.
            context.thread_count = 1
            self._jpeg = context
        elif not self._format:
            raise StoaError(
                ErrorKind.NOT_SUPPORTED,
                f"The camera sends pictures as {pixels}, which Stoa cannot read.",
                remedy="Choose another size for this camera.",
            )

    def read(self, data: npt.NDArray[np.uint8]) -> av.VideoFrame | None:
        """One picture; None where the bytes are damaged (cables, a picture cut short)."""
        if self._jpeg is None:
            return self._raw(data)
        try:
            frames = self._jpeg.decode(av.Packet(data.tobytes()))
        except av.FFmpegError:
            return None
        if not frames:
            return None
        frame = frames[0]
        frame.colorspace = MATRIX_601
        frame.color_range = RANGE_FULL
        return frame

    def _raw(self, data: npt.NDArray[np.uint8]) -> av.VideoFrame | None:
        frame = av.VideoFrame(*self._size, self._format)
        flat = data.reshape(-1)
        start = 0
        for plane in frame.planes:
            row_bytes = _row_bytes(self._format, plane.width, start == 0)
            count = row_bytes * plane.height
            if start + count > flat.size:
                return None
            rows = np.frombuffer(plane, np.uint8)[: plane.line_size * plane.height]
            rows = rows.reshape(plane.height, plane.line_size)
            rows[:, :row_bytes] = flat[start : start + count].reshape(plane.height, row_bytes)
            start += count
        if not frame.format.is_rgb:
            frame.colorspace = MATRIX_601
            frame.color_range = RANGE_LIMITED
        return frame


def _row_bytes(name: str, width_px: int, first_plane: bool) -> int:
    if name in ("nv12", "nv21") and not first_plane:
        return width_px * 2
    if name in ("yuyv422", "uyvy422", "yvyu422"):
        return width_px * 2
    if name in ("rgb24", "bgr24"):
        return width_px * 3
    return width_px


def bgr_frame(picture: npt.NDArray[np.uint8]) -> av.VideoFrame:
    """What OpenCV gives on macOS and Windows: BGR, shape (height, width, 3)."""
    return av.VideoFrame.from_ndarray(picture, format="bgr24")
