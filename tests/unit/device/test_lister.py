"""What is looked up: each list by itself, and one that hangs or fails costs only itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from studio.device import Camera, DeviceKind, Devices, Microphone, Obstacle, Screen, devices_schema, find
from studio.device.inventory import not_there
from studio.device.lister import look_up
from studio.device.screens import NO_DISPLAY, WAYLAND, x11_obstacle
from studio.media import ErrorKind

Lists = dict[str, tuple[Callable[[], tuple[Any, ...]], tuple[str, ...], str]]

CAMERA = Camera("usb-1:2-A", "Eye", "serial number A", "/dev/video0")
SCREEN = Screen("HDMI-1", "HDMI-1, 640x360", 0, 0, 640, 360, True)


def lists(**replaced: Callable[[], tuple[Any, ...]]) -> Lists:
    asked: dict[str, Callable[[], tuple[Any, ...]]] = {
        "cameras": lambda: ([CAMERA], []),
        "sound": lambda: ([], [], [Obstacle(DeviceKind.MICROPHONES, "None.", "Plug one in.")]),
        "screens": lambda: ([SCREEN], [], []),
    } | replaced
    return {
        "cameras": (asked["cameras"], ("cameras",), "The cameras hang."),
        "sound": (asked["sound"], ("microphones", "headphones"), "The sound hangs."),
        "screens": (asked["screens"], ("screens", "windows"), "The display hangs."),
    }


def test_everything_is_looked_up() -> None:
    found = look_up(lists=lists())
    assert found.cameras == [CAMERA] and found.screens == [SCREEN]
    obstacle = found.obstacle(DeviceKind.MICROPHONES)
    assert obstacle is not None and obstacle.remedy == "Plug one in."


def test_only_what_is_asked_for() -> None:
    found = look_up([DeviceKind.CAMERAS], lists=lists())
    assert found.cameras == [CAMERA] and found.screens == [] and found.obstacles == []


def test_a_driver_that_hangs_costs_its_own_list_only() -> None:
    release = threading.Event()

    def hang() -> tuple[Any, ...]:
        release.wait()
        return [], []

    found = look_up(limit_s=0.05, lists=lists(cameras=hang))
    release.set()
    assert found.cameras == [] and found.screens == [SCREEN]
    obstacle = found.obstacle(DeviceKind.CAMERAS)
    assert obstacle is not None and obstacle.words == "The cameras hang." and obstacle.remedy


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_list_that_fails_is_told_as_such() -> None:
    def fail() -> tuple[Any, ...]:
        raise RuntimeError("a fault of the library")

    found = look_up(lists=lists(screens=fail))
    obstacle = found.obstacle(DeviceKind.SCREENS)
    assert obstacle is not None and "could not be listed" in obstacle.words
    assert found.cameras == [CAMERA]


@pytest.mark.parametrize(
    ("environ", "obstacle"),
    [
        ({"DISPLAY": ":0"}, None),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0", "XDG_SESSION_TYPE": "x11"}, None),
        ({"DISPLAY": ":0", "XDG_SESSION_TYPE": "wayland"}, WAYLAND),
        ({"WAYLAND_DISPLAY": "wayland-0"}, WAYLAND),
        ({}, NO_DISPLAY),
    ],
)
def test_where_screens_cannot_be_captured(environ: dict[str, str], obstacle: Obstacle | None) -> None:
    assert x11_obstacle(environ) == obstacle


def test_a_name_that_two_have_names_neither() -> None:
    twins = [
        Microphone("a", "Mic", "", "", 1, 48_000),
        Microphone("b", "Mic", "", "", 1, 48_000),
        Microphone("c", "Other", "", "", 1, 48_000),
    ]
    assert find(twins, "Mic") is None
    assert find(twins, "b") == twins[1] and find(twins, "Other") == twins[2]


def test_a_device_that_is_not_there_is_told_with_those_that_are() -> None:
    error = not_there("camera", "Eye 2", ["Eye"])
    assert error.kind is ErrorKind.NOT_FOUND and not error.permanent
    assert "Eye 2" in error.message and "Eye" in error.remedy


def test_the_answer_keeps_to_its_schema() -> None:
    schema = devices_schema()
    assert set(schema["$defs"]) >= {"Camera", "CameraMode", "Microphone", "Screen", "Window", "Obstacle", "Headphones"}
    said = msgspec.json.encode(look_up(lists=lists()))
    assert msgspec.json.decode(said, type=Devices).cameras == [CAMERA]


def test_what_keeps_from_screens_keeps_from_windows() -> None:
    devices = Devices(obstacles=[NO_DISPLAY])
    assert devices.obstacle(DeviceKind.WINDOWS) == NO_DISPLAY == devices.obstacle(DeviceKind.SCREENS)
    assert devices.obstacle(DeviceKind.HEADPHONES) is None
