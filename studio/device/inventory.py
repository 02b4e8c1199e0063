"""What can be plugged in, as typed words: cameras and their modes, microphones, headphones, screens, windows."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Protocol

import msgspec

from studio.media import ErrorKind, StoaError


class DeviceKind(StrEnum):
    """One list of the inventory."""

    CAMERAS = "cameras"
    MICROPHONES = "microphones"
    HEADPHONES = "headphones"
    SCREENS = "screens"
    WINDOWS = "windows"


_SAME_SYSTEM = {DeviceKind.WINDOWS: DeviceKind.SCREENS, DeviceKind.HEADPHONES: DeviceKind.MICROPHONES}


class CameraMode(msgspec.Struct, frozen=True):
    """One size that a camera gives, with its highest rate. `pixels` is what it sends: "MJPG", "YUYV", "NV12" …"""

    width_px: int
    height_px: int
    fps: float
    pixels: str

    @property
    def words(self) -> str:
        return f"{self.width_px}x{self.height_px} at {self.fps:g} fps, {self.pixels}"


class Camera(msgspec.Struct, frozen=True):
    """A camera. `id` stays the same when it is unplugged and plugged in, `identity` tells a person what it follows.

    `place` is where the system has it now (`/dev/video0`, an index): it may be another's tomorrow.
    """

    id: str
    name: str
    identity: str
    place: str
    modes: list[CameraMode] = []


class Microphone(msgspec.Struct, frozen=True):
    """What yields sound. With `is_monitor` it is what the computer plays (system sound), not a microphone.

    `place` tells PortAudio what to open: a source of the sound server ("pulse:NAME"), or a PortAudio device.
    """

    id: str
    name: str
    identity: str
    place: str
    channels: int
    rate_hz: int
    is_monitor: bool = False
    default: bool = False


class Headphones(msgspec.Struct, frozen=True):
    """Where the program can be listened to."""

    id: str
    name: str
    place: str
    default: bool = False


class Screen(msgspec.Struct, frozen=True):
    """A whole screen: its place on the desktop, in pixels."""

    id: str
    name: str
    x_px: int
    y_px: int
    width_px: int
    height_px: int
    primary: bool = False


class Window(msgspec.Struct, frozen=True):
    """A window of another program. `application` is its program's own name for itself."""

    id: str
    title: str
    application: str
    x_px: int
    y_px: int
    width_px: int
    height_px: int


class Obstacle(msgspec.Struct, frozen=True):
    """Why one list is empty or short, and what the person can do."""

    about: DeviceKind
    words: str
    remedy: str = ""


class Devices(msgspec.Struct, frozen=True):
    """Everything that is here at this moment. The answer of `stoa devices --json`."""

    cameras: list[Camera] = []
    microphones: list[Microphone] = []
    headphones: list[Headphones] = []
    screens: list[Screen] = []
    windows: list[Window] = []
    obstacles: list[Obstacle] = []

    @property
    def system_sounds(self) -> list[Microphone]:
        """What the computer plays, as sources."""
        return [microphone for microphone in self.microphones if microphone.is_monitor]

    def obstacle(self, about: DeviceKind) -> Obstacle | None:
        """Why this list is empty or short; None where nothing stood in the way."""
        # Windows need the display that screens need, headphones the sound system of the microphones.
        for kind in (about, _SAME_SYSTEM.get(about)):
            for obstacle in self.obstacles:
                if obstacle.about is kind:
                    return obstacle
        return None


def devices_schema() -> dict[str, Any]:
    """The JSON schema of `stoa devices --json`."""
    return msgspec.json.schema(Devices)


class _Identified(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


def find[Device: _Identified](devices: Sequence[Device], wanted: str) -> Device | None:
    """The device of this identity, or the only one of this name. Never one by its position."""
    for device in devices:
        if device.id == wanted:
            return device
    named = [device for device in devices if device.name == wanted]
    return named[0] if len(named) == 1 else None


def find_camera(cameras: Sequence[Camera], wanted: str) -> Camera | None:
    """The camera of this identity, this only name, or (what a person typed) at this place now."""
    return find(cameras, wanted) or next((camera for camera in cameras if camera.place == wanted), None)


def find_microphone(microphones: Sequence[Microphone], wanted: str) -> Microphone | None:
    """The microphone of this identity or only name; "" and "default" mean the system's own choice."""
    if wanted in ("", "default"):
        return next((microphone for microphone in microphones if microphone.default), None)
    return find(microphones, wanted)


def not_there(what: str, wanted: str, names: Sequence[str]) -> StoaError:
    """The error for a device that is not plugged in; `names` are those that are."""
    if wanted not in ("", "default"):
        words = f"There is no {what} {wanted}."
    else:
        words = f"The system prefers no {what}." if names else f"This computer has no {what}."
    return StoaError(
        ErrorKind.NOT_FOUND,
        words,
        remedy=f"Plug it in, or choose another: stoa devices lists what is here now ({', '.join(names)})."
        if names
        else "Plug one in; stoa devices lists what is here now, and why the rest is not.",
    )
