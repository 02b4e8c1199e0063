"""The show comes first: its processes run before a busy machine's other work, where the system allows.

Linux and macOS allow it to root and to whom the administrator gave the right (limits.conf, `nice`); Windows to all.
Elsewhere the show runs like any other program. Linux shares the processor first between sessions (autogroups), and each
child is a session of its own: so each raises itself.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")
"""sched(7). Only Linux has it."""
RAISED_NICE, LOWERED_NICE = -10, 10
ABOVE_NORMAL_PRIORITY_CLASS, BELOW_NORMAL_PRIORITY_CLASS = 0x8000, 0x4000
"""winbase.h; not run on this project's Linux machines."""
PROCESS_POWER_THROTTLING = 4
"""PROCESS_INFORMATION_CLASS of processthreadsapi.h."""


def unthrottled() -> bytes:
    """PROCESS_POWER_THROTTLING_STATE: version 1; speed (1) and timer resolution (4) are ours to say; neither is
    throttled. Windows would else take a process without a window in front for one that can wait (EcoQoS)."""
    return struct.pack("=III", 1, 1 | 4, 0)


def put_first() -> None:
    """Raise this process. Call it before any thread begins: they inherit it."""
    _set(RAISED_NICE, ABOVE_NORMAL_PRIORITY_CLASS)


def put_last() -> None:
    """Lower this process, whatever it inherited: work that can wait."""
    _set(LOWERED_NICE, BELOW_NORMAL_PRIORITY_CLASS)


def _set(nice: int, windows_class: int) -> None:
    if sys.platform == "win32":
        import ctypes

        kernel32 = ctypes.windll.kernel32
        kernel32.SetPriorityClass(kernel32.GetCurrentProcess(), windows_class)
        if windows_class == ABOVE_NORMAL_PRIORITY_CLASS:
            state = unthrottled()
            kernel32.SetProcessInformation(kernel32.GetCurrentProcess(), PROCESS_POWER_THROTTLING, state, len(state))
    else:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, nice)
            AUTOGROUP.write_text(str(nice))
