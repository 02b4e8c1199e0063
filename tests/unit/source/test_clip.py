"""Clips of every kind: the right pictures at the right instants, with the sound where it belongs."""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.media.strip import read_strip
from studio.source.card import BARS
from studio.source.clip import play
from tests.unit.source.clip_files import Look, assert_bars, bar_colours, write_clip
from tests.unit.source.fake_engine import FakeEngine

W, H = 320, 180
RAW = ("-pix_fmt", "yuv420p", "-f", "rawvideo", "-")


def number(picture: np.ndarray) -> int | None:
    """The frame number in a picture of 320x180."""
    mark = read_strip(picture[:H])
    return mark.number if mark else None


def whole(picture: np.ndarray) -> np.ndarray:
    return picture.copy()


def run(folder: Path, clip: Path, **options: Any) -> FakeEngine:
    engine = FakeEngine(folder, str(clip), **options).play(play)
    if engine.wanted:
        assert not list(folder.glob("ring-*")), "a ring's name is left"
    return engine


def beep_onsets_s(sound: np.ndarray) -> list[float]:
    """Where beeps begin, in seconds from the first sample."""
    loud = np.flatnonzero(np.abs(sound).max(axis=1) > 0.05)
    if not len(loud):
        return []
    starts = [loud[0], *(b for a, b in pairwise(loud) if b - a > 4800)]
    return [start / 48_000 for start in starts]


# ------------------------------------------------------------ rates


@pytest.mark.parametrize(
    ("fps", "count"),
    [(Fraction(24000, 1001), 48), (Fraction(25), 50), (Fraction(30), 60), (Fraction(50), 100)],
    ids=["23.976", "25", "30", "50"],
)
def test_every_picture_comes_at_its_instant_and_the_beep_with_the_flash(
    tmp_path: Path, fps: Fraction, count: int
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", fps=fps, count=count)
    engine = run(tmp_path, clip, keep=number, loop=False, run_s=5)
    assert [picture.kept for picture in engine.pictures] == list(range(count))
    for index, picture in enumerate(engine.pictures):
        assert abs(picture.pts_ns - engine.first_ns - index / fps * 10**9) < 50_000
    engine.assert_sound_contiguous()
    starts_s = (engine.sounds[0][0] - engine.first_ns) / 1e9
    seconds = [onset + starts_s for onset in beep_onsets_s(engine.sound)]
    assert seconds == pytest.approx([0, 1, 2][: len(seconds)], abs=0.002) and len(seconds) >= 2
    assert engine.ended


def test_a_clip_begins_on_a_tick_of_the_program(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", count=10)
    engine = run(tmp_path, clip, fps=(30000, 1001), run_s=0.5)
    assert engine.grid.tick_ns(engine.grid.first_tick_at(engine.first_ns)) == engine.first_ns


def test_a_25_fps_clip_on_a_30_fps_program_shows_every_picture_once_or_twice(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", fps=25, count=50, sound_layout=None)
    engine = run(tmp_path, clip, keep=number, run_s=6.5)
    shown = engine.shown(engine.first_ns, 180)
    runs: list[list[int]] = []
    for value in shown:
        if runs and runs[-1][0] == value:
            runs[-1].append(value)
        else:
            runs.append([value])
    assert [group[0] for group in runs] == [index % 50 for index in range(len(runs))]
    assert {len(group) for group in runs[:-1]} <= {1, 2}


def test_a_variable_rate_keeps_its_instants(tmp_path: Path) -> None:
    instants = [Fraction(part, 1000) for part in (0, 20, 100, 140, 400, 410, 500, 900)]
    clip = write_clip(tmp_path / "clip.mp4", fps=10, count=8, instants=instants, sound_layout=None)
    engine = run(tmp_path, clip, keep=number, loop=False)
    assert [picture.kept for picture in engine.pictures] == list(range(8))
    told = [(picture.pts_ns - engine.first_ns) / 1e9 for picture in engine.pictures]
    assert told == pytest.approx([float(instant) for instant in instants], abs=0.0005)


# ------------------------------------------------------------ shapes and colours


@pytest.mark.parametrize(
    "look",
    [
        Look(),
        Look(pix_fmt="yuv422p10le"),
        Look(full_range=True),
        Look(matrix=6, primaries=6, transfer=6),
        Look(matrix=6, full_range=True),
        Look(pix_fmt="yuv420p10le"),
        Look(pix_fmt="yuv422p10le", full_range=True),
    ],
    ids=["plain", "10-bit 4:2:2", "full range", "BT.601", "BT.601 full", "10-bit", "10-bit 4:2:2 full range"],
)
def test_colours_enter_as_bt709_limited(tmp_path: Path, look: Look) -> None:
    clip = write_clip(tmp_path / "clip.mp4", count=5, look=look, sound_layout=None)
    engine = run(tmp_path, clip, keep=whole, loop=False)
    assert len(engine.pictures) == 5
    for index, picture in enumerate(engine.pictures):
        assert number(picture.kept) == index
        assert_bars(picture.kept, W, H)


def test_prores_is_played(tmp_path: Path) -> None:
    look = Look(pix_fmt="yuv422p10le")
    clip = write_clip(tmp_path / "clip.mov", count=5, look=look, codec="prores_ks", options={}, sound_codec="pcm_s16le")
    engine = run(tmp_path, clip, keep=whole, loop=False)
    assert [number(picture.kept) for picture in engine.pictures] == list(range(5))
    assert_bars(engine.pictures[2].kept, W, H)


@pytest.mark.parametrize(("rotation", "size"), [(90, (102, 180)), (180, (320, 180)), (270, (102, 180))])
def test_a_rotated_clip_is_upright_as_ffmpeg_shows_it(tmp_path: Path, rotation: int, size: tuple[int, int]) -> None:
    clip = write_clip(tmp_path / "clip.mp4", count=3, rotation=rotation, sound_layout=None)
    engine = run(tmp_path, clip, keep=whole, loop=False)
    assert (engine.wanted[0].width_px, engine.wanted[0].height_px) == size
    ffmpeg = shutil.which("ffmpeg")
    assert ffmpeg, "the tests need ffmpeg"
    scale = f"scale={size[0]}:{size[1]}:flags=bilinear"
    told = subprocess.run(
        [ffmpeg, "-v", "error", "-i", str(clip), "-frames:v", "1", "-vf", scale, *RAW],
        capture_output=True,
        check=True,
    ).stdout
    expected = np.frombuffer(told, np.uint8).reshape(size[1] * 3 // 2, size[0])
    difference = np.abs(expected.astype(int) - engine.pictures[0].kept)
    assert difference.mean() < 2, "not what ffmpeg shows"


def test_pixels_that_are_not_square_become_square(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", count=3, size=(240, 180), pixel_aspect=Fraction(4, 3), sound_layout=None)
    engine = run(tmp_path, clip, keep=whole, loop=False)
    assert (engine.wanted[0].width_px, engine.wanted[0].height_px) == (320, 180)
    assert_bars(engine.pictures[0].kept, W, H)


def test_a_larger_clip_is_scaled_down_and_a_smaller_one_is_not_scaled_up(tmp_path: Path) -> None:
    large = write_clip(tmp_path / "large.mp4", count=3, size=(640, 400), sound_layout=None)
    engine = run(tmp_path, large, keep=whole, loop=False)
    assert (engine.wanted[0].width_px, engine.wanted[0].height_px) == (288, 180)
    assert_bars(engine.pictures[0].kept, 288, 180)
    small = write_clip(tmp_path / "small.mp4", count=3, size=(160, 96), sound_layout=None)
    engine = run(tmp_path, small, loop=False)
    assert (engine.wanted[0].width_px, engine.wanted[0].height_px) == (160, 96)


def test_an_interlaced_clip_loses_its_comb(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", count=12, options={"x264-params": "tff=1", "crf": "8"}, sound_layout=None)
    engine = run(tmp_path, clip, keep=number, loop=True, run_s=2)
    shown = [picture.kept for picture in engine.pictures]
    assert shown[:24] == [*range(12), *range(12)], "the deinterlacer lost a picture at the loop"
    gaps = np.diff([picture.pts_ns for picture in engine.pictures])
    assert gaps.min() == pytest.approx(40e6, abs=1e5) and gaps.max() == pytest.approx(40e6, abs=1e5)


def test_alternating_lines_are_smoothed_when_flagged_interlaced(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", count=6, options={"x264-params": "tff=1", "crf": "8"}, sound_layout=None)
    engine = run(tmp_path, clip, keep=whole, loop=False)
    assert_bars(engine.pictures[3].kept, W, H)


@pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
def test_hdr_is_tone_mapped_to_the_colours_it_means(tmp_path: Path, transfer: int) -> None:
    from tests.unit.source.hdr_clip import write_hdr_clip

    clip = write_hdr_clip(tmp_path / "clip.mp4", transfer)
    engine = run(tmp_path, clip, keep=whole, loop=False)
    # 75 % bars lie below the knee. How near saturated colours come: test_tonemap.
    assert_bars(engine.pictures[1].kept, W, H, tolerance=10)
    for grey in (0, -1):
        y, cb, cr = bar_colours(engine.pictures[1].kept, W, H)[grey]
        assert abs(y - BARS[grey].y) <= 3 and abs(cb - 128) <= 2 and abs(cr - 128) <= 2


# ------------------------------------------------------------ sound


@pytest.mark.parametrize(
    ("rate_hz", "layout", "codec", "suffix"),
    [
        (48_000, "stereo", "aac", "mp4"),
        (44_100, "stereo", "aac", "mp4"),
        (22_050, "mono", "aac", "mp4"),
        (48_000, "5.1", "aac", "mp4"),
        (48_000, "stereo", "pcm_s16le", "mov"),
        (48_000, "stereo", "libopus", "mkv"),
    ],
    ids=["48k stereo", "44.1k", "22.05k mono", "5.1", "pcm", "opus"],
)
def test_sound_of_every_kind_stands_at_its_second(
    tmp_path: Path, rate_hz: int, layout: str, codec: str, suffix: str
) -> None:
    clip = write_clip(
        tmp_path / f"clip.{suffix}", count=75, sound_rate_hz=rate_hz, sound_layout=layout, sound_codec=codec
    )
    engine = run(tmp_path, clip, loop=False, run_s=5)
    engine.assert_sound_contiguous()
    starts_s = (engine.sounds[0][0] - engine.first_ns) / 1e9
    told = [onset + starts_s for onset in beep_onsets_s(engine.sound)]
    assert told == pytest.approx([0, 1, 2], abs=0.003)
    sound = engine.sound
    assert np.abs(sound[:, 0]).max() > 0.15 and np.abs(sound[:, 1]).max() > 0.15
    if layout == "mono":
        assert np.abs(sound[:, 0]).max() == pytest.approx(0.25, rel=0.15), "mono is heard at its full level"
        assert (sound[:, 0] == sound[:, 1]).all()


def test_a_clip_without_sound_sends_none(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", count=25, sound_layout=None)
    engine = run(tmp_path, clip, run_s=2)
    assert engine.opened is not None and engine.opened.has_video and not engine.opened.has_audio
    assert engine.sounds == [] and len(engine.pictures) > 45


def test_sound_alone_plays_and_loops(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.wav", video=False, sound_s=1.0, sound_codec="pcm_s16le")
    engine = run(tmp_path, clip, run_s=4)
    assert engine.opened is not None and engine.opened.has_audio and not engine.opened.has_video
    assert engine.wanted == []
    engine.assert_sound_contiguous()
    assert beep_onsets_s(engine.sound)[:4] == pytest.approx([0, 1, 2, 3], abs=0.001)


def test_the_last_picture_holds_while_the_sound_goes_on(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", count=25, sound_s=2.5)
    engine = run(tmp_path, clip, keep=number, run_s=6)
    second = [picture.pts_ns for picture in engine.pictures if picture.kept == 0]
    assert (second[1] - second[0]) / 1e9 == pytest.approx(2.5, abs=0.03), "as long as its sound"
    engine.assert_sound_contiguous()
    held = engine.shown(engine.first_ns + 1_100_000_000, 3)
    assert held == [24, 24, 24]


def test_a_sound_shorter_than_the_picture_is_followed_by_silence(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", count=50, sound_s=1.05)
    engine = run(tmp_path, clip, keep=number, run_s=5)
    engine.assert_sound_contiguous()
    zeros = [picture.pts_ns for picture in engine.pictures if picture.kept == 0]
    assert (zeros[1] - zeros[0]) / 1e9 == pytest.approx(2.0, abs=0.001)
    assert beep_onsets_s(engine.sound)[:4] == pytest.approx([0, 1, 2, 3], abs=0.003)


def test_a_negative_start_shifts_nothing(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", count=50, start_s=Fraction(-1, 5), sound_codec="pcm_s16le")
    engine = run(tmp_path, clip, keep=number, loop=False, run_s=4)
    assert engine.pictures[0].kept == 0
    starts_s = (engine.sounds[0][0] - engine.first_ns) / 1e9
    assert beep_onsets_s(engine.sound)[0] + starts_s == pytest.approx(0, abs=0.003)


def test_sound_that_begins_late_stays_late(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", count=50, sound_start_s=0.5, sound_s=1.2, sound_codec="pcm_s16le")
    engine = run(tmp_path, clip, loop=False, run_s=4)
    starts_s = (engine.sounds[0][0] - engine.first_ns) / 1e9
    assert starts_s == 0
    assert beep_onsets_s(engine.sound) == pytest.approx([0.5, 1.5], abs=0.003)


def test_sound_that_begins_before_the_picture_is_heard_from_its_beginning(tmp_path: Path) -> None:
    instants = [Fraction(1, 2) + Fraction(index, 25) for index in range(30)]
    clip = write_clip(tmp_path / "clip.mkv", count=30, instants=instants, sound_s=1.7, sound_codec="pcm_s16le")
    engine = run(tmp_path, clip, loop=False, run_s=4)
    assert engine.first_ns - engine.sounds[0][0] == pytest.approx(500_000_000, abs=1_000_000)
    assert beep_onsets_s(engine.sound) == pytest.approx([0, 1], abs=0.002)


def test_even_a_few_milliseconds_of_the_file_s_own_offset_are_kept_in_every_pass(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mov", count=25, sound_start_s=0.004, sound_s=0.9, sound_codec="pcm_s16le")
    engine = run(tmp_path, clip, run_s=5)
    assert beep_onsets_s(engine.sound)[:4] == pytest.approx([0.004, 1.004, 2.004, 3.004], abs=0.0005)


# ------------------------------------------------------------ loops


@pytest.mark.parametrize(
    ("fps", "count", "sound_s"),
    [(Fraction(25), 20, None), (Fraction(24000, 1001), 17, None), (Fraction(30), 20, 0.68)],
    ids=["25", "23.976", "sound a little longer"],
)
def test_a_hundred_loops_later_picture_and_sound_stand_as_in_the_first(
    tmp_path: Path, fps: Fraction, count: int, sound_s: float | None
) -> None:
    clip = write_clip(tmp_path / "clip.mp4", fps=fps, count=count, size=(128, 96), sound_s=sound_s)
    engine = run(tmp_path, clip, run_s=float(101 * count / fps))
    length_s = count / fps
    firsts = engine.pictures[::count]
    assert len(firsts) >= 100 and len(engine.pictures) >= 100 * count
    for index, picture in enumerate(firsts):
        assert abs(picture.pts_ns - engine.first_ns - index * length_s * 10**9) < 50_000, "the loop drifts"
    steps = np.diff([picture.pts_ns for picture in engine.pictures])
    assert np.abs(steps - 1e9 / float(fps)).max() < 50_000, "a gap between two passes"
    engine.assert_sound_contiguous()
    onsets = np.array(beep_onsets_s(engine.sound)[:100])
    expected = np.arange(100) * float(length_s)
    assert len(onsets) == 100
    offsets = onsets - expected
    assert np.abs(offsets - offsets[0]).max() < 0.0006, "sound and picture part"


def test_a_file_that_can_seek_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.source import clip_file

    opened = []
    really_open = clip_file.open_container
    monkeypatch.setattr(clip_file, "open_container", lambda path: opened.append(path) or really_open(path))
    for suffix in ("mp4", "mkv", "mov"):
        clip = write_clip(tmp_path / f"clip.{suffix}", count=10)
        opened.clear()
        engine = run(tmp_path, clip, run_s=2)
        assert len(engine.pictures) > 30 and len(opened) == 1, suffix


def test_a_container_that_cannot_seek_loops_too(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.h264", count=10, sound_layout=None)
    engine = run(tmp_path, clip, keep=number, run_s=2)
    assert [picture.kept for picture in engine.pictures][:30] == [*range(10)] * 3


def test_a_clip_of_one_picture_holds_it(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", count=1, sound_layout=None)
    engine = run(tmp_path, clip, run_s=1)
    assert len(engine.pictures) == 1 and engine.held and not engine.ended
