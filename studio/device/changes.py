"""Notice that something was plugged in or out, without holding a device or looking at it.

Cameras and sound cards: the kernel's lists under /sys, looked at four times a second (one directory read each); the
sound server: its own events; screens: RandR's list once in two seconds. On macOS and Windows there is no cheap list:
the whole inventory is then asked for when a person opens a picker, and a lost device is found by its source.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from studio.device.inventory import DeviceKind
from studio.device.messages import DevicesChanged, EngineToLister
from studio.process import ChildLink

EVERY_S = 0.25
SCREENS_EVERY = 8
log = logging.getLogger(__name__)


class Snapshot:
    """What the kernel lists at this moment; `changed` compares with the look before."""

    def __init__(self, sysfs: Path = Path("/sys/class")) -> None:
        self._folders = {DeviceKind.CAMERAS: sysfs / "video4linux", DeviceKind.MICROPHONES: sysfs / "sound"}
        self._seen = self._look()

    def changed(self) -> list[DeviceKind]:
        """The lists that are not what they were at the last call."""
        now = self._look()
        kinds = [kind for kind in now if now[kind] != self._seen[kind]]
        self._seen = now
        return kinds

    def _look(self) -> dict[DeviceKind, frozenset[tuple[str, int]]]:
        return {kind: _entries(folder) for kind, folder in self._folders.items()}


def _entries(folder: Path) -> frozenset[tuple[str, int]]:
    """Names and inodes: what is pulled out and plugged in again between two looks has its old name and a new inode."""
    found = set()
    try:
        for entry in folder.iterdir():
            found.add((entry.name, entry.lstat().st_ino))
    except OSError:
        # It went away while it was read: the next look is complete.
        return frozenset(found)
    return frozenset(found)


def watch_changes(link: ChildLink[EngineToLister]) -> None:
    """Tell of changes until the owner says End."""
    snapshot = Snapshot()

    def tell(kinds: list[DeviceKind]) -> None:
        link.send(DevicesChanged(kinds))

    if sys.platform == "linux":
        for target in (_watch_sound_server, _watch_screens):
            threading.Thread(target=target, args=(tell, link.stopping), name=target.__name__, daemon=True).start()
    while not link.stopping.wait(EVERY_S):
        link.beat()
        kinds = snapshot.changed()
        if kinds:
            tell(kinds)


def _watch_sound_server(tell: Callable[[list[DeviceKind]], None], stopping: threading.Event) -> None:
    """Sources and sinks that come and go; the server too. A frozen server blocks this thread only."""
    import pulsectl

    from studio.device.sound_server import SoundServerError, connect

    there = False
    while not stopping.is_set():
        try:
            pulse = connect("stoa device watch")
        except SoundServerError:
            if there:
                there = False
                tell([DeviceKind.MICROPHONES, DeviceKind.HEADPHONES])
            stopping.wait(1.0)
            continue
        if not there:
            there = True
            tell([DeviceKind.MICROPHONES, DeviceKind.HEADPHONES])
        kinds: set[DeviceKind] = set()

        def note(event: pulsectl.PulseEventInfo, kinds: set[DeviceKind] = kinds) -> None:
            if event.t in ("new", "remove") or event.facility == "server":
                kinds.add(DeviceKind.HEADPHONES if event.facility == "sink" else DeviceKind.MICROPHONES)

        try:
            pulse.event_mask_set("source", "sink", "server")
            pulse.event_callback_set(note)
            while not stopping.is_set():
                pulse.event_listen(EVERY_S)
                if kinds:
                    tell(sorted(kinds))
                    kinds.clear()
        except (pulsectl.PulseError, pulsectl.PulseDisconnected):
            log.info("the sound server went away")
        finally:
            pulse.close()


def _watch_screens(tell: Callable[[list[DeviceKind]], None], stopping: threading.Event) -> None:
    from studio.device import x11

    try:
        display = x11.open_display()
    except x11.NoDisplay:
        return
    seen = x11.list_screens(display)
    while not stopping.wait(EVERY_S * SCREENS_EVERY):
        try:
            now = x11.list_screens(display)
        except Exception:
            # The X server is gone, with every screen.
            log.info("the display went away")
            tell([DeviceKind.SCREENS])
            return
        if now != seen:
            seen = now
            tell([DeviceKind.SCREENS])
