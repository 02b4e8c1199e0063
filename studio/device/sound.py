"""The microphones, system sounds and headphones of this machine."""

from __future__ import annotations

import sys

from studio.device.inventory import DeviceKind, Headphones, Microphone, Obstacle
from studio.device.portaudio import NoPortAudio, list_portaudio, query
from studio.device.sound_server import SoundServerError, connect, list_sinks, list_sources

NO_PORTAUDIO = Obstacle(
    DeviceKind.MICROPHONES,
    "The sound library PortAudio is not installed, so no microphone can be used.",
    "Install it (Debian and Ubuntu: sudo apt-get install libportaudio2 libasound2-plugins).",
)
NO_SOUND = Obstacle(
    DeviceKind.MICROPHONES,
    "There is no sound system: neither a sound server (PipeWire, PulseAudio) nor a sound card answers.",
    "Start the sound server (systemctl --user start pipewire-pulse, or pulseaudio --start), or plug in a sound card.",
)
NO_SYSTEM_SOUND = Obstacle(
    DeviceKind.MICROPHONES,
    "What the computer plays cannot be captured on macOS by itself.",
    "Install a loopback device such as BlackHole: it then appears as a microphone.",
)


def list_sound() -> tuple[list[Microphone], list[Headphones], list[Obstacle]]:
    """Looked up anew at each call of a fresh process. Never raises."""
    if sys.platform == "linux":
        served = _through_server()
        if served is not None:
            return served
    try:
        microphones, headphones = list_portaudio(*query())
    except NoPortAudio:
        return [], [], [NO_PORTAUDIO]
    if not microphones and not headphones:
        return [], [], [NO_SOUND]
    obstacles = [NO_SYSTEM_SOUND] if sys.platform == "darwin" else []
    if not microphones:
        obstacles.append(
            Obstacle(DeviceKind.MICROPHONES, "No microphone is plugged in.", "Plug one in and look again.")
        )
    return microphones, headphones, obstacles


def _through_server() -> tuple[list[Microphone], list[Headphones], list[Obstacle]] | None:
    try:
        pulse = connect("stoa device list")
    except (SoundServerError, ImportError, OSError):
        return None
    try:
        sources, sinks = list_sources(pulse), list_sinks(pulse)
    finally:
        pulse.close()
    obstacles = []
    try:
        devices, _apis = query()
        if not any(device["name"] == "pulse" for device in devices):
            obstacles.append(
                Obstacle(
                    DeviceKind.MICROPHONES,
                    "The sound server answers, but ALSA does not know the way to it.",
                    "Install ALSA's plugins (Debian and Ubuntu: sudo apt-get install libasound2-plugins).",
                )
            )
    except NoPortAudio:
        obstacles.append(NO_PORTAUDIO)
    if not any(not source.is_monitor for source in sources):
        obstacles.append(
            Obstacle(DeviceKind.MICROPHONES, "No microphone is plugged in.", "Plug one in and look again.")
        )
    return sources, sinks, obstacles
