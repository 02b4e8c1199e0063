"""The test card: exact colours, a flash that begins with the second, a clock, something that moves, the strip."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from studio.media import VideoFrame
from studio.media.strip import StripMark, read_strip
from studio.source.card import (
    BARS,
    FLASH_FRAMES,
    TestCard,
    bar_middle,
    clock_box,
    clock_text,
    flash_box,
    flash_brightness,
    track_box,
)
from studio.source.contract import ProgramGrid
from studio.source.tone import BEEP_LEVEL, BEEP_SAMPLES, Tone

SIZES = [(1280, 720), (1920, 1080), (640, 360), (320, 180), (426, 240), (160, 240)]


def drawn(width: int, height: int, tick: int, fps: tuple[int, int] = (30, 1)) -> np.ndarray:
    card = TestCard(width, height, ProgramGrid(7_000_000_000, *fps))
    picture = np.zeros((height * 3 // 2, width), np.uint8)
    card.prepare(picture)
    card.draw(picture, tick)
    return picture


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_bar_has_the_colour_of_the_table(width: int, height: int) -> None:
    picture = drawn(width, height, 0)
    frame = VideoFrame(picture, width, height, 0, 0)
    for index, bar in enumerate(BARS):
        box = bar_middle(index, width, height)
        assert box.right > box.left and box.bottom > box.top
        assert (frame.y[box.rows, box.columns] == bar.y).all()
        chroma = slice(box.top // 2, box.bottom // 2), slice(box.left // 2, box.right // 2)
        assert (frame.u[chroma] == bar.cb).all() and (frame.v[chroma] == bar.cr).all()


def test_the_table_is_bt709() -> None:
    rgb = [(1, 1, 1), (1, 1, 0), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 0, 0), (0, 0, 1), (0, 0, 0)]
    for bar, (r, g, b) in zip(BARS, rgb, strict=True):
        y = 0.75 * (0.2126 * r + 0.7152 * g + 0.0722 * b)
        assert bar.y == round(16 + 219 * y)
        assert bar.cb == round(128 + 224 * (0.75 * b - y) / 1.8556)
        assert bar.cr == round(128 + 224 * (0.75 * r - y) / 1.5748)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_strip_says_the_tick_and_its_instant(width: int, height: int) -> None:
    picture = drawn(width, height, 45)
    assert read_strip(picture[:height]) == StripMark(45, 8500)


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(30), Fraction(50), Fraction(60), Fraction(24)])
def test_at_whole_rates_the_flash_is_two_full_frames_from_the_second_on(fps: Fraction) -> None:
    lit = [tick for tick in range(int(fps * 3)) if flash_brightness(tick, fps) > 0]
    rate = int(fps)
    assert lit == [second * rate + frame for second in range(3) for frame in range(FLASH_FRAMES)]
    assert all(flash_brightness(tick, fps) == 1 for tick in lit)


@pytest.mark.parametrize("fps", [Fraction(30000, 1001), Fraction(24000, 1001), Fraction(60000, 1001)])
def test_at_broken_rates_the_brightness_tells_the_second_within_the_frame(fps: Fraction) -> None:
    for second in range(1, 100):
        first = int(second * fps)
        brightness = flash_brightness(first, fps)
        onset = (first + 1) / fps - Fraction(brightness).limit_denominator(10**6) / fps
        assert abs(onset - second) < Fraction(1, 100_000)
        total = sum(flash_brightness(tick, fps) for tick in range(first, first + 4))
        assert total == pytest.approx(FLASH_FRAMES)


def test_only_the_flash_patch_turns_white() -> None:
    dark, lit = drawn(320, 180, 29), drawn(320, 180, 30)
    box = flash_box(320, 180)
    assert (dark[box.rows, box.columns] == 16).all() and (lit[box.rows, box.columns] == 235).all()


def test_it_moves_and_the_clock_runs() -> None:
    one, other = drawn(320, 180, 40), drawn(320, 180, 41)
    for box in (track_box(320, 180), clock_box(320, 180)):
        assert (one[box.rows, box.columns] != other[box.rows, box.columns]).any()
    assert clock_text(3_723_042_000_000) == "01:02:03.042"
    assert clock_text(-5) == "00:00:00.000"


def test_drawing_over_an_older_picture_leaves_nothing_of_it() -> None:
    card = TestCard(320, 180, ProgramGrid(0, 30, 1))
    picture = np.zeros((270, 320), np.uint8)
    card.prepare(picture)
    for tick in (30, 31, 99, 47):
        card.draw(picture, tick)
    fresh = np.zeros((270, 320), np.uint8)
    card.prepare(fresh)
    card.draw(fresh, 47)
    assert (picture == fresh).all()


@pytest.mark.parametrize(("width", "height"), [(321, 180), (320, 181), (64, 64), (320, 64)])
def test_a_size_it_cannot_have_is_refused(width: int, height: int) -> None:
    with pytest.raises(ValueError, match="test card"):
        TestCard(width, height, ProgramGrid(0, 30, 1))


def test_the_beep_begins_at_the_sample_of_the_second() -> None:
    tone = Tone()
    sound = np.concatenate([tone.samples(first, 1920) for first in range(46_080, 46_080 + 96_000, 1920)])
    loud = np.flatnonzero(np.abs(sound[:, 0]) > 0)
    assert loud[0] + 46_080 == 48_001, "the sine is zero at the second itself"
    assert np.abs(sound).max() == pytest.approx(BEEP_LEVEL, rel=0.01)
    assert loud[loud < 24_000][-1] < 1_920 + BEEP_SAMPLES
    assert (sound[:, 0] == sound[:, 1]).all()
