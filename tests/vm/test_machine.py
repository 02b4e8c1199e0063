"""The virtual machine has real V4L2 cameras and ALSA cards, which this checkout's own environment opens."""

from __future__ import annotations

import pytest

from tests.vm.machine import Machine

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("machine")]

_CAMERAS = """
import glob, json
import cv2

found = {}
for node in sorted(glob.glob("/dev/video*")):
    capture = cv2.VideoCapture(node, cv2.CAP_V4L2)
    good, picture = capture.read()
    found[node] = [good, list(picture.shape) if good else None]
print(json.dumps(found))
"""

_CARDS = """
import json
import sounddevice

print(json.dumps([[device["name"], device["max_input_channels"]] for device in sounddevice.query_devices()]))
"""


def test_two_cameras_give_pictures(machine: Machine) -> None:
    outcome = machine.run(_CAMERAS)
    assert outcome.status == 0, outcome.output
    found = outcome.json()
    assert isinstance(found, dict)
    assert found == {"/dev/video0": [True, found["/dev/video0"][1]], "/dev/video1": [True, found["/dev/video1"][1]]}
    assert found["/dev/video0"][1][2] == 3


def test_two_sound_cards_are_devices_of_their_own(machine: Machine) -> None:
    outcome = machine.run(_CARDS)
    assert outcome.status == 0, outcome.output
    names = [name for name, channels in outcome.json() if channels > 0]  # type: ignore[attr-defined]
    assert {name.split(":")[0] for name in names if "hw:" in name} == {"Loopback"}, names
    assert any("hw:0,0" in name for name in names), names
    assert any("hw:1,0" in name for name in names), names


def test_a_script_that_fails_is_told(machine: Machine) -> None:
    outcome = machine.run("import sys; print('so far'); sys.exit(7)")
    assert outcome.status == 7
    assert "so far" in outcome.output
