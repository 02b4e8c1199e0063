"""From a captured picture to a slot of the ring: converted once, stamped, dropped where the engine holds every slot."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from studio.media import NS_PER_S
from studio.source.contract import Opened
from studio.source.entry import PictureEntry, write_picture

if TYPE_CHECKING:
    import av

    from studio.source.outlet import Outlet

SLOTS = 5
"""One that is drawn, one on its way, one that is shown, and two for the delay of a picture that waits for its tick."""
NS_TIME_BASE = Fraction(1, NS_PER_S)

Announce = Callable[[int, int], Opened]


class LivePictures:
    """The pictures of one live source. One thread.

    `announce(width_px, height_px)` makes the word that the source plays; it is said with the next picture after each
    `begin`, since only then their size is known.
    """

    def __init__(self, outlet: Outlet, max_width_px: int, max_height_px: int) -> None:
        self._outlet = outlet
        self._limits = (max_width_px, max_height_px)
        self._entry: PictureEntry | None = None
        self._announce: Announce | None = None
        self._ring_size = (0, 0)
        self._last_ns = 0

    def begin(self, announce: Announce, pixel_aspect: Fraction | None = None) -> None:
        """The device was opened (again): its next picture is its first."""
        self._announce = announce
        self._entry = PictureEntry(*self._limits, pixel_aspect)

    def show(self, frame: av.VideoFrame, stamp_ns: int) -> bool:
        """Hand a picture captured at `stamp_ns` to the engine. False at the end."""
        assert self._entry is not None, "begin comes first"
        frame.time_base = NS_TIME_BASE
        frame.pts = stamp_ns
        return all(self._hand_over(ready) for ready in self._entry.push(frame))

    def _hand_over(self, ready: av.VideoFrame) -> bool:
        size = (ready.width, ready.height)
        if self._announce is not None:
            self._outlet.opened(self._announce(*size))
            self._announce = None
        if size != self._ring_size:
            if not self._outlet.want_ring(*size, SLOTS):
                return False
            self._ring_size = size
        assert ready.pts is not None and ready.time_base is not None
        stamp_ns = int(ready.pts * ready.time_base * NS_PER_S)
        if stamp_ns <= self._last_ns:
            return True
        slot = self._outlet.take()
        if slot is None:
            self._outlet.drop()
            return True
        write_picture(ready, slot.picture)
        self._last_ns = stamp_ns
        self._outlet.picture(slot, stamp_ns)
        return True
