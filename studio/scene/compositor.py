"""One picture of many, in planar YUV 4:2:0. A single source that fills the frame passes through uncopied."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import ModuleType

import numpy as np
import numpy.typing as npt

from studio.media import VideoFrame, blank_frame
from studio.media.lease import PictureLease
from studio.scene.layout import Landing, PlacedSource, Rect, covers, land
from studio.scene.slate import slate

Plane = npt.NDArray[np.uint8]
PictureAt = Callable[[str], PictureLease | None]
"""The picture of a source for this tick, held for the caller; None where it has none to show."""


@lru_cache(maxsize=1)
def opencv() -> ModuleType:
    """OpenCV, loaded when the first picture has to be scaled; it keeps to the program's own thread."""
    import cv2

    cv2.setNumThreads(1)
    return cv2


class Compositor:
    """Makes the program's picture; belongs to the program thread, but for `scene` and `muted`, which any may replace.

    `hides(source id)`: whether a source is out of the picture for now, whatever the scene says of it.
    Composed pictures come from a pool of `POOL` frames that are given back when encoder and preview are done.
    """

    POOL = 8

    def __init__(self, width_px: int, height_px: int) -> None:
        self.size_px = (width_px, height_px)
        self.scene: Sequence[PlacedSource] = ()
        self.muted = False
        self.hides: Callable[[str], bool] = lambda source_id: False
        self._black = PictureLease(blank_frame(width_px, height_px))
        self._pool: deque[VideoFrame] = deque(blank_frame(width_px, height_px) for _ in range(0))
        self._made = 0

    def compose(self, picture_at: PictureAt, tick_ns: int) -> PictureLease | None:
        """The program's picture of this tick, held once for the caller; None where all frames of the pool are out."""
        if self.muted:
            return PictureLease(slate(*self.size_px))
        seen = [placed for placed in self.scene if placed.visible and placed.opacity > 0.001]
        scene = [placed for placed in seen if not self.hides(placed.source_id)]
        taken = [(placed, picture_at(placed.source_id)) for placed in scene]
        try:
            return self._compose(taken, tick_ns)
        finally:
            for _, lease in taken:
                if lease is not None:
                    lease.release()

    def _compose(self, taken: list[tuple[PlacedSource, PictureLease | None]], tick_ns: int) -> PictureLease | None:
        layers: list[tuple[PlacedSource, VideoFrame, Landing, PictureLease | None]] = []
        for placed, lease in taken:
            frame = lease.frame if lease is not None else slate(*self.size_px)
            landing = land(placed, (frame.width_px, frame.height_px), self.size_px)
            if landing is None:
                continue
            if placed.opacity > 0.999 and covers(landing, self.size_px):
                layers.clear()  # whatever lies behind is not seen
            layers.append((placed, frame, landing, lease))
        if not layers:
            return self._black.hold()
        placed, frame, landing, lease = layers[0]
        if len(layers) == 1 and self._passes_through(placed, frame, landing):
            return lease.hold() if lease is not None else PictureLease(frame)
        return self._draw(layers, tick_ns)

    def _passes_through(self, placed: PlacedSource, frame: VideoFrame, landing: Landing) -> bool:
        return (
            (frame.width_px, frame.height_px) == self.size_px
            and covers(landing, self.size_px)
            and landing.source == landing.target
            and not placed.mirror
            and placed.opacity > 0.999
        )

    def _draw(
        self, layers: list[tuple[PlacedSource, VideoFrame, Landing, PictureLease | None]], tick_ns: int
    ) -> PictureLease | None:
        canvas = self._take_canvas()
        if canvas is None:
            return None
        first = layers[0]
        if not covers(first[2], self.size_px) or first[0].opacity <= 0.999:
            canvas.y[:] = 16
            canvas.u[:] = 128
            canvas.v[:] = 128
        for placed, frame, landing, _ in layers:
            for target, source, shift in (
                (canvas.y, frame.y, 0),
                (canvas.u, frame.u, 1),
                (canvas.v, frame.v, 1),
            ):
                _blit(_part(target, landing.target, shift), _part(source, landing.source, shift), placed)
        frame = VideoFrame(canvas.data, *self.size_px, tick_ns, tick_ns)
        return PictureLease(frame, lambda: self._pool.append(canvas))

    def _take_canvas(self) -> VideoFrame | None:
        if self._pool:
            return self._pool.popleft()
        if self._made >= self.POOL:
            return None
        self._made += 1
        return blank_frame(*self.size_px)


def _part(plane: Plane, rect: Rect, shift: int) -> Plane:
    return plane[rect.y >> shift : (rect.y + rect.height) >> shift, rect.x >> shift : (rect.x + rect.width) >> shift]


def _blit(target: Plane, source: Plane, placed: PlacedSource) -> None:
    height, width = target.shape
    opaque = placed.opacity > 0.999
    if source.shape == target.shape:
        picture = source
    else:
        cv2 = opencv()
        shrinks = source.shape[0] > 2 * height or source.shape[1] > 2 * width
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        if opaque and not placed.mirror:
            cv2.resize(source, (width, height), dst=target, interpolation=method)
            return
        picture = cv2.resize(source, (width, height), interpolation=method)
    if placed.mirror:
        picture = picture[:, ::-1]
    if opaque:
        target[:] = picture
    else:
        cv2 = opencv()
        cv2.addWeighted(np.ascontiguousarray(picture), placed.opacity, target, 1 - placed.opacity, 0, dst=target)
