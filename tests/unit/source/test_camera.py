"""The camera's state machine on a pretended driver and a clock that tests move: lost at once, followed by identity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np

from studio.device import Camera, CameraMode, DeviceKind, Obstacle
from studio.media import ErrorKind, StoaError
from studio.source.camera import CameraSource, Parts
from studio.source.camera_capture import CameraCapture, Given, Grabbed
from studio.source.contract import SourceKind
from tests.unit.source.live_engine import FakeEngine

MODES = [CameraMode(320, 180, 30.0, "YUYV")]


def camera(serial: str = "A", place: str = "/dev/video0") -> Camera:
    return Camera(f"usb-1:2-{serial}", f"Eye {serial}", f"serial number {serial}", place, MODES)


@dataclass
class Desk:
    """What is plugged in, and what the driver does: one script step for each picture that is waited for."""

    engine: FakeEngine
    plugged: list[Camera] = field(default_factory=lambda: [camera()])
    script: Callable[[Desk], Iterator[str]] = lambda desk: iter(())
    opened: list[str] = field(default_factory=list)
    refusal: StoaError | None = None
    obstacles: list[Obstacle] = field(default_factory=list)

    def parts(self) -> Parts:
        self.steps = self.script(self)
        return Parts(
            list_cameras=lambda: (list(self.plugged), self.obstacles),
            present=lambda one: any(other.place == one.place for other in self.plugged),
            capture=lambda one, wish, clock: cast(CameraCapture, Capture(self, one)),
        )

    def play(self) -> None:
        source = CameraSource(self.engine.outlet, self.engine.request(SourceKind.CAMERA, "usb-1:2-A"), self.parts())
        source.play()


class Capture:
    """A pretended open camera. Steps: "picture" (a new one), "same" (the last one again), "nothing", "fail"."""

    def __init__(self, desk: Desk, one: Camera) -> None:
        self._desk = desk
        self._camera = one
        self._value = 0
        self.failed = False

    def open(self) -> Given:
        if self._desk.refusal is not None:
            raise self._desk.refusal
        self._desk.opened.append(self._camera.place)
        return Given(320, 180, 30.0, "YUYV")

    def get(self, limit_s: float) -> Grabbed | None:
        step = next(self._desk.steps, "nothing")
        clock = self._desk.engine.clock
        if step == "fail":
            self.failed = True
        if step in ("fail", "nothing"):
            clock.move(limit_s)
            return None
        clock.move(1 / 30)
        self._value += step == "picture"
        data = np.full((180, 320, 2), 16 + self._value % 200, np.uint8)
        return Grabbed(data, clock.at_ns - 5_000_000, self._value)

    def close(self) -> bool:
        return True


def desk(folder: Path, limit_s: float = 10.0) -> Desk:
    return Desk(FakeEngine(folder, limit_s))


def pictures(count: int) -> Iterator[str]:
    for _ in range(count):
        yield "picture"


def test_it_says_what_was_given_and_stamps_at_capture(tmp_path: Path) -> None:
    here = desk(tmp_path, 1.0)
    here.script = lambda desk: pictures(10)
    here.play()
    assert [said.words for said in here.engine.opened] == ["Eye A, 320x180 at 30 fps, YUYV"]
    assert len(here.engine.pictures) == 10
    instants = [picture.pts_ns for picture in here.engine.pictures]
    assert instants == sorted(instants)


def test_an_unplugged_camera_is_told_once_and_comes_back_by_identity_at_another_place(tmp_path: Path) -> None:
    here = desk(tmp_path)

    def script(desk: Desk) -> Iterator[str]:
        yield from pictures(5)
        # Another camera takes its number; three seconds later it is plugged in again itself.
        desk.plugged = [camera("B", "/dev/video0")]
        yield "fail"
        yield from pictures(1000)

    here.script = script
    parts = here.parts()
    began_ns = here.engine.clock.at_ns

    def list_cameras() -> tuple[list[Camera], list[Obstacle]]:
        if here.engine.clock.at_ns > began_ns + 3e9 and len(here.plugged) == 1:
            here.plugged.append(camera("A", "/dev/video4"))
        return list(here.plugged), []

    parts.list_cameras = list_cameras
    CameraSource(here.engine.outlet, here.engine.request(SourceKind.CAMERA, "usb-1:2-A"), parts).play()
    assert here.opened == ["/dev/video0", "/dev/video4"], "never the one that took its place"
    assert [fault.kind for fault in here.engine.faults] == [ErrorKind.LOST]
    assert len(here.engine.opened) == 2


def test_a_driver_that_repeats_the_last_picture_after_an_unplug_is_found(tmp_path: Path) -> None:
    here = desk(tmp_path, 5.0)

    def script(desk: Desk) -> Iterator[str]:
        yield from pictures(5)
        desk.plugged = []
        for _ in range(100):
            yield "same"

    here.script = script
    here.play()
    assert here.engine.faults[0].message == "The camera Eye A was unplugged."
    shown_after = len(here.engine.pictures) - 5
    assert shown_after < 30, "within a second"


def test_a_still_picture_of_a_camera_that_is_there_stays_on_air_and_is_told(tmp_path: Path) -> None:
    here = desk(tmp_path, 8.0)
    words: list[str] = []

    def script(desk: Desk) -> Iterator[str]:
        yield "picture"
        for _ in range(150):
            words.append(desk.engine.outlet.words)
            yield "same"

    here.script = script
    here.play()
    assert not [fault for fault in here.engine.faults if "unplugged" in fault.message]
    assert len(here.engine.pictures) > 140
    assert words[20] == "" and "has not changed for" in words[-1]


def test_a_camera_that_goes_silent_is_lost_within_a_second(tmp_path: Path) -> None:
    here = desk(tmp_path, 2.0)
    here.script = lambda desk: pictures(5)
    began_ns = here.engine.clock.at_ns
    here.play()
    assert "gives no pictures" in here.engine.faults[0].message
    assert here.engine.pictures[-1].pts_ns - began_ns < 1e9
    assert here.opened[1:], "and is opened again"


def test_one_that_is_in_use_is_told_once_and_tried_again(tmp_path: Path) -> None:
    here = desk(tmp_path, 4.0)
    here.refusal = StoaError(ErrorKind.BUSY, "It is in use by another program.", remedy="Close it.")
    here.play()
    assert [fault.kind for fault in here.engine.faults] == [ErrorKind.BUSY]


def test_one_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    here = desk(tmp_path, 2.0)
    here.plugged = [camera("B")]
    here.play()
    assert [fault.kind for fault in here.engine.faults] == [ErrorKind.NOT_FOUND]
    assert "Eye B" in here.engine.faults[0].remedy and here.opened == []


def test_one_that_this_user_may_not_open_is_told_as_such(tmp_path: Path) -> None:
    here = desk(tmp_path, 2.0)
    here.plugged = []
    here.obstacles = [Obstacle(DeviceKind.CAMERAS, "This user may not open the camera /dev/video0.", "Join the group.")]
    here.play()
    assert here.engine.faults[0].kind is ErrorKind.DENIED and here.engine.faults[0].remedy == "Join the group."


def test_a_camera_that_was_chosen_by_name_is_followed_by_identity_from_then_on(tmp_path: Path) -> None:
    here = desk(tmp_path, 6.0)

    def script(desk: Desk) -> Iterator[str]:
        yield from pictures(5)
        # Another piece of the same model, with the same name.
        desk.plugged = [Camera("usb-1:2-Z", "Eye A", "serial number Z", "/dev/video2", MODES)]
        yield "fail"
        yield from pictures(1000)

    here.script = script
    CameraSource(here.engine.outlet, here.engine.request(SourceKind.CAMERA, "Eye A"), here.parts()).play()
    assert here.opened == ["/dev/video0"]


def test_reading_that_fails_a_moment_before_the_list_changes_is_an_unplug(tmp_path: Path) -> None:
    here = desk(tmp_path, 3.0)

    def script(desk: Desk) -> Iterator[str]:
        yield from pictures(5)
        yield "fail"

    here.script = script
    parts = here.parts()
    failed_ns: list[int] = []

    def present(one: Camera) -> bool:
        if len(here.engine.pictures) == 5 and not failed_ns:
            failed_ns.append(here.engine.clock.at_ns)
        if failed_ns and here.engine.clock.at_ns - failed_ns[0] > 100_000_000:
            here.plugged = []
        return bool(here.plugged)

    parts.present = present
    CameraSource(here.engine.outlet, here.engine.request(SourceKind.CAMERA, "usb-1:2-A"), parts).play()
    assert here.engine.faults[0].message == "The camera Eye A was unplugged."


def test_each_loss_is_told(tmp_path: Path) -> None:
    here = desk(tmp_path, 20.0)

    def script(desk: Desk) -> Iterator[str]:
        for _ in range(3):
            yield from pictures(5)
            yield from ("nothing",) * 20
        yield from pictures(1000)

    here.script = script
    here.play()
    assert ["gives no pictures" in fault.message for fault in here.engine.faults] == [True] * 3
