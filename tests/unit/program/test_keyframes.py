"""Keyframes stand on a grid of 2 s; extra ones answer requests, at most one a second, and do not move the grid."""

from __future__ import annotations

from fractions import Fraction

import pytest

from studio.program.keyframes import KeyframeRequests, on_grid

SECOND_NS = 1_000_000_000


@pytest.mark.parametrize(
    "fps", [Fraction(30), Fraction(25), Fraction(30000, 1001), Fraction(24000, 1001), Fraction(60)]
)
def test_the_grid_is_the_first_frame_of_every_two_seconds(fps: Fraction) -> None:
    frames = range(int(fps * 3600), int(fps * 3620))
    keyframes = [frame for frame in frames if on_grid(frame, fps.numerator, fps.denominator)]
    expected = [frame for frame in frames if int(frame / fps / 2) != int((frame - 1) / fps / 2)]
    assert keyframes == expected and len(keyframes) == 10


def test_the_first_frame_is_a_keyframe() -> None:
    assert on_grid(0, 30, 1)


def test_all_askers_get_one_keyframe() -> None:
    requests = KeyframeRequests()
    requests.ask("a")
    requests.ask("b")
    requests.ask("a")
    assert requests.take(0, grid=False) == ["a", "b"]
    assert requests.take(1, grid=False) == []


def test_there_is_at_most_one_extra_keyframe_a_second_and_no_request_is_forgotten() -> None:
    requests = KeyframeRequests()
    requests.ask("a")
    assert requests.take(0, grid=False)
    requests.ask("b")
    assert requests.take(SECOND_NS - 1, grid=False) == []
    assert requests.take(SECOND_NS, grid=False) == ["b"]


def test_a_keyframe_of_the_grid_answers_who_asked_before() -> None:
    requests = KeyframeRequests()
    requests.ask("a")
    assert requests.take(0, grid=True) == []
    assert requests.take(5 * SECOND_NS, grid=False) == []
