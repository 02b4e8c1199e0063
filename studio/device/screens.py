"""The screens and windows of this machine."""

from __future__ import annotations

import os
import sys

from studio.device.inventory import DeviceKind, Obstacle, Screen, Window

NO_DISPLAY = Obstacle(
    DeviceKind.SCREENS,
    "There is no display: DISPLAY is not set, so no screen can be captured.",
    "Start Stoa from the desktop, or set DISPLAY to the X server's (for example :0).",
)
WAYLAND = Obstacle(
    DeviceKind.SCREENS,
    "Screen capture is not supported here: this desktop is Wayland, and Stoa cannot use its portal yet.",
    'Sign in to the desktop\'s X11 session ("on Xorg" at the login screen), or use a capture card.',
)


def list_screens() -> tuple[list[Screen], list[Window], list[Obstacle]]:
    """Looked up anew at each call. Never raises."""
    if sys.platform == "win32":
        from studio.device.win32 import list_monitors, list_top_windows

        return list_monitors(), list_top_windows(), []
    if sys.platform == "darwin":
        return _list_macos()
    obstacle = x11_obstacle(dict(os.environ))
    if obstacle is not None:
        return [], [], [obstacle]
    return _list_x11()


def x11_obstacle(environ: dict[str, str]) -> Obstacle | None:
    """Why this desktop's screens cannot be captured, as far as the environment tells."""
    if environ.get("XDG_SESSION_TYPE") == "wayland" or (environ.get("WAYLAND_DISPLAY") and not environ.get("DISPLAY")):
        return WAYLAND
    return None if environ.get("DISPLAY") else NO_DISPLAY


def unreachable_display(display: str) -> Obstacle:
    """DISPLAY names a server that does not answer or does not let this user in."""
    return Obstacle(
        DeviceKind.SCREENS,
        f"The display {display} does not answer, or does not let this user in.",
        "Check DISPLAY and XAUTHORITY, and start Stoa as the user who is signed in at the desktop.",
    )


def _list_x11() -> tuple[list[Screen], list[Window], list[Obstacle]]:
    from studio.device import x11

    try:
        display = x11.open_display()
    except x11.NoDisplay as none:
        return [], [], [unreachable_display(none.display) if none.display else NO_DISPLAY]
    try:
        return x11.list_screens(display), x11.list_windows(display), []
    finally:
        display.close()


def _list_macos() -> tuple[list[Screen], list[Window], list[Obstacle]]:
    """AVFoundation lists its screens among the video devices ("Capture screen 0"); it has no single windows."""
    import av

    windows_words = Obstacle(
        DeviceKind.WINDOWS,
        "Single windows cannot be captured on macOS yet.",
        "Capture the whole screen and crop it in the scene.",
    )
    try:
        every = av.enumerate_input_devices("avfoundation")
    except (ValueError, OSError):
        return [], [], [Obstacle(DeviceKind.SCREENS, "The screens cannot be listed.", ""), windows_words]
    names = [device.description for device in every if device.description.startswith("Capture screen ")]
    screens = [Screen(name, name, 0, 0, 0, 0, primary=name.endswith(" 0")) for name in names]
    denied = Obstacle(
        DeviceKind.SCREENS,
        "macOS lists no screen for Stoa.",
        "Allow it under System Settings, Privacy and Security, Screen Recording, and start Stoa again.",
    )
    return screens, [], [windows_words] if screens else [denied, windows_words]
