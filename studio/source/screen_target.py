"""What `screen:…` names: a whole screen, a region of the desktop, or one window."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from studio.device.inventory import Screen, Window, find
from studio.media import ErrorKind, StoaError

_REGION = re.compile(r"region:(?P<width>\d+)x(?P<height>\d+)\+(?P<x>\d+)\+(?P<y>\d+)")
LEAST_SIDE_PX = 16


@dataclass(frozen=True, slots=True)
class Place:
    """What is grabbed: a rectangle of the desktop (even sides), or a window by its number (then relative to it)."""

    x_px: int
    y_px: int
    width_px: int
    height_px: int
    name: str
    window: int = 0


@dataclass(frozen=True, slots=True)
class ScreenTarget:
    """`screen:ID`, `screen:primary`, `screen:region:WxH+X+Y`, `screen:window:ID` (or a title that only one has)."""

    screen: str = ""
    region: tuple[int, int, int, int] | None = None
    window: str = ""


def parse_target(text: str) -> ScreenTarget:
    """Raises StoaError(BAD_ARGUMENT)."""
    if text.startswith("window:"):
        return ScreenTarget(window=text.removeprefix("window:"))
    if not text.startswith("region:"):
        return ScreenTarget(screen="" if text in ("primary", "default") else text)
    match = _REGION.fullmatch(text)
    if match is None or min(int(match["width"]), int(match["height"])) < LEAST_SIDE_PX:
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            f"{text} is no region of the screen.",
            remedy="Write region:WIDTHxHEIGHT+X+Y in pixels, for example region:1280x720+0+0.",
            permanent=True,
        )
    return ScreenTarget(region=(int(match["x"]), int(match["y"]), int(match["width"]), int(match["height"])))


def place_of_screen(screens: Sequence[Screen], wanted: str) -> Place | None:
    """The place of a screen; "" means the primary one."""
    screen = find(screens, wanted) if wanted else next((one for one in screens if one.primary), None)
    if screen is None:
        return None
    return Place(screen.x_px, screen.y_px, _even(screen.width_px), _even(screen.height_px), f"the screen {screen.id}")


def place_of_region(screens: Sequence[Screen], region: tuple[int, int, int, int]) -> Place:
    """The place of a region. Raises StoaError(BAD_ARGUMENT) where it is not on the desktop."""
    x_px, y_px, width_px, height_px = region
    right = max((screen.x_px + screen.width_px for screen in screens), default=0)
    bottom = max((screen.y_px + screen.height_px for screen in screens), default=0)
    if x_px + width_px > right or y_px + height_px > bottom:
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            f"The region {width_px}x{height_px}+{x_px}+{y_px} is not on the desktop, which is {right}x{bottom}.",
            remedy="Choose a region inside it.",
            permanent=True,
        )
    return Place(x_px, y_px, _even(width_px), _even(height_px), f"the region {width_px}x{height_px}+{x_px}+{y_px}")


def find_window(windows: Sequence[Window], wanted: str) -> Window | None:
    """The window of this number, or the only one of this title."""
    for window in windows:
        if window.id == wanted.lower():
            return window
    titled = [window for window in windows if window.title == wanted]
    return titled[0] if len(titled) == 1 else None


def same_window(windows: Sequence[Window], before: Window) -> Window | None:
    """The window that was closed and opened again: the only one of the same program with the same title.

    Never a guess: another window of that program may hold what nobody should see.
    """
    alike = [one for one in windows if (one.application, one.title) == (before.application, before.title)]
    return alike[0] if len(alike) == 1 else None


def place_of_window(window: Window) -> Place:
    return Place(
        0, 0, _even(window.width_px), _even(window.height_px), f"the window {window.title}", int(window.id, 16)
    )


def _even(side_px: int) -> int:
    return max(2, side_px // 2 * 2)
