"""Screens and windows of Windows, asked of user32. Written against its documentation and not run yet."""

from __future__ import annotations

import sys

from studio.device.inventory import Screen, Window

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    class _MonitorInfo(ctypes.Structure):
        """MONITORINFOEXW."""

        _fields_ = (
            ("size", wintypes.DWORD),
            ("monitor", wintypes.RECT),
            ("work", wintypes.RECT),
            ("flags", wintypes.DWORD),
            ("device", wintypes.WCHAR * 32),
        )

    _MONITOR_CALL = ctypes.WINFUNCTYPE(
        wintypes.BOOL, wintypes.HMONITOR, wintypes.HDC, ctypes.POINTER(wintypes.RECT), wintypes.LPARAM
    )
    _WINDOW_CALL = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.HWND, wintypes.LPARAM)
    _PRIMARY = 1

    def list_monitors() -> list[Screen]:
        """The monitors, in physical pixels, the primary first."""
        user32 = ctypes.windll.user32
        user32.SetProcessDPIAware()
        screens: list[Screen] = []

        def add(handle: int, _dc: int, _rect: object, _data: int) -> bool:
            info = _MonitorInfo()
            info.size = ctypes.sizeof(info)
            if user32.GetMonitorInfoW(handle, ctypes.byref(info)):
                box = info.monitor
                width, height = box.right - box.left, box.bottom - box.top
                name = info.device.removeprefix("\\\\.\\")
                primary = bool(info.flags & _PRIMARY)
                screens.append(Screen(name, f"{name}, {width}x{height}", box.left, box.top, width, height, primary))
            return True

        user32.EnumDisplayMonitors(None, None, _MONITOR_CALL(add), 0)
        return sorted(screens, key=lambda screen: not screen.primary)

    def list_top_windows() -> list[Window]:
        """Visible windows with a title."""
        user32 = ctypes.windll.user32
        windows: list[Window] = []

        def add(handle: int, _data: int) -> bool:
            length = user32.GetWindowTextLengthW(handle)
            if length and user32.IsWindowVisible(handle) and not user32.IsIconic(handle):
                text = ctypes.create_unicode_buffer(length + 1)
                user32.GetWindowTextW(handle, text, length + 1)
                box = wintypes.RECT()
                user32.GetWindowRect(handle, ctypes.byref(box))
                width, height = box.right - box.left, box.bottom - box.top
                windows.append(Window(f"0x{handle:x}", text.value, "", box.left, box.top, width, height))
            return True

        user32.EnumWindows(_WINDOW_CALL(add), 0)
        return windows

else:

    def list_monitors() -> list[Screen]:
        """Windows only."""
        return []

    def list_top_windows() -> list[Window]:
        """Windows only."""
        return []
