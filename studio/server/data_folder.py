"""The server's data folder: made and tried before anything is started in it. Light to import: the parent asks first."""

from __future__ import annotations

import os
from pathlib import Path

from studio.media.errors import ErrorKind, StoaError

FILE_NAME = "people.sqlite3"


def prepare_folder(folder: Path, *, database: bool = True) -> None:
    """Make the data folder, for its owner only, and SQLite's file. Raises StoaError(DENIED) where that cannot be."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if database:
            os.close(os.open(folder / FILE_NAME, os.O_RDWR | os.O_CREAT, 0o600))
        probe = folder / f".writable-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as cause:
        remedy = "Choose another with --data, or let yourself write to it."
        raise unwritable(f"The server's data folder {folder}", cause, remedy) from cause


def unwritable(folder: str, cause: OSError, remedy: str) -> StoaError:
    """The words for a folder (as a sentence begins with it) that cannot be made or written."""
    in_place = isinstance(cause, FileExistsError | NotADirectoryError)
    why = "a file is in its place" if in_place else cause.strerror
    return StoaError(ErrorKind.DENIED, f"{folder} cannot be written: {why}.", remedy=remedy, permanent=True)
