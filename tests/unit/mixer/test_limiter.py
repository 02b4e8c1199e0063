"""No sample passes the ceiling, and what is quiet passes untouched, 10 ms late."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.media import BLOCK_SAMPLES
from studio.mixer.limiter import CEILING, Limiter


def tone(level: float, blocks: int) -> np.ndarray:
    wave = level * np.sin(np.arange(blocks * BLOCK_SAMPLES) * 0.13)
    return np.repeat(wave.astype(np.float32)[:, None], 2, axis=1)


def test_a_quiet_sound_is_only_delayed() -> None:
    limiter = Limiter()
    sound = tone(0.5, 6)
    out = np.concatenate([limiter.process(part) for part in np.split(sound, 3)])
    assert np.array_equal(out[Limiter.LATENCY_SAMPLES :], sound[: -Limiter.LATENCY_SAMPLES])
    assert limiter.reduction_db == 0


@settings(deadline=None)
@given(st.lists(st.floats(0, 8), min_size=2, max_size=30))
def test_no_sample_passes_the_ceiling(levels: list[float]) -> None:
    limiter = Limiter()
    for level in levels:
        assert np.abs(limiter.process(tone(level, 2))).max() <= CEILING + 1e-6


def test_the_gain_falls_before_the_peak_and_does_not_clip_it() -> None:
    limiter = Limiter()
    limiter.process(tone(0.5, 2))
    limiter.process(np.concatenate((tone(0.5, 1), tone(4.0, 3))))
    out = limiter.process(tone(4.0, 4))
    flat = np.mean(np.abs(out) > CEILING - 1e-4)
    assert flat < 0.05, "a clipped tone stays at the ceiling, a limited one touches it"


def test_the_gain_comes_back() -> None:
    limiter = Limiter()
    limiter.process(tone(4.0, 10))
    assert limiter.reduction_db < -10
    for _ in range(40):
        limiter.process(tone(0.1, 2))
    assert limiter.reduction_db == 0
