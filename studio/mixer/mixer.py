"""The mixer: all strips into one master, block by block on the program's timeline."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from studio.media import BLOCK_SAMPLES, CHANNELS, ns_to_samples
from studio.mixer.limiter import Limiter
from studio.mixer.meter import LevelMeter
from studio.mixer.strip import Strip

Samples = npt.NDArray[np.float32]
LAG_STEP_NS = 10_000_000


@dataclass(frozen=True, slots=True)
class Mixed:
    """`samples` of the master (float32, shape (count, 2)) from program sample `index`.

    `monitored` is what the host listens to: the monitored strips before mute and solo, else (None) the master itself.
    """

    index: int
    samples: Samples
    monitored: Samples | None = None


@dataclass(slots=True)
class Mixer:
    """Mixes on the program thread, up to the clock less `lag_ns`: the lateness of the latest live strip.

    `strips` is replaced as a whole by the engine. `muted` is the admin's: the master is silence.
    """

    zero_ns: int
    strips: dict[str, Strip] = field(default_factory=dict)
    master: LevelMeter = field(default_factory=LevelMeter)
    limiter: Limiter = field(default_factory=Limiter)
    muted: bool = False
    lag_ns: int = 0
    _next: int = 0

    def start_at(self, instant_ns: int) -> None:
        """Begin at an instant of the studio clock (the program's first tick)."""
        self._next = ns_to_samples(instant_ns - self.zero_ns) // BLOCK_SAMPLES * BLOCK_SAMPLES

    def mix_until(self, now_ns: int, ahead_ns: int = 0) -> Mixed | None:
        """All whole blocks that are due `ahead_ns` after `now_ns`; None where there are none yet.

        Sound that is there before its time (clips, the tone) so leaves with the picture it belongs to and not a frame
        later: browsers hold the picture back for late sound. Live strips make the mix wait for them all the same.
        """
        strips = list(self.strips.values())
        needed_ns = max((strip.needed_lag_ns(ahead_ns) for strip in strips), default=0)
        needed_ns = -(-needed_ns // LAG_STEP_NS) * LAG_STEP_NS
        if needed_ns > self.lag_ns or needed_ns < self.lag_ns - 6 * LAG_STEP_NS:
            self.lag_ns = needed_ns
        due = (
            (ns_to_samples(now_ns + ahead_ns - self.lag_ns - self.zero_ns) - self._next)
            // BLOCK_SAMPLES
            * BLOCK_SAMPLES
        )
        if due <= 0:
            return None
        index, self._next = self._next, self._next + due
        soloed = any(strip.settings.solo for strip in strips)
        total: Samples | None = None
        for strip in strips:
            share = strip.take(index, due, audible=strip.settings.solo or not soloed)
            if share is not None:
                total = share if total is None else np.add(total, share, out=total)
        if total is None or self.muted:
            total = np.zeros((due, CHANNELS), np.float32)
        limited = self.limiter.process(total)
        self.master.feed(limited)
        listened = [strip.listen(index, due) for strip in strips if strip.settings.monitor]
        monitored = np.clip(np.sum(listened, axis=0), -1.0, 1.0) if listened else None
        return Mixed(index - Limiter.LATENCY_SAMPLES, limited, monitored)
