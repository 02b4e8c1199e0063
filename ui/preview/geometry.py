"""Boxes in the program's frame: which one is under the mouse, moving, resizing, snapping. Plain numbers, no Qt.

All coordinates are fractions of the frame, as in `studio.control.api.Placement`; distances of the hand (how near is
near) come in as fractions too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum

SMALLEST = 0.03


@dataclass(frozen=True, slots=True)
class Box:
    """Left, top, width, height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    def holds(self, x: float, y: float) -> bool:
        return self.x <= x <= self.right and self.y <= y <= self.bottom


class Handle(Enum):
    """Where a box is taken: -1 left or top, 0 not, 1 right or bottom. CENTRE moves it whole."""

    TOP_LEFT = (-1, -1)
    TOP = (0, -1)
    TOP_RIGHT = (1, -1)
    RIGHT = (1, 0)
    BOTTOM_RIGHT = (1, 1)
    BOTTOM = (0, 1)
    BOTTOM_LEFT = (-1, 1)
    LEFT = (-1, 0)
    CENTRE = (0, 0)

    @property
    def is_corner(self) -> bool:
        return 0 not in self.value

    def point(self, box: Box) -> tuple[float, float]:
        """Where this handle of `box` is."""
        across, down = self.value
        return box.x + box.width * (across + 1) / 2, box.y + box.height * (down + 1) / 2


@dataclass(frozen=True, slots=True)
class Snapped:
    """A box after snapping, and the lines it lies on now (to be drawn as guides)."""

    box: Box
    vertical: tuple[float, ...] = ()
    horizontal: tuple[float, ...] = ()


def handle_at(box: Box, x: float, y: float, near_x: float, near_y: float) -> Handle | None:
    """The handle of `box` within reach of a point: its eight handles first, then the box itself."""
    for handle in Handle:
        if handle is Handle.CENTRE:
            continue
        at_x, at_y = handle.point(box)
        if abs(at_x - x) <= near_x and abs(at_y - y) <= near_y:
            return handle
    return Handle.CENTRE if box.holds(x, y) else None


def drag(box: Box, handle: Handle, by_x: float, by_y: float, *, keep_shape: bool) -> Box:
    """`box` with `handle` moved by this much. A corner keeps the shape if asked; nothing gets smaller than SMALLEST."""
    across, down = handle.value
    if handle is Handle.CENTRE:
        return replace(box, x=box.x + by_x, y=box.y + by_y)
    width = max(SMALLEST, box.width + across * by_x)
    height = max(SMALLEST, box.height + down * by_y)
    if keep_shape and handle.is_corner:
        factor = max(width / box.width, height / box.height)
        factor = max(factor, SMALLEST / min(box.width, box.height))
        width, height = box.width * factor, box.height * factor
    x = box.right - width if across < 0 else box.x
    y = box.bottom - height if down < 0 else box.y
    return Box(x, y, width, height)


def snap(box: Box, handle: Handle, others: Sequence[Box], near_x: float, near_y: float, *, keep_shape: bool) -> Snapped:
    """Pull the moved edges of `box` onto the frame's edges and middle, and onto the edges of `others`."""
    lines_x = (0.0, 0.5, 1.0, *(line for other in others for line in (other.x, other.right)))
    lines_y = (0.0, 0.5, 1.0, *(line for other in others for line in (other.y, other.bottom)))
    across, down = handle.value
    if handle is Handle.CENTRE:
        pull_x = _pull((box.x, box.x + box.width / 2, box.right), lines_x, near_x)
        pull_y = _pull((box.y, box.y + box.height / 2, box.bottom), lines_y, near_y)
        moved = replace(box, x=box.x + (pull_x or 0.0), y=box.y + (pull_y or 0.0))
    else:
        pull_x = _pull((box.x if across < 0 else box.right,), lines_x, near_x) if across else None
        pull_y = _pull((box.y if down < 0 else box.bottom,), lines_y, near_y) if down else None
        if keep_shape and handle.is_corner and pull_x is not None and pull_y is not None:
            pull_x, pull_y = (pull_x, None) if abs(pull_x) <= abs(pull_y) else (None, pull_y)
        moved = _stretch(box, handle, pull_x, pull_y, keep_shape=keep_shape)
    return Snapped(
        moved,
        tuple(line for line in dict.fromkeys(lines_x) if pull_x is not None and _touches(moved, line, vertical=True)),
        tuple(line for line in dict.fromkeys(lines_y) if pull_y is not None and _touches(moved, line, vertical=False)),
    )


def _stretch(box: Box, handle: Handle, pull_x: float | None, pull_y: float | None, *, keep_shape: bool) -> Box:
    across, down = handle.value
    width = box.width + across * (pull_x or 0.0)
    height = box.height + down * (pull_y or 0.0)
    if keep_shape and handle.is_corner:
        if pull_x is not None:
            height = box.height * width / box.width
        elif pull_y is not None:
            width = box.width * height / box.height
    width, height = max(width, SMALLEST), max(height, SMALLEST)
    return Box(box.right - width if across < 0 else box.x, box.bottom - height if down < 0 else box.y, width, height)


def _pull(edges: Iterable[float], lines: Sequence[float], near: float) -> float | None:
    """The smallest way from one of the edges to one of the lines, None where all are farther than `near`."""
    ways = [line - edge for edge in edges for line in lines]
    best = min(ways, key=abs)
    return best if abs(best) <= near else None


def _touches(box: Box, line: float, *, vertical: bool) -> bool:
    edges = (box.x, box.x + box.width / 2, box.right) if vertical else (box.y, box.y + box.height / 2, box.bottom)
    return any(abs(edge - line) < 1e-6 for edge in edges)
