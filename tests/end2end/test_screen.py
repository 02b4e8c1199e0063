"""The screen's process on a real X server: colours, regions, single windows that move, hide behind others and close."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from studio.device import enumerate_all
from studio.media import ErrorKind
from studio.source.contract import SourceKind
from tests.contract.source_harness import SourceRun, assert_monotonic, copy_picture
from tests.fixtures.bars import bars_error
from tests.fixtures.desktop import Painter
from tests.fixtures.waiting import until
from tests.fixtures.xvfb import Screen


def shows_bars(picture: npt.NDArray[np.uint8]) -> bool:
    return bars_error(picture, 0.5) <= 3


def open_screen(folder: Path, target: str, size: tuple[int, int] = (640, 360)) -> SourceRun:
    return SourceRun(folder, SourceKind.SCREEN, target, size=size, audio=False, keep=copy_picture)


def newest_shows_bars(run: SourceRun) -> bool:
    return bool(run.pictures) and shows_bars(run.pictures[-1].kept)


def test_a_whole_screen_with_its_colours(desktop: Screen, painter: Painter, tmp_path: Path) -> None:
    window = painter.window(0, 0, 640, 360, "Bars")
    painter.bars(window, 640, 360)
    devices = enumerate_all()
    assert [(one.width_px, one.height_px, one.primary) for one in devices.screens] == [(640, 360, True)]
    for target in (devices.screens[0].id, "primary"):
        with open_screen(tmp_path, target) as run:
            run.wait_media(pictures=15)
            assert run.opened is not None
            assert run.opened.words == f"the screen {devices.screens[0].id}, 640x360 at 30 fps"
            assert shows_bars(run.pictures[-1].kept)
            assert_monotonic(run.pictures)
            assert run.end() == 0


def test_a_large_screen_is_made_smaller_once(desktop: Screen, painter: Painter, tmp_path: Path) -> None:
    painter.bars(painter.window(0, 0, 640, 360, "Bars"), 640, 360)
    with open_screen(tmp_path, "primary", size=(320, 320)) as run:
        run.wait_media(pictures=5)
        assert (run.wanted[0].width_px, run.wanted[0].height_px) == (320, 180)
        assert shows_bars(run.pictures[-1].kept)


def test_a_region(desktop: Screen, painter: Painter, tmp_path: Path) -> None:
    painter.fill(painter.window(0, 0, 640, 360, "Black"), [(0, 0, 0)], 640, 360)
    painter.bars(painter.window(101, 50, 320, 200, "Bars"), 320, 200)
    with open_screen(tmp_path, "region:320x200+101+50") as run:
        run.wait_media(pictures=5)
        assert (run.wanted[0].width_px, run.wanted[0].height_px) == (320, 200)
        assert shows_bars(run.pictures[-1].kept)


@pytest.mark.parametrize("target", ["region:320x", "region:640x360+1+0", "region:4x4+0+0"])
def test_a_region_that_cannot_be_is_refused(desktop: Screen, tmp_path: Path, target: str) -> None:
    with open_screen(tmp_path, target) as run:
        run.wait_gone()
        assert run.faults[0].kind == ErrorKind.BAD_ARGUMENT and run.faults[0].permanent and run.faults[0].remedy


def test_a_window_alone_also_behind_another_moved_and_resized(
    desktop: Screen, painter: Painter, tmp_path: Path
) -> None:
    window = painter.window(40, 30, 320, 180, "Talk")
    painter.bars(window, 320, 180)
    listed = [one for one in enumerate_all().windows if one.title == "Talk"]
    assert [(one.application, one.width_px, one.height_px) for one in listed] == [("Painter", 320, 180)]
    with open_screen(tmp_path, f"window:{listed[0].id}") as run:
        run.wait_for(lambda: newest_shows_bars(run))
        secret = painter.window(0, 0, 640, 360, "Secret")
        painter.fill(secret, [(255, 255, 255)], 640, 360)
        mark = len(run.pictures)
        run.wait_media(pictures=mark + 15)
        assert all(shows_bars(seen.kept) for seen in run.pictures[mark:]), "what lies before it is not grabbed"
        secret.destroy()
        window.configure(x=500, y=300)
        painter.sync()
        mark = len(run.pictures)
        run.wait_media(pictures=mark + 10)
        assert newest_shows_bars(run), "also half outside of the screen"
        window.configure(x=10, y=10, width=480, height=270)
        painter.bars(window, 480, 270)
        run.wait_for(lambda: bool(run.pictures) and run.pictures[-1].kept.shape == (405, 480))
        painter.bars(window, 480, 270)
        run.wait_for(lambda: newest_shows_bars(run))
        assert not run.faults


def test_a_closed_window_is_lost_and_comes_back_with_its_title(
    desktop: Screen, painter: Painter, tmp_path: Path
) -> None:
    window = painter.window(0, 0, 320, 180, "Talk")
    painter.bars(window, 320, 180)
    with open_screen(tmp_path, "window:Talk") as run:
        run.wait_for(lambda: newest_shows_bars(run))
        window.destroy()
        painter.sync()
        run.wait_for(lambda: bool(run.faults))
        assert run.faults[0].kind == ErrorKind.LOST and "Talk" in run.faults[0].message
        mark = len(run.pictures)
        other = painter.window(0, 0, 320, 180, "Private mail")
        painter.fill(other, [(255, 255, 255)], 320, 180)
        again = painter.window(20, 20, 320, 180, "Talk")
        painter.bars(again, 320, 180)
        run.wait_media(pictures=mark + 5)
        painter.bars(again, 320, 180)
        run.wait_for(lambda: newest_shows_bars(run))
        assert not any(seen.kept[90].min() > 200 for seen in run.pictures)
        assert len(run.faults) == 1
        again.unmap()
        painter.sync()
        run.wait_for(lambda: len(run.faults) == 2)
        assert "minimised" in run.faults[1].message


def test_a_frozen_display_is_told_and_comes_back(desktop: Screen, painter: Painter, tmp_path: Path) -> None:
    with open_screen(tmp_path, "primary") as run:
        run.wait_media(pictures=5)
        desktop.program.freeze()
        try:
            run.wait_for(lambda: bool(run.faults))
            assert run.faults[0].kind == ErrorKind.LOST
            beats, run.opened = run.beats, None
            run.wait_for(lambda: run.beats >= beats + 4)
        finally:
            desktop.program.thaw()
        run.wait_for(lambda: run.opened is not None)


def test_a_display_that_ends_is_told(desktop: Screen, tmp_path: Path) -> None:
    with open_screen(tmp_path, "primary") as run:
        run.wait_media(pictures=5)
        desktop.program.kill()
        run.wait_for(lambda: bool(run.faults))
        beats = run.beats
        run.wait_for(lambda: run.beats >= beats + 4)
        assert run.child.process.poll() is None


def test_a_screen_that_is_not_there_names_those_that_are(desktop: Screen, tmp_path: Path) -> None:
    with open_screen(tmp_path, "HDMI-9") as run:
        run.wait_for(lambda: bool(run.faults))
        assert run.faults[0].kind == ErrorKind.NOT_FOUND and "screen" in run.faults[0].remedy


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "There is no display"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "not supported here"),
        ({"DISPLAY": ":0", "XDG_SESSION_TYPE": "wayland"}, "not supported here"),
    ],
)
def test_where_no_screen_can_be_captured_one_sentence_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], words: str
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    obstacles = enumerate_all().obstacles
    assert any(words in obstacle.words and obstacle.remedy for obstacle in obstacles)
    with open_screen(tmp_path, "primary") as run:
        run.wait_gone()
        assert run.faults[0].kind == ErrorKind.NOT_SUPPORTED and run.faults[0].permanent
        assert words in run.faults[0].message and run.faults[0].remedy


def test_its_windows_are_listed_by_title(desktop: Screen, painter: Painter) -> None:
    painter.window(0, 0, 100, 50, "One")
    painter.window(0, 0, 120, 60, "Two")
    titles = until(lambda: [one.title for one in enumerate_all().windows], 10, "windows")
    assert titles == ["Two", "One"]
