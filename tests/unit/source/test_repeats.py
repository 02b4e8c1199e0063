"""Pictures that came too late are counted; a source that is slower than the program, or still, is not late."""

from __future__ import annotations

from fractions import Fraction

import pytest

from studio.media import NS_PER_S, StudioClock, blank_frame
from studio.media.lease import PictureLease
from studio.source.contract import Opened, OpenSource, ProgramGrid, SourceKind, Timing
from studio.source.feed import FeedState, FeedStatus, SourceFeed

SPAN_NS = NS_PER_S // 30


class Program:
    """A feed whose pictures come when the test says so, looked at thirty times a second."""

    def __init__(self, timing: Timing, fps: float) -> None:
        opening = OpenSource(SourceKind.CAMERA, "", ProgramGrid(0, 30, 1), 64, 36)
        self.feed = SourceFeed(
            "s1",
            opening,
            ring_path=lambda: None,  # type: ignore[arg-type,return-value]
            on_change=lambda feed: None,
            on_sound=lambda samples, pts_ns: None,
            clock=StudioClock(),
        )
        self.opened = Opened(True, False, timing, "", 64, 36, fps)
        self.feed.status = FeedStatus(FeedState.LIVE, opened=self.opened)
        self.tick = 1000

    def come(self, pts_ns: int) -> None:
        self.feed._queue.append(PictureLease(blank_frame(64, 36, pts_ns=pts_ns)))

    def play(self, ticks: int, interval_ns: Fraction = Fraction(0), latency_ns: int = 0) -> None:
        """So many ticks; with an interval each picture of the source is there `latency_ns` after its instant."""
        for _ in range(ticks):
            before_ns, now_ns = (self.tick - 1) * SPAN_NS, self.tick * SPAN_NS
            if interval_ns:
                first = -(-(before_ns - latency_ns) // interval_ns)
                number = first
                while number * interval_ns + latency_ns < now_ns:
                    self.come(int(number * interval_ns))
                    number += 1
            held = self.feed.picture_at(now_ns, SPAN_NS // 2)
            if held is not None:
                held.release()
            self.tick += 1

    @property
    def repeated(self) -> int:
        return self.feed.repeats.count


@pytest.mark.parametrize("fps", [60, 50, 30, Fraction(30000, 1001), 25, 24, 15, 10, Fraction(15, 2)])
def test_a_live_source_that_keeps_its_own_rate_is_never_late(fps: Fraction) -> None:
    program = Program(Timing.LIVE, float(fps))
    program.play(3000, Fraction(NS_PER_S) / fps, latency_ns=41_000_000)
    assert program.repeated == 0


def test_a_stall_of_a_live_source_is_counted_tick_by_tick() -> None:
    program = Program(Timing.LIVE, 30.0)
    program.play(30, Fraction(SPAN_NS), latency_ns=5_000_000)
    program.play(6)
    assert program.repeated == 6, "200 ms at 30 fps"
    program.play(30, Fraction(SPAN_NS), latency_ns=5_000_000)
    assert program.repeated == 6


def test_of_a_slower_source_only_what_its_rate_does_not_explain_is_counted() -> None:
    program = Program(Timing.LIVE, 15.0)
    program.play(30, Fraction(2 * SPAN_NS), latency_ns=5_000_000)
    program.play(8)
    assert 7 <= program.repeated <= 8


def test_what_nobody_looks_at_and_what_is_lost_is_not_late() -> None:
    program = Program(Timing.LIVE, 30.0)
    program.play(10, Fraction(SPAN_NS))
    program.tick += 100
    program.play(3)
    assert program.repeated == 0, "its places were full: the next picture is on its way"
    program.play(10, Fraction(SPAN_NS))
    program.feed.status = FeedStatus(FeedState.LOST, opened=program.opened)
    program.play(10)
    assert program.repeated == 0


def test_a_source_without_a_rate_is_not_counted() -> None:
    program = Program(Timing.LIVE, 0.0)
    program.play(10, Fraction(SPAN_NS))
    program.play(100)
    assert program.repeated == 0


@pytest.mark.parametrize("fps", [60, 30, 25, Fraction(24000, 1001)])
def test_a_clip_that_delivers_ahead_is_never_late_and_neither_is_a_still_passage(fps: Fraction) -> None:
    program = Program(Timing.AHEAD, float(fps))
    program.play(300, Fraction(NS_PER_S) / fps, latency_ns=-200_000_000)
    program.play(90)
    program.play(300, Fraction(NS_PER_S) / fps, latency_ns=-200_000_000)
    assert program.repeated == 0


def test_a_clip_that_jumps_to_the_present_after_a_stall_was_late_all_the_same() -> None:
    program = Program(Timing.AHEAD, 30.0)
    program.play(10, Fraction(SPAN_NS), latency_ns=-100_000_000)
    program.play(3)  # what was there ahead
    program.play(6)
    program.play(30, Fraction(SPAN_NS), latency_ns=-1)
    assert program.repeated == 6


def test_a_clip_whose_pictures_come_after_their_instant_is_late_once_for_each_tick() -> None:
    program = Program(Timing.AHEAD, 30.0)
    program.play(10, Fraction(SPAN_NS), latency_ns=-100_000_000)
    program.play(3)  # what was there ahead
    program.play(6)
    late = program.tick - 6
    for number in range(late, program.tick + 4):
        program.come(number * SPAN_NS)
    program.play(4)
    assert program.repeated == 6
