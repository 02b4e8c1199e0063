"""When a machine is told to be too slow for its show: pure, on instants of the test's own."""

from __future__ import annotations

from studio.engine.overload import Overload
from studio.media import NS_PER_S


def told(lost_each_s: list[int], fps: int = 30) -> list[tuple[int, tuple[int, int]]]:
    """The seconds at which it was told, and what."""
    overload, lost, found = Overload(), 0, []
    for second, more in enumerate(lost_each_s):
        lost += more
        if said := overload.look(second * NS_PER_S, second * fps, lost):
            found.append((second, said))
    return found


def test_a_machine_that_keeps_up_or_stalls_for_a_moment_is_not() -> None:
    assert told([0] * 20) == [] and told([0] * 5 + [3] + [0] * 10) == []


def test_too_many_are_told_once_and_again_after_five_good_seconds() -> None:
    slow, good = [4] * 6, [0] * 7
    assert told([0] * 3 + slow + good + slow) == [(4, (120, 8)), (17, (150, 8))]
    assert len(told([0] * 3 + slow + [0, 0] + slow)) == 1


def test_another_shows_counters_begin_anew() -> None:
    overload = Overload()
    for second in range(6):
        assert overload.look(second * NS_PER_S, second * 30, 0) is None
    assert overload.look(6 * NS_PER_S, 0, 40) is None
    assert overload.look(9 * NS_PER_S, 90, 40) is None
