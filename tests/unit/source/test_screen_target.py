"""What `screen:…` may name, where it lies, and what each platform's grabber is told."""

from __future__ import annotations

import pytest

from studio.device import Screen, Window
from studio.media import ErrorKind, StoaError
from studio.source.screen import grab_options
from studio.source.screen_target import (
    Place,
    ScreenTarget,
    find_window,
    parse_target,
    place_of_region,
    place_of_screen,
    place_of_window,
    same_window,
)

SCREENS = [Screen("HDMI-1", "HDMI-1, 1920x1080", 0, 0, 1920, 1080, True), Screen("DP-2", "DP-2", 1920, 0, 1281, 1023)]
TALK = Window("0x2a00003", "Talk", "Firefox", 10, 20, 641, 361)


def test_targets() -> None:
    assert parse_target("primary") == ScreenTarget() == parse_target("")
    assert parse_target("DP-2") == ScreenTarget(screen="DP-2")
    assert parse_target("window:0x2a00003") == ScreenTarget(window="0x2a00003")
    assert parse_target("region:640x360+100+50") == ScreenTarget(region=(100, 50, 640, 360))


@pytest.mark.parametrize(
    "text", ["region:", "region:640x360", "region:0x0+0+0", "region:640x360+-5+0", "region:8x8+0+0"]
)
def test_a_region_that_cannot_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(StoaError) as refusal:
        parse_target(text)
    assert refusal.value.kind is ErrorKind.BAD_ARGUMENT and "region:1280x720+0+0" in refusal.value.remedy


def test_sides_are_even_and_the_primary_screen_is_the_default() -> None:
    first, second = place_of_screen(SCREENS, ""), place_of_screen(SCREENS, "DP-2")
    assert first is not None and (first.x_px, first.width_px, first.height_px) == (0, 1920, 1080)
    assert second is not None and (second.x_px, second.width_px, second.height_px) == (1920, 1280, 1022)
    assert place_of_screen(SCREENS, "VGA-1") is None


def test_a_region_may_lie_across_screens_but_not_outside() -> None:
    place = place_of_region(SCREENS, (1800, 0, 401, 301))
    assert (place.width_px, place.height_px) == (400, 300)
    with pytest.raises(StoaError) as refusal:
        place_of_region(SCREENS, (3000, 0, 640, 360))
    assert "3201x1080" in refusal.value.message


def test_windows_by_number_or_by_a_title_that_only_one_has() -> None:
    twin = Window("0x2a00009", "Talk", "Firefox", 0, 0, 100, 100)
    assert find_window([TALK], "0x2A00003") == TALK == find_window([TALK], "Talk")
    assert find_window([TALK, twin], "Talk") is None
    assert find_window([TALK], "alk") is None
    assert place_of_window(TALK) == Place(0, 0, 640, 360, "the window Talk", 0x2A00003)


def test_a_window_that_was_opened_again_is_the_only_one_of_its_program_with_its_title() -> None:
    again = Window("0x2b00001", "Talk", "Firefox", 0, 0, 100, 100)
    mail = Window("0x2b00002", "Mail", "Firefox", 0, 0, 100, 100)
    other = Window("0x2b00003", "Talk", "Editor", 0, 0, 100, 100)
    assert same_window([mail, other, again], TALK) == again
    assert same_window([mail, other], TALK) is None
    assert same_window([again, Window("0x1", "Talk", "Firefox", 0, 0, 9, 9)], TALK) is None


def test_the_grabbers_of_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":7")
    place = Place(1920, 0, 1280, 720, "the screen DP-2")
    url, wanted = grab_options(place, 30.0, "linux")
    assert (url, wanted.format) == (":7", "x11grab")
    assert wanted.options == {
        "framerate": "30",
        "draw_mouse": "1",
        "video_size": "1280x720",
        "grab_x": "1920",
        "grab_y": "0",
    }
    url, wanted = grab_options(place_of_window(TALK), 25.0, "linux")
    assert wanted.options["window_id"] == str(0x2A00003) and "grab_x" not in wanted.options
    url, wanted = grab_options(place, 30.0, "win32")
    assert (url, wanted.format, wanted.options["offset_x"]) == ("desktop", "gdigrab", "1920")
    assert grab_options(place_of_window(TALK), 30.0, "win32")[0] == "hwnd=0x2a00003"
    url, wanted = grab_options(Place(0, 0, 0, 0, "the screen Capture screen 0"), 30.0, "darwin")
    assert (url, wanted.format) == ("Capture screen 0:none", "avfoundation")
