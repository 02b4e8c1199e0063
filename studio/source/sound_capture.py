"""One open sound device: PortAudio calls back on a thread of its own, the blocks wait in a queue with their stamps."""

from __future__ import annotations

import logging
import queue
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.media import NS_PER_MS, NS_PER_S, Clock, ErrorKind, StoaError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

OPEN_LIMIT_S = 5.0
CLOSE_LIMIT_S = 2.0
MOST_QUEUED = 400
"""Blocks of 10 ms; a process that stands still that long has lost its sound anyway."""
PERMANENT_AGE_NS = 500 * NS_PER_MS
DEVICE_UNAVAILABLE = -9985
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
        failures: list[Exception] = []

        def attempt() -> None:
            try:
                self._open()
            except Exception as failure:
                failures.append(failure)

        worker = threading.Thread(target=attempt, name="open microphone", daemon=True)
        worker.start()
        worker.join(OPEN_LIMIT_S)
        if worker.is_alive():
            raise StoaError(
                ErrorKind.TIMEOUT,
                f"The microphone {self._name} did not open within {OPEN_LIMIT_S:g} s: the sound system hangs.",
                remedy="Restart the sound server (systemctl --user restart pipewire-pulse, or pulseaudio -k).",
            )
        if failures:
            raise self._refusal(failures[0]) from failures[0]

    def get(self, limit_s: float) -> Captured | None:
        """The next block; None after `limit_s` without one."""
        try:
            return self._blocks.get(timeout=limit_s)
        except queue.Empty:
            return None

    def close(self) -> bool:
        """False where the sound system did not let go in time; the process is then of no more use."""
        stream, self._stream = self._stream, None
        if stream is None:
            return True
        worker = threading.Thread(target=stream.close, name="close microphone", daemon=True)
        worker.start()
        worker.join(CLOSE_LIMIT_S)
        return not worker.is_alive()

    # ------------------------------------------------------------ inside

    def _open(self) -> None:
        import sounddevice

        stream = sounddevice.InputStream(
            samplerate=self.rate_hz,
            device=device_index(sounddevice, self._device),
            channels=self.channels,
            dtype="float32",
            blocksize=max(1, self.rate_hz // 100),
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
        if not shortest_ns // 2 <= age_ns < PERMANENT_AGE_NS:
            # Some hosts leave the time of the first sample out.
            age_ns = shortest_ns
        try:
            self._blocks.put_nowait(Captured(samples.copy(), now_ns - age_ns, now_ns))
        except queue.Full:
            self.lost_blocks += 1

    def _refusal(self, failure: Exception) -> StoaError:
        if isinstance(failure, StoaError):
            return failure
        if isinstance(failure, OSError):
            return no_portaudio()
        code = failure.args[1] if len(failure.args) > 1 and isinstance(failure.args[1], int) else 0
        log.info("PortAudio refused: %s", failure)
        if code == DEVICE_UNAVAILABLE:
            return StoaError(
                ErrorKind.BUSY,
                f"The microphone {self._name} is in use by another program.",
                remedy="Close that program, or choose another microphone.",
            )
        return StoaError(
            ErrorKind.REFUSED,
            f"The microphone {self._name} could not be opened at {self.rate_hz} Hz.",
            remedy="Unplug it and plug it in again, or choose another microphone.",
        )


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
    for index, device in enumerate(sounddevice.query_devices()):
        if device["name"] == name and device["max_input_channels"] > 0:
            return index
    if name == "pulse":
        raise StoaError(
            ErrorKind.NOT_SUPPORTED,
            "The sound server answers, but ALSA does not know the way to it.",
            remedy="Install ALSA's plugins (Debian and Ubuntu: sudo apt-get install libasound2-plugins).",
            permanent=True,
        )
    raise StoaError(ErrorKind.NOT_FOUND, f"The sound device {name} is gone.")
