"""The test card's process: picture and tone, made ahead of time, both placed by program time."""

from __future__ import annotations

from studio.media import ErrorKind, StoaError, ns_to_samples, samples_to_ns
from studio.process import ChildPipes
from studio.source.card import TestCard
from studio.source.contract import Opened, OpenSource, Timing
from studio.source.outlet import Outlet, run_source, slots_ahead
from studio.source.tone import Tone

SOUND_BLOCK_SAMPLES = 1920
"""40 ms: few messages, and short enough to lie inside what is sent ahead."""
START_LEAD_NS = 60_000_000
LATE_SOUND_NS = 1_000_000_000
"""After a stall longer than this the sound jumps to the present instead of running after it."""


def run(pipes: ChildPipes) -> None:
    """`stoa --child testcard`."""
    run_source(pipes, play)


def play(outlet: Outlet, request: OpenSource) -> None:
    """Be the test card until the end."""
    grid = request.grid
    fps = grid.fps_num / grid.fps_den
    width_px, height_px = request.max_width_px // 2 * 2, request.max_height_px // 2 * 2
    card = _card(request, width_px, height_px) if request.video else None
    outlet.opened(
        Opened(
            has_video=request.video,
            has_audio=request.audio,
            timing=Timing.AHEAD,
            words=f"test card, {width_px}x{height_px} at {fps:g} fps" if request.video else "tone, 48 kHz stereo",
            width_px=width_px if request.video else 0,
            height_px=height_px if request.video else 0,
            fps=fps if request.video else 0.0,
        )
    )
    if card is not None and not outlet.want_ring(width_px, height_px, slots_ahead(fps)):
        return
    _Player(outlet, request, card).run()


def _card(request: OpenSource, width_px: int, height_px: int) -> TestCard:
    try:
        return TestCard(width_px, height_px, request.grid)
    except ValueError as cause:
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            f"The test card does not fit into {width_px}x{height_px} pixels.",
            remedy="Choose a program of at least 160x120.",
            permanent=True,
        ) from cause


class _Player:
    """The loop: always the earlier of the next picture and the next block of sound."""

    def __init__(self, outlet: Outlet, request: OpenSource, card: TestCard | None) -> None:
        self._outlet = outlet
        self._grid = request.grid
        self._card = card
        self._tone = Tone() if request.audio else None
        self._tick = self._grid.first_tick_at(outlet.clock.now_ns() + START_LEAD_NS)
        # Counted in samples of program time, so that a beep stands at its sample exactly.
        self._sample = ns_to_samples(self._grid.tick_ns(self._tick) - self._grid.zero_ns)
        self._prepared: set[tuple[int, int]] = set()

    def run(self) -> None:
        never_ns = 1 << 62
        while not self._outlet.stopping.is_set():
            picture_ns = self._grid.tick_ns(self._tick) if self._card else never_ns
            sound_ns = self._grid.zero_ns + samples_to_ns(self._sample) if self._tone else never_ns
            if min(picture_ns, sound_ns) == never_ns:
                self._outlet.hold()
            elif sound_ns <= picture_ns:
                self._send_sound(sound_ns)
            else:
                self._send_picture(picture_ns)

    def _send_sound(self, due_ns: int) -> None:
        assert self._tone is not None
        if not self._outlet.pace(due_ns):
            return
        late_ns = self._outlet.clock.now_ns() - due_ns
        if late_ns > LATE_SOUND_NS:
            self._sample += ns_to_samples(late_ns) // SOUND_BLOCK_SAMPLES * SOUND_BLOCK_SAMPLES
            return
        self._outlet.sound(self._tone.samples(self._sample, SOUND_BLOCK_SAMPLES), due_ns)
        self._sample += SOUND_BLOCK_SAMPLES

    def _send_picture(self, due_ns: int) -> None:
        assert self._card is not None
        if not self._outlet.pace(due_ns):
            return
        late = self._outlet.clock.now_ns() > self._grid.tick_ns(self._tick + 1)
        slot = None if late else self._outlet.wait_slot(due_ns)
        if slot is None:
            self._outlet.drop()
            self._tick = max(self._tick + 1, self._grid.first_tick_at(self._outlet.clock.now_ns()))
            return
        if (slot.ring, slot.index) not in self._prepared:
            self._card.prepare(slot.picture)
            self._prepared.add((slot.ring, slot.index))
        self._card.draw(slot.picture, self._tick)
        self._outlet.picture(slot, due_ns)
        self._tick += 1
