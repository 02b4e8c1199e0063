"""How a call that does not come back is told from a machine that stands still."""

from __future__ import annotations

import pytest

from studio.program.call_watch import CALL_LIMIT_NS, LEAST_BEATS, CallWatch
from tests.fakes.server_house import HandClock

FRAME_NS = 1_000_000_000 // 30
FRAMES = CALL_LIMIT_NS // FRAME_NS + 2


class Watched:
    def __init__(self, beat_ns: int = FRAME_NS) -> None:
        self.clock = HandClock()
        self.watch = CallWatch(beat_ns, self.clock)

    def beats(self, count: int, apart_ns: int = FRAME_NS) -> list[bool]:
        found = []
        for _ in range(count):
            self.clock.ns += apart_ns
            found.append(self.watch.beat())
        return found


def test_a_call_that_takes_longer_than_the_limit_is_given_up_once() -> None:
    watched = Watched()
    watched.watch.enter()
    found = watched.beats(2 * FRAMES)
    assert found.count(True) == 1
    assert CALL_LIMIT_NS <= (found.index(True) + 1) * FRAME_NS <= CALL_LIMIT_NS + 3 * FRAME_NS
    assert not watched.watch.leave(), "what comes back now may not be used"


def test_calls_that_come_back_are_never_given_up() -> None:
    watched = Watched()
    for _ in range(5):
        watched.watch.enter()
        assert not any(watched.beats(FRAMES - 5))
        assert watched.watch.leave()
        assert not any(watched.beats(2 * FRAMES)), "it is not inside"


def test_a_machine_that_stands_still_gives_nothing_up() -> None:
    watched = Watched()
    watched.watch.enter()
    watched.beats(3)
    watched.clock.forward(60)
    assert not any(watched.beats(1800, 10_000)), "the program catches up with its ticks in a burst"
    assert watched.watch.leave()


@pytest.mark.parametrize("fps", [1, 2])
def test_few_pictures_a_second_still_take_several_beats(fps: int) -> None:
    watched = Watched(1_000_000_000 // fps)
    watched.watch.enter()
    found = watched.beats(20, 1_000_000_000 // fps)
    assert found.index(True) == LEAST_BEATS
