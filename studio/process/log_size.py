"""Logs that cannot fill the disk: of each file the newest part stays, and one older part beside it.

The processes of a run write into one file, each through a descriptor of its own, so nobody can be told to go on in
another. They append: what stands in the file is moved to `NAME.log.old`, the file is cut to nothing, and the next line
of each goes to its new beginning. No writer ever waits for it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import IO

PART_BYTES = 10 * 1024 * 1024
"""A run keeps two parts at most: the file and the older part."""
CHECK_EVERY_S = 1.0


def older_part(log: Path) -> Path:
    """Where the part before the newest one is."""
    return log.with_name(f"{log.name}.old")


def hold_down(folder: Path, part_bytes: int) -> None:
    """Cut each log file in the folder that has more than `part_bytes`. Any process may call this at any time.

    A folder or disk that does not let itself be written is left alone: the show does not depend on it.
    """
    for log in folder.glob("*.log"):
        with contextlib.suppress(OSError):
            if log.stat().st_size > part_bytes:
                _cut(log, part_bytes)


def keep_down(folder: Path) -> None:
    """From now on hold the folder's logs down, once a second, on a thread that ends with the process."""

    def watch() -> None:
        while True:
            hold_down(folder, PART_BYTES)
            time.sleep(CHECK_EVERY_S)

    threading.Thread(target=watch, name="log size", daemon=True).start()


def open_log(path: Path) -> IO[bytes]:
    """A log file whose descriptor always writes at the end, also from the children that get it. Raises OSError."""
    if sys.platform == "win32":
        return os.fdopen(_append_only(path), "ab", buffering=0)
    return path.open("ab", buffering=0)


def _cut(log: Path, part_bytes: int) -> None:
    with log.open("rb") as content:
        if not _is_ours(content):
            return
        size = os.fstat(content.fileno()).st_size
        if size <= part_bytes:  # another process has just cut it
            return
        older = older_part(log)
        older.unlink(missing_ok=True)  # first: the two parts never take more than their room, also on a full disk
        content.seek(max(0, size - part_bytes))
        with contextlib.suppress(OSError), older.open("wb") as kept:
            shutil.copymode(log, older)
            shutil.copyfileobj(content, kept, 1 << 20)
        os.truncate(log, 0)


def _is_ours(content: IO[bytes]) -> bool:
    """One process at a time cuts a file."""
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(content, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _append_only(path: Path) -> int:
    """Windows: a handle that may append and nothing else, and so writes at the end, wherever that is by then.

    Elsewhere O_APPEND does this. Not run on this project's Linux machines.
    """
    if sys.platform != "win32":
        raise OSError("append-only handles exist on Windows only")
    import _winapi
    import msvcrt

    append_data, synchronize, share_all, open_always, normal = 0x4, 0x100000, 0x7, 4, 0x80
    handle = _winapi.CreateFile(str(path), append_data | synchronize, share_all, 0, open_always, normal, 0)
    return msvcrt.open_osfhandle(handle, os.O_APPEND)
