"""A microphone, or what the computer plays: one process, one device, sound on the studio clock.

Three states: waiting (the device is not there or gives nothing: the engine was told), hearing (its sound goes out), and
in between opening. What arrives goes on air only while the guard knows that it comes from the chosen device.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from studio.device.inventory import Microphone
from studio.media import NS_PER_MS, NS_PER_S, AudioBlock, ErrorKind, StoaError
from studio.process import ChildPipes
from studio.source.attempt import within
from studio.source.contract import Opened, OpenSource, Timing
from studio.source.drift import DriftCorrector
from studio.source.loss import Loss, not_let_go, unplugged
from studio.source.outlet import Outlet, run_source
from studio.source.sound_capture import Captured, SoundCapture
from studio.source.sound_guard import Guard, choose, guard_of

SILENT_NS = 700 * NS_PER_MS
"""So long without a block: the microphone is lost."""
REOPEN_NS = 3 * NS_PER_S
"""A silent stream is opened again after this, where the sound system itself answers."""
FRESH_NS = 2 * NS_PER_S
RETRY_NS = 500 * NS_PER_MS
FIRST_ANSWER_NS = 3 * NS_PER_S
CALM_NS = 400 * NS_PER_MS
CALM_LIMIT_NS = 5 * NS_PER_S // 2
"""A device that is uneven or late for so long is just so (Bluetooth): its sound is taken as it comes."""
LATE_NS, GAP_NS, JITTER_NS = 90 * NS_PER_MS, 100 * NS_PER_MS, 30 * NS_PER_MS
PROOF_NS = 2 * NS_PER_S
GET_S = 0.1
CHOOSE_LIMIT_S = 20.0
"""PortAudio tries every card when it starts, which takes seconds on a slow machine."""
MOST_WAITING = 100
"""Blocks that wait for their proof: older ones are of no use on air."""
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Parts:
    """What a microphone is made of; tests put their own in."""

    choose: Callable[[str], Microphone] = choose
    guard: Callable[..., Guard] = guard_of
    capture: Callable[..., SoundCapture] = field(default=SoundCapture)


def run(pipes: ChildPipes) -> None:
    """The child's life."""
    run_source(pipes, lambda outlet, request: MicrophoneSource(outlet, request).play())


class MicrophoneSource:
    """One microphone of one process. `play` returns at the end, or raises what the engine's next try may mend."""

    def __init__(self, outlet: Outlet, request: OpenSource, parts: Parts | None = None) -> None:
        self._outlet = outlet
        self._target = request.target
        self._parts = parts or Parts()
        self._clock = outlet.clock
        self._loss = Loss(outlet)

    def play(self) -> None:
        microphone = self._await_first()
        if microphone is None:
            return
        if microphone.place.startswith("pulse:"):
            # PortAudio's ALSA opens "pulse", and the client library reads from here which source is meant.
            os.environ["PULSE_SOURCE"] = microphone.id
            os.environ.setdefault("PULSE_PROP", "application.name='Stoa Studio'")
        guard = self._parts.guard(microphone, self._clock)
        try:
            while not self._outlet.stopping.is_set():
                if self._await_present(microphone, guard):
                    self._hear(microphone, guard)
        finally:
            guard.stop()

    # ------------------------------------------------------------ waiting

    def _await_first(self) -> Microphone | None:
        late = StoaError(
            ErrorKind.TIMEOUT,
            "The sound system does not answer: a driver hangs.",
            remedy="Unplug the microphones and plug them in again, or restart the machine.",
        )
        while not self._outlet.stopping.is_set():
            self._outlet.beat(CHOOSE_LIMIT_S + 2)
            try:
                return within(CHOOSE_LIMIT_S, lambda: self._parts.choose(self._target), late)
            except StoaError as refusal:
                if refusal.permanent or refusal.kind is ErrorKind.TIMEOUT:
                    raise
                self._loss.tell(refusal)
                self._rest()
        return None

    def _await_present(self, microphone: Microphone, guard: Guard) -> bool:
        waited_ns = self._clock.now_ns()
        while not self._outlet.stopping.is_set():
            self._outlet.beat()
            if guard.is_present():
                return True
            silent_ns = self._clock.now_ns() - waited_ns
            if silent_ns > (RETRY_NS if guard.answered_ns() else FIRST_ANSWER_NS):
                self._loss.tell(_unplugged(microphone))
                guard.refresh()
            self._rest()
        return False

    def _rest(self) -> None:
        self._outlet.beat()
        self._outlet.stopping.wait(0.1)

    # ------------------------------------------------------------ hearing

    def _hear(self, microphone: Microphone, guard: Guard) -> None:
        """Open it and pass its sound on until something is wrong with it."""
        name = microphone.name
        place = guard.place()
        device = "pulse" if place.startswith("pulse:") else place.removeprefix("portaudio:")
        capture = self._parts.capture(device, name, min(2, microphone.channels), microphone.rate_hz, self._clock)
        self._outlet.beat(8.0)
        guard.forget()
        try:
            capture.open()
        except StoaError as refusal:
            if refusal.permanent or refusal.kind is ErrorKind.TIMEOUT:
                raise
            self._loss.tell(refusal)
            self._rest()
            guard.refresh()
            return
        self._outlet.beat()
        try:
            reason = self._pass_on(microphone, guard, capture)
        finally:
            self._outlet.beat(5.0)
            closed = capture.close()
        if reason is not None:
            self._loss.tell(reason)
        if not closed:
            raise not_let_go(name, "The sound system")

    def _pass_on(self, microphone: Microphone, guard: Guard, capture: SoundCapture) -> StoaError | None:
        corrector = DriftCorrector(capture.rate_hz, capture.channels)
        began_ns = heard_ns = self._clock.now_ns()
        on_air = False
        present = _Present()
        waiting: deque[tuple[int, AudioBlock]] = deque(maxlen=MOST_WAITING)
        while not self._outlet.stopping.is_set():
            self._outlet.beat()
            block = capture.get(GET_S)
            now_ns = self._clock.now_ns()
            if guard.hears_wrong():
                return _moved(microphone)
            if capture.finished or (on_air and not guard.is_present() and self._is_fresh(guard, now_ns)):
                return _unplugged(microphone)
            if block is None:
                on_air = on_air and not self._is_silent(microphone, now_ns - heard_ns)
                if now_ns - heard_ns > REOPEN_NS and self._is_fresh(guard, now_ns):
                    return _silent(microphone)
                continue
            heard_ns = now_ns
            if not on_air and not present.is_reached(block):
                corrector = DriftCorrector(capture.rate_hz, capture.channels)
                waiting.clear()
                continue
            made = corrector.feed(block.samples, block.stamp_ns, block.arrival_ns)
            self._outlet.drift_ppm = corrector.drift_ppm
            waiting.extend((block.arrival_ns, audio) for audio in made)
            proven_ns = guard.proven_ns()
            if not proven_ns and not on_air and now_ns - began_ns > PROOF_NS:
                return _moved(microphone)
            while waiting and waiting[0][0] <= proven_ns:
                if not on_air:
                    on_air = True
                    self._outlet.opened(_opened(microphone, capture))
                    self._loss.over()
                audio = waiting.popleft()[1]
                self._outlet.sound(audio.samples, audio.pts_ns)
        return None

    def _is_silent(self, microphone: Microphone, silent_ns: int) -> bool:
        if silent_ns > SILENT_NS:
            self._loss.tell(_silent(microphone))
        return silent_ns > SILENT_NS

    def _is_fresh(self, guard: Guard, now_ns: int) -> bool:
        return now_ns - guard.answered_ns() < FRESH_NS


class _Present:
    """Whether a stream has come to the present: sound servers begin with what they had stored, stall, and drop."""

    def __init__(self) -> None:
        self._first_ns = self._last_ns = self._calm_ns = 0
        self._late_ns = 0
        self._reached = False

    def is_reached(self, block: Captured) -> bool:
        """True from the block on before which they came evenly for `CALM_NS`, none of them late."""
        late_ns = block.arrival_ns - block.stamp_ns
        gap_ns, self._last_ns = block.arrival_ns - self._last_ns, block.arrival_ns
        self._first_ns = self._first_ns or block.arrival_ns
        if gap_ns > GAP_NS or late_ns > LATE_NS or abs(late_ns - self._late_ns) > JITTER_NS:
            self._calm_ns, self._late_ns = block.arrival_ns, late_ns
        calm = block.arrival_ns - self._calm_ns >= CALM_NS
        self._reached = self._reached or calm or block.arrival_ns - self._first_ns > CALM_LIMIT_NS
        return self._reached


def _opened(microphone: Microphone, capture: SoundCapture) -> Opened:
    channels = "mono" if capture.channels == 1 else "stereo"
    words = f"{microphone.name}, {capture.rate_hz} Hz {channels}"
    return Opened(has_video=False, has_audio=True, timing=Timing.LIVE, words=words)


def _unplugged(microphone: Microphone) -> StoaError:
    what = "The sound output" if microphone.is_monitor else "The microphone"
    return unplugged(f"{what} {microphone.name}")


def _moved(microphone: Microphone) -> StoaError:
    return StoaError(
        ErrorKind.LOST,
        f"The sound server gave another microphone in place of {microphone.name}; that one is not put on air.",
        remedy=f"Plug {microphone.name} in again: it comes back by itself. Or choose another.",
    )


def _silent(microphone: Microphone) -> StoaError:
    return StoaError(
        ErrorKind.LOST,
        f"{microphone.name} gives no sound: the sound system stands still.",
        remedy="It comes back by itself. If it does not, restart the sound server or unplug the microphone.",
    )
