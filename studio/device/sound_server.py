"""The sound server of Linux (PulseAudio, or PipeWire that answers as one), asked with pulsectl."""

from __future__ import annotations

from typing import Any

from studio.device.inventory import Headphones, Microphone


def connect(name: str) -> Any:
    """A connected pulsectl.Pulse; close it. Raises SoundServerError where there is no server. Never starts one.

    A frozen server blocks it: call it on a thread that may wait. (pulsectl's own limit is no limit but a wait: it
    returns at its end only.)
    """
    import pulsectl

    pulse = pulsectl.Pulse(name, connect=False)
    try:
        pulse.connect(autospawn=False)
    except pulsectl.PulseError as cause:
        pulse.close()
        raise SoundServerError(str(cause)) from cause
    return pulse


class SoundServerError(Exception):
    """No sound server answers, or it went away."""


def list_sources(pulse: Any) -> list[Microphone]:
    """Microphones and monitors, the default first."""
    default = pulse.server_info().default_source_name
    every = [microphone_of(source, default) for source in pulse.source_list()]
    return sorted(every, key=lambda microphone: (microphone.is_monitor, not microphone.default, microphone.name))


def microphone_of(source: Any, default: str) -> Microphone:
    """A PulseSourceInfo as our word."""
    monitor = source.proplist.get("device.class") == "monitor" or source.monitor_of_sink != 0xFFFF_FFFF
    serial = source.proplist.get("device.serial", "")
    place = source.proplist.get("device.bus_path", "")
    identity = f"serial number {serial}" if serial else f"port {place}" if place else f"sound server name {source.name}"
    return Microphone(
        id=source.name,
        name=source.description or source.name,
        identity=identity,
        place=f"pulse:{source.name}",
        channels=source.channel_count,
        rate_hz=rate_hz_of(source),
        is_monitor=monitor,
        default=source.name == default,
    )


def rate_hz_of(source: Any) -> int:
    """The device's own sample rate; 48000 where it does not say.

    pulsectl keeps a view of the library's memory here, so the number is believed only where it can be a rate.
    """
    rate = int(getattr(source.sample_spec, "rate", 0)) if source.sample_spec else 0
    return rate if 8_000 <= rate <= 192_000 else 48_000


def list_sinks(pulse: Any) -> list[Headphones]:
    """Where sound can be played."""
    default = pulse.server_info().default_sink_name
    return [
        Headphones(sink.name, sink.description or sink.name, f"pulse:{sink.name}", sink.name == default)
        for sink in pulse.sink_list()
    ]
