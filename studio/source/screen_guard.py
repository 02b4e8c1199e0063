"""Where what is grabbed lies now: followed by a thread of its own, since a display server may stand still."""

from __future__ import annotations

import logging
import os
import sys
import threading
from typing import Any, Protocol

from studio.device import x11
from studio.device.inventory import Obstacle, Window
from studio.device.screens import list_screens, unreachable_display, x11_obstacle
from studio.media import Clock, ErrorKind, StoaError
from studio.source.screen_target import (
    Place,
    ScreenTarget,
    find_window,
    place_of_region,
    place_of_screen,
    place_of_window,
    same_window,
)

LOOK_S = 0.1
RETRY_S = 0.5
log = logging.getLogger(__name__)


class ScreenGuard(Protocol):
    """What the screen source asks. Any thread."""

    def place(self) -> Place | None:
        """Where to grab; None while there is nothing to grab."""

    def absence(self) -> StoaError | None:
        """Why there is nothing to grab; None before the first look."""

    def answered_ns(self) -> int:
        """The studio clock of the last look; 0 before the first."""

    def stop(self) -> None:
        """No more looking."""


class X11Guard:
    """Follows a screen, a region or a window of an X server."""

    def __init__(self, target: ScreenTarget, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._place: Place | None = None
        self._absence: StoaError | None = None
        self._answered_ns = 0
        self._window: Window | None = None
        self._redirected = 0
        self._stopping = threading.Event()
        threading.Thread(target=self._follow, name="screen guard", daemon=True).start()

    def place(self) -> Place | None:
        return self._place

    def absence(self) -> StoaError | None:
        return self._absence

    def answered_ns(self) -> int:
        return self._answered_ns

    def stop(self) -> None:
        self._stopping.set()

    def _follow(self) -> None:
        while not self._stopping.is_set():
            try:
                display = x11.open_display()
            except x11.NoDisplay as none:
                self._lose(error_of(unreachable_display(none.display)))
                self._stopping.wait(RETRY_S)
                continue
            try:
                while not self._stopping.is_set():
                    self._look(display)
                    self._stopping.wait(LOOK_S)
            except Exception as failure:
                # The server ended, or python-xlib met what it does not know.
                log.info("the display went away: %s", type(failure).__name__)
                self._lose(error_of(unreachable_display(os.environ.get("DISPLAY", ""))))
                self._stopping.wait(RETRY_S)
            finally:
                self._redirected = 0
                _close(display)

    def _lose(self, absence: StoaError) -> None:
        self._absence = absence
        self._place = None
        self._answered_ns = self._clock.now_ns()

    def _look(self, display: Any) -> None:
        try:
            place = self._place_of_window(display) if self._target.window else self._place_of_area(display)
        except StoaError as error:
            self._lose(error)
            return
        self._absence = None
        self._place = place
        self._answered_ns = self._clock.now_ns()

    def _place_of_area(self, display: Any) -> Place:
        screens = x11.list_screens(display)
        if self._target.region is not None:
            return place_of_region(screens, self._target.region)
        place = place_of_screen(screens, self._target.screen)
        if place is None:
            here = ", ".join(screen.id for screen in screens)
            raise StoaError(
                ErrorKind.NOT_FOUND,
                f"There is no screen {self._target.screen}.",
                remedy=f"Connect it, or choose another: {here}.",
            )
        return place

    def _place_of_window(self, display: Any) -> Place:
        window = self._find_window(display)
        if window is None:
            raise self._no_window()
        self._window = window
        handle = int(window.id, 16)
        if handle != self._redirected:
            self._redirect(display, handle)
        return place_of_window(window)

    def _find_window(self, display: Any) -> Window | None:
        if self._window is not None:
            # Its title may change; its number does not while it lives.
            alive = x11.describe_window(display, int(self._window.id, 16))
            return alive or same_window(x11.list_windows(display), self._window)
        found = find_window(x11.list_windows(display), self._target.window)
        if found is None and self._target.window.startswith("0x"):
            try:
                found = x11.describe_window(display, int(self._target.window, 16))
            except ValueError:
                return None
        return found

    def _no_window(self) -> StoaError:
        if self._window is None:
            return StoaError(
                ErrorKind.NOT_FOUND,
                f"There is no window {self._target.window}.",
                remedy="Open it and do not minimise it; stoa devices lists the windows that are here.",
            )
        return StoaError(
            ErrorKind.LOST,
            f"The window {self._window.title} was closed or minimised.",
            remedy="Show it again: it comes back by itself. Or choose another.",
        )

    def _redirect(self, display: Any, handle: int) -> None:
        """Have the server draw the window into memory of its own, so that windows before it are not grabbed with it."""
        from Xlib.ext import composite

        self._redirected = handle
        if not display.has_extension("Composite"):
            return
        display.composite_query_version()
        window = display.create_resource_object("window", handle)
        window.composite_redirect_window(composite.RedirectAutomatic)
        display.sync()


class FixedGuard:
    """macOS and Windows: looked up once; what goes away is found when grabbing it fails. Not run on our machines."""

    def __init__(self, target: ScreenTarget, clock: Clock) -> None:
        self._clock = clock
        self._absence: StoaError | None = None
        screens, windows, obstacles = list_screens()
        self._place: Place | None = None
        try:
            if target.window:
                window = find_window(windows, target.window)
                self._place = place_of_window(window) if window else None
            elif target.region is not None:
                self._place = place_of_region(screens, target.region)
            else:
                self._place = place_of_screen(screens, target.screen)
        except StoaError as error:
            self._absence = error
        if self._place is None and self._absence is None:
            missing = StoaError(ErrorKind.NOT_FOUND, f"There is no screen {target.screen or target.window}.")
            self._absence = error_of(obstacles[0]) if obstacles else missing

    def place(self) -> Place | None:
        return self._place

    def absence(self) -> StoaError | None:
        return self._absence

    def answered_ns(self) -> int:
        return self._clock.now_ns()

    def stop(self) -> None:
        """Nothing runs."""


def guard_screen(target: ScreenTarget, clock: Clock) -> ScreenGuard:
    """The guard that fits this desktop. Raises StoaError(NOT_SUPPORTED) where it cannot be grabbed at all."""
    if sys.platform != "linux":
        return FixedGuard(target, clock)
    obstacle = x11_obstacle(dict(os.environ))
    if obstacle is not None:
        raise StoaError(ErrorKind.NOT_SUPPORTED, obstacle.words, remedy=obstacle.remedy, permanent=True)
    return X11Guard(target, clock)


def error_of(obstacle: Obstacle) -> StoaError:
    """What stands in the way, as an error that another try may mend."""
    return StoaError(ErrorKind.UNREACHABLE, obstacle.words, remedy=obstacle.remedy)


def _close(display: Any) -> None:
    try:
        display.close()
    except Exception as failure:
        log.debug("closing a display that is gone: %s", type(failure).__name__)
