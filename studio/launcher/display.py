"""Is there a screen that a window can be opened on? Asked before anything starts."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from studio.media.errors import ErrorKind, StoaError

CONNECT_LIMIT_S = 2.0
SCREENLESS = ("offscreen", "minimal", "vnc")


def check_display(environment: Mapping[str, str] = os.environ) -> None:
    """Raises StoaError(NOT_SUPPORTED) where no window can be opened. Only on Linux may there be no desktop."""
    if sys.platform != "linux" or environment.get("QT_QPA_PLATFORM", "") in SCREENLESS:
        return
    wayland, display = environment.get("WAYLAND_DISPLAY", ""), environment.get("DISPLAY", "")
    if wayland and _answers(Path(environment.get("XDG_RUNTIME_DIR", "/run")) / wayland):
        return
    if not wayland and not display:
        raise _no_window("There is no display to open the window on.")
    if not _x_answers(display):
        raise _no_window(f"The display {display or wayland} does not answer.")


def _x_answers(display: str) -> bool:
    match = re.fullmatch(r"(?P<host>[^:]*):(?P<number>\d+)(\.\d+)?", display)
    if match is None:
        return False
    host, number = match["host"], int(match["number"])
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{number}"
        return _answers(Path(path)) or _answers(f"\0{path}")
    try:
        with socket.create_connection((host, 6000 + number), CONNECT_LIMIT_S):
            return True
    except OSError:
        return False


def _answers(path: Path | str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(CONNECT_LIMIT_S)
        try:
            caller.connect(str(path))
        except OSError:
            return False
    return True


def _no_window(words: str) -> StoaError:
    return StoaError(ErrorKind.NOT_SUPPORTED, words, remedy="Start a desktop first, or use stoa live.", permanent=True)
