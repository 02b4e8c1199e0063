"""Cameras of Video4Linux, with a pretended kernel: capture nodes only, every mode that can be read, identities."""

from __future__ import annotations

import errno
import struct
from pathlib import Path

import pytest

from studio.device import CameraMode, DeviceKind, find_camera
from studio.device.cameras import list_v4l2
from studio.device.v4l2 import ENUM_FMT, ENUM_FRAMEINTERVALS, ENUM_FRAMESIZES, QUERYCAP

CAPTURE, METADATA, HAS_OWN = 0x1, 0x0080_0000, 0x8000_0000


class Kernel:
    """Answers the ioctls as drivers do. Nodes are files; `nodes` tells what each is."""

    def __init__(self) -> None:
        self.nodes: dict[str, dict[str, object]] = {}

    def add(self, dev: Path, name: str, **what: object) -> None:
        (dev / name).write_bytes(b"")
        self.nodes[name] = {"card": "Eye", "bus": "usb-0000:00:14.0-1", "own": CAPTURE, **what}

    def ioctl(self, descriptor: int, request: int, buffer: bytearray) -> None:
        node = self.nodes[Path(f"/proc/self/fd/{descriptor}").readlink().name]
        refusal = node.get("refuses")
        if refusal:
            raise OSError(refusal, "refused")
        formats: dict[bytes, list[tuple[int, int, list[tuple[int, int]]]]] = node.get("formats", {})  # type: ignore[assignment]
        match request:
            case _ if request == QUERYCAP:
                card, bus = str(node["card"]).encode(), str(node["bus"]).encode()
                own = int(node["own"])  # type: ignore[call-overload]
                flags = own | CAPTURE | METADATA | HAS_OWN
                struct.pack_into("=16s32s32sIII", buffer, 0, b"uvcvideo", card, bus, 0, flags, own)
            case _ if request == ENUM_FMT:
                (index,) = struct.unpack_from("=I", buffer)
                four = list(formats)[index] if index < len(formats) else None
                if four is None:
                    raise OSError(errno.EINVAL, "no more")
                struct.pack_into("=4s", buffer, 44, four)
            case _ if request == ENUM_FRAMESIZES:
                index, four = struct.unpack_from("=I4s", buffer)
                sizes = formats[four]
                if index >= len(sizes):
                    raise OSError(errno.EINVAL, "no more")
                width, height, _rates = sizes[index]
                if width < 0:
                    # Any size in steps of two, up to this one.
                    struct.pack_into("=I6I", buffer, 8, 3, 2, -width, 2, 2, height, 2)
                else:
                    struct.pack_into("=III", buffer, 8, 1, width, height)
            case _ if request == ENUM_FRAMEINTERVALS:
                index, four, width, height = struct.unpack_from("=I4sII", buffer)
                rates = next((r for w, h, r in formats[four] if (w, h) == (width, height)), [])
                if index >= len(rates):
                    raise OSError(errno.EINVAL, "no more")
                struct.pack_into("=III", buffer, 16, 1, *rates[index])
            case _:
                raise OSError(errno.ENOTTY, "unknown")


class Machine:
    """A pretended /dev and /sys."""

    def __init__(self, folder: Path) -> None:
        self.kernel = Kernel()
        self.dev, self.sysfs = folder / "dev", folder / "class"
        self.devices = folder / "devices"
        for place in (self.dev, self.sysfs, self.devices):
            place.mkdir()

    def plug_in(self, name: str, *, port: str = "", serial: str = "", index: int = 0, **what: object) -> None:
        self.kernel.add(self.dev, name, **what)
        node = self.sysfs / name
        node.mkdir()
        (node / "index").write_text(f"{index}\n")
        if port:
            usb = self.devices / port
            usb.mkdir(exist_ok=True)
            for key, value in {"idVendor": "046d", "idProduct": "0825", "product": "Eye", "serial": serial}.items():
                (usb / key).write_text(value + "\n")
            interface = usb / f"{port}:1.0"
            interface.mkdir(exist_ok=True)
            (node / "device").symlink_to(interface)

    def cameras(self) -> list[tuple[str, str, str]]:
        cameras, _obstacles = list_v4l2(self.dev, self.sysfs, self.kernel.ioctl)
        return [(camera.id, camera.identity, Path(camera.place).name) for camera in cameras]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_camera_with_its_modes_the_largest_first(machine: Machine) -> None:
    formats = {
        b"MJPG": [(1280, 720, [(1, 30), (1, 15)]), (1920, 1080, [(1, 30)])],
        b"YUYV": [(640, 480, [(1, 30)])],
        b"H264": [(1920, 1080, [(1, 60)])],
    }
    machine.plug_in("video0", port="1-2", serial="A1B2", formats=formats)
    cameras, obstacles = list_v4l2(machine.dev, machine.sysfs, machine.kernel.ioctl)
    assert obstacles == []
    assert cameras[0].name == "Eye"
    assert cameras[0].modes == [
        CameraMode(1920, 1080, 30.0, "MJPG"),
        CameraMode(1280, 720, 30.0, "MJPG"),
        CameraMode(640, 480, 30.0, "YUYV"),
    ]
    assert cameras[0].modes[0].words == "1920x1080 at 30 fps, MJPG"


def test_a_camera_of_any_size_offers_the_usual_ones_up_to_its_largest(machine: Machine) -> None:
    machine.plug_in("video0", port="1-2", formats={b"YUYV": [(-1280, 720, [])]})
    cameras, _ = list_v4l2(machine.dev, machine.sysfs, machine.kernel.ioctl)
    sizes = [(mode.width_px, mode.height_px) for mode in cameras[0].modes]
    assert sizes[0] == (1280, 720) and (640, 360) in sizes and (1920, 1080) not in sizes


def test_a_camera_is_known_by_its_serial_number_wherever_it_is(machine: Machine) -> None:
    machine.plug_in("video0", port="1-2", serial="A1B2")
    assert machine.cameras() == [("usb-046d:0825-A1B2", "serial number A1B2", "video0")]


def test_without_a_serial_number_worth_the_name_its_port_counts(machine: Machine) -> None:
    machine.plug_in("video0", port="1-2")
    machine.plug_in("video2", port="1-3", serial="SN0001")
    assert machine.cameras() == [
        ("usb-046d:0825@1-2", "USB port 1-2", "video0"),
        ("usb-046d:0825@1-3", "USB port 1-3", "video2"),
    ]


def test_two_with_one_serial_number_are_told_apart_by_their_ports(machine: Machine) -> None:
    machine.plug_in("video0", port="1-2", serial="A1B2")
    machine.plug_in("video1", port="1-3", serial="A1B2")
    identities = [identity for identity, _words, _place in machine.cameras()]
    assert identities == ["usb-046d:0825@1-2", "usb-046d:0825@1-3"]
    cameras, _ = list_v4l2(machine.dev, machine.sysfs, machine.kernel.ioctl)
    assert [camera.name for camera in cameras] == ["Eye (USB port 1-2)", "Eye (USB port 1-3)"]


def test_nodes_for_metadata_are_no_cameras_and_a_second_sensor_is_one(machine: Machine) -> None:
    machine.plug_in("video0", port="1-2", serial="A1B2")
    machine.plug_in("video1", port="1-2", serial="A1B2", own=METADATA, index=1)
    machine.plug_in("video2", port="1-2", serial="A1B2", index=2)
    assert [identity for identity, _words, _place in machine.cameras()] == [
        "usb-046d:0825-A1B2",
        "usb-046d:0825-A1B2.2",
    ]


def test_a_camera_on_another_bus_is_known_by_its_place_there(machine: Machine) -> None:
    machine.plug_in("video0", bus="platform:vivid-000")
    assert machine.cameras()[0][:2] == ("platform:vivid-000", "bus place platform:vivid-000")


@pytest.mark.parametrize(("refusal", "words"), [(errno.EACCES, "may not open"), (errno.EBUSY, "in use")])
def test_a_camera_that_refuses_is_told_with_the_remedy(machine: Machine, refusal: int, words: str) -> None:
    machine.plug_in("video0", refuses=refusal)
    cameras, obstacles = list_v4l2(machine.dev, machine.sysfs, machine.kernel.ioctl)
    assert cameras == []
    assert obstacles[0].about is DeviceKind.CAMERAS and words in obstacles[0].words and obstacles[0].remedy


def test_no_camera_is_said(machine: Machine) -> None:
    cameras, obstacles = list_v4l2(machine.dev, machine.sysfs, machine.kernel.ioctl)
    assert cameras == [] and obstacles[0].words == "No camera is plugged in."


def test_a_camera_is_found_by_identity_name_or_where_it_is_now_and_never_by_number(machine: Machine) -> None:
    machine.plug_in("video0", port="1-2", serial="A1B2")
    machine.plug_in("video1", port="1-3", serial="C3", card="Other")
    cameras, _ = list_v4l2(machine.dev, machine.sysfs, machine.kernel.ioctl)
    for wanted in ("usb-046d:0825-C3", "Other", str(machine.dev / "video1")):
        found = find_camera(cameras, wanted)
        assert found is not None and found.id == "usb-046d:0825-C3"
    assert find_camera(cameras, "1") is None
