"""Strips on the program's timeline: gain, mute, solo, pan, offset, lateness, an admin's mute."""

from __future__ import annotations

import math

import numpy as np
import pytest

from studio.media import BLOCK_SAMPLES, SAMPLE_RATE_HZ, samples_to_ns
from studio.mixer.limiter import Limiter
from studio.mixer.mixer import Mixer
from studio.mixer.strip import Strip, StripSettings
from studio.mixer.timeline import SampleTimeline

LATENCY = Limiter.LATENCY_SAMPLES
SECOND_NS = 1_000_000_000


def level(value: float, count: int) -> np.ndarray:
    return np.full((count, 2), value, np.float32)


def mixer_of(**strips: Strip) -> Mixer:
    mixer = Mixer(zero_ns=0)
    mixer.strips = dict(strips)
    return mixer


def strip_with(value: float, seconds: float = 2.0, **settings: float) -> Strip:
    strip = Strip(StripSettings(**settings))  # type: ignore[arg-type]
    for index in range(0, int(seconds * SAMPLE_RATE_HZ), BLOCK_SAMPLES):
        strip.push(level(value, BLOCK_SAMPLES), samples_to_ns(index), 0, strip.timeline)
    return strip


def settled(mixer: Mixer, until_ns: int = SECOND_NS) -> np.ndarray:
    """The last block of the mix up to an instant, when all fades are over."""
    last = None
    for instant_ns in range(100_000_000, until_ns + 1, 100_000_000):
        mixed = mixer.mix_until(instant_ns)
        last = mixed.samples[-BLOCK_SAMPLES:] if mixed is not None else last
    assert last is not None
    return last


def test_the_master_is_contiguous_in_whole_blocks() -> None:
    mixer, expected = mixer_of(a=strip_with(0.1)), -LATENCY
    for instant_ns in range(0, SECOND_NS, 33_333_333):
        mixed = mixer.mix_until(instant_ns)
        if mixed is not None:
            assert mixed.index == expected and len(mixed.samples) % BLOCK_SAMPLES == 0
            expected += len(mixed.samples)
    assert expected == SAMPLE_RATE_HZ - LATENCY


def test_strips_are_summed() -> None:
    assert settled(mixer_of(a=strip_with(0.1), b=strip_with(0.2))) == pytest.approx(0.3, abs=1e-6)


def test_gain_is_in_decibels() -> None:
    assert settled(mixer_of(a=strip_with(0.1, gain_db=6.0))) == pytest.approx(0.1 * 10 ** (6 / 20), rel=1e-4)


def test_a_muted_strip_is_silent_and_the_others_go_on() -> None:
    assert settled(mixer_of(a=strip_with(0.1, mute=True), b=strip_with(0.2))) == pytest.approx(0.2)


def test_solo_silences_all_others() -> None:
    assert settled(mixer_of(a=strip_with(0.1, solo=True), b=strip_with(0.2))) == pytest.approx(0.1)


def test_pan_keeps_the_nearer_side_at_unity() -> None:
    block = settled(mixer_of(a=strip_with(0.1, pan=0.5)))
    assert block[:, 0] == pytest.approx(0.05) and block[:, 1] == pytest.approx(0.1)


def test_an_admins_mute_silences_the_master() -> None:
    mixer = mixer_of(a=strip_with(0.1))
    mixer.muted = True
    assert not settled(mixer).any()


def test_a_change_of_gain_is_a_ramp_not_a_click() -> None:
    strip = strip_with(0.5)
    mixer = mixer_of(a=strip)
    settled(mixer, 300_000_000)
    strip.settings = StripSettings(mute=True)
    mixed = mixer.mix_until(400_000_000)
    assert mixed is not None
    steps = np.abs(np.diff(mixed.samples[:, 0]))
    assert steps.max() < 0.01 and mixer.mix_until(500_000_000).samples[-1, 0] == 0  # type: ignore[union-attr]


@pytest.mark.parametrize("offset_ms", [0.0, 120.0, 1500.0])
def test_the_sync_offset_delays_to_the_sample(offset_ms: float) -> None:
    strip = Strip(StripSettings(sync_offset_ms=offset_ms))
    click = np.zeros((SAMPLE_RATE_HZ, 2), np.float32)
    click[10_000] = 0.5
    quiet = np.zeros((SAMPLE_RATE_HZ, 2), np.float32)
    strip.push(click, 0, 0, strip.timeline)
    strip.push(quiet, SECOND_NS, 0, strip.timeline)
    strip.push(quiet, 2 * SECOND_NS, 0, strip.timeline)
    mixer = mixer_of(a=strip)
    parts = [mixer.mix_until(instant_ns) for instant_ns in range(50_000_000, 2 * SECOND_NS, 50_000_000)]
    master = np.concatenate([part.samples for part in parts if part is not None])
    assert int(np.argmax(master[:, 0])) - LATENCY == 10_000 + round(offset_ms * 48)


def test_a_negative_offset_makes_the_mix_wait_for_the_sound_of_later() -> None:
    strip = Strip(StripSettings(sync_offset_ms=-200.0))
    mixer = mixer_of(a=strip)
    assert mixer.mix_until(150_000_000) is None
    assert mixer.lag_ns == 200_000_000


def test_a_late_live_strip_makes_the_mix_wait_and_loses_nothing() -> None:
    strip = Strip(live=True)
    mixer = mixer_of(a=strip)
    heard = []
    for block in range(100):
        begin_ns = block * 10_000_000
        strip.push(level(0.25, BLOCK_SAMPLES), begin_ns, begin_ns + 45_000_000, strip.timeline)
        mixed = mixer.mix_until(begin_ns + 45_000_000)
        if mixed is not None:
            heard.append(mixed.samples)
    master = np.concatenate(heard)[LATENCY + BLOCK_SAMPLES * 8 :, 0]
    assert master == pytest.approx(0.25), "nothing was missing once the lateness was known"


def test_a_source_that_stops_fades_out() -> None:
    strip = strip_with(0.5, seconds=0.5)
    mixer = mixer_of(a=strip)
    parts = [mixer.mix_until(instant_ns) for instant_ns in range(33_000_000, SECOND_NS, 33_000_000)]
    master = np.concatenate([part.samples for part in parts if part is not None])[:, 0]
    assert np.abs(np.diff(master)).max() < 0.01 and master[-1] == 0


def test_replacing_a_source_crossfades() -> None:
    strip, other = strip_with(0.4), SampleTimeline()
    other.write(0, level(-0.4, 2 * SAMPLE_RATE_HZ))
    mixer = mixer_of(a=strip)
    settled(mixer, 500_000_000)
    strip.change_to(other)
    mixed = mixer.mix_until(600_000_000)
    assert mixed is not None
    assert np.abs(np.diff(mixed.samples[:, 0])).max() < 0.01
    assert mixer.mix_until(700_000_000).samples[-1, 0] == pytest.approx(-0.4)  # type: ignore[union-attr]


def test_meters_read_peak_and_rms() -> None:
    strip = Strip()
    wave = (0.5 * np.sin(np.arange(2 * SAMPLE_RATE_HZ) * 2 * math.pi * 997 / SAMPLE_RATE_HZ)).astype(np.float32)
    strip.push(np.stack((wave, 0 * wave), axis=1), 0, 0, strip.timeline)
    settled(mixer_of(a=strip), 1_500_000_000)
    (left_peak, right_peak), (left_rms, right_rms) = strip.meter.take()
    assert left_peak == pytest.approx(-6.02, abs=0.1) and left_rms == pytest.approx(-9.03, abs=0.3)
    assert right_peak == right_rms == -100


def test_a_monitored_strip_is_heard_before_mute_and_solo_and_not_in_the_master() -> None:
    mixer = mixer_of(a=strip_with(0.1, mute=True, monitor=True), b=strip_with(0.2, solo=True))
    settled(mixer, 400_000_000)
    mixed = mixer.mix_until(500_000_000)
    assert mixed is not None and mixed.monitored is not None
    assert mixed.monitored[-1, 0] == pytest.approx(0.1) and mixed.samples[-1, 0] == pytest.approx(0.2)


def test_without_a_monitored_strip_the_host_hears_the_master() -> None:
    mixed = mixer_of(a=strip_with(0.1)).mix_until(500_000_000)
    assert mixed is not None and mixed.monitored is None


def test_sound_that_is_there_early_is_mixed_ahead_and_live_sound_is_waited_for() -> None:
    early = mixer_of(a=strip_with(0.25)).mix_until(SECOND_NS, 33_000_000)
    assert (
        early is not None and early.index + len(early.samples) + LATENCY == 1_033 * 48 // BLOCK_SAMPLES * BLOCK_SAMPLES
    )
    live = Strip(live=True)
    live.push(level(0.25, BLOCK_SAMPLES), 0, 45_000_000, live.timeline)
    mixer = mixer_of(a=live)
    mixer.mix_until(45_000_000, 33_000_000)
    assert mixer.lag_ns == 90_000_000, "45 ms late, 10 ms of margin, the frame ahead; in steps of 10 ms"
