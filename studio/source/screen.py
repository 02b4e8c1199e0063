"""A screen, a region of the desktop or one window: one process, pictures stamped when they are grabbed.

Grabbed by FFmpeg through PyAV: x11grab on X11 (with the pointer), avfoundation on macOS and gdigrab on Windows (written
against their documentation and not run yet). A window is followed when it moves, is resized, closed and opened again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass

import av

from studio.media import NS_PER_MS, NS_PER_S, Clock, ErrorKind, StoaError
from studio.process import ChildPipes
from studio.source.contract import Opened, OpenSource, Timing
from studio.source.live_pictures import LivePictures
from studio.source.loss import Loss
from studio.source.outlet import Outlet, run_source
from studio.source.screen_guard import ScreenGuard, guard_screen
from studio.source.screen_target import Place, ScreenTarget, parse_target
from studio.source.stream_reader import OpenStream, StreamOptions, StreamReader

SILENT_NS = 1_000 * NS_PER_MS
FIRST_PICTURE_NS = 6 * NS_PER_S
FIRST_ANSWER_NS = 3 * NS_PER_S
REST_S = 0.1
GET_S = 0.1


@dataclass(slots=True)
class Parts:
    """What a screen source is made of; tests put their own in."""

    guard: Callable[[ScreenTarget, Clock], ScreenGuard] = guard_screen
    reader: OpenStream = StreamReader


def run(pipes: ChildPipes) -> None:
    """The child's life."""
    run_source(pipes, lambda outlet, request: ScreenSource(outlet, request).play())


class ScreenSource:
    """One screen of one process. `play` returns at the end, or raises what cannot be mended by waiting."""

    def __init__(self, outlet: Outlet, request: OpenSource, parts: Parts | None = None) -> None:
        self._outlet = outlet
        self._clock = outlet.clock
        self._parts = parts or Parts()
        self._target = parse_target(request.target)
        self._fps = request.fps or request.grid.fps_num / request.grid.fps_den
        self._pictures = LivePictures(outlet, request.max_width_px, request.max_height_px)
        self._loss = Loss(outlet)

    def play(self) -> None:
        guard = self._parts.guard(self._target, self._clock)
        try:
            while not self._outlet.stopping.is_set():
                place = self._await_place(guard)
                if place is not None:
                    self._grab(place, guard)
        finally:
            guard.stop()

    def _await_place(self, guard: ScreenGuard) -> Place | None:
        began_ns = self._clock.now_ns()
        while not self._outlet.stopping.is_set():
            self._outlet.beat()
            place = guard.place()
            if place is not None:
                return place
            absence = guard.absence()
            if absence is not None:
                if absence.permanent:
                    raise absence
                self._loss.tell(absence)
            elif self._clock.now_ns() - began_ns > FIRST_ANSWER_NS:
                self._loss.tell(_standing_still())
            self._outlet.stopping.wait(REST_S)
        return None

    def _grab(self, place: Place, guard: ScreenGuard) -> None:
        """Show it until it lies elsewhere, is gone, or grabbing fails."""
        url, options = grab_options(place, self._fps)
        reader = self._parts.reader(url, options, self._clock)
        self._pictures.begin(lambda width, height: self._opened(place, width, height))
        reader.start()
        try:
            reason = self._show(place, guard, reader)
        finally:
            reader.close()
        if reason is not None:
            self._loss.tell(reason)
            self._outlet.stopping.wait(REST_S)

    def _show(self, place: Place, guard: ScreenGuard, reader: StreamReader) -> StoaError | None:
        began_ns = seen_ns = self._clock.now_ns()
        shown = False
        while not self._outlet.stopping.is_set():
            self._outlet.beat()
            received = reader.get(GET_S)
            now_ns = self._clock.now_ns()
            if guard.place() != place:
                return None
            if received is None:
                if reader.ended:
                    # A window that was just made smaller or closed: the guard knows in a moment.
                    self._outlet.stopping.wait(REST_S)
                    return None if guard.place() != place else _refused(place)
                if now_ns - (seen_ns if shown else began_ns) > (SILENT_NS if shown else FIRST_PICTURE_NS):
                    self._loss.tell(_standing_still())
                continue
            assert isinstance(received.frame, av.VideoFrame)
            seen_ns = now_ns
            if self._loss.lasts and shown:
                self._pictures.begin(lambda width, height: self._opened(place, width, height))
            shown = True
            if not self._pictures.show(received.frame, received.arrival_ns):
                return None
            self._loss.over()
        return None

    def _opened(self, place: Place, width_px: int, height_px: int) -> Opened:
        words = f"{place.name}, {place.width_px}x{place.height_px} at {self._fps:g} fps"
        return Opened(
            has_video=True,
            has_audio=False,
            timing=Timing.LIVE,
            words=words,
            width_px=width_px,
            height_px=height_px,
            fps=self._fps,
        )


def grab_options(place: Place, fps: float, platform: str = sys.platform) -> tuple[str, StreamOptions]:
    """What FFmpeg's grabber of this platform is told."""
    common = {"framerate": f"{fps:.6g}"}
    size = f"{place.width_px}x{place.height_px}"
    if platform == "darwin":
        name = place.name.removeprefix("the screen ")
        return f"{name}:none", StreamOptions("avfoundation", common | {"capture_cursor": "1", "pixel_format": "bgr0"})
    common |= {"draw_mouse": "1", "video_size": size}
    if platform == "win32":
        if place.window:
            return f"hwnd={place.window:#x}", StreamOptions("gdigrab", common)
        corner = {"offset_x": str(place.x_px), "offset_y": str(place.y_px)}
        return "desktop", StreamOptions("gdigrab", common | corner)
    if place.window:
        common["window_id"] = str(place.window)
    else:
        common |= {"grab_x": str(place.x_px), "grab_y": str(place.y_px)}
    return os.environ.get("DISPLAY", ""), StreamOptions("x11grab", common)


def _standing_still() -> StoaError:
    return StoaError(
        ErrorKind.LOST, "The display stands still.", remedy="It comes back by itself once the display answers."
    )


def _refused(place: Place) -> StoaError:
    return StoaError(
        ErrorKind.REFUSED,
        f"The display does not let {place.name} be captured.",
        remedy="Show it wholly on the screen; where it holds protected content, choose another.",
    )
