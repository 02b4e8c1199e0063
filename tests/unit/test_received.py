"""The measures of what a receiver got find what is wrong in files that are wrong on purpose."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from tests.fixtures.received import Received, clip_flash, receive
from tests.unit.source.clip_files import write_clip

FPS = 25


def received(path: Path, **facts: object) -> Received:
    options = {"preset": "ultrafast", "crf": "8", "bf": "0", "g": "50", "sc_threshold": "0"}
    write_clip(path, **{"fps": FPS, "count": 3 * FPS, "options": options, **facts})  # type: ignore[arg-type]
    return receive(path, FPS, flash=clip_flash)


def test_a_whole_file_has_no_fault(tmp_path: Path) -> None:
    got = received(tmp_path / "whole.mp4")
    assert len(got.pictures) == 3 * FPS
    assert (got.missing(), got.stale(), got.backward()) == (0, 0, [])
    assert got.keyframes_off_grid(interval=50) == got.grid_without_keyframe(interval=50) == []
    assert got.worst_bars_error() <= 3
    assert got.sound_gaps == 0
    assert max(map(abs, got.sound_minus_picture_ms())) <= 3


def test_a_missing_picture_is_found_by_its_time_and_its_number(tmp_path: Path) -> None:
    instants = [Fraction(number if number < 30 else number + 1, FPS) for number in range(60)]
    got = received(tmp_path / "gap.mp4", count=60, instants=instants)
    assert got.missing() == 1
    assert got.stale() == 30


def test_a_keyframe_beside_the_grid_is_found(tmp_path: Path) -> None:
    got = received(tmp_path / "grid.mp4")
    assert got.keyframes_off_grid(interval=30) == [50]
    assert got.grid_without_keyframe(interval=30) == [30, 60]


@pytest.mark.parametrize("late_ms", [30, 80])
def test_late_sound_is_measured(tmp_path: Path, late_ms: int) -> None:
    got = received(tmp_path / "late.mp4", sound_start_s=late_ms / 1000)
    found = got.sound_minus_picture_ms()
    assert found
    assert all(abs(one - late_ms) <= 3 for one in found)


def test_a_low_and_a_high_rate_are_told_apart(tmp_path: Path) -> None:
    got = received(tmp_path / "rate.mp4")
    low, high = got.video_kbps(1.0)
    assert 0 < low < high
    whole, same = got.video_kbps(10.0)
    assert whole == same == pytest.approx(sum(packet.size_bytes for packet in got.packets) * 8 / 1000 / 3, rel=0.02)
