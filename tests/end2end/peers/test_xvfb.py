"""The screen of the tests: of its own, of the size asked for, and still there when its last client has left."""

from __future__ import annotations

import subprocess

from tests.fixtures.programs import find_program
from tests.fixtures.xvfb import Screen


def size_px(screen: Screen) -> tuple[int, int]:
    command = [find_program("xdotool", "xdotool"), "getdisplaygeometry"]
    said = subprocess.run(command, env=screen.environ(), check=True, capture_output=True, text=True).stdout
    width, height = said.split()
    return int(width), int(height)


def test_it_serves_one_client_after_another(xvfb: Screen) -> None:
    assert size_px(xvfb) == (1920, 1080)
    assert size_px(xvfb) == (1920, 1080)


def test_two_screens_are_two(xvfb: Screen, shared_xvfb: Screen) -> None:
    assert xvfb.display != shared_xvfb.display
