"""One server for each data folder: a lock on a file in it, which the system takes back however the server ends."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import IO

from studio.media.errors import ErrorKind, StoaError

FILE_NAME = "people.lock"
LIMIT_S = 5.0
EVERY_S = 0.1


def take_folder(folder: Path, limit_s: float | None = None) -> IO[bytes]:
    """The lock, held until the file is closed. Raises StoaError(BUSY) where another server has it all the while."""
    for _ in range(max(1, round((LIMIT_S if limit_s is None else limit_s) / EVERY_S))):
        file = (folder / FILE_NAME).open("ab")
        try:
            _lock(file)
            return file
        except OSError:
            file.close()
        time.sleep(EVERY_S)
    raise StoaError(
        ErrorKind.BUSY,
        f"A Stoa server uses the data in {folder}.",
        remedy="End that server, or name another folder with --data.",
    )


def _lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
