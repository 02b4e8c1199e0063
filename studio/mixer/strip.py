"""A mixer input: one source's sound with gain, mute, pan, sync offset and a meter."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from studio.media import SAMPLE_RATE_HZ, ns_to_samples
from studio.mixer.meter import LevelMeter
from studio.mixer.timeline import SampleTimeline

Samples = npt.NDArray[np.float32]
FADE_SAMPLES = 480


@dataclass(frozen=True, slots=True)
class StripSettings:
    """What the host set. `gain_db` −60 to 20 (−60 is off), `pan` −1 to 1, `sync_offset_ms` −950 to 2000."""

    gain_db: float = 0.0
    mute: bool = False
    solo: bool = False
    pan: float = 0.0
    sync_offset_ms: float = 0.0
    monitor: bool = False

    def gains(self, audible: bool) -> tuple[float, float]:
        """Linear gains of left and right (balance law: the nearer side stays at unity)."""
        if not audible or self.mute or self.gain_db <= -60:
            return 0.0, 0.0
        gain = db_to_linear(self.gain_db)
        return gain * min(1.0, 1.0 - self.pan), gain * min(1.0, 1.0 + self.pan)


@dataclass(slots=True)
class Strip:
    """One strip. `push` belongs to the source's thread, `mix_into` to the program thread; settings are replaced whole.

    `extra_delay_ns` is added to the sync offset: the mean age of the pictures that belong to this sound.
    """

    settings: StripSettings = StripSettings()
    timeline: SampleTimeline = field(default_factory=SampleTimeline)
    meter: LevelMeter = field(default_factory=LevelMeter)
    zero_ns: int = 0
    extra_delay_ns: int = 0
    live: bool = False
    lateness_ns: int = 0
    _gains: tuple[float, float] = (0.0, 0.0)
    _delay: int | None = None
    _sounding: bool = False
    _former: SampleTimeline | None = None

    def change_to(self, timeline: SampleTimeline) -> None:
        """Another source takes this strip: its timeline is faded in over the former one. Any thread."""
        self._former, self.timeline = self.timeline, timeline
        self.lateness_ns = 0

    def push(self, samples: Samples, pts_ns: int, now_ns: int, timeline: SampleTimeline) -> None:
        """Put a source's block where it belongs (`timeline` is not yet this strip's own while a source is replaced)."""
        index = ns_to_samples(pts_ns - self.zero_ns)
        end = timeline.end
        if abs(index - end) <= 2:
            index = end  # nanoseconds do not count samples exactly; a contiguous stream stays contiguous
        timeline.write(index, samples)
        if timeline is self.timeline:
            self.lateness_ns = max(now_ns - pts_ns, self.lateness_ns - 20_000)

    @property
    def delay_samples(self) -> int:
        """Sync offset and the pictures' age, in samples."""
        offset_ns = self.settings.sync_offset_ms * 1e6 + self.extra_delay_ns
        return round(offset_ns * SAMPLE_RATE_HZ / 1e9)

    def needed_lag_ns(self, ahead_ns: int = 0) -> int:
        """How far the mixer must stay behind the clock and `ahead_ns`, so that this strip's samples have arrived."""
        late_ns = self.lateness_ns + 10_000_000 + ahead_ns if self.live else 0
        return max(0, late_ns - self.delay_samples * 1_000_000_000 // SAMPLE_RATE_HZ)

    def take(self, index: int, count: int, *, audible: bool) -> Samples | None:
        """This strip's share of the mix for program samples from `index`; None for silence. Fades at every jump."""
        delay = self.delay_samples
        timeline, former = self.timeline, self._former
        self._former = None
        moved = former is not None or (self._delay is not None and delay != self._delay)
        target, before = self.settings.gains(audible), self._gains
        self._gains = target
        silent = target == (0.0, 0.0) and before == (0.0, 0.0)
        have = timeline.end - (index - delay)
        if silent or (have <= 0 and not self._sounding):
            self._delay, self._sounding = delay, False
            self.meter.feed_silence(count)
            return None
        samples = timeline.read(index - delay, count)
        if moved:
            old = (former or timeline).read(index - (self._delay or 0), count)
            fade = min(FADE_SAMPLES, count)
            ramp = np.linspace(0, 1, fade, dtype=np.float32)[:, None]
            samples[:fade] = samples[:fade] * ramp + old[:fade] * (1 - ramp)
        self._delay = delay
        self._fade_edges(samples, have, count)
        if target == before:
            if target != (1.0, 1.0):
                samples *= np.array(target, np.float32)
        else:
            samples *= np.linspace(before, target, count, dtype=np.float32)
        self.meter.feed(samples)
        return samples

    def listen(self, index: int, count: int) -> Samples:
        """The strip for the host's headphones: with its gain, before mute and solo."""
        return self.timeline.read(index - self.delay_samples, count) * np.float32(db_to_linear(self.settings.gain_db))

    def _fade_edges(self, samples: Samples, have: int, count: int) -> None:
        if have < count:  # it runs dry within these samples
            end = max(0, have)
            fade = min(FADE_SAMPLES, end)
            if fade:
                samples[end - fade : end] *= np.linspace(1, 0, fade, dtype=np.float32)[:, None]
            self._sounding = False
        elif not self._sounding:
            fade = min(FADE_SAMPLES, count)
            samples[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)[:, None]
            self._sounding = True


def db_to_linear(gain_db: float) -> float:
    """A gain in decibels as a factor."""
    return math.pow(10.0, gain_db / 20)
