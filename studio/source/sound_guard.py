"""Whether the microphone is there, and whether what we hear is really it.

PulseAudio and PipeWire move a stream silently to another source when its own goes away: the wrong microphone would be
on air, and PortAudio reports nothing. The guard asks the server fifty times a second to which source this process's
stream is connected. The server answers in order: what had arrived before a question was asked came from the source of
its answer, so sound waits for its proof, some 20 ms, and not one sample of another microphone gets through. The guard
has a thread of its own, which a frozen server may block.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any, Protocol

from studio.device.inventory import Microphone, find_microphone, not_there
from studio.device.portaudio import NoPortAudio, list_portaudio, query
from studio.device.sound_server import SoundServerError, connect, list_sources
from studio.media import NS_PER_S, Clock, ErrorKind, StoaError
from studio.source.attempt import within
from studio.source.sound_capture import no_portaudio

LISTEN_S = 0.5
PROVE_EVERY_S = 0.02
RETRY_S = 0.5
SERVER_LIMIT_S = 8.0
"""Far more than a server needs."""
log = logging.getLogger(__name__)


class Guard(Protocol):
    """What the microphone asks of its guard. Any thread."""

    def place(self) -> str:
        """Where it is now (`Microphone.place`)."""

    def is_present(self) -> bool:
        """The chosen microphone is plugged in."""

    def proven_ns(self) -> int:
        """What had arrived by this instant came from the chosen microphone, and may go on air; 0 for nothing yet."""

    def hears_wrong(self) -> bool:
        """What arrives comes from another one."""

    def answered_ns(self) -> int:
        """The studio clock when the sound system last answered; 0 before the first time."""

    def forget(self) -> None:
        """A new stream is about to be opened: what was seen of the one before no longer counts."""

    def refresh(self) -> None:
        """Look again, where nothing tells by itself. Only while no stream is open."""

    def stop(self) -> None:
        """No more looking."""


class SoundServerGuard:
    """Watches one source of the sound server, and this process's stream."""

    def __init__(self, source: str, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        self._present = False
        self._heard: frozenset[str] = frozenset()
        self._output: int | None = None
        self._source_index: int | None = None
        self._proven_ns = 0
        self._answered_ns = 0
        self._stream = 0
        self._storing = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="sound guard", daemon=True)
        self._thread.start()

    def place(self) -> str:
        return f"pulse:{self._source}"

    def is_present(self) -> bool:
        return self._present

    def proven_ns(self) -> int:
        return self._proven_ns

    def hears_wrong(self) -> bool:
        return bool(self._heard - {self._source})

    def answered_ns(self) -> int:
        return self._answered_ns

    def forget(self) -> None:
        with self._storing:
            self._stream += 1
            self._unhear()

    def refresh(self) -> None:
        """The server tells by itself."""

    def stop(self) -> None:
        self._stopping.set()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                pulse = connect("stoa microphone guard")
            except SoundServerError:
                self._gone()
                self._stopping.wait(RETRY_S)
                continue
            try:
                self._follow(pulse)
            except Exception as failure:
                log.info("the sound server went away: %s", type(failure).__name__)
            finally:
                self._gone()
                pulse.close()

    def _gone(self) -> None:
        with self._storing:
            self._present = False
            self._unhear()

    def _unhear(self) -> None:
        self._heard = frozenset()
        self._output = None
        self._proven_ns = 0

    def _follow(self, pulse: Any) -> None:
        import pulsectl

        event = _Event()

        def look(_event: Any) -> None:
            event.happened = True
            raise pulsectl.PulseLoopStop

        pulse.event_mask_set("source", "source_output")
        pulse.event_callback_set(look)
        while not self._stopping.is_set():
            self._look(pulse)
            looked_ns, event.happened = self._clock.now_ns(), False
            while not event.happened and self._clock.now_ns() - looked_ns < LISTEN_S * NS_PER_S:
                if not self._prove(pulse):
                    break
                pulse.event_listen(PROVE_EVERY_S)

    def _look(self, pulse: Any) -> None:
        stream, asked_ns = self._stream, self._clock.now_ns()
        names = {source.index: source.name for source in pulse.source_list()}
        own = str(os.getpid())
        # An index that is in no list any more: a source just gone, so not the right one.
        mine = [one for one in pulse.source_output_list() if one.proplist.get("application.process.id") == own]
        heard = frozenset(names.get(output.source, "") for output in mine)
        with self._storing:
            self._present = self._source in names.values()
            if stream == self._stream:
                right = heard == {self._source}
                self._heard = heard
                self._output = mine[0].index if right else None
                self._source_index = mine[0].source if right else None
                self._proven_ns = asked_ns if right else 0
            self._answered_ns = self._clock.now_ns()

    def _prove(self, pulse: Any) -> bool:
        """Ask again, briefly, where the stream is known to be right; False where it is no longer."""
        import pulsectl

        stream, output, asked_ns = self._stream, self._output, self._clock.now_ns()
        if output is None:
            return True
        try:
            right = bool(pulse.source_output_info(output).source == self._source_index)
        except pulsectl.PulseIndexError:
            right = False
        with self._storing:
            if stream == self._stream:
                self._proven_ns = asked_ns if right else 0
                self._answered_ns = self._clock.now_ns()
        return right


class _Event:
    """Whether the server told of a change since the last look."""

    happened = False


class CardGuard:
    """A sound card without a sound server: a stream never moves, and the list is looked at anew while it is lost."""

    def __init__(self, microphone: Microphone, clock: Clock) -> None:
        self._id = microphone.id
        self._place = microphone.place
        self._clock = clock
        self._present = True

    def place(self) -> str:
        return self._place

    def is_present(self) -> bool:
        return self._present

    def proven_ns(self) -> int:
        return self._clock.now_ns()

    def hears_wrong(self) -> bool:
        return False

    def answered_ns(self) -> int:
        return self._clock.now_ns()

    def forget(self) -> None:
        """A stream never moves here."""

    def refresh(self) -> None:
        import sounddevice

        # PortAudio reads the list when it starts, so it is started anew: no stream is open now.
        sounddevice._terminate()
        sounddevice._initialize()
        microphones, _outputs = list_portaudio(*query())
        found = next((one for one in microphones if one.id == self._id), None)
        self._present = found is not None
        if found is not None:
            # A card that is plugged in again may have another number.
            self._place = found.place

    def stop(self) -> None:
        """Nothing runs."""


def choose(target: str) -> Microphone:
    """The microphone that `target` names, looked up now. Raises StoaError(NOT_FOUND, NOT_SUPPORTED)."""
    microphones = _list()
    found = find_microphone(microphones, target)
    if found is None:
        wanted = target or "default"
        raise not_there("microphone", wanted, [one.name for one in microphones if not one.is_monitor])
    return found


def guard_of(microphone: Microphone, clock: Clock) -> Guard:
    """The guard that fits where the microphone is."""
    if microphone.place.startswith("pulse:"):
        return SoundServerGuard(microphone.id, clock)
    return CardGuard(microphone, clock)


def _list() -> list[Microphone]:
    late = StoaError(
        ErrorKind.TIMEOUT,
        "The sound server does not answer: it hangs.",
        remedy="Restart it (systemctl --user restart pipewire-pulse, or pulseaudio -k).",
    )
    try:
        # Loading the library is not the server's slowness.
        import pulsectl  # noqa: F401

        return within(SERVER_LIMIT_S, _list_served, late)
    except (SoundServerError, ImportError, OSError):
        try:
            return list_portaudio(*query())[0]
        except NoPortAudio as cause:
            raise no_portaudio() from cause


def _list_served() -> list[Microphone]:
    pulse = connect("stoa microphone")
    try:
        return list_sources(pulse)
    finally:
        pulse.close()
