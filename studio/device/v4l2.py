"""Video4Linux: what a /dev/video* node is and can give, asked with the ioctls of the kernel's videodev2.h.

Nothing is streamed: the questions may be asked while another program captures.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from studio.device.inventory import CameraMode
from studio.device.pixels import READABLE

# _IOR('V', 0, struct v4l2_capability) and _IOWR('V', n, …) for the enumerations.
QUERYCAP = 0x80685600
ENUM_FMT = 0xC0405602
ENUM_FRAMESIZES = 0xC02C564A
ENUM_FRAMEINTERVALS = 0xC034564B

_CAPABILITY = struct.Struct("=16s32s32sIII3I")
_FORMAT = struct.Struct("=III32sII3I")
_SIZE = struct.Struct("=III6I2I")
_INTERVAL = struct.Struct("=IIIII6I2I")

CAPTURE = 0x1
CAPTURE_PLANES = 0x1000
HAS_DEVICE_CAPABILITIES = 0x8000_0000
TYPE_CAPTURE = 1
TYPE_CAPTURE_PLANES = 9
DISCRETE = 1

USUAL_SIZES = (
    (320, 180), (320, 240), (640, 360), (640, 480), (800, 600), (960, 540), (1024, 576),
    (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160),
)  # fmt: skip
"""What is offered of a camera that takes any size between two limits."""

Ioctl = Callable[[int, int, bytearray], None]


def kernel_ioctl(descriptor: int, request: int, buffer: bytearray) -> None:
    """The real call; raises OSError."""
    fcntl.ioctl(descriptor, request, buffer, True)


@dataclass(frozen=True, slots=True)
class Capability:
    """What a node says of itself. `captures` is False for metadata, radio and output nodes."""

    driver: str
    card: str
    bus: str
    captures: bool
    buffer_type: int


def query(descriptor: int, ioctl: Ioctl = kernel_ioctl) -> Capability:
    """VIDIOC_QUERYCAP. Raises OSError where the node is no video device."""
    buffer = bytearray(_CAPABILITY.size)
    ioctl(descriptor, QUERYCAP, buffer)
    driver, card, bus, _version, capabilities, own, *_rest = _CAPABILITY.unpack(buffer)
    flags = own if capabilities & HAS_DEVICE_CAPABILITIES else capabilities
    planes = not flags & CAPTURE and bool(flags & CAPTURE_PLANES)
    return Capability(
        _text(driver),
        _text(card),
        _text(bus),
        bool(flags & (CAPTURE | CAPTURE_PLANES)),
        TYPE_CAPTURE_PLANES if planes else TYPE_CAPTURE,
    )


def modes(descriptor: int, buffer_type: int = TYPE_CAPTURE, ioctl: Ioctl = kernel_ioctl) -> list[CameraMode]:
    """Every size of every pixel format that can be read, with its highest rate, the largest first."""
    found: dict[tuple[int, int, str], float] = {}
    for pixels in _formats(descriptor, buffer_type, ioctl):
        name = struct.pack("=I", pixels).decode("latin-1").rstrip("\0 ")
        if name not in READABLE:
            continue
        for width, height in _sizes(descriptor, pixels, ioctl):
            key = (width, height, name)
            found[key] = max(found.get(key, 0.0), _highest_fps(descriptor, pixels, width, height, ioctl))
    every = [CameraMode(width, height, fps, pixels) for (width, height, pixels), fps in found.items()]
    return sorted(every, key=lambda mode: (-mode.width_px * mode.height_px, -mode.fps, mode.pixels))


def read_camera(path: str, ioctl: Ioctl = kernel_ioctl) -> tuple[Capability, list[CameraMode]]:
    """Open a node, ask, close. Raises OSError (EACCES, EBUSY, ENODEV …)."""
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        capability = query(descriptor, ioctl)
        return capability, modes(descriptor, capability.buffer_type, ioctl) if capability.captures else []
    finally:
        os.close(descriptor)


def _formats(descriptor: int, buffer_type: int, ioctl: Ioctl) -> Iterator[int]:
    for buffer in _each(descriptor, ENUM_FMT, _FORMAT.size, struct.pack("=II", 0, buffer_type), ioctl):
        yield _FORMAT.unpack(buffer)[4]


def _sizes(descriptor: int, pixels: int, ioctl: Ioctl) -> Iterator[tuple[int, int]]:
    for buffer in _each(descriptor, ENUM_FRAMESIZES, _SIZE.size, struct.pack("=II", 0, pixels), ioctl):
        _index, _pixels, kind, *numbers = _SIZE.unpack(buffer)
        if kind == DISCRETE:
            yield numbers[0], numbers[1]
            continue
        least_w, most_w, step_w, least_h, most_h, step_h = numbers[:6]
        for width, height in USUAL_SIZES:
            fits_w = least_w <= width <= most_w and not (width - least_w) % max(1, step_w)
            fits_h = least_h <= height <= most_h and not (height - least_h) % max(1, step_h)
            if fits_w and fits_h:
                yield width, height
        return


def _highest_fps(descriptor: int, pixels: int, width: int, height: int, ioctl: Ioctl) -> float:
    best = 0.0
    asked = struct.pack("=IIII", 0, pixels, width, height)
    for buffer in _each(descriptor, ENUM_FRAMEINTERVALS, _INTERVAL.size, asked, ioctl):
        # An interval, or (stepwise) the shortest of a range, in seconds as a fraction.
        numerator, denominator = _INTERVAL.unpack(buffer)[5:7]
        if numerator:
            best = max(best, round(denominator / numerator, 3))
    return best


def _each(descriptor: int, request: int, size: int, head: bytes, ioctl: Ioctl) -> Iterator[bytearray]:
    """Ask for index 0, 1, 2 … until the driver says that there is no such one."""
    for index in range(256):
        buffer = bytearray(size)
        buffer[: len(head)] = head
        struct.pack_into("=I", buffer, 0, index)
        try:
            ioctl(descriptor, request, buffer)
        except OSError as refusal:
            if refusal.errno in (errno.EINVAL, errno.ENOTTY, errno.ENODATA):
                return
            raise
        yield buffer


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", errors="replace").strip()
