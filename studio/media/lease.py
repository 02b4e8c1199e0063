"""A picture on loan: given back when the last of those who use it says so."""

from __future__ import annotations

import threading
from collections.abc import Callable

from studio.media.frame import VideoFrame


def _nothing() -> None:
    """For pictures that nobody waits for."""


class PictureLease:
    """A `VideoFrame` whose memory belongs to someone who waits for it (a ring's writer, a pool).

    Made with one holder. `hold` adds one, `release` takes one away; at none `give_back` is called, once, on the
    releasing thread. Any thread may call both.
    """

    __slots__ = ("_give_back", "_holders", "_lock", "frame")

    def __init__(self, frame: VideoFrame, give_back: Callable[[], None] = _nothing) -> None:
        self.frame = frame
        self._give_back = give_back
        self._holders = 1
        self._lock = threading.Lock()

    def hold(self) -> PictureLease:
        """One more holder; returns itself."""
        with self._lock:
            self._holders += 1
        return self

    def release(self) -> None:
        """One holder less."""
        with self._lock:
            self._holders -= 1
            last = self._holders == 0
        if last:
            self._give_back()
