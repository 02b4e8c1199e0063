"""What is noticed between two looks at the kernel's lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.device import DeviceKind
from studio.device.changes import Snapshot


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    (tmp_path / "video4linux").mkdir()
    return tmp_path


def test_nothing_has_changed(sysfs: Path) -> None:
    (sysfs / "video4linux/video0").mkdir()
    snapshot = Snapshot(sysfs)
    assert snapshot.changed() == [] == snapshot.changed()


def test_a_camera_comes_and_goes(sysfs: Path) -> None:
    snapshot = Snapshot(sysfs)
    (sysfs / "video4linux/video0").mkdir()
    assert snapshot.changed() == [DeviceKind.CAMERAS]
    assert snapshot.changed() == []
    (sysfs / "video4linux/video0").rmdir()
    assert snapshot.changed() == [DeviceKind.CAMERAS]


def test_one_that_was_pulled_and_plugged_in_between_two_looks_is_noticed(sysfs: Path) -> None:
    camera = sysfs / "video4linux/video0"
    camera.mkdir()
    snapshot = Snapshot(sysfs)
    camera.rename(sysfs / "gone")
    camera.mkdir()
    assert snapshot.changed() == [DeviceKind.CAMERAS]


def test_a_machine_without_sound_cards_gets_its_first(sysfs: Path) -> None:
    snapshot = Snapshot(sysfs)
    (sysfs / "sound").mkdir()
    (sysfs / "sound/card0").mkdir()
    assert snapshot.changed() == [DeviceKind.MICROPHONES]
