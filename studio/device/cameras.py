"""The cameras of this machine, each with an identity that outlives its place."""

from __future__ import annotations

import errno
import re
import sys
from pathlib import Path

from studio.device.inventory import Camera, DeviceKind, Obstacle
from studio.device.usb import UsbDevice, identify, usb_device_of
from studio.device.v4l2 import Ioctl, kernel_ioctl, read_camera

NO_CAMERA = Obstacle(DeviceKind.CAMERAS, "No camera is plugged in.", "Plug one in and look again.")
FORMATS = {"darwin": "avfoundation", "win32": "dshow"}


def list_cameras() -> tuple[list[Camera], list[Obstacle]]:
    """Looked up anew at each call. Never raises: what stands in the way is told beside the list."""
    if sys.platform == "linux":
        return list_v4l2()
    return _list_through_ffmpeg(FORMATS.get(sys.platform, ""))


def list_v4l2(
    dev: Path = Path("/dev"), sysfs: Path = Path("/sys/class/video4linux"), ioctl: Ioctl = kernel_ioctl
) -> tuple[list[Camera], list[Obstacle]]:
    """The capture nodes of Video4Linux."""
    found, owners, otherwise, obstacles = [], list[UsbDevice | None](), [], []
    for path in sorted(dev.glob("video[0-9]*"), key=lambda path: int(path.name[5:])):
        try:
            capability, modes = read_camera(str(path), ioctl)
        except OSError as cause:
            obstacle = _refusal(path, cause)
            if obstacle:
                obstacles.append(obstacle)
            continue
        if not capability.captures:
            continue
        node = sysfs / path.name
        # A camera may have several capture nodes (a second sensor): they are told apart by their index in it.
        index = _index(node)
        owners.append(usb_device_of(node / "device"))
        otherwise.append(capability.bus or f"{capability.driver}-{path.name}")
        found.append((path, capability.card or path.name, modes, index))
    first = [owner if index == 0 else None for owner, (_path, _card, _modes, index) in zip(owners, found, strict=True)]
    # Serial numbers are compared between cameras, not between the nodes of one.
    identities = identify(first, otherwise)
    for at, (owner, (_path, _card, _modes, index)) in enumerate(zip(owners, found, strict=True)):
        if owner is not None and index:
            base, words = next(
                (identities[k] for k, one in enumerate(first) if one is not None and one.port == owner.port),
                (owner.by_port, f"USB port {owner.port}"),
            )
            identities[at] = (f"{base}.{index}", f"{words}, node {index}")
    cards = [card for _path, card, _modes, _index in found]
    cameras = [
        Camera(identity, card if cards.count(card) == 1 else f"{card} ({words})", words, str(path), modes)
        for (path, card, modes, _), (identity, words) in zip(found, identities, strict=True)
    ]
    return cameras, obstacles or ([] if cameras else [NO_CAMERA])


def present(camera: Camera) -> bool:
    """Whether the camera is still plugged in (cheap: one look into /sys). True where that cannot be told."""
    if sys.platform != "linux":
        return True
    return Path(camera.place).exists() and Path("/sys/class/video4linux", Path(camera.place).name).exists()


def _index(node: Path) -> int:
    try:
        return int((node / "index").read_text())
    except (OSError, ValueError):
        return 0


def _refusal(path: Path, cause: OSError) -> Obstacle | None:
    if cause.errno in (errno.EACCES, errno.EPERM):
        return Obstacle(
            DeviceKind.CAMERAS,
            f"This user may not open the camera {path}.",
            "Add the user to the group video (sudo usermod -aG video $USER) and sign in again.",
        )
    if cause.errno == errno.EBUSY:
        return Obstacle(
            DeviceKind.CAMERAS, f"The camera {path} is in use by another program.", "Close that program and look again."
        )
    # It went away meanwhile, or is no camera at all.
    return None


def _list_through_ffmpeg(container_format: str) -> tuple[list[Camera], list[Obstacle]]:
    """macOS and Windows: what FFmpeg's device list tells, in the order of OpenCV's indexes."""
    import av

    try:
        every = av.enumerate_input_devices(container_format)
    except (ValueError, OSError) as cause:
        words = f"The cameras cannot be listed: {type(cause).__name__}."
        return [], [Obstacle(DeviceKind.CAMERAS, words, "Install Stoa's own PyAV build again (./dev run).")]
    cameras: list[Camera] = []
    for device in every:
        # avfoundation lists its screens among the cameras.
        if "video" not in device.media_types or re.match(r"Capture screen \d+$", device.description):
            continue
        unique = device.name if container_format == "dshow" else f"avf-{device.description}"
        words = f"device path {device.name}" if container_format == "dshow" else f"name {device.description}"
        cameras.append(Camera(unique, device.description, words, str(len(cameras))))
    return cameras, [] if cameras else [NO_CAMERA]
