"""The rows of `stoa doctor`: well where it is well, and a remedy wherever it is not."""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import pytest

from studio.device import DeviceKind, Devices, Microphone, Obstacle, Screen
from studio.device.checkup import (
    Check,
    check_devices,
    check_disk,
    check_home,
    check_libsrt,
    check_machine,
    check_pyav,
    check_python,
    check_shared_memory,
)

NOTHING = Devices(
    obstacles=[Obstacle(kind, f"No {kind}.", "Do this.") for kind in (DeviceKind.MICROPHONES, DeviceKind.SCREENS)]
)


def test_every_row_is_there_and_every_bad_one_has_a_remedy(tmp_path: Path) -> None:
    checks = check_machine(tmp_path / "not yet" / "there", NOTHING)
    assert [check.what for check in checks] == [
        "Python",
        "PyAV",
        "Sound system",
        "Cameras",
        "Display",
        "libsrt",
        "Keyring",
        "Folder",
        "Disk",
        "Shared memory",
    ]
    assert all(check.words for check in checks)
    assert all(check.remedy for check in checks if not check.ok and check.what != "Cameras")


def test_devices_that_are_there_are_named() -> None:
    devices = Devices(
        microphones=[
            Microphone("a", "Yeti", "", "", 1, 48_000),
            Microphone("b", "Speaker", "", "", 2, 48_000, is_monitor=True),
        ],
        screens=[Screen("HDMI-1", "HDMI-1, 640x360", 0, 0, 640, 360, True)],
    )
    rows = {check.what: check for check in check_devices(devices)}
    assert rows["Sound system"] == Check("Sound system", True, "1 microphone: Yeti", needed=False)
    assert rows["Display"].ok and "HDMI-1" in rows["Display"].words
    assert not rows["Cameras"].ok


def test_what_keeps_from_looking_is_told() -> None:
    rows = {check.what: check for check in check_devices(NOTHING)}
    assert rows["Display"] == Check("Display", False, "No screens.", "Do this.", needed=False)


def test_an_old_python_or_pyav_is_told() -> None:
    assert check_python((3, 12)).ok and not check_python((3, 11)).ok
    assert check_pyav(lambda name: "19.0.2").ok
    assert not check_pyav(lambda name: "18.1.0").ok and check_pyav(lambda name: "18.1.0").remedy

    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError

    assert not check_pyav(missing).ok


def test_srt_is_a_row_that_a_show_can_do_without() -> None:
    assert check_libsrt(lambda name: "libsrt.so" if name == "srt" else None).ok
    missing = check_libsrt(lambda name: None)
    assert not missing.ok and missing.remedy and not missing.needed


def test_a_full_disk_and_missing_shared_memory_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_disk(tmp_path).words
    monkeypatch.setattr("studio.device.checkup.LEAST_DISK_BYTES", 10**18)
    assert not check_disk(tmp_path).ok and check_disk(tmp_path).remedy
    none = check_shared_memory(tmp_path / "none")
    assert not none.ok and none.remedy


def test_a_home_that_cannot_be_written_is_told_and_nothing_is_left_in_one_that_can(tmp_path: Path) -> None:
    assert check_home(tmp_path) == Check("Folder", True, f"{tmp_path} can be written")
    assert check_home(tmp_path / "a/b") == Check("Folder", True, f"{tmp_path / 'a/b'} can be made")
    assert not list(tmp_path.iterdir())
    file = tmp_path / "file"
    file.write_text("mine")
    for place in (file, file / "below"):
        told = check_home(place)
        assert told.needed and not told.ok and told.words == f"{file} is a file, not a folder." and told.remedy
    assert file.read_text() == "mine"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_home_that_takes_no_file_is_told() -> None:
    told = check_home(Path("/proc"))
    assert not told.ok and told.words.startswith("/proc cannot be written (") and told.remedy
