"""The program's tick: a thread that sleeps to each frame's instant, composes, mixes and hands on."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from studio.media import Clock
from studio.media.lease import PictureLease
from studio.mixer.mixer import Mixed, Mixer
from studio.program.encoding import Encoding
from studio.scene.compositor import Compositor, PictureAt
from studio.source.contract import ProgramGrid

log = logging.getLogger(__name__)
EVEN_SOUND_NS = 20_000_000
"""One Opus packet. Bursts of one and two packets, as the pictures' rate gives them, make a browser's jitter buffer hold
the sound 20 ms longer, and with it the picture (measured in Chromium)."""
PictureOf = Callable[[str, int, int], PictureLease | None]
"""(source id, tick_ns, half_tick_ns): the source's picture for this tick, held for the caller."""


@dataclass(slots=True)
class TickCounters:
    """Since the engine started. `lagged`: ticks of a show (live or recorded) that began more than one frame late; they
    repeat the last picture. `lagged_at_ns`: the instants of the last of these ticks, on the studio clock."""

    ticks: int = 0
    lagged: int = 0
    lagged_at_ns: deque[int] = field(default_factory=lambda: deque(maxlen=100))
    compose_ms: float = 0.0


class Clockwork:
    """Runs the program. `encoding`, `on_picture` and `on_sound` may be replaced from any thread; None switches off.

    `on_picture(lease, tick_ns)` must not block; it holds the lease itself if it keeps it. Sound is mixed with each
    picture, which costs least; while `sound_is_even()`, every 20 ms.
    """

    def __init__(
        self, grid: ProgramGrid, compositor: Compositor, mixer: Mixer, picture_of: PictureOf, clock: Clock
    ) -> None:
        self.grid = grid
        self.compositor = compositor
        self.mixer = mixer
        self._picture_of = picture_of
        self._clock = clock
        self.counters = TickCounters()
        self.encoding: Encoding | None = None
        self.on_picture: Callable[[PictureLease, int], None] | None = None
        self.on_sound: Callable[[Mixed], None] | None = None
        self.sound_is_even: Callable[[], bool] = lambda: False
        self.stop_after_frames = 0
        self.on_stop_after: Callable[[], object] | None = None
        self._last: PictureLease | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="program", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread and wait for it."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    @property
    def half_tick_ns(self) -> int:
        return 500_000_000 * self.grid.fps_den // self.grid.fps_num

    def _run(self) -> None:
        index = self.grid.first_tick_at(self._clock.now_ns())
        self.mixer.start_at(self.grid.tick_ns(index))
        try:
            while not self._stop.is_set():
                tick_ns = self.grid.tick_ns(index)
                self._clock.sleep_until_ns(tick_ns)
                self.tick(tick_ns)
                index += 1
                if self.sound_is_even():
                    self._sound_between(tick_ns, self.grid.tick_ns(index))
        except Exception:
            log.exception("the program's clock stopped")
            raise

    def tick(self, tick_ns: int) -> None:
        """One frame of the program."""
        began_ns = self._clock.now_ns()
        self.counters.ticks += 1
        if began_ns - tick_ns > 2 * self.half_tick_ns:
            on_air = self.encoding
            if on_air is not None and tick_ns >= on_air.start_ns:
                self.counters.lagged += 1
                self.counters.lagged_at_ns.append(tick_ns)
            lease = None
        else:
            lease = self.compositor.compose(self._picture_at(tick_ns), tick_ns)
        if lease is not None:
            self._last, last = lease, self._last
            if last is not None:
                last.release()
        self.counters.compose_ms += ((self._clock.now_ns() - began_ns) / 1e6 - self.counters.compose_ms) * 0.05
        encoding, shown = self.encoding, self._last
        if shown is not None:
            if encoding is not None and tick_ns >= encoding.start_ns:
                self._encode(encoding, shown, tick_ns)
            if self.on_picture is not None:
                self.on_picture(shown, tick_ns)
        if not self.sound_is_even():
            self.sound(tick_ns)

    def sound(self, instant_ns: int) -> None:
        """Mix what is due at an instant, and hand it on."""
        mixed = self.mixer.mix_until(instant_ns, 2 * self.half_tick_ns)
        if mixed is not None:
            encoding = self.encoding
            if encoding is not None:
                encoding.sound(mixed)
            if self.on_sound is not None:
                self.on_sound(mixed)

    def _sound_between(self, tick_ns: int, next_tick_ns: int) -> None:
        """The sound's own steps, from one tick up to the next."""
        zero_ns = self.grid.zero_ns
        first_ns = zero_ns - (zero_ns - tick_ns) // EVEN_SOUND_NS * EVEN_SOUND_NS
        for instant_ns in range(first_ns, next_tick_ns, EVEN_SOUND_NS):
            self._clock.sleep_until_ns(instant_ns)
            self.sound(instant_ns)

    def _encode(self, encoding: Encoding, shown: PictureLease, tick_ns: int) -> None:
        grid = self.grid
        span_ns = tick_ns - encoding.start_ns
        frame = (span_ns * grid.fps_num + 500_000_000 * grid.fps_den) // (1_000_000_000 * grid.fps_den)
        if self.stop_after_frames and frame >= self.stop_after_frames:
            if self.on_stop_after is not None:
                self.on_stop_after()
                self.on_stop_after = None
            return
        encoding.picture(shown.hold(), tick_ns, frame)

    def _picture_at(self, tick_ns: int) -> PictureAt:
        half_ns = self.half_tick_ns
        return lambda source_id: self._picture_of(source_id, tick_ns, half_ns)
