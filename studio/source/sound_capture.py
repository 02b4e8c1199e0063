"""One open sound device: PortAudio calls back on a thread of its own, the blocks wait in a queue with their stamps."""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.media import NS_PER_MS, NS_PER_S, Clock, ErrorKind, StoaError
from studio.source.attempt import ends_within, within

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

OPEN_LIMIT_S = 5.0
CLOSE_LIMIT_S = 2.0
MOST_QUEUED = 400
"""Blocks of 10 ms; a process that stands still that long has lost its sound anyway."""
OLDEST_NS = 500 * NS_PER_MS
DEVICE_UNAVAILABLE = -9985
WRONG_RATE, WRONG_CHANNELS = -9997, -9998
USUAL_RATES_HZ = (48_000, 44_100, 32_000, 16_000, 8_000)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Captured:
    """Samples of shape (count, channels); `stamp_ns` is when the first was in the air, `arrival_ns` when they came."""

    samples: npt.NDArray[np.float32]
    stamp_ns: int
    arrival_ns: int


class SoundCapture:
    """An open input stream. `open` and `close` give up after a limit: a frozen sound server answers neither."""

    def __init__(self, device: str, name: str, channels: int, rate_hz: int, clock: Clock) -> None:
        """`device` is PortAudio's name for it, `name` a person's."""
        self._device = device
        self._name = name
        self.channels = channels
        self.rate_hz = rate_hz
        self._clock = clock
        self._blocks: queue.Queue[Captured] = queue.Queue(MOST_QUEUED)
        self._stream: Any = None
        self._finished = threading.Event()
        self.lost_blocks = 0

    @property
    def finished(self) -> bool:
        """PortAudio has given the stream up."""
        return self._finished.is_set()

    def open(self) -> None:
        """Raises StoaError: BUSY, NOT_FOUND, TIMEOUT."""
        late = StoaError(
            ErrorKind.TIMEOUT,
            f"The microphone {self._name} did not open within {OPEN_LIMIT_S:g} s: the sound system hangs.",
            remedy="Restart the sound server (systemctl --user restart pipewire-pulse, or pulseaudio -k).",
        )
        try:
            within(OPEN_LIMIT_S, self._open, late)
        except StoaError:
            raise
        except Exception as failure:
            raise self._refusal(failure) from failure

    def get(self, limit_s: float) -> Captured | None:
        """The next block; None after `limit_s` without one."""
        try:
            return self._blocks.get(timeout=limit_s)
        except queue.Empty:
            return None

    def close(self) -> bool:
        """False where the sound system did not let go in time; the process is then of no more use."""
        stream, self._stream = self._stream, None
        return stream is None or ends_within(CLOSE_LIMIT_S, stream.close)

    # ------------------------------------------------------------ inside

    def _open(self) -> None:
        import sounddevice

        index = device_index(sounddevice, self._device)
        every = int(sounddevice.query_devices(index)["max_input_channels"])
        # A card without a sound server takes its own rates and channels only.
        # PortAudio says 44100 of every one of them, so the studio's own rate is tried first.
        first = USUAL_RATES_HZ[0] if "(hw:" in self._device else self.rate_hz
        rates = dict.fromkeys((first, self.rate_hz, *USUAL_RATES_HZ))
        counts = dict.fromkeys((self.channels, min(2, every), 1, every))
        refusal: Exception | None = None
        for count in counts:
            for rate_hz in rates:
                try:
                    self._open_at(sounddevice, index, count, rate_hz)
                    return
                except sounddevice.PortAudioError as failure:
                    refusal = failure
                    code = _code(failure)
                    if code == WRONG_CHANNELS:
                        break
                    if code != WRONG_RATE:
                        raise
        assert refusal is not None
        raise refusal

    def _open_at(self, sounddevice: Any, index: int, count: int, rate_hz: int) -> None:
        self.channels, self.rate_hz = min(2, count), rate_hz
        stream = sounddevice.InputStream(
            samplerate=rate_hz,
            device=index,
            channels=count,
            dtype="float32",
            blocksize=max(1, rate_hz // 100),
            latency="low",
            callback=self._take,
            finished_callback=self._finished.set,
        )
        stream.start()
        self._stream = stream

    def _take(self, samples: npt.NDArray[np.float32], count: int, time: Any, status: Any) -> None:
        """PortAudio's thread."""
        now_ns = self._clock.now_ns()
        age_ns = int((time.currentTime - time.inputBufferAdcTime) * NS_PER_S)
        shortest_ns = count * NS_PER_S // self.rate_hz
        if not shortest_ns // 2 <= age_ns < OLDEST_NS:
            # Some hosts leave the time of the first sample out.
            age_ns = shortest_ns
        try:
            self._blocks.put_nowait(Captured(samples[:, :2].copy(), now_ns - age_ns, now_ns))
        except queue.Full:
            self.lost_blocks += 1

    def _refusal(self, failure: Exception) -> StoaError:
        if isinstance(failure, OSError):
            return no_portaudio()
        code = _code(failure)
        log.info("PortAudio refused: %s", failure)
        if code == DEVICE_UNAVAILABLE:
            return in_use(self._name)
        return StoaError(
            ErrorKind.REFUSED,
            f"The microphone {self._name} could not be opened at {self.rate_hz} Hz.",
            remedy="Unplug it and plug it in again, or choose another microphone.",
        )


def _code(failure: Exception) -> int:
    """PortAudio's number of a refusal."""
    return failure.args[1] if len(failure.args) > 1 and isinstance(failure.args[1], int) else 0


def no_portaudio() -> StoaError:
    """PortAudio is not installed."""
    return StoaError(
        ErrorKind.NOT_SUPPORTED,
        "The sound library PortAudio is not installed, so no microphone can be used.",
        remedy="Install it (Debian and Ubuntu: sudo apt-get install libportaudio2 libasound2-plugins).",
        permanent=True,
    )


def device_index(sounddevice: Any, name: str) -> int:
    """PortAudio's index of the device of this name, in this process's own list."""
    # An ALSA card is meant by its hardware number, whatever PortAudio calls it.
    hardware = name[name.rfind("(hw:") :] if "(hw:" in name else name
    for index, device in enumerate(sounddevice.query_devices()):
        if device["name"].endswith(hardware) and device["max_input_channels"] > 0:
            return index
    if name == "pulse":
        raise StoaError(
            ErrorKind.NOT_SUPPORTED,
            "The sound server answers, but ALSA does not know the way to it.",
            remedy="Install ALSA's plugins (Debian and Ubuntu: sudo apt-get install libasound2-plugins).",
            permanent=True,
        )
    # It is in the system's list, and PortAudio leaves out what it cannot open.
    raise in_use(name.partition(" (hw:")[0])


def in_use(name: str) -> StoaError:
    """Another program has it."""
    return StoaError(
        ErrorKind.BUSY,
        f"The microphone {name} is in use by another program.",
        remedy="Close that program, or choose another microphone.",
    )
