"""Sound stands where it belongs, whatever order and gaps it comes in."""

from __future__ import annotations

import numpy as np

from studio.media import SAMPLE_RATE_HZ
from studio.mixer.timeline import SampleTimeline


def ramp(start: int, count: int) -> np.ndarray:
    return np.repeat(np.arange(start, start + count, dtype=np.float32)[:, None], 2, axis=1)


def test_what_is_written_is_read_back_at_its_index() -> None:
    timeline = SampleTimeline(1.0)
    timeline.write(960, ramp(960, 480))
    timeline.write(1440, ramp(1440, 480))
    assert np.array_equal(timeline.read(1200, 480), ramp(1200, 480))


def test_what_was_never_written_is_silence() -> None:
    timeline = SampleTimeline(1.0)
    timeline.write(960, ramp(960, 480))
    got = timeline.read(480, 1440)
    assert not got[:480].any() and np.array_equal(got[480:960], ramp(960, 480)) and not got[960:].any()
    assert not timeline.read(-100, 50).any()


def test_a_jump_ahead_leaves_silence_not_old_samples() -> None:
    timeline = SampleTimeline(0.1)
    for index in range(0, 9600, 480):
        timeline.write(index, ramp(index + 1, 480))
    timeline.write(12000, ramp(12000, 480))
    got = timeline.read(9600, 2400)
    assert not got.any()
    assert np.array_equal(timeline.read(12000, 480), ramp(12000, 480))


def test_it_wraps_round_for_hours() -> None:
    timeline = SampleTimeline(0.1)
    start = 3 * 3600 * SAMPLE_RATE_HZ
    for index in range(start, start + 48_000, 480):
        timeline.write(index, ramp(index - start, 480))
        assert np.array_equal(timeline.read(index, 480), ramp(index - start, 480))


def test_what_is_older_than_the_capacity_is_gone() -> None:
    timeline = SampleTimeline(0.1)
    for index in range(480, 48_000, 480):
        timeline.write(index, ramp(index, 480))
    assert not timeline.read(480, 480).any()


def test_samples_that_come_after_they_were_read_are_counted() -> None:
    timeline = SampleTimeline(1.0)
    timeline.read(0, 960)
    timeline.write(480, ramp(0, 960))
    assert timeline.late == 480
