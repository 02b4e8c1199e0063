"""A camera: one process, one device, pictures stamped at capture.

Followed by its identity (serial number, else port), never by its place: an unplugged camera is waited for, and another
that took its /dev/video number is not shown in its stead. A driver that goes on giving the last picture after an
unplug is found by the content of its pictures and by the system's own list.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from studio.device.cameras import list_cameras, present
from studio.device.inventory import Camera, Obstacle, find_camera, not_there
from studio.media import NS_PER_MS, NS_PER_S, ErrorKind, StoaError
from studio.process import ChildPipes
from studio.source.attempt import within
from studio.source.camera_capture import CameraCapture, Given
from studio.source.camera_modes import CameraWish, PictureReader, bgr_frame
from studio.source.contract import Opened, OpenSource, Timing
from studio.source.live_pictures import LivePictures
from studio.source.loss import Loss, not_let_go, unplugged
from studio.source.outlet import Outlet, run_source

SILENT_NS = 800 * NS_PER_MS
"""So long without a picture (or three pictures' time, where that is longer): the camera is lost."""
FIRST_PICTURE_NS = 6 * NS_PER_S
STILL_NS = 2 * NS_PER_S
"""Exactly the same bytes for so long: suspicious in a camera, usual in a capture card; the system's list decides."""
LOOK_NS = 500 * NS_PER_MS
LIST_LIMIT_S = 6.0
GET_S = 0.1
DAMAGED_IN_A_ROW = 50
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Parts:
    """What a camera source is made of; tests put their own in."""

    list_cameras: Callable[[], tuple[list[Camera], list[Obstacle]]] = list_cameras
    present: Callable[[Camera], bool] = present
    capture: Callable[..., CameraCapture] = CameraCapture


def run(pipes: ChildPipes) -> None:
    """The child's life."""
    run_source(pipes, lambda outlet, request: CameraSource(outlet, request).play())


class CameraSource:
    """One camera of one process. `play` returns at the end, or raises what the engine's next try may mend."""

    def __init__(self, outlet: Outlet, request: OpenSource, parts: Parts | None = None) -> None:
        self._outlet = outlet
        self._request = request
        self._target = request.target
        self._parts = parts or Parts()
        self._clock = outlet.clock
        self._pictures = LivePictures(outlet, request.max_width_px, request.max_height_px)
        self._wish = CameraWish(
            request.width_px,
            request.height_px,
            request.fps,
            request.max_width_px,
            request.max_height_px,
            request.grid.fps_num / request.grid.fps_den,
        )
        self._loss = Loss(outlet)

    def play(self) -> None:
        while not self._outlet.stopping.is_set():
            camera = self._await_camera()
            if camera is not None:
                # From now on this very camera, also where a name or a path was asked for.
                self._target = camera.id
                self._watch(camera)

    # ------------------------------------------------------------ waiting

    def _await_camera(self) -> Camera | None:
        late = StoaError(
            ErrorKind.TIMEOUT,
            "The cameras did not answer in time: a driver hangs.",
            remedy="Unplug the cameras and plug them in again.",
        )
        while not self._outlet.stopping.is_set():
            self._outlet.beat(LIST_LIMIT_S + 2)
            cameras, obstacles = within(LIST_LIMIT_S, self._parts.list_cameras, late)
            found = find_camera(cameras, self._target)
            if found is not None:
                return found
            self._loss.tell(self._absence(cameras, obstacles))
            self._rest()
        return None

    def _absence(self, cameras: list[Camera], obstacles: list[Obstacle]) -> StoaError:
        """Why the camera is not there, as far as the list tells."""
        in_the_way = next((one for one in obstacles if self._target in one.words or not cameras), None)
        if in_the_way is not None and "may not open" in in_the_way.words:
            return StoaError(ErrorKind.DENIED, in_the_way.words, remedy=in_the_way.remedy)
        return not_there("camera", self._target, [camera.name for camera in cameras])

    def _rest(self) -> None:
        self._outlet.beat()
        self._outlet.stopping.wait(LOOK_NS / NS_PER_S)

    # ------------------------------------------------------------ watching

    def _watch(self, camera: Camera) -> None:
        """Open it and show its pictures until something is wrong with it."""
        capture = self._parts.capture(camera, self._wish, self._clock)
        self._outlet.beat(10.0)
        try:
            given = capture.open()
        except StoaError as refusal:
            if refusal.permanent or refusal.kind is ErrorKind.TIMEOUT:
                raise
            self._loss.tell(refusal)
            self._rest()
            return
        self._outlet.beat()
        try:
            reason = self._show(camera, given, capture)
        finally:
            self._outlet.beat(5.0)
            closed = capture.close()
        if reason is not None:
            self._loss.tell(reason)
            self._rest()
        if not closed:
            raise not_let_go(camera.name, "The driver")

    def _show(self, camera: Camera, given: Given, capture: CameraCapture) -> StoaError | None:
        reader = None if given.pixels == "BGR" else PictureReader(given.pixels, given.width_px, given.height_px)
        self._pictures.begin(lambda width, height: self._opened(camera, given, width, height))
        silent_ns = max(SILENT_NS, int(3 * NS_PER_S / given.fps) if given.fps else 0)
        began_ns = seen_ns = changed_ns = looked_ns = self._clock.now_ns()
        content, shown, damaged = 0, 0, 0
        while not self._outlet.stopping.is_set():
            self._outlet.beat()
            grabbed = capture.get(GET_S)
            now_ns = self._clock.now_ns()
            if now_ns - looked_ns > LOOK_NS:
                looked_ns = now_ns
                if not self._parts.present(camera):
                    return unplugged(f"The camera {camera.name}")
            if grabbed is None:
                if capture.failed:
                    return self._why_failed(camera)
                if now_ns - (seen_ns if shown else began_ns) > (silent_ns if shown else FIRST_PICTURE_NS):
                    return _silent(camera)
                continue
            seen_ns = now_ns
            if grabbed.content != content:
                content, changed_ns = grabbed.content, now_ns
            self._outlet.words = _still_words(now_ns - changed_ns)
            frame = reader.read(grabbed.data) if reader else bgr_frame(grabbed.data)
            if frame is None:
                damaged += 1
                if damaged > DAMAGED_IN_A_ROW:
                    return _damaged(camera)
                continue
            damaged = 0
            shown += 1
            if not self._pictures.show(frame, grabbed.stamp_ns):
                return None
            self._loss.over()
        return None

    def _why_failed(self, camera: Camera) -> StoaError:
        """Unplugged, or given up by its driver: reading may fail a moment before the system's list has changed."""
        end_ns = self._clock.now_ns() + LOOK_NS
        while self._parts.present(camera):
            if self._clock.now_ns() > end_ns or self._outlet.stopping.wait(0.05):
                return _gave_up(camera)
        return unplugged(f"The camera {camera.name}")

    def _opened(self, camera: Camera, given: Given, width_px: int, height_px: int) -> Opened:
        at = f" at {given.fps:g} fps" if given.fps else ""
        words = f"{camera.name}, {given.width_px}x{given.height_px}{at}, {given.pixels}"
        wish = self._wish
        if wish.width_px and (wish.width_px, wish.height_px) != (given.width_px, given.height_px):
            words += f" (it has no {wish.width_px}x{wish.height_px})"
        return Opened(
            has_video=True,
            has_audio=False,
            timing=Timing.LIVE,
            words=words,
            width_px=width_px,
            height_px=height_px,
            fps=given.fps,
        )


def _still_words(still_ns: int) -> str:
    return f"the picture has not changed for {still_ns // NS_PER_S} s" if still_ns > STILL_NS else ""


def _gave_up(camera: Camera) -> StoaError:
    return StoaError(
        ErrorKind.LOST,
        f"The camera {camera.name} stopped; it is tried again.",
        remedy="If it does not come back, unplug it and plug it in again.",
    )


def _silent(camera: Camera) -> StoaError:
    return StoaError(
        ErrorKind.LOST,
        f"The camera {camera.name} gives no pictures; it is tried again.",
        remedy="If it does not come back, unplug it and plug it in again, or choose a smaller size.",
    )


def _damaged(camera: Camera) -> StoaError:
    return StoaError(
        ErrorKind.BAD_DATA,
        f"The pictures of the camera {camera.name} arrive damaged.",
        remedy="Try another cable or port, without a hub.",
    )
