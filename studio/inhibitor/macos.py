"""macOS: a power assertion of IOKit (IOPMLib.h). Not run yet on one.

A process that holds one is spared App Nap too. The system releases it when the process ends.
"""

from __future__ import annotations

import ctypes
from typing import Any

IOKIT = "/System/Library/Frameworks/IOKit.framework/IOKit"
CORE_FOUNDATION = "/System/Library/Frameworks/CoreFoundation.framework/CoreFoundation"
KIND = b"PreventUserIdleDisplaySleep"
NAME = b"Stoa Studio: a show is on air or being recorded"
UTF8 = 0x0800_0100
LEVEL_ON = 255
SUCCESS = 0


class MacLock:
    """See `WakeLock`. Neither the machine nor its display sleeps: a screen that is on air must not go dark."""

    def __init__(self, iokit: Any = None, core: Any = None) -> None:
        """The two libraries, for tests."""
        self._iokit = iokit or _iokit()
        self._core = core or _core_foundation()
        self._held = ctypes.c_uint32(0)

    def take(self) -> None:
        kind, name = (self._core.CFStringCreateWithCString(None, text, UTF8) for text in (KIND, NAME))
        status = self._iokit.IOPMAssertionCreateWithName(kind, LEVEL_ON, name, ctypes.byref(self._held))
        for text in (kind, name):
            self._core.CFRelease(text)
        if status != SUCCESS:
            raise OSError(f"macOS refused a power assertion (IOReturn {status & 0xFFFF_FFFF:#x})")

    def drop(self) -> None:
        self._iokit.IOPMAssertionRelease(self._held)


def _iokit() -> Any:
    library = ctypes.CDLL(IOKIT)
    create = library.IOPMAssertionCreateWithName
    create.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.POINTER(ctypes.c_uint32)]
    create.restype = ctypes.c_int
    library.IOPMAssertionRelease.argtypes = [ctypes.c_uint32]
    return library


def _core_foundation() -> Any:
    library = ctypes.CDLL(CORE_FOUNDATION)
    library.CFStringCreateWithCString.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint32]
    library.CFStringCreateWithCString.restype = ctypes.c_void_p
    library.CFRelease.argtypes = [ctypes.c_void_p]
    return library
