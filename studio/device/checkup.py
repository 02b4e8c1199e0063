"""What `stoa doctor` looks at: each row says what, whether it is well, and what to do where it is not."""

from __future__ import annotations

import ctypes.util
import importlib.metadata
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from studio.device.enumeration import enumerate_all
from studio.device.inventory import DeviceKind, Devices, Obstacle
from studio.media import StoaError

LEAST_DISK_BYTES = 2_000_000_000
LEAST_SHARED_BYTES = 128_000_000
LEAST_AV = (19, 0)


class Check(msgspec.Struct, frozen=True):
    """One row. `needed` is False for what only some shows need: without it Stoa still broadcasts."""

    what: str
    ok: bool
    words: str
    remedy: str = ""
    needed: bool = True


def check_machine(writes_to: Path, devices: Devices | None = None) -> list[Check]:
    """All rows but the encoders'. `writes_to` is where recordings go. Starts one process; takes 1 to 12 s."""
    if devices is None:
        try:
            devices = enumerate_all()
        except StoaError as error:
            every = [Obstacle(kind, error.message, error.remedy) for kind in DeviceKind]
            devices = Devices(obstacles=every)
    checks = [check_python(), check_pyav(), *check_devices(devices)]
    return [
        *checks,
        check_libsrt(),
        check_keyring(),
        check_home(writes_to),
        check_disk(writes_to),
        check_shared_memory(),
    ]


def check_python(version: tuple[int, int] = sys.version_info[:2]) -> Check:
    words = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    return Check(
        "Python", version >= (3, 12), words, "" if version >= (3, 12) else "Use Python 3.12 or 3.13 (./dev run)."
    )


def check_pyav(version: Callable[[str], str] = importlib.metadata.version) -> Check:
    """PyAV, by its version alone: an import costs a quarter of a second."""
    remedy = "Install the locked libraries again (./dev run)."
    try:
        found = version("av")
    except importlib.metadata.PackageNotFoundError:
        return Check("PyAV", False, "PyAV is not installed.", remedy)
    numbers = tuple(int(part) for part in found.split(".")[:2] if part.isdigit())
    return Check("PyAV", numbers >= LEAST_AV, f"PyAV {found}", "" if numbers >= LEAST_AV else remedy)


def check_devices(devices: Devices) -> list[Check]:
    """Sound system, cameras and display, as they were found."""
    microphones = [one.name for one in devices.microphones if not one.is_monitor]
    return [
        _row("Sound system", devices.obstacle(DeviceKind.MICROPHONES), microphones, "microphone"),
        _row("Cameras", devices.obstacle(DeviceKind.CAMERAS), [one.name for one in devices.cameras], "camera"),
        _row("Display", devices.obstacle(DeviceKind.SCREENS), [one.name for one in devices.screens], "screen"),
    ]


def _row(what: str, obstacle: Obstacle | None, names: list[str], noun: str) -> Check:
    if obstacle is not None and not names:
        return Check(what, False, obstacle.words, obstacle.remedy, needed=False)
    words = f"{len(names)} {noun}{'' if len(names) == 1 else 's'}: {'; '.join(names)}" if names else f"no {noun}"
    if obstacle is not None:
        words = f"{words}. {obstacle.words}"
    return Check(what, bool(names), words, obstacle.remedy if obstacle else "", needed=False)


def check_libsrt(find: Callable[[str], str | None] = ctypes.util.find_library) -> Check:
    """libsrt, which SRT destinations load."""
    found = next((name for name in ("srt-openssl", "srt-gnutls", "srt") if find(name)), None)
    bundled = getattr(sys, "frozen", False)
    if found or bundled:
        return Check("libsrt", True, f"{found or 'bundled'}: SRT destinations work", needed=False)
    remedy = {
        "linux": "Debian and Ubuntu: sudo apt-get install libsrt1.5-openssl.",
        "darwin": "brew install srt.",
    }.get(sys.platform, "Install libsrt and put its folder on the PATH.")
    return Check("libsrt", False, "libsrt is not installed: SRT destinations do not work.", remedy, needed=False)


def check_keyring() -> Check:
    """Whether stream keys can be kept. Nothing is read from it, so no one is asked for a password."""
    remedy = "Install and unlock a keyring (GNOME Keyring, KWallet): until then keys are asked for at each start."
    try:
        import keyring

        backend = keyring.get_keyring()
    except Exception as fault:
        words = f"The keyring does not answer ({type(fault).__name__})."
        return Check("Keyring", False, words, remedy, needed=False)
    name = f"{type(backend).__module__}.{type(backend).__name__}"
    if backend.priority <= 0 or ".fail" in name or ".null" in name:
        return Check("Keyring", False, "There is no system keyring: stream keys cannot be kept.", remedy, needed=False)
    return Check("Keyring", True, f"keys are kept by {getattr(backend, 'name', name)}", needed=False)


def check_home(folder: Path) -> Check:
    """Whether Stoa's folder can be written, or made. A file without a name is written there and is gone again."""
    there = _nearest(folder)
    remedy = "Change its permissions, or set STOA_HOME to another folder."
    if not there.is_dir():
        return Check("Folder", False, f"{there} is a file, not a folder.", "Set STOA_HOME to a folder.")
    try:
        with tempfile.TemporaryFile(dir=there) as probe:
            probe.write(b"Stoa")
    except OSError as fault:
        return Check("Folder", False, f"{there} cannot be written ({fault.strerror}).", remedy)
    return Check("Folder", True, f"{folder} can be {'written' if there == folder else 'made'}")


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next((place for place in (folder, *folder.parents) if place.exists()), Path("/"))


def check_disk(folder: Path) -> Check:
    """Space where recordings go."""
    there = _nearest(folder)
    if not os.access(there, os.W_OK):
        return Check("Disk", False, f"{there} cannot be written.", "Choose another folder, or give yourself the right.")
    free = shutil.disk_usage(there).free
    words = f"{free / 1e9:.1f} GB free in {there}, about {free / (2_700_000 / 8) / 3600:.0f} h at 2700 kb/s"
    ok = free >= LEAST_DISK_BYTES
    return Check("Disk", ok, words, "" if ok else "Free some space, or record to another disk.")


def check_shared_memory(folder: Path = Path("/dev/shm")) -> Check:
    """Memory for pictures between processes."""
    if sys.platform != "linux":
        return Check("Shared memory", True, "kept by the system")
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return Check(
            "Shared memory", False, f"{folder} is not there or cannot be written.", "Mount a tmpfs there (man 5 tmpfs)."
        )
    free = shutil.disk_usage(folder).free
    ok = free >= LEAST_SHARED_BYTES
    remedy = "" if ok else "Make it larger: sudo mount -o remount,size=1G /dev/shm (in a container: --shm-size=1g)."
    return Check("Shared memory", ok, f"{free / 1e6:.0f} MB free in {folder}", remedy)
