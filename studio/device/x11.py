"""Screens and windows of an X11 desktop (RandR monitors, EWMH client list), read through python-xlib."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from studio.device.inventory import Screen, Window

LEAST_SIDE_PX = 16


class NoDisplay(Exception):
    """No X server answers at `display`."""

    def __init__(self, display: str) -> None:
        super().__init__(display)
        self.display = display


def open_display(name: str | None = None) -> Any:
    """A connection to the X server of DISPLAY; close it. Raises NoDisplay."""
    import Xlib.display
    import Xlib.error

    display = os.environ.get("DISPLAY", "") if name is None else name
    if not display:
        raise NoDisplay("")
    try:
        return Xlib.display.Display(display)
    except (Xlib.error.DisplayError, Xlib.error.XauthError, OSError) as cause:
        raise NoDisplay(display) from cause


def list_screens(display: Any) -> list[Screen]:
    """The monitors, the primary first. A server without RandR 1.5 counts as one screen."""
    root = display.screen().root
    screens = []
    if display.has_extension("RANDR") and _randr_version(display) >= (1, 5):
        for monitor in root.xrandr_get_monitors().monitors:
            name = display.get_atom_name(monitor.name)
            screens.append(
                Screen(
                    id=name,
                    name=f"{name}, {monitor.width_in_pixels}x{monitor.height_in_pixels}",
                    x_px=monitor.x,
                    y_px=monitor.y,
                    width_px=monitor.width_in_pixels,
                    height_px=monitor.height_in_pixels,
                    primary=bool(monitor.primary),
                )
            )
    if not screens:
        whole = root.get_geometry()
        screens.append(
            Screen("desktop", f"Desktop, {whole.width}x{whole.height}", 0, 0, whole.width, whole.height, True)
        )
    if not any(screen.primary for screen in screens):
        first = screens[0]
        screens[0] = Screen(first.id, first.name, first.x_px, first.y_px, first.width_px, first.height_px, primary=True)
    return sorted(screens, key=lambda screen: (not screen.primary, screen.x_px, screen.y_px))


def list_windows(display: Any) -> list[Window]:
    """The windows that a person sees, the newest first."""
    windows = []
    for handle in _client_windows(display):
        found = describe_window(display, handle)
        if found is not None:
            windows.append(found)
    return windows[::-1]


def describe_window(display: Any, handle: int) -> Window | None:
    """A window by its number; None where it is gone, hidden or too small to show."""
    import Xlib.error
    import Xlib.X

    window = display.create_resource_object("window", handle)
    try:
        if window.get_attributes().map_state != Xlib.X.IsViewable:
            return None
        geometry = window.get_geometry()
        corner = window.translate_coords(display.screen().root, 0, 0)
        title = title_of(display, window)
        names = window.get_wm_class()
    except (Xlib.error.XError, Xlib.error.ConnectionClosedError):
        return None
    if geometry.width < LEAST_SIDE_PX or geometry.height < LEAST_SIDE_PX:
        return None
    application = names[1] if names else ""
    # python-xlib tells where the root lies seen from the window.
    x_px, y_px = -corner.x, -corner.y
    return Window(f"0x{handle:x}", title or application, application, x_px, y_px, geometry.width, geometry.height)


def title_of(display: Any, window: Any) -> str:
    """_NET_WM_NAME, else WM_NAME."""
    import Xlib.X

    modern = window.get_full_property(display.intern_atom("_NET_WM_NAME"), Xlib.X.AnyPropertyType)
    if modern is not None and modern.value:
        value = modern.value
        return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
    old = window.get_wm_name()
    return old.decode("latin-1") if isinstance(old, bytes) else str(old or "")


def _client_windows(display: Any) -> Iterator[int]:
    """What the window manager manages; without one, the root's own mapped and named children."""
    import Xlib.error
    import Xlib.X

    root = display.screen().root
    managed = root.get_full_property(display.intern_atom("_NET_CLIENT_LIST"), Xlib.X.AnyPropertyType)
    if managed is not None:
        yield from (int(handle) for handle in managed.value)
        return
    for child in root.query_tree().children:
        try:
            attributes = child.get_attributes()
            shown = attributes.win_class == Xlib.X.InputOutput and not attributes.override_redirect
            if shown and (title_of(display, child) or child.get_wm_class()):
                yield child.id
        except Xlib.error.XError:
            continue


def _randr_version(display: Any) -> tuple[int, int]:
    answer = display.xrandr_query_version()
    return answer.major_version, answer.minor_version
