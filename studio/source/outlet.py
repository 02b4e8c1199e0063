"""The child's side of a source: what every kind of source uses to speak to the engine.

A source's module has `run(pipes)` that calls `run_source(pipes, play)`. `play(outlet, request)` opens what the request
names, says `outlet.opened(…)`, asks for a ring with `outlet.want_ring(…)`, then loops: `outlet.take()` (or
`wait_slot`), draw into the slot's picture, `outlet.picture(slot, pts_ns)`, `outlet.sound(samples, pts_ns)`,
`outlet.beat()`. It returns when `outlet.stopping` is set, or raises StoaError, which reaches the engine as a Fault.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np

from studio.media import NS_PER_S, Clock, ErrorKind, FrameRing, RingLayout, SlotPool, StoaError, StudioClock
from studio.process import ChildLink, ChildPipes
from studio.source.contract import (
    EngineToSource,
    GiveBack,
    Opened,
    OpenSource,
    Picture,
    RingAttached,
    RingWanted,
    Sound,
    SourceStatistics,
    UseRing,
)

if TYPE_CHECKING:
    import numpy.typing as npt

AHEAD_NS = 300_000_000
"""How much earlier than its instant an AHEAD source delivers a picture or sound, at most."""
SPARE_SLOTS = 3
"""Slots of an AHEAD source beside those in flight: what the engine shows, what it shows next, what is being drawn."""
WAKE_NS = 150_000_000
"""An AHEAD source that has delivered so far sleeps until only this much is left: few long sleeps cost less CPU than one
for each picture, and what is decoded in a row finds its code and tables in the cache."""
NAP_NS = 250_000_000
STATISTICS_EVERY_NS = 1_000_000_000
log = logging.getLogger(__name__)


class SourceLink(Protocol):
    """What an outlet needs of the child's link (`studio.process.ChildLink`, or a test's own)."""

    stopping: threading.Event

    def send(self, message: msgspec.Struct) -> bool: ...
    def beat(self, limit_s: float = 3.0) -> None: ...
    def fault(self, error: StoaError) -> None: ...


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot that this process may write now; `picture` is I420, shape (height * 3 // 2, width).

    `ring` counts the rings of this process: a slot of the same ring and index still holds what was drawn into it.
    """

    ring: int
    index: int
    picture: npt.NDArray[np.uint8]


class Outlet:
    """Pictures and sound on their way to the engine.

    `accept` is called by the link's reading thread. Pictures are taken and sent by one thread of the source, sound by
    one thread (the same or another); `beat` belongs to the thread that does the work. `drift_ppm` and `words` are told
    with the statistics.
    """

    def __init__(self, link: SourceLink, clock: Clock | None = None) -> None:
        self._link = link
        self.clock: Clock = clock or StudioClock()
        self.stopping = link.stopping
        self._changed = threading.Condition()
        self._request: OpenSource | None = None
        self._next_ring: RingLayout | None = None
        self._ring: FrameRing | None = None
        self._rings = 0
        self._pool = SlotPool(0)
        self._statistics_ns = 0
        self._statistics_pictures = 0
        self.pictures = 0
        self.dropped = 0
        self.drift_ppm = 0.0
        self.words = ""

    # ------------------------------------------------------------ from the engine

    def accept(self, message: EngineToSource) -> None:
        """A message of the engine. Called on the link's reading thread."""
        with self._changed:
            match message:
                case OpenSource():
                    self._request = message
                case UseRing(layout):
                    # Adopted by the thread that draws, so that RingAttached stands between the two rings' pictures.
                    self._next_ring = layout
                case GiveBack(slots):
                    for slot in slots:
                        self._pool.give_back(slot)
            self._changed.notify_all()

    def wake(self) -> None:
        """Let every wait look again (the link calls it at the end)."""
        with self._changed:
            self._changed.notify_all()

    def wait_open(self) -> OpenSource | None:
        """The engine's request; None where it ends before one comes."""
        self._wait(lambda: self._request is not None)
        return self._request

    # ------------------------------------------------------------ pictures

    def want_ring(self, width_px: int, height_px: int, slots: int) -> bool:
        """Ask for a ring for pictures of this (even) size and wait until it is mapped. False at the end."""
        if width_px % 2 or height_px % 2 or width_px < 2 or height_px < 2:
            raise ValueError(f"a ring's pictures have even sides, not {width_px}x{height_px}")
        self._link.send(RingWanted(width_px, height_px, slots))
        self._wait(lambda: self._fits(width_px, height_px))
        if self.stopping.is_set():
            return False
        self._adopt()
        return True

    def take(self) -> Slot | None:
        """A free slot of the newest ring, or None where the engine holds all (a live source then calls `drop`)."""
        if self._next_ring is not None:
            self._adopt()
        index = self._pool.take()
        if index is None or self._ring is None:
            return None
        return Slot(self._rings, index, self._ring.picture(index))

    def wait_slot(self, until_ns: int) -> Slot | None:
        """A free slot, waiting (and beating) for one until an instant of the clock; None then, or at the end."""
        while (slot := self.take()) is None:
            left_ns = until_ns - self.clock.now_ns()
            if left_ns <= 0 or self.stopping.is_set():
                return None
            self.beat()
            with self._changed:
                if self._next_ring is None and self._pool.free == 0:
                    self._changed.wait(min(left_ns, NAP_NS) / 1e9)
        return slot

    def picture(self, slot: Slot, pts_ns: int) -> None:
        """Hand a drawn slot to the engine, for the instant `pts_ns` of the studio clock."""
        self._link.send(Picture(slot.index, pts_ns))
        self.pictures += 1

    def drop(self) -> None:
        """Count a picture that found no free slot."""
        self.dropped += 1

    # ------------------------------------------------------------ sound, words

    def sound(self, samples: npt.NDArray[np.float32], pts_ns: int) -> None:
        """Send sound: float32, shape (count, 2), 48 kHz; `pts_ns` is the instant of its first sample."""
        self._link.send(Sound(np.ascontiguousarray(samples, np.float32).tobytes(), pts_ns))

    def opened(self, message: Opened) -> None:
        """Say what plays."""
        self._link.send(message)

    def tell(self, message: msgspec.Struct) -> None:
        """Send any other message of the contract."""
        self._link.send(message)

    def fault(self, error: StoaError) -> None:
        """Tell of an error; the source goes on where it is not permanent and `play` returns where it is."""
        self._link.fault(error)

    def beat(self, limit_s: float = 3.0) -> None:
        """Say "alive" and, about once a second, the statistics. Call it from the loop that does the work."""
        self._link.beat(limit_s)
        now_ns = self.clock.now_ns()
        if self._statistics_ns == 0:
            self._statistics_ns = now_ns
        elif (passed_ns := now_ns - self._statistics_ns) >= STATISTICS_EVERY_NS:
            fps = (self.pictures - self._statistics_pictures) * 1e9 / passed_ns
            self._statistics_ns, self._statistics_pictures = now_ns, self.pictures
            self._link.send(SourceStatistics(self.pictures, self.dropped, round(fps, 2), self.drift_ppm, self.words))

    # ------------------------------------------------------------ time

    def pace(self, due_ns: int) -> bool:
        """Wait until what is due then may be sent: see AHEAD_NS and WAKE_NS. Beats. False at the end."""
        self.beat()
        if self.clock.now_ns() < due_ns - AHEAD_NS:
            wake_ns = due_ns - WAKE_NS
            while not self.stopping.is_set() and (now_ns := self.clock.now_ns()) < wake_ns:
                self.clock.sleep_until_ns(min(wake_ns, now_ns + NAP_NS))
                self.beat()
        return not self.stopping.is_set()

    def hold(self) -> None:
        """Nothing more to send: stay alive until the end (the engine still shows the last picture)."""
        self._wait(lambda: False)

    def close(self) -> None:
        """Unmap the ring."""
        if self._ring is not None:
            self._ring.close()
            self._ring = None

    # ------------------------------------------------------------ inside

    def _fits(self, width_px: int, height_px: int) -> bool:
        layout = self._next_ring
        return layout is not None and (layout.width_px, layout.height_px) == (width_px, height_px)

    def _adopt(self) -> None:
        with self._changed:
            layout, self._next_ring = self._next_ring, None
        if layout is None:
            return
        self.close()
        self._ring = FrameRing.attach(layout)
        self._rings += 1
        self._pool = SlotPool(layout.slots)
        self._link.send(RingAttached(layout.path))

    def _wait(self, fact: Callable[[], bool]) -> None:
        while not self.stopping.is_set():
            self.beat()
            with self._changed:
                if fact() or self._changed.wait_for(lambda: fact() or self.stopping.is_set(), 0.5):
                    return


def slots_ahead(fps: float) -> int:
    """How many slots an AHEAD source with so many pictures a second needs (at most 24, for memory's sake)."""
    return min(24, max(4, round(AHEAD_NS / NS_PER_S * fps) + 1 + SPARE_SLOTS))


Play = Callable[[Outlet, OpenSource], None]


def run_source(pipes: ChildPipes, play: Play) -> None:
    """Be a source's process: wait for the request, play it, tell what went wrong, and end when the engine says so."""
    link: ChildLink[EngineToSource] = ChildLink(
        pipes, EngineToSource, lambda message: outlet.accept(message), on_stop=lambda: outlet.wake()
    )
    outlet = Outlet(link)
    link.start()
    request = outlet.wait_open()
    if request is None:
        return
    # What the imports made lives as long as the process: the collector need not walk over it again and again.
    gc.freeze()
    try:
        play(outlet, request)
    except StoaError as error:
        outlet.fault(error)
    except Exception:
        outlet.fault(StoaError(ErrorKind.INTERNAL, f"The {request.kind.value} source stopped by a fault of its own."))
        raise
    finally:
        outlet.close()
