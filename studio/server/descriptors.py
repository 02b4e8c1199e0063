"""How many files and sockets this process may have open; raised at its start, since the usual limit is for programs."""

from __future__ import annotations

import contextlib
import sys

WANTED = 65_536
ASSUMED = 4_096


def raise_limit() -> int:
    """Lift the soft limit towards the hard one (POSIX); returns what holds from now on. Never raises."""
    if sys.platform == "win32":
        return ASSUMED
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return WANTED if soft == resource.RLIM_INFINITY else soft
