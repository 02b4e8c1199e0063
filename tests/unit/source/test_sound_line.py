"""Sound laid by its place in time leaves without gap or overlap."""

from __future__ import annotations

import numpy as np

from studio.source.sound_line import SoundLine


def ramp(first: int, count: int) -> np.ndarray:
    """Samples that carry their own place."""
    return np.repeat(np.arange(first, first + count, dtype=np.float32)[:, None], 2, axis=1)


def test_what_is_laid_in_a_row_leaves_in_whole_blocks() -> None:
    line = SoundLine()
    line.lay(ramp(0, 1024), 0)
    line.lay(ramp(1024, 1024), 1024)
    taken = line.take(2000)
    assert taken is not None
    place, samples = taken
    assert place == 0 and len(samples) == 1920 and (samples == ramp(0, 1920)).all()
    assert line.take(2000) is None
    assert line.take(5000) is None, "less than a block is left"
    line.lay(ramp(2048, 1024), 2048)
    place, samples = line.take(9999) or (0, samples)
    assert place == 1920 and (samples == ramp(1920, 960)).all()


def test_a_gap_becomes_silence_and_an_overlap_goes() -> None:
    line = SoundLine()
    line.lay(ramp(0, 480), 0)
    line.lay(ramp(960, 480), 960)
    line.lay(ramp(960, 960), 960)
    _, samples = line.take(10_000) or (0, None)
    assert samples is not None and len(samples) == 1920
    assert (samples[480:960] == 0).all()
    assert (samples[960:] == ramp(960, 960)).all()


def test_jitter_of_a_millisecond_clock_is_no_gap() -> None:
    line = SoundLine()
    for index in range(100):
        place = index * 1024
        line.lay(ramp(place, 1024), place + (48 if index % 2 else -40))
    assert line.head == 100 * 1024
    _, samples = line.take(1 << 40) or (0, None)
    assert samples is not None and (np.diff(samples[:, 0]) == 1).all()


def test_the_first_piece_of_a_pass_lies_exactly() -> None:
    line = SoundLine()
    line.lay(ramp(0, 480), 0)
    line.lay(ramp(600, 360), 600, exactly=True)
    _, samples = line.take(960) or (0, None)
    assert samples is not None
    assert (samples[480:600] == 0).all() and samples[600, 0] == 600


def test_what_began_too_early_is_trimmed() -> None:
    line = SoundLine()
    line.lay(ramp(-100, 1060), -100, exactly=True)
    _, samples = line.take(960) or (0, None)
    assert samples is not None and samples[0, 0] == 0 and len(samples) == 960


def test_a_cut_forgets_what_lies_beyond_and_padding_fills_up() -> None:
    line = SoundLine()
    line.lay(ramp(0, 1000), 0)
    line.lay(ramp(1000, 1000), 1000)
    line.cut_to(1500)
    assert line.head == 1500
    line.pad_to(1920)
    _, samples = line.take(1920) or (0, None)
    assert samples is not None and samples[1499, 0] == 1499 and (samples[1500:] == 0).all()
