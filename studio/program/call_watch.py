"""Notices on air that a hardware encoder does not come back from a call.

Nobody's clock alone tells that: where the whole machine stands still, every call takes long. So time passes here in
beats of a thread that goes on meanwhile (the program's own, tick by tick), and a beat that comes late counts for no
more than one that comes on time. What the processor does (x264) is never watched: it is slow, but it comes back.
"""

from __future__ import annotations

import threading

from encoders.video import VideoEncoder
from studio.media import Clock

CALL_LIMIT_NS = 1_000_000_000
"""How long a hardware encoder may take for one picture. With the picture that it then costs to begin anew, a viewer
sees the next one well within a GOP of 2 s."""
LEAST_BEATS = 5
"""So many beats at least make up the limit, however seldom they come."""

left_behind: list[VideoEncoder] = []
"""Encoders that hung in this process. They are never freed, not even where the call comes back in the end: that would
ask the driver again, with the interpreter's lock held. While there is one, the process has to end by `os._exit`, or
the C library's own end would wait for the driver."""


class CallWatch:
    """The calls of one encoder. `enter` and `leave` belong to its thread; any thread may beat, one at a time counts."""

    def __init__(self, beat_ns: int, clock: Clock) -> None:
        """`beat_ns`: from one beat to the next where all is well, nanoseconds."""
        self.most_a_beat_ns = min(beat_ns, CALL_LIMIT_NS // LEAST_BEATS)
        self.given_up = False
        """Once true it stays; it never becomes true outside a call."""
        self._clock = clock
        self._lock = threading.Lock()
        self._inside = False
        self._beaten_ns: int | None = None
        self._passed_ns = 0

    def enter(self) -> None:
        """A call begins."""
        with self._lock:
            self._inside = True
            self._beaten_ns = None
            self._passed_ns = 0

    def leave(self) -> bool:
        """The call has come back. False where it was given up before: then nothing that it brings may be used."""
        with self._lock:
            self._inside = False
            return not self.given_up

    def beat(self) -> bool:
        """True once: where the call that runs has taken too long, which is given up with that."""
        if not self._inside:
            return False
        now_ns = self._clock.now_ns()
        with self._lock:
            if not self._inside or self.given_up:
                return False
            if self._beaten_ns is not None:
                self._passed_ns += min(now_ns - self._beaten_ns, self.most_a_beat_ns)
            self._beaten_ns = now_ns
            self.given_up = self._passed_ns >= CALL_LIMIT_NS
            return self.given_up
