"""Windows: the execution state of the thread that asks (SetThreadExecutionState, winbase.h). Not run yet on one."""

from __future__ import annotations

from collections.abc import Callable

ES_CONTINUOUS, ES_SYSTEM_REQUIRED, ES_DISPLAY_REQUIRED = 0x8000_0000, 0x1, 0x2


class WindowsLock:
    """See `WakeLock`. The display stays on too: a host watches for hours without touching anything, and a screen that
    is on air must not go dark. The system forgets the state when the thread ends."""

    def __init__(self, set_state: Callable[[int], int] | None = None) -> None:
        """`set_state` is kernel32's function, for tests."""
        self._set_state = set_state or _kernel32()

    def take(self) -> None:
        if not self._set_state(ES_CONTINUOUS | ES_SYSTEM_REQUIRED | ES_DISPLAY_REQUIRED):
            raise OSError("Windows refused SetThreadExecutionState")

    def drop(self) -> None:
        self._set_state(ES_CONTINUOUS)


def _kernel32() -> Callable[[int], int]:
    import ctypes

    function = ctypes.WinDLL("kernel32").SetThreadExecutionState  # type: ignore[attr-defined]  # on Windows only
    function.argtypes, function.restype = [ctypes.c_uint32], ctypes.c_uint32
    return function  # type: ignore[no-any-return]
