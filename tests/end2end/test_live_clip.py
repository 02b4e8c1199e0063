"""Clips and stills over `stoa live` to nginx RTMP: every picture of a slower clip, its sound, a still's bitrate."""

from __future__ import annotations

from itertools import groupby, pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fixtures.live_show import SMALL, StartShow
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.received import Received, assert_few_lost, clip_flash, receive
from tests.unit.source.clip_files import write_clip

pytestmark = [pytest.mark.alone, pytest.mark.timeout(120)]
CLIP_PICTURES = 50


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of 25 fps: numbers 0 to 49 in the strip, a flash and a beep at each second."""
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", fps=25, count=CLIP_PICTURES)


def steps(got: Received) -> list[int]:
    """By how many pictures of the looped clip each new one is ahead of the one before."""
    numbers = [number for number, _ in groupby(picture.number or 0 for picture in got.pictures)]
    return [(later - earlier) % CLIP_PICTURES for earlier, later in pairwise(numbers)]


def longest_stay(got: Received) -> int:
    """For how many pictures of the program one picture of the clip was shown at most (the ends do not count)."""
    stays = [sum(1 for _ in same) for _, same in groupby(picture.number for picture in got.pictures)]
    return max(stays[1:-1])


def test_every_picture_of_a_25_fps_clip_is_shown_once_or_twice_over_its_loops(
    start_show: StartShow, nginx_rtmp: NginxRtmp, clip: Path
) -> None:
    show = start_show("--video", f"file:{clip}", *SMALL, "--fps", "30", "--to", nginx_rtmp.url(), "--duration", "9")
    told = show.result()
    admitted = told["lagged"] + told["skipped"]
    nginx_rtmp.stop()
    got = receive(nginx_rtmp.recordings()[0], 30, flash=clip_flash)
    assert_few_lost(told["lagged"], told["skipped"], 9 * 30)
    assert len(got.pictures) == 9 * 30 - told["skipped"]
    assert sum(step != 1 for step in steps(got)) <= admitted
    assert longest_stay(got) <= 2 + admitted
    assert got.worst_bars_error() <= 3
    found = got.sound_minus_picture_ms()
    assert len(found) >= 7 - admitted
    assert got.sound_gaps == 0
    assert max(map(abs, found)) <= 20
    assert abs(sum(found) / len(found)) <= 10


@pytest.mark.slow
def test_a_still_picture_keeps_the_bitrate(start_show: StartShow, nginx_rtmp: NginxRtmp, tmp_path: Path) -> None:
    picture = tmp_path / "still.png"
    assert cv2.imwrite(str(picture), np.full((180, 320, 3), (160, 90, 20), np.uint8))
    show = start_show("--video", f"image:{picture}", *SMALL, "--to", nginx_rtmp.url(), "--duration", "11")
    told = show.result()
    nginx_rtmp.stop()
    got = receive(nginx_rtmp.recordings()[0], 30, bars=False)
    assert len(got.pictures) == 11 * 30 - told["skipped"]
    low, high = got.video_kbps(10)
    assert 540 <= low <= high <= 660


@pytest.mark.parametrize(("fps", "seconds", "frames"), [("25", "2.44", 61), ("30000/1001", "3", 90)])
def test_the_duration_is_exact_in_frames(
    start_show: StartShow, tmp_path: Path, fps: str, seconds: str, frames: int
) -> None:
    target = tmp_path / "show.mp4"
    show = start_show("--video", "testcard", *SMALL, "--fps", fps, "--record", target, "--duration", seconds)
    told = show.result()
    assert told["recording"]["frames"] == frames - told["skipped"]
    assert len(receive(target, 30).pictures) == frames - told["skipped"]
