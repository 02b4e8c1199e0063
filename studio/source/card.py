"""The test card's picture: colour bars, a white flash, a readable clock, something that moves, and the strip.

From the top: the bars (45 % of the height); a pane with the flash patch at the left and the clock beside it; the track
on which a white box runs across in four seconds; the strip (`studio.media.strip`). Only what changes is drawn again: a
picture whose memory already holds the card costs four small copies.

The flash is white for two frames' time from each whole second of program time on. Where that second does not fall on a
tick (29.97, 23.976 fps) the patch of the tick before is as bright as the part of its time that the flash covers, so
that a reader finds the instant within the frame: `onset = end of that frame - brightness * frame time`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from studio.media import NS_PER_MS, VideoFrame
from studio.media.strip import BLACK_Y, WHITE_Y, StripMark, strip_height_px, write_strip
from studio.source.glyphs import HEIGHT, WIDTH, glyphs

if TYPE_CHECKING:
    import numpy.typing as npt

    from studio.source.contract import ProgramGrid


@dataclass(frozen=True, slots=True)
class Bar:
    """One colour bar: its name and its limited-range BT.709 Y, Cb, Cr."""

    name: str
    y: int
    cb: int
    cr: int


BARS = (
    Bar("white", 180, 128, 128),
    Bar("yellow", 168, 44, 136),
    Bar("cyan", 145, 147, 44),
    Bar("green", 133, 63, 52),
    Bar("magenta", 63, 193, 204),
    Bar("red", 51, 109, 212),
    Bar("blue", 28, 212, 120),
    Bar("black", 16, 128, 128),
)
"""75 % bars, from the left, each an eighth of the width (ITU-R BT.709-6, 3.2 and 4.6: Y 219, C 224 steps)."""

GROUND_Y = 40
CLOCK_CHARACTERS = 12
FLASH_FRAMES = 2
TRACK_S = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of pixels with even sides: columns `left` to `right`, rows `top` to `bottom`, ends not included."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def rows(self) -> slice:
        return slice(self.top, self.bottom)

    @property
    def columns(self) -> slice:
        return slice(self.left, self.right)


def _even(value: float) -> int:
    return int(value) // 2 * 2


def bars_bottom_px(height_px: int) -> int:
    """The first row below the bars."""
    return _even(height_px * 0.45)


def bar_box(index: int, width_px: int, height_px: int) -> Box:
    """The whole of bar `index`."""
    return Box(
        _even(width_px * index / len(BARS)), 0, _even(width_px * (index + 1) / len(BARS)), bars_bottom_px(height_px)
    )


def bar_middle(index: int, width_px: int, height_px: int) -> Box:
    """The inner part of bar `index`, clear of its edges: what a reader should look at."""
    box = bar_box(index, width_px, height_px)
    across, down = _even((box.right - box.left) / 4), _even(box.bottom / 4)
    return Box(box.left + across, down, box.right - across, box.bottom - down)


def track_box(width_px: int, height_px: int) -> Box:
    """Where the box runs: a line right above the strip."""
    bottom = _even(height_px - strip_height_px(width_px))
    return Box(0, bottom - max(8, _even(height_px / 30)), _even(width_px), bottom)


def flash_box(width_px: int, height_px: int) -> Box:
    """The patch that turns white each second."""
    top, bottom = bars_bottom_px(height_px), track_box(width_px, height_px).top
    gap = _even((bottom - top) / 10)
    return Box(gap, top + gap, _even(width_px / 4), bottom - gap)


def clock_box(width_px: int, height_px: int) -> Box:
    """Where the clock stands."""
    top, bottom = bars_bottom_px(height_px), track_box(width_px, height_px).top
    left, right = _even(width_px * 0.28), _even(width_px * 0.98)
    scale = max(1, min((right - left) // (CLOCK_CHARACTERS * WIDTH), (bottom - top) // (HEIGHT + 2)))
    upper = _even((top + bottom - HEIGHT * scale) / 2)
    return Box(left, upper, left + CLOCK_CHARACTERS * WIDTH * scale, upper + HEIGHT * scale)


def flash_brightness(tick: int, fps: Fraction) -> float:
    """The part of a tick's frame time (0 to 1) that the flash of a whole second covers."""
    begin = tick / fps
    second = Fraction(int(begin))
    length = FLASH_FRAMES / fps
    covered = Fraction(0)
    for start in (second, second + 1):
        covered += max(Fraction(0), min(begin + 1 / fps, start + length) - max(begin, start))
    return float(covered * fps)


def clock_text(program_ns: int) -> str:
    """Program time as hours, minutes, seconds and milliseconds."""
    milliseconds = max(0, program_ns) // NS_PER_MS
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600 % 100:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}"


class TestCard:
    """Draws the card of one size for one grid. One thread."""

    __test__ = False  # the name is the field's, not a test's

    def __init__(self, width_px: int, height_px: int, grid: ProgramGrid) -> None:
        """Sides must be even and at least 128 × 96. Raises ValueError."""
        if width_px % 2 or height_px % 2 or width_px < 128 or height_px - strip_height_px(width_px) < 32:
            raise ValueError(f"the test card cannot be drawn at {width_px}x{height_px}")
        self.width_px = width_px
        self.height_px = height_px
        self._grid = grid
        self._fps = Fraction(grid.fps_num, grid.fps_den)
        self._flash = flash_box(width_px, height_px)
        self._track = track_box(width_px, height_px)
        self._clock = clock_box(width_px, height_px)
        self._glyphs = glyphs((self._clock.bottom - self._clock.top) // HEIGHT, WHITE_Y, GROUND_Y)
        self._still = self._draw_still()

    def prepare(self, picture: npt.NDArray[np.uint8]) -> None:
        """Put the parts that never change into a picture's memory (once for each slot)."""
        picture[:] = self._still

    def draw(self, picture: npt.NDArray[np.uint8], tick: int) -> None:
        """Draw what belongs to a tick into a prepared picture, I420, shape (height * 3 // 2, width)."""
        luma = picture[: self.height_px]
        due_ns = self._grid.tick_ns(tick)
        brightness = flash_brightness(tick, self._fps)
        luma[self._flash.rows, self._flash.columns] = round(BLACK_Y + brightness * (WHITE_Y - BLACK_Y))
        self._draw_clock(luma, clock_text(due_ns - self._grid.zero_ns))
        self._draw_track(luma, tick)
        write_strip(luma, StripMark(tick, due_ns // NS_PER_MS))

    def _draw_clock(self, luma: npt.NDArray[np.uint8], text: str) -> None:
        line = np.concatenate([self._glyphs[character] for character in text], axis=1)
        luma[self._clock.rows, self._clock.columns] = line

    def _draw_track(self, luma: npt.NDArray[np.uint8], tick: int) -> None:
        rows = luma[self._track.rows]
        rows[:] = GROUND_Y
        size = self._track.bottom - self._track.top
        at = int(tick * (self.width_px - size) / (self._fps * TRACK_S)) % (self.width_px - size)
        rows[:, at : at + size] = WHITE_Y

    def _draw_still(self) -> npt.NDArray[np.uint8]:
        picture = np.empty((self.height_px * 3 // 2, self.width_px), np.uint8)
        frame = VideoFrame(picture, self.width_px, self.height_px, 0, 0)
        frame.y[:] = GROUND_Y
        frame.u[:] = frame.v[:] = 128
        for index, bar in enumerate(BARS):
            box = bar_box(index, self.width_px, self.height_px)
            half_rows, half_columns = slice(0, box.bottom // 2), slice(box.left // 2, box.right // 2)
            frame.y[box.rows, box.columns] = bar.y
            frame.u[half_rows, half_columns] = bar.cb
            frame.v[half_rows, half_columns] = bar.cr
        frame.y[self.height_px - strip_height_px(self.width_px) :] = BLACK_Y
        return picture
