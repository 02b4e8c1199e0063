"""The program's tick on a clock that only moves when someone sleeps."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import pytest

from studio.media.lease import PictureLease
from studio.mixer.mixer import Mixed, Mixer
from studio.program.clockwork import EVEN_SOUND_NS, Clockwork
from studio.scene.compositor import Compositor
from studio.source.contract import ProgramGrid

if TYPE_CHECKING:
    from studio.program.encoding import Encoding

ZERO_NS = 5_000_000_000
TICK_NS = 1_000_000_000 // 30


class SleepingClock:
    """Jumps to the instant that is slept for; `on_wake` may stop the program."""

    def __init__(self) -> None:
        self.instant_ns = ZERO_NS
        self.on_wake: Callable[[], object] = lambda: None

    def now_ns(self) -> int:
        return self.instant_ns

    def sleep_until_ns(self, instant_ns: int) -> None:
        self.instant_ns = max(self.instant_ns, instant_ns)
        self.on_wake()


class Program:
    """A clockwork that ends by itself after some time of its clock; `sounds` are (instant, what was mixed)."""

    def __init__(self, limit_ns: int) -> None:
        self.clock = SleepingClock()
        self.work = Clockwork(
            ProgramGrid(ZERO_NS, 30, 1), Compositor(64, 64), Mixer(ZERO_NS), lambda *_: None, self.clock
        )
        self.sounds: list[tuple[int, Mixed]] = []
        self.pictures: list[int] = []
        self.work.on_sound = lambda mixed: self.sounds.append((self.clock.instant_ns, mixed))
        self.work.on_picture = lambda lease, tick_ns: self.pictures.append(tick_ns)
        self.limit_ns = ZERO_NS + limit_ns
        self.clock.on_wake = self.wake

    def wake(self) -> None:
        if self.clock.instant_ns >= self.limit_ns:
            self.work._stop.set()

    def run(self) -> None:
        self.work._run()

    def check_unbroken(self) -> None:
        for (_, earlier), (_, later) in itertools.pairwise(self.sounds):
            assert later.index == earlier.index + len(earlier.samples)


def test_sound_is_mixed_with_each_picture() -> None:
    program = Program(1_000_000_000)
    program.run()
    assert len(program.pictures) == 31
    assert [instant for instant, _ in program.sounds] == program.pictures
    program.check_unbroken()


def test_for_browsers_sound_leaves_every_20_ms() -> None:
    program = Program(1_000_000_000)
    program.work.sound_is_even = lambda: True
    program.run()
    assert len(program.pictures) == 31
    steps = {later - earlier for (earlier, _), (later, _) in itertools.pairwise(program.sounds)}
    assert steps == {EVEN_SOUND_NS}
    assert {len(mixed.samples) for _, mixed in program.sounds[1:]} == {960}
    program.check_unbroken()


@pytest.mark.parametrize("first_even", [True, False])
def test_no_sample_is_lost_where_the_first_browser_comes_or_the_last_one_goes(first_even: bool) -> None:
    program = Program(2_000_000_000)
    program.work.sound_is_even = lambda: (program.clock.instant_ns < ZERO_NS + 1_000_000_000) is first_even
    program.run()
    program.check_unbroken()
    last_ns, last = program.sounds[-1]
    assert (last.index + len(last.samples)) / 48_000 >= (last_ns - ZERO_NS) / 1e9, "nothing is owed at the end"


class FakeEncoding:
    """On air from the first tick; notes the frame numbers."""

    start_ns = ZERO_NS

    def __init__(self) -> None:
        self.frames: list[int] = []

    def picture(self, lease: PictureLease, tick_ns: int, frame: int) -> None:
        lease.release()
        self.frames.append(frame)

    def sound(self, mixed: Mixed) -> None:
        """Sound is looked at elsewhere."""


@pytest.mark.parametrize("on_air", [True, False])
def test_late_ticks_repeat_the_last_picture_and_are_counted_on_air(on_air: bool) -> None:
    program = Program(1_000_000_000)
    encoding = FakeEncoding()
    if on_air:
        program.work.encoding = cast("Encoding", encoding)
    late = iter([True])

    def stall() -> None:
        program.wake()
        if program.clock.instant_ns > ZERO_NS + 10 * TICK_NS and next(late, False):
            program.clock.instant_ns += 7 * TICK_NS // 2

    program.clock.on_wake = stall
    program.run()
    assert len(program.pictures) == 31, "time never stretches: a picture for each tick"
    late_ticks = [program.work.grid.tick_ns(index) for index in (10, 11, 12)]
    assert list(program.work.counters.lagged_at_ns) == (late_ticks if on_air else [])
    assert program.work.counters.lagged == (3 if on_air else 0)
    assert encoding.frames == (list(range(31)) if on_air else [])
    program.check_unbroken()
