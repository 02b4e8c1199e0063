"""One buffer, three planes, the units of sound and time, and errors that a person can read."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.media import ErrorKind, StoaError, StudioClock, blank_frame, i420_bytes, ns_to_samples, samples_to_ns


def test_the_planes_are_views_of_the_one_buffer() -> None:
    frame = blank_frame(64, 36, (100, 50, 200))
    assert (frame.y.shape, frame.u.shape, frame.v.shape) == ((36, 64), (18, 32), (18, 32))
    assert (set(frame.y.flat), set(frame.u.flat), set(frame.v.flat)) == ({100}, {50}, {200})
    frame.u[:] = 7
    frame.v[3, 5] = 9
    flat = frame.data.reshape(-1)
    assert flat.size == i420_bytes(64, 36)
    assert (flat[64 * 36 : 64 * 36 + 18 * 32] == 7).all()
    assert flat[64 * 36 + 18 * 32 + 3 * 32 + 5] == 9


def test_planes_of_a_width_that_is_no_multiple_of_four() -> None:
    frame = blank_frame(66, 38, (100, 50, 200))
    assert (frame.u.shape, frame.v.shape) == ((19, 33), (19, 33))
    assert (np.unique(frame.u), np.unique(frame.v)) == (50, 200)


@pytest.mark.parametrize("size", [(63, 36), (64, 35)])
def test_odd_sides_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="even sides"):
        blank_frame(*size)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**9))
def test_samples_and_time_agree_both_ways(samples: int) -> None:
    assert ns_to_samples(samples_to_ns(samples)) == samples


def test_the_clock_never_goes_back_and_sleeps_until_its_instant() -> None:
    clock = StudioClock()
    begin_ns = clock.now_ns()
    clock.sleep_until_ns(begin_ns + 2_000_000)
    assert clock.now_ns() >= begin_ns + 2_000_000
    clock.sleep_until_ns(begin_ns)


def test_an_error_reads_as_a_sentence_with_its_remedy() -> None:
    error = StoaError(ErrorKind.TIMEOUT, "It takes too long.", remedy="Wait.")
    assert str(error) == "It takes too long. Wait."
    assert str(StoaError(ErrorKind.LOST, "It is gone.")) == "It is gone."
    assert not error.permanent and error.kind == "timeout"
