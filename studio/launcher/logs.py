"""Where the processes write what they have to say: `$STOA_HOME/logs`, the newest few files kept, none without end.

The log of a run that lives stays however many came after it: it could not be held down any more.
"""

from __future__ import annotations

import io
import logging
import os
import time
from pathlib import Path
from typing import IO

from studio.media.errors import ErrorKind, StoaError
from studio.media.home import stoa_home
from studio.process.log_size import forget, keep_down, older_part, open_log

KEPT = 20
KEPT_BYTES = 100 * 1024 * 1024
"""Of the earlier runs of one name (`stoa`, `stoa live`); each run has its own limit (studio/process/log_size.py)."""


def log_file(name: str) -> IO[bytes]:
    """A new log file for this run; what the launcher itself logs goes there too. The folder's logs are held down.

    Raises StoaError(DENIED) where Stoa's folder cannot be written.
    """
    folder = stoa_home() / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _forget_old(folder, name)
        file = open_log(folder / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log")
    except OSError as cause:
        raise StoaError(
            ErrorKind.DENIED,
            f"Stoa's folder {stoa_home()} cannot be written ({cause.strerror}).",
            remedy="Change its permissions, or set STOA_HOME to another folder.",
            permanent=True,
        ) from cause
    launcher = logging.StreamHandler(io.TextIOWrapper(file, encoding="utf-8", write_through=True))
    launcher.setFormatter(logging.Formatter("%(asctime)s launcher %(process)d %(message)s"))
    logging.basicConfig(handlers=[launcher], level=logging.INFO)
    keep_down(folder)
    return file


def _forget_old(folder: Path, name: str) -> None:
    kept_bytes = 0
    for number, log in enumerate(sorted(folder.glob(f"{name}-*.log"), reverse=True), 1):
        kept_bytes += sum(_size_bytes(part) for part in (log, older_part(log)))
        if number >= KEPT or kept_bytes > KEPT_BYTES:
            forget(log)


def _size_bytes(part: Path) -> int:
    try:
        return part.stat().st_size
    except OSError:  # there is none, or another launcher that starts at this moment took it away
        return 0
