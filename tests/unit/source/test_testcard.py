"""The test card as a source: every tick once, the beep at the flash, the same numbers whatever the rate."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from studio.media import ErrorKind
from studio.media.strip import StripMark, read_strip
from studio.source.card import flash_box
from studio.source.contract import SourceKind
from studio.source.testcard import play
from tests.unit.source.fake_engine import FakeEngine


def seen(picture: np.ndarray) -> tuple[StripMark | None, int]:
    box = flash_box(320, 180)
    return read_strip(picture[:180]), int(picture[box.top + 4, box.left + 4])


def run(folder: Path, **options: object) -> FakeEngine:
    return FakeEngine(folder, "", kind=SourceKind.TEST_CARD, keep=seen, **options).play(play)  # type: ignore[arg-type]


@pytest.mark.parametrize("fps", [(24000, 1001), (25, 1), (30000, 1001), (30, 1), (50, 1), (60, 1)])
def test_each_tick_is_drawn_once_and_says_its_number_and_instant(tmp_path: Path, fps: tuple[int, int]) -> None:
    engine = run(tmp_path, fps=fps, run_s=3.2)
    first = engine.grid.first_tick_at(engine.first_ns)
    for index, picture in enumerate(engine.pictures):
        tick = first + index
        mark, _ = picture.kept
        assert picture.pts_ns == engine.grid.tick_ns(tick)
        assert mark == StripMark(tick, picture.pts_ns // 1_000_000)


@pytest.mark.parametrize("fps", [(24000, 1001), (25, 1), (30000, 1001), (60, 1)])
def test_the_beep_begins_with_the_flash_at_whole_seconds_of_program_time(tmp_path: Path, fps: tuple[int, int]) -> None:
    engine = run(tmp_path, fps=fps, run_s=4.2)
    engine.assert_sound_contiguous()
    sound, sound_ns = engine.sound[:, 0], engine.sounds[0][0]
    loud = np.flatnonzero(np.abs(sound) > 0)
    onsets = [int(loud[0]), *(int(b) for a, b in pairwise(loud) if b - a > 4800)]
    frame_ns = 1e9 * fps[1] / fps[0]
    flashes = []
    dark = True
    for index, picture in enumerate(engine.pictures[:-1]):
        _, level = picture.kept
        if dark and level > 16:
            part = (level - 16) / 219
            flashes.append(engine.pictures[index + 1].pts_ns - part * frame_ns)
        dark = level == 16
    beeps = [sound_ns + (onset - 1) * 1e9 / 48_000 for onset in onsets]
    for flash_ns in flashes[1:]:
        program_s = (flash_ns - engine.grid.zero_ns) / 1e9
        assert program_s == pytest.approx(round(program_s), abs=0.0002)
        assert min(abs(flash_ns - beep_ns) for beep_ns in beeps) < 300_000
    assert len(flashes) >= 3


def test_after_a_stall_it_goes_on_with_the_present_tick(tmp_path: Path) -> None:
    engine = FakeEngine(tmp_path, "", kind=SourceKind.TEST_CARD, keep=seen, run_s=6)
    stalled = False

    def stall(now_ns: int) -> None:
        nonlocal stalled
        if not stalled and len(engine.pictures) > 30:
            stalled = True
            engine.clock._now_ns += 2_000_000_000
        engine._moved(now_ns)

    engine.clock.on_move = stall
    engine.play(play)
    instants = [picture.pts_ns for picture in engine.pictures]
    steps = np.diff(instants)
    assert (steps > 0).all() and (steps > 1_500_000_000).sum() == 1
    assert all(picture.kept[0].number == engine.grid.first_tick_at(picture.pts_ns) for picture in engine.pictures)
    blocks = np.diff([pts_ns for pts_ns, _ in engine.sounds])
    assert (blocks > 1_000_000_000).sum() == 1, "the sound jumps once, to the present"


def test_a_program_too_small_for_the_card_is_told(tmp_path: Path) -> None:
    engine = run(tmp_path, size=(64, 48))
    assert engine.faults[0].kind is ErrorKind.BAD_ARGUMENT and engine.faults[0].permanent and engine.opened is None


def test_picture_or_sound_alone(tmp_path: Path) -> None:
    silent = run(tmp_path, audio=False, run_s=1)
    assert silent.sounds == [] and len(silent.pictures) > 20
    tone = run(tmp_path, video=False, run_s=1)
    assert tone.pictures == [] and tone.wanted == [] and len(tone.sound) >= 43_200
    assert Fraction(len(tone.sound), 480).denominator == 1
