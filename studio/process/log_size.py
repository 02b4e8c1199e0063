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
    """A log file whose descriptor always writes at the end, also from the children that get it. Raises OSError.

    It is in use until the last of them has closed it.
    """
    if sys.platform == "win32":
        return os.fdopen(_append_only(path), "ab", buffering=0)
    import fcntl

    file = path.open("a+b", buffering=0)  # NFS gives a shared lock to readers only
    with contextlib.suppress(OSError):  # a disk without locks
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return file


def forget(log: Path) -> None:
    """Take away both parts of a log; one that is in use stays, and what does not let itself be taken away."""
    with contextlib.suppress(OSError):
        if not _in_use(log):
            log.unlink()  # on Windows refused while it is in use
            older_part(log).unlink(missing_ok=True)


def _in_use(log: Path) -> bool:
    if sys.platform == "win32":
        return False
    with log.open("r+b") as file:
        return not _is_ours(file)


def _cut(log: Path, part_bytes: int) -> None:
    older = older_part(log)
    with log.open("rb") as content, older.open("ab", buffering=0) as kept:
        if not _is_ours(kept):  # the writers' lock is on the log itself
            return
        size = os.fstat(content.fileno()).st_size
        if size <= part_bytes:  # another process has just cut it
            return
        kept.truncate(0)  # first: the two parts never take more than their room, also on a full disk
        with contextlib.suppress(OSError):
            shutil.copymode(log, older)
            content.seek(size - part_bytes)
            kept.write(content.read(part_bytes))  # no more, however much is being written
        os.truncate(log, 0)


def _is_ours(file: IO[bytes]) -> bool:
    """Whether no other process has it locked, and from now on this one does, where the disk has locks."""
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a disk without locks
            return True
    return True


def _append_only(path: Path) -> int:
    """Windows: a handle that may append and nothing else, and so writes at the end, wherever that is by then.

    Others may read, write and cut the file then, but not delete it. Elsewhere O_APPEND does this.
    Not run on this project's Linux machines.
    """
    if sys.platform != "win32":
        raise OSError("append-only handles exist on Windows only")
    import _winapi
    import msvcrt

    append_data, synchronize, share_but_keep, open_always, normal = 0x4, 0x100000, 0x3, 4, 0x80
    handle = _winapi.CreateFile(str(path), append_data | synchronize, share_but_keep, 0, open_always, normal, 0)
    return msvcrt.open_osfhandle(handle, os.O_APPEND)
