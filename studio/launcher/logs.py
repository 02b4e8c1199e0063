"""Where the processes write what they have to say: `$STOA_HOME/logs`, the newest few files kept."""

from __future__ import annotations

import io
import logging
import os
import time
from typing import IO

from studio.media.errors import ErrorKind, StoaError
from studio.media.home import stoa_home

KEPT = 20


def log_file(name: str) -> IO[bytes]:
    """A new log file for this run; what the launcher itself logs goes there too.

    Raises StoaError(DENIED) where Stoa's folder cannot be written.
    """
    folder = stoa_home() / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(folder.glob(f"{name}-*.log"))[: -KEPT + 1]:
            old.unlink(missing_ok=True)
        file = (folder / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log").open("ab", buffering=0)
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
    return file
