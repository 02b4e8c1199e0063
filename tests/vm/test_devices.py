"""Real V4L2 cameras and ALSA sound cards, without a sound server: enumerated, opened, captured, unplugged, back."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from tests.vm.machine import Machine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1000), pytest.mark.xdist_group("machine")]

SCRIPT = Path(__file__).with_name("devices_inside.py")


@pytest.fixture(scope="module")
def inside(machine: Machine) -> dict[str, Any]:
    """Everything is tried in one boot; what was seen comes back as one object."""
    outcome = machine.run(SCRIPT, limit_s=900)
    assert outcome.status == 0, outcome.output[-4000:]
    return cast(dict[str, Any], outcome.json())


def test_cameras_and_cards_are_listed_with_identities_and_modes(inside: dict[str, Any]) -> None:
    cameras = {camera["id"]: camera for camera in inside["devices"]["cameras"]}
    assert list(cameras) == ["platform:vivid-000", "platform:vivid-001"]
    sizes = {(mode["width_px"], mode["height_px"], mode["pixels"]) for mode in cameras["platform:vivid-000"]["modes"]}
    assert {(640, 360, "YUYV"), (1280, 720, "YUYV"), (640, 360, "NV12")} <= sizes
    microphones = [one["id"] for one in inside["devices"]["microphones"]]
    assert {"alsa-MicOne,0", "alsa-MicTwo,0"} <= set(microphones)
    assert len({one["name"] for one in inside["devices"]["microphones"]}) == len(microphones), "each has its own name"
    assert any("no display" in obstacle["words"] for obstacle in inside["devices"]["obstacles"])


def test_both_cameras_are_captured_in_their_colours(inside: dict[str, Any]) -> None:
    for seen in inside["cameras"]:
        assert seen["words"].endswith("640x360 at 30 fps, YUYV")
        assert seen["bars_error"] <= 3
        assert seen["monotonic"] and seen["status"] == 0
        assert 0 < seen["age_ms"] < 1000, "stamped by the driver, a little before it arrives"


def test_a_size_that_is_asked_for_is_given_and_told(inside: dict[str, Any]) -> None:
    assert inside["asked"]["words"].endswith("320x180 at 15 fps, YUYV")


def test_an_engine_that_holds_every_slot_costs_pictures_and_not_the_process(inside: dict[str, Any]) -> None:
    holding = inside["holding"]
    assert holding["held"] == holding["slots"] and holding["faults"] == 0 and holding["status"] == 0


def test_an_unplugged_camera_is_told_at_once_and_comes_back_by_itself(inside: dict[str, Any]) -> None:
    unplugged = inside["unplugged"]
    assert [fault["kind"] for fault in unplugged["faults"]] == ["lost"]
    assert "was unplugged" in unplugged["faults"][0]["message"]
    assert unplugged["told_after_s"] < 2
    assert unplugged["opened_again"] and unplugged["pictures_after"] >= 5
    assert unplugged["changes"], "and the watch told that the list has changed"


def test_a_sound_card_is_heard_without_a_sound_server(inside: dict[str, Any]) -> None:
    heard = inside["microphone"]
    assert heard["faults"] == [] and heard["monotonic"]
    assert heard["tone_hz"] == pytest.approx(heard["played_hz"], abs=10)


def test_a_card_that_is_in_use_is_told_as_such(inside: dict[str, Any]) -> None:
    assert inside["busy"]["kind"] == "busy" and "in use" in inside["busy"]["message"]


def test_a_device_that_is_not_there_is_told(inside: dict[str, Any]) -> None:
    assert [fault["kind"] for fault in inside["missing"]] == ["not_found", "not_found"]
