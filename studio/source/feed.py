"""The engine's side of one source: its supervised child, its ring, the picture for each tick.

reader thread: Picture, Sound ──► queue of leases, strip          program thread: `picture_at(tick)`
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import IO

import msgspec
import numpy as np
import numpy.typing as npt

from studio.media import NS_PER_S, Clock, ErrorKind, FrameRing, RingLayout, StoaError, VideoFrame
from studio.media.lease import PictureLease
from studio.process import ChildPlan, Fault, Loss, SupervisedChild
from studio.source.contract import (
    Ended,
    GiveBack,
    Opened,
    OpenSource,
    Picture,
    RingAttached,
    RingWanted,
    Sound,
    SourceStatistics,
    SourceToEngine,
    Timing,
    UseRing,
)
from studio.source.repeats import Repeats

HOLD_NS = 700_000_000
"""How long the last picture of a lost source holds before the slate."""
log = logging.getLogger(__name__)


class FeedState(StrEnum):
    OPENING = "opening"
    LIVE = "live"
    LOST = "lost"
    ENDED = "ended"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """What is known of a source; replaced as a whole, so that any thread may read it."""

    state: FeedState
    words: str = ""
    fault: Fault | None = None
    opened: Opened | None = None
    statistics: SourceStatistics = field(default_factory=SourceStatistics)


class SourceFeed:
    """One source as the engine sees it.

    `on_change(feed)` is called on the child's thread when the state changes; `on_sound(samples, pts_ns)` there too,
    with float32 of shape (count, 2). `picture_at` belongs to the program thread.
    """

    def __init__(
        self,
        source_id: str,
        request: OpenSource,
        *,
        ring_path: Callable[[], Path],
        on_change: Callable[[SourceFeed], None],
        on_sound: Callable[[npt.NDArray[np.float32], int], None],
        clock: Clock,
        log_to: IO[bytes] | int | None = None,
    ) -> None:
        self.source_id = source_id
        self.request = request
        self.status = FeedStatus(FeedState.OPENING)
        self._ring_path = ring_path
        self._on_change = on_change
        self._on_sound = on_sound
        self._clock = clock
        self._ring: FrameRing | None = None
        self._queue: deque[PictureLease] = deque()
        self._current: PictureLease | None = None
        self._lock = threading.Lock()
        self._lost_ns = 0
        self._closed = False
        self.mean_age_ns = 0.0
        self.repeats = Repeats()
        self.first_picture = threading.Event()
        self.first_pts_ns = 0
        self.settled = threading.Event()
        """Set once it plays (with a picture, where it has one) or has failed for good."""
        self.child = SupervisedChild(
            ChildPlan(
                kind=request.kind,
                incoming=SourceToEngine,
                opening=self._opening,
                on_message=self._on_message,
                on_lost=self._on_loss,
            ),
            log_to=log_to,
            clock=clock,
        )

    # -- the program thread ------------------------------------------------------------------------------------------

    def picture_at(self, tick_ns: int, half_tick_ns: int) -> PictureLease | None:
        """The picture for a tick, held once more for the caller; None where there is none to show (slate).

        AHEAD: the nearest in time. LIVE: the newest that is due. The last picture of a lost source holds for `HOLD_NS`.
        """
        opened = self.status.opened
        live = opened is not None and opened.timing is Timing.LIVE
        dropped: list[PictureLease] = []
        fresh = False
        with self._lock:
            while self._queue:
                pts_ns = self._queue[0].frame.pts_ns
                if live:
                    due = pts_ns <= tick_ns
                else:
                    early_ns = pts_ns - tick_ns
                    due = early_ns <= 0 or (
                        early_ns <= half_tick_ns
                        and (self._current is None or early_ns < tick_ns - self._current.frame.pts_ns)
                    )
                if not due:
                    break
                if self._current is not None:
                    dropped.append(self._current)
                self._current = self._queue.popleft()
                fresh = True
                if live and (not self._queue or self._queue[0].frame.pts_ns > tick_ns):
                    self.mean_age_ns += (tick_ns - pts_ns - self.mean_age_ns) * 0.02
            current, next_is_there = self._current, bool(self._queue)
            if current is not None and self._lost_ns and tick_ns - self._lost_ns > HOLD_NS:
                dropped.append(current)
                self._current = current = None
            held = current.hold() if current is not None else None
        for lease in dropped:
            lease.release()
        self._count_repeats(tick_ns, 2 * half_tick_ns, fresh=fresh, next_is_there=next_is_there)
        return held

    def _count_repeats(self, tick_ns: int, span_ns: int, *, fresh: bool, next_is_there: bool) -> None:
        status = self.status
        opened = status.opened
        if status.state is not FeedState.LIVE or opened is None:
            self.repeats.pause()
            return
        interval_ns = int(NS_PER_S / opened.fps) if opened.fps else 0
        if opened.timing is Timing.LIVE:
            self.repeats.live(tick_ns, span_ns, interval_ns, fresh=fresh)
        else:
            self.repeats.ahead(tick_ns, span_ns, interval_ns, fresh=fresh, next_is_there=next_is_there)

    # -- the engine --------------------------------------------------------------------------------------------------

    @property
    def has_answered(self) -> bool:
        """Whether who waits for it knows enough: it plays, or has said why it does not, even if it tries again."""
        opened = self.status.opened
        plays = self.settled.is_set() or (opened is not None and not opened.has_video)
        return plays or self.refusal is not None

    @property
    def refusal(self) -> StoaError | None:
        """Why it does not play, once it has answered."""
        fault = self.status.fault
        if fault is None or self.status.state not in (FeedState.FAILED, FeedState.LOST):
            return None
        return StoaError(ErrorKind(fault.kind), fault.message, remedy=fault.remedy, permanent=fault.permanent)

    def start(self) -> None:
        """Open it (returns at once)."""
        self.child.start()

    def close(self, *, wait: bool = False) -> None:
        """End the child and drop its pictures."""
        self._closed = True
        self.child.end(wait=wait)
        with self._lock:
            leases = [*self._queue, *([self._current] if self._current else [])]
            self._queue.clear()
            self._current = None
            ring, self._ring = self._ring, None
        for lease in leases:
            lease.release()
        if ring is not None:
            ring.unlink()
            ring.close()

    # -- the child's thread ------------------------------------------------------------------------------------------

    def _opening(self) -> Iterable[msgspec.Struct]:
        yield self.request

    def _on_message(self, message: SourceToEngine | Fault) -> None:
        match message:
            case Picture():
                self._on_picture(message)
            case Sound():
                samples = np.frombuffer(message.samples, np.float32).reshape(-1, 2)
                self._on_sound(samples, message.pts_ns)
            case RingWanted():
                self._make_ring(message)
            case RingAttached():
                Path(message.path).unlink(missing_ok=True)
            case Opened():
                self._lost_ns = 0
                self._change(FeedState.LIVE, message.words, opened=message)
                if not message.has_video:
                    self.settled.set()
            case SourceStatistics():
                self.status = replace(self.status, statistics=message)
            case Ended():
                self._change(FeedState.ENDED, "It has played to its end.")
            case Fault():
                self._on_fault(message)

    def _on_picture(self, message: Picture) -> None:
        ring = self._ring
        if ring is None:
            return
        layout = ring.layout
        frame = VideoFrame(
            ring.picture(message.slot), layout.width_px, layout.height_px, message.pts_ns, message.pts_ns
        )
        child, slot = self.child, message.slot

        def give_back() -> None:
            if self._ring is ring:
                child.send(GiveBack([slot]))

        with self._lock:
            self._queue.append(PictureLease(frame, give_back))
        if self._lost_ns:
            self._lost_ns = 0
            self._change(FeedState.LIVE, self.status.words)
        if not self.settled.is_set():
            self.first_pts_ns = message.pts_ns
            self.first_picture.set()
            self.settled.set()
            self._on_change(self)

    def _make_ring(self, wanted: RingWanted) -> None:
        layout = RingLayout(str(self._ring_path()), wanted.slots, wanted.width_px, wanted.height_px)
        try:
            ring = FrameRing.create(layout)
        except StoaError as error:
            self._on_fault(Fault(error.kind, error.message, error.remedy, error.permanent))
            return
        with self._lock:
            closed = self._closed
            old, self._ring = self._ring, None if closed else ring
        if old is not None:
            old.unlink()
        if closed:
            ring.unlink()
            ring.close()
            return
        self.child.send(UseRing(layout))

    def _on_fault(self, fault: Fault) -> None:
        if fault.permanent and not self.first_picture.is_set():
            self._change(FeedState.FAILED, fault.message, fault=fault)
            self.settled.set()
            self._closed = True
            self.child.end(wait=False)
        else:
            self._lose(fault.message, fault)

    def _on_loss(self, loss: Loss) -> None:
        if not self._closed:
            previous = self.status.fault if self.status.state is FeedState.LOST else None
            self._lose(previous.message if previous else f"Its process was lost: {loss.words}.", previous)

    def _lose(self, words: str, fault: Fault | None) -> None:
        if not self._lost_ns:
            self._lost_ns = self._clock.now_ns()
        self._change(FeedState.LOST, words, fault=fault)

    def _change(
        self, state: FeedState, words: str, *, fault: Fault | None = None, opened: Opened | None = None
    ) -> None:
        before = self.status
        self.status = replace(before, state=state, words=words, fault=fault, opened=opened or before.opened)
        if before.state is not state or opened is not None or before.words != words:
            self._on_change(self)
