"""Where a source's picture lands: from a placement's box, fit and crop to whole, even pixels of both pictures."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fit(StrEnum):
    """Whole inside the box; filling the box and cut; stretched to it."""

    FIT = "fit"
    FILL = "fill"
    STRETCH = "stretch"


@dataclass(frozen=True, slots=True)
class PlacedSource:
    """A placement as the compositor takes it. The box (`x`, `y`, `width`, `height`) is in fractions of the program's
    frame; `crop` cuts left, top, right, bottom fractions off the source."""

    placement_id: str
    source_id: str
    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0
    fit: Fit = Fit.FIT
    crop: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    opacity: float = 1.0
    order: int = 0
    mirror: bool = False
    visible: bool = True


@dataclass(frozen=True, slots=True)
class Rect:
    """Whole pixels, all even (4:2:0)."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Landing:
    """Copy `source` (of the source's picture) into `target` (of the program's frame)."""

    source: Rect
    target: Rect


def _even(value: float) -> int:
    return round(value / 2) * 2


def land(placed: PlacedSource, source_px: tuple[int, int], frame_px: tuple[int, int]) -> Landing | None:
    """The landing of a source's picture of size `source_px` in a frame of `frame_px`; None where nothing is seen.

    What reaches beyond the frame is cut from both sides in proportion.
    """
    left, top, right, bottom = placed.crop
    sx, sy = left * source_px[0], top * source_px[1]
    sw, sh = source_px[0] * (1 - left - right), source_px[1] * (1 - top - bottom)
    bx, by = placed.x * frame_px[0], placed.y * frame_px[1]
    bw, bh = placed.width * frame_px[0], placed.height * frame_px[1]
    if sw < 2 or sh < 2 or bw < 2 or bh < 2:
        return None
    if placed.fit is Fit.FIT:
        scale = min(bw / sw, bh / sh)
        width, height = sw * scale, sh * scale
        bx, by, bw, bh = bx + (bw - width) / 2, by + (bh - height) / 2, width, height
    elif placed.fit is Fit.FILL:
        scale = max(bw / sw, bh / sh)
        width, height = bw / scale, bh / scale
        sx, sy, sw, sh = sx + (sw - width) / 2, sy + (sh - height) / 2, width, height
    # Cut to the frame, keeping the mapping.
    x0, y0 = max(bx, 0.0), max(by, 0.0)
    x1, y1 = min(bx + bw, float(frame_px[0])), min(by + bh, float(frame_px[1]))
    if x1 - x0 < 2 or y1 - y0 < 2:
        return None
    cut_left, cut_right = (x0 - bx) / bw, (bx + bw - x1) / bw
    if placed.mirror:
        cut_left, cut_right = cut_right, cut_left
    source = _even_rect(
        sx + sw * cut_left, sy + sh * (y0 - by) / bh, sw * (1 - cut_left - cut_right), sh * (y1 - y0) / bh, source_px
    )
    target = _even_rect(x0, y0, x1 - x0, y1 - y0, frame_px)
    return Landing(source, target)


def _even_rect(x: float, y: float, width: float, height: float, limit_px: tuple[int, int]) -> Rect:
    left, top = min(_even(x), limit_px[0] - 2), min(_even(y), limit_px[1] - 2)
    even_width = min(max(2, _even(x + width) - left), limit_px[0] - left)
    even_height = min(max(2, _even(y + height) - top), limit_px[1] - top)
    return Rect(left, top, even_width, even_height)


def covers(landing: Landing, frame_px: tuple[int, int]) -> bool:
    """True where the landing fills the whole frame."""
    target = landing.target
    return target.x == 0 and target.y == 0 and target.width == frame_px[0] and target.height == frame_px[1]
