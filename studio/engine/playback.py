"""One open output of sound: PortAudio asks for samples on a thread of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from studio.device.sound import list_sound
from studio.media import CHANNELS, SAMPLE_RATE_HZ, ErrorKind, StoaError


def open_headphones(identity: str, fill: Callable[[Any], None]) -> tuple[Any, str]:
    """An output stream (a context manager) on the headphones of this identity, "" being the system's own choice, and
    their name.

    `fill(out)` writes float32 of shape (count, 2). Call it in a process that has not used PortAudio yet. Raises
    StoaError: NOT_FOUND where they are not plugged in, BUSY where the sound system refuses.
    """
    _, outputs, obstacles = list_sound()
    chosen = next((item for item in outputs if item.id == identity), None)
    if chosen is None and identity:
        raise StoaError(
            ErrorKind.NOT_FOUND, "The headphones are not plugged in.", remedy="Plug them in, or choose others."
        )
    if chosen is None and not outputs:
        words = obstacles[0].words if obstacles else "There is nothing to listen with."
        raise StoaError(ErrorKind.NOT_FOUND, words, remedy=obstacles[0].remedy if obstacles else "")
    place = chosen.place if chosen else ""
    device: str | None = place or None
    if place.startswith("pulse:"):
        os.environ["PULSE_SINK"] = place.removeprefix("pulse:")
        device = "pulse"
    import sounddevice

    def callback(out: Any, frames: int, time: Any, status: Any) -> None:
        fill(out)

    try:
        stream = sounddevice.OutputStream(
            samplerate=SAMPLE_RATE_HZ,
            device=device,
            channels=CHANNELS,
            dtype="float32",
            blocksize=SAMPLE_RATE_HZ // 100,
            latency="low",
            callback=callback,
        )
    except (sounddevice.PortAudioError, ValueError) as cause:
        raise StoaError(
            ErrorKind.BUSY, f"The headphones cannot be opened: {cause}.", remedy="Close what else uses them."
        ) from cause
    return stream, chosen.name if chosen else "The system's choice"
