"""Bring a device's sound onto the studio clock: measure how fast its clock runs, resample by just that.

Model: sample `i` of the device was captured at `T(i) = start + i / (rate · (1 + drift))`. Each block comes with a
stamp of its first sample, late and early by some milliseconds (scheduling, buffers). The stamps of a second give one
median; the slope through the medians of the last minute (Theil-Sen, which a few wild ones cannot bend) is the drift,
their level is the start. The resampler runs at `1 + drift`, and a little more or less until its place agrees with `T`.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np
import soxr

from studio.media import BLOCK_SAMPLES, NS_PER_S, SAMPLE_RATE_HZ, AudioBlock

if TYPE_CHECKING:
    import numpy.typing as npt

STALL_NS = 200_000_000
"""So long without a block: what follows is a backlog, and is thrown away until the blocks come at their own pace."""
JUMP_NS = 30_000_000
JUMP_BLOCKS = 8
LATE_NS = 40_000_000
MOST_DRIFT = 1_000e-6
MOST_CORRECTION = 1_000e-6
CORRECTION_S = 4.0
LEAST_BINS = 8
MOST_BINS = 60
LEVEL_BINS = 8
RATIO_ROOM = 1.01


class ClockFit:
    """Where and how fast a device's clock runs, from stamps. One thread."""

    def __init__(self, rate_hz: int, drift: float = 0.0) -> None:
        self._rate_hz = rate_hz
        self._bin: list[float] = []
        self._bins: deque[tuple[float, float]] = deque(maxlen=MOST_BINS)
        self._bin_start_s = 0.0
        self.drift = drift
        self._start_ns = 0
        self._level_s = 0.0

    def add(self, index: int, stamp_ns: int) -> None:
        """Sample `index` was captured at about `stamp_ns`."""
        at_s = index / self._rate_hz
        if not self._bin and not self._bins:
            self._start_ns = stamp_ns
            self._bin_start_s = at_s
        self._bin.append((stamp_ns - self._start_ns) / NS_PER_S - at_s)
        if not self._bins:
            self._level_s = float(np.median(self._bin))
        if at_s - self._bin_start_s >= 1.0:
            self._bins.append(((self._bin_start_s + at_s) / 2, float(np.median(self._bin))))
            self._bin, self._bin_start_s = [], at_s
            self._fit()

    def instant_ns(self, index: float) -> int:
        """When sample `index` was captured, as far as is known."""
        at_s = index / self._rate_hz
        return self._start_ns + round((at_s + self._level_s - self._slope * at_s) * NS_PER_S)

    @property
    def _slope(self) -> float:
        """Seconds by which the device is ahead, for each second of its own count: d / (1 + d)."""
        return self.drift / (1 + self.drift)

    def _fit(self) -> None:
        if len(self._bins) >= LEAST_BINS:
            at, late = np.array(self._bins).T
            rise, run = late[:, None] - late[None, :], at[:, None] - at[None, :]
            upper = np.triu_indices(len(at), 1)
            slope = -float(np.median(rise[upper] / run[upper]))
            self.drift = max(-MOST_DRIFT, min(MOST_DRIFT, slope / (1 - slope)))
        recent = list(self._bins)[-LEVEL_BINS:]
        self._level_s = float(np.median([late + self._slope * at for at, late in recent]))


class DriftCorrector:
    """Blocks of a device in, contiguous blocks of 10 ms at 48 kHz stereo on the studio clock out. One thread.

    A gap in what the device gives, or a backlog that comes in a burst, makes the instants jump forward: never back.
    `jumps` counts these. Costs about 0.5 % of a core.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        """`channels` is 1 or 2."""
        self._rate_hz = rate_hz
        self._channels = channels
        self._fit = ClockFit(rate_hz)
        self._last_arrival_ns = 0
        self._settling = False
        self._end_ns = 0
        self._late: deque[int] = deque(maxlen=JUMP_BLOCKS)
        self.jumps = 0
        self._restart(0.0)

    @property
    def drift_ppm(self) -> float:
        """How much faster the device's clock runs than the studio's, in millionths; 0 until 8 s have been heard."""
        return round(self._fit.drift * 1e6, 1)

    def feed(self, samples: npt.NDArray[np.float32], stamp_ns: int, arrival_ns: int) -> list[AudioBlock]:
        """Samples of shape (count, channels), captured from about `stamp_ns` on, that arrived at `arrival_ns`."""
        if self._is_backlog(len(samples), arrival_ns):
            return []
        if self._jumped(stamp_ns):
            self.jumps += 1
            self._restart(self._fit.drift)
        self._fit.add(self._taken, stamp_ns)
        self._taken += len(samples)
        self._steer()
        out = self._resampler.resample_chunk(np.ascontiguousarray(samples, np.float32))
        self._read += len(out) * self._ratio
        self._waiting.append(out)
        self._waiting_samples += len(out)
        return self._blocks()

    # ------------------------------------------------------------ inside

    def _restart(self, drift: float) -> None:
        self._fit = ClockFit(self._rate_hz, drift)
        self._resampler = soxr.ResampleStream(
            self._rate_hz * RATIO_ROOM, SAMPLE_RATE_HZ, self._channels, dtype="float32", quality="HQ", vr=True
        )
        self._taken = 0
        self._read = 0.0
        self._made = 0
        self._zero_ns: int | None = None
        self._waiting: list[npt.NDArray[np.float32]] = []
        self._waiting_samples = 0
        self._late.clear()
        self._set_ratio(1 + drift)

    def _set_ratio(self, speed: float) -> None:
        self._ratio = self._rate_hz * speed / SAMPLE_RATE_HZ
        self._resampler.set_io_ratio(self._rate_hz * speed, SAMPLE_RATE_HZ, 0)

    def _is_backlog(self, count: int, arrival_ns: int) -> bool:
        """True for blocks to be thrown away: after a stall, until one comes no sooner than half its own length."""
        passed_ns = arrival_ns - self._last_arrival_ns
        first = self._last_arrival_ns == 0
        self._last_arrival_ns = arrival_ns
        if first or passed_ns > STALL_NS:
            # A device that was just opened may have a backlog, too.
            self._settling = True
            return True
        if self._settling:
            if passed_ns < count * NS_PER_S // self._rate_hz // 2:
                return True
            self._settling = False
            if self._zero_ns is not None:
                self.jumps += 1
                self._restart(self._fit.drift)
        return False

    def _jumped(self, stamp_ns: int) -> bool:
        """Whether each of the last stamps is off what we send by more than the device's jitter, to the same side."""
        if self._zero_ns is None:
            return False
        ahead_samples = self._made_total + (self._taken - self._read) / self._ratio
        self._late.append(stamp_ns - self._zero_ns - round(ahead_samples * NS_PER_S / SAMPLE_RATE_HZ))
        if len(self._late) < JUMP_BLOCKS:
            return False
        return min(self._late) > JUMP_NS or max(self._late) < -JUMP_NS

    def _steer(self) -> None:
        """Choose the speed: the drift, and what brings the resampler's place to where the clock says it should be."""
        if self._zero_ns is None:
            return
        here_ns = self._zero_ns + self._made_total * NS_PER_S // SAMPLE_RATE_HZ
        ahead_s = (self._fit.instant_ns(self._read) - here_ns) / NS_PER_S
        correction = max(-MOST_CORRECTION, min(MOST_CORRECTION, ahead_s / CORRECTION_S))
        self._set_ratio((1 + self._fit.drift) * (1 - correction))

    @property
    def _made_total(self) -> int:
        return self._made + self._waiting_samples

    def _blocks(self) -> list[AudioBlock]:
        if self._zero_ns is None:
            if self._taken < self._rate_hz // 20:
                return []
            # The level of the first 50 ms of stamps. What was sent before is never gone back behind.
            start_ns = self._fit.instant_ns(0)
            missing_ns = self._end_ns - start_ns
            if missing_ns > 0:
                drop = -(-missing_ns * SAMPLE_RATE_HZ // NS_PER_S)
                if self._waiting_samples < drop + BLOCK_SAMPLES:
                    return []
                self._drop_waiting(drop)
                start_ns += drop * NS_PER_S // SAMPLE_RATE_HZ
            self._zero_ns = start_ns
            self._made = 0
        blocks = []
        if self._waiting_samples >= BLOCK_SAMPLES:
            every = np.concatenate(self._waiting)
            whole = len(every) // BLOCK_SAMPLES * BLOCK_SAMPLES
            for at in range(0, whole, BLOCK_SAMPLES):
                pts_ns = self._zero_ns + self._made * NS_PER_S // SAMPLE_RATE_HZ
                blocks.append(AudioBlock(stereo(every[at : at + BLOCK_SAMPLES]), pts_ns))
                self._made += BLOCK_SAMPLES
            self._waiting = [every[whole:]]
            self._waiting_samples = len(every) - whole
            self._end_ns = self._zero_ns + self._made * NS_PER_S // SAMPLE_RATE_HZ
        return blocks

    def _drop_waiting(self, count: int) -> None:
        every = np.concatenate(self._waiting)[count:]
        self._waiting, self._waiting_samples = [every], len(every)


def stereo(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """One or more channels as two: mono on both sides, more than two by the first pair."""
    if samples.shape[1] == 1:
        return np.repeat(samples, 2, axis=1)
    return np.ascontiguousarray(samples[:, :2])
