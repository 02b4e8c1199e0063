"""Render delay: a picture shown some milliseconds later than it came."""

from __future__ import annotations

from collections import deque

import numpy as np

from studio.media import VideoFrame
from studio.media.lease import PictureLease


class RenderDelay:
    """A delay line of copied pictures: a source's own slots are too few to wait in. The program thread calls it."""

    def __init__(self) -> None:
        self._line: deque[tuple[int, VideoFrame]] = deque()
        self._last_pts_ns: int | None = None

    def through(self, lease: PictureLease | None, tick_ns: int, delay_ns: int) -> PictureLease | None:
        """Take in this tick's picture (its lease is released), give out the one of `delay_ns` ago."""
        if lease is not None:
            if lease.frame.pts_ns != self._last_pts_ns:
                self._last_pts_ns = lease.frame.pts_ns
                self._line.append((tick_ns, self._copy(lease.frame)))
            lease.release()
        elif self._last_pts_ns is not None:
            self._line.clear()
            self._last_pts_ns = None
        while len(self._line) > 1 and self._line[1][0] <= tick_ns - delay_ns:
            self._line.popleft()
        if not self._line or self._line[0][0] > tick_ns - delay_ns:
            return None
        return PictureLease(self._line[0][1])

    @staticmethod
    def _copy(frame: VideoFrame) -> VideoFrame:
        return VideoFrame(np.copy(frame.data), frame.width_px, frame.height_px, frame.pts_ns, frame.captured_ns)
