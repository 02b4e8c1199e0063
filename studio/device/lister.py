"""The process that looks at devices: `stoa --child devices`. One answer and it ends, or it stays and tells of changes.

A driver may hang while it is asked: every list is looked up by a thread of its own, and what has not answered within
the limit is told as such while the others are handed out.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from studio.device.cameras import list_cameras
from studio.device.changes import watch_changes
from studio.device.inventory import DeviceKind, Devices, Obstacle
from studio.device.messages import DevicesFound, EngineToLister, ListDevices, WatchDevices
from studio.device.screens import list_screens
from studio.device.sound import list_sound
from studio.media import NS_PER_S, StudioClock
from studio.process import ChildLink, ChildPipes

_LISTS: dict[str, tuple[Callable[[], tuple[Any, ...]], tuple[str, ...], str]] = {
    "cameras": (list_cameras, ("cameras",), "The cameras did not answer in time: a driver hangs."),
    "sound": (list_sound, ("microphones", "headphones"), "The sound system did not answer in time: it hangs."),
    "screens": (list_screens, ("screens", "windows"), "The display did not answer in time: it hangs."),
}
_REMEDIES = {
    "cameras": "Unplug the cameras and plug them in again, or restart the machine.",
    "sound": "Restart the sound server (systemctl --user restart pipewire-pulse, or pulseaudio -k).",
    "screens": "Check DISPLAY, or sign out and in again.",
}


def look_up(
    kinds: Iterable[DeviceKind] = (),
    limit_s: float = 4.0,
    lists: dict[str, tuple[Callable[[], tuple[Any, ...]], tuple[str, ...], str]] | None = None,
) -> Devices:
    """Everything that is here, or only the lists asked for; waits at most `limit_s`. Call it in a fresh process."""
    wanted = set(kinds) or set(DeviceKind)
    answers: dict[str, tuple[Any, ...]] = {}
    threads = {}
    chosen = {
        name: entry for name, entry in (lists or _LISTS).items() if wanted & {DeviceKind(field) for field in entry[1]}
    }
    for name, (ask, _fields, _words) in chosen.items():

        def answer(name: str = name, ask: Callable[[], tuple[Any, ...]] = ask) -> None:
            answers[name] = ask()

        threads[name] = threading.Thread(target=answer, name=name, daemon=True)
        threads[name].start()
    clock = StudioClock()
    end_ns = clock.now_ns() + int(limit_s * NS_PER_S)
    for thread in threads.values():
        thread.join(max(0, end_ns - clock.now_ns()) / NS_PER_S)
    fields: dict[str, list[Any]] = {}
    obstacles: list[Obstacle] = []
    for name, (_ask, names, words) in chosen.items():
        found = answers.get(name)
        if found is None:
            kind = DeviceKind(names[0])
            if threads[name].is_alive():
                obstacles.append(Obstacle(kind, words, _REMEDIES.get(name, "")))
            else:
                obstacles.append(Obstacle(kind, f"The {kind} could not be listed: the log says why."))
            continue
        fields.update(zip(names, found[:-1], strict=True))
        obstacles.extend(found[-1])
    return Devices(**fields, obstacles=obstacles)


def run(pipes: ChildPipes) -> None:
    """The child's life."""
    asked = threading.Event()
    requests: list[ListDevices | WatchDevices] = []

    def take(message: EngineToLister) -> None:
        requests.append(message)
        asked.set()

    link: ChildLink[EngineToLister] = ChildLink(pipes, EngineToLister, take, on_stop=asked.set)
    link.start()
    while not asked.wait(1.0):
        link.beat()
    if link.stopping.is_set() or not requests:
        return
    request = requests[0]
    if isinstance(request, WatchDevices):
        watch_changes(link)
        return
    link.beat(request.limit_s + 2.0)
    link.send(DevicesFound(look_up(request.kinds, request.limit_s)))
    # A thread that hangs in a driver would keep the interpreter from ending.
    logging.shutdown()
    os._exit(0)
