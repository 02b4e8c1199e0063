"""A device's sound is brought onto the studio clock: drift measured, corrected, gaps and backlogs survived."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from studio.media import BLOCK_SAMPLES, NS_PER_S, AudioBlock
from studio.source.drift import DriftCorrector

START_NS = 5_000 * NS_PER_S


class Device:
    """A sound card with a clock of its own: every second it hears a click. Its stamps jitter; no real time passes."""

    def __init__(self, rate_hz: int, drift_ppm: float, jitter_s: float = 0.002) -> None:
        self.rate_hz = rate_hz
        self.true_hz = rate_hz * (1 + drift_ppm * 1e-6)
        self.jitter_s = jitter_s
        self.clicks_ns: list[float] = []
        self.taken = 0
        self._chance = np.random.default_rng(7)

    def instant_ns(self) -> float:
        return START_NS + self.taken / self.true_hz * NS_PER_S

    def play(
        self, corrector: DriftCorrector, seconds: float, arrives: Callable[[float], float] | None = None
    ) -> list[AudioBlock]:
        """Feed so many seconds in blocks of 10 ms. `arrives` says when the block of an instant comes."""
        count = self.rate_hz // 100
        out = []
        for _ in range(int(seconds * 100)):
            samples = np.zeros((count, 1), np.float32)
            begin_ns = self.instant_ns()
            if self.taken % self.rate_hz < count:
                samples[0] = 1.0
                self.clicks_ns.append(begin_ns)
            wild = self._chance.random() < 0.02
            jitter_s = self._chance.normal(0, self.jitter_s) + wild * self._chance.exponential(10 * self.jitter_s)
            self.taken += count
            end_ns = self.instant_ns() + 4e6
            arrival_ns = arrives(end_ns) if arrives else end_ns
            out += corrector.feed(samples, int(begin_ns + jitter_s * NS_PER_S), int(arrival_ns))
        return out


def contiguous(blocks: list[AudioBlock]) -> bool:
    first_ns = blocks[0].pts_ns
    return all(
        len(block.samples) == BLOCK_SAMPLES and abs(block.pts_ns - first_ns - at * 10_000_000) <= 1
        for at, block in enumerate(blocks)
    )


def errors_ms(blocks: list[AudioBlock], clicks_ns: list[float]) -> np.ndarray:
    """How far each click of contiguous sound stands from where it was in the air."""
    samples = np.concatenate([block.samples[:, 0] for block in blocks])
    found = []
    for click_ns in clicks_ns:
        at = round((click_ns - blocks[0].pts_ns) * 48_000 / NS_PER_S)
        low = max(0, at - 2400)
        if 0 <= at < len(samples) - 2400:
            loudest = low + int(np.argmax(np.abs(samples[low : at + 2400])))
            found.append((blocks[0].pts_ns + loudest / 48_000 * NS_PER_S - click_ns) / 1e6)
    return np.array(found)


@pytest.mark.parametrize(("rate_hz", "drift_ppm"), [(48_000, 100.0), (44_100, -100.0), (16_000, 300.0), (8_000, 0.0)])
def test_drift_is_measured_and_taken_out(rate_hz: int, drift_ppm: float) -> None:
    device, corrector = Device(rate_hz, drift_ppm), DriftCorrector(rate_hz, 1)
    blocks = device.play(corrector, 120)
    assert corrector.drift_ppm == pytest.approx(drift_ppm, abs=6)
    assert contiguous(blocks) and corrector.jumps == 0
    errors = errors_ms(blocks, device.clicks_ns)
    assert len(errors) > 110
    assert np.abs(errors).max() < 4, "already good in the first seconds"
    assert np.abs(errors[60:]).max() < 0.5, "and no drift is left: 100 ppm alone would be 12 ms by now"


def test_a_first_stamp_that_was_late_is_made_good_without_a_jump() -> None:
    device, corrector = Device(48_000, 0, jitter_s=0.0), DriftCorrector(48_000, 1)
    device.jitter_s = 0.0
    blocks = device.play(corrector, 0.01)
    silence = np.zeros((480, 1), np.float32)
    for _ in range(6):
        begin_ns = int(device.instant_ns())
        device.taken += 480
        blocks += corrector.feed(silence, begin_ns + 15_000_000, begin_ns + 14_000_000)
    blocks += device.play(corrector, 40)
    assert contiguous(blocks)
    assert np.abs(errors_ms(blocks, device.clicks_ns)[-5:]).max() < 0.3


def test_lost_samples_make_the_instants_jump_forward_by_just_that() -> None:
    device, corrector = Device(48_000, 50), DriftCorrector(48_000, 1)
    before = device.play(corrector, 20)
    lost = 48_000 // 10
    device.taken += lost
    after = device.play(corrector, 20)
    whole = before + after
    steps_ns = np.diff([block.pts_ns for block in whole])
    assert corrector.jumps == 1
    assert (steps_ns > 0).all(), "never back"
    jumps = np.flatnonzero(steps_ns > 10_000_001)
    assert len(jumps) == 1
    tail = whole[jumps[0] + 1 :]
    assert np.abs(errors_ms(tail, device.clicks_ns)).max() < 4
    assert corrector.drift_ppm == pytest.approx(50, abs=8), "what was known of the clock is kept"


def test_a_backlog_after_a_stall_is_thrown_away() -> None:
    device, corrector = Device(48_000, 0), DriftCorrector(48_000, 1)
    device.play(corrector, 5)
    stalled_ns = device.instant_ns()
    burst_ns = stalled_ns + 2 * NS_PER_S

    def in_a_burst(end_ns: float) -> float:
        return max(end_ns, burst_ns)

    backlog = device.play(corrector, 1.9, in_a_burst)
    assert backlog == []
    after = device.play(corrector, 5, in_a_burst)
    assert after[0].pts_ns > stalled_ns + 1.9 * NS_PER_S
    assert contiguous(after)
    assert np.abs(errors_ms(after, device.clicks_ns)).max() < 4


@pytest.mark.parametrize(("backlog_ms", "spacing_ms"), [(400, 0.1), (100, 6.0), (60, 8.0)])
def test_a_backlog_at_the_start_does_not_put_the_sound_ahead_of_its_time(backlog_ms: int, spacing_ms: float) -> None:
    device, corrector = Device(48_000, 0), DriftCorrector(48_000, 1)
    began_ns = device.instant_ns() + backlog_ms * 1e6
    instants, late_ns = [], 0.0
    for at in range(600):
        # Captured before anyone listened, and stamped by its arrival, as some hosts do.
        device.taken += 480
        arrival_ns = max(device.instant_ns(), began_ns + at * spacing_ms * 1e6)
        for block in corrector.feed(np.full((480, 1), 0.5, np.float32), int(arrival_ns - 10e6), int(arrival_ns)):
            instants.append(block.pts_ns)
            late_ns = arrival_ns - block.pts_ns
    assert 0 < late_ns < 60e6, "in step by the end"
    assert instants == sorted(instants)


def test_mono_is_on_both_sides() -> None:
    device, corrector = Device(48_000, 0), DriftCorrector(48_000, 1)
    blocks = device.play(corrector, 2)
    samples = np.concatenate([block.samples for block in blocks])
    assert samples.shape[1] == 2 and np.abs(samples).max() > 0.5
    assert np.array_equal(samples[:, 0], samples[:, 1])


def test_left_and_right_stay_apart() -> None:
    corrector = DriftCorrector(48_000, 2)
    left = np.zeros((480, 2), np.float32)
    left[:, 0] = 0.5
    blocks = []
    for at in range(100):
        stamp_ns = START_NS + at * 10_000_000
        blocks += corrector.feed(left, stamp_ns, stamp_ns + 10_000_000)
    samples = np.concatenate([block.samples for block in blocks])[4800:]
    assert np.allclose(samples[:, 0], 0.5, atol=0.01) and np.abs(samples[:, 1]).max() < 1e-4
