"""Where keyframes stand: a fixed grid of program time, and extra ones on request that do not move the grid."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

INTERVAL_S = 2
REQUEST_EVERY_NS = 1_000_000_000


def on_grid(frame: int, fps_num: int, fps_den: int) -> bool:
    """True for the first frame at or after each multiple of 2 s of program time."""
    if frame == 0:
        return True
    span = INTERVAL_S * fps_num
    return frame * fps_den // span != (frame - 1) * fps_den // span


@dataclass(slots=True)
class KeyframeRequests:
    """Merges all askers: at most one extra keyframe a second; one of the grid answers whoever asked before it.

    Any thread may `ask`; the encoder thread calls `take`.
    """

    asked_by: list[str] = field(default_factory=list)
    _last_ns: int = -REQUEST_EVERY_NS
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, reason: str) -> None:
        with self._lock:
            if reason not in self.asked_by:
                self.asked_by.append(reason)

    def take(self, now_ns: int, *, grid: bool) -> list[str]:
        """The reasons that this frame's keyframe answers; empty where none is due. `grid`: it is one anyway."""
        with self._lock:
            if grid:
                self.asked_by.clear()
                return []
            if not self.asked_by or now_ns - self._last_ns < REQUEST_EVERY_NS:
                return []
            self._last_ns = now_ns
            reasons, self.asked_by = self.asked_by, []
            return reasons
