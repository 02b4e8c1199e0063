"""The kinds of children, and where the code of each begins: `stoa --child KIND` calls `function(link)`.

The module is imported in the child only, so that a child loads what it needs and nothing else.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

ENTRY_POINTS = {
    "engine": "studio.engine.main:run",
    "testcard": "studio.source.testcard:run",
    "clip": "studio.source.clip:run",
    "image": "studio.source.image:run",
    "camera": "studio.source.camera:run",
    "microphone": "studio.source.microphone:run",
    "screen": "studio.source.screen:run",
    "netcamera": "studio.source.netcamera:run",
    "devices": "studio.device.lister:run",
    "rtmp": "studio.destination.rtmp:run",
    "srt": "studio.destination.srt:run",
    "whip": "studio.destination.whip:run",
    "recorder": "studio.recording.recorder:run",
    "probe": "studio.engine.probe:run",
    "monitor_out": "studio.engine.headphones:run",
    "server": "studio.server.standing:run",
    "people": "studio.server.people:run",
    "router": "studio.server.router.main:run",
    "window": "ui.main:run",
}

NOT_ON_AIR = frozenset({"devices", "probe", "server", "people", "window"})
"""Kinds that the programme does not wait for; all others run before a busy machine's other work."""


def entry_point(kind: str) -> Callable[[Any], None]:
    """The function that is the child of this kind: takes the unconnected `ChildPipes`, returns when it has ended."""
    module, function = ENTRY_POINTS[kind].split(":")
    found: Callable[[Any], None] = getattr(importlib.import_module(module), function)
    return found
