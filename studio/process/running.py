"""Whether a process is there, by its number."""

from __future__ import annotations

import os
import sys


def is_running(pid: int) -> bool:
    """Also for a process of another user, and for one that has ended and that nobody has asked after yet."""
    if sys.platform == "win32":  # os.kill would end it there
        import psutil

        return bool(psutil.pid_exists(pid))
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
