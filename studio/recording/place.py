"""Whether a recording can be made at a place. Light: the command line asks before anything starts."""

from __future__ import annotations

import os
from pathlib import Path

from studio.media.errors import ErrorKind, StoaError


def check_recording_path(path: Path) -> None:
    """Raises StoaError (CONFLICT, NOT_FOUND, DENIED; permanent) where no recording can be made at `path`."""
    if path.exists():
        raise StoaError(ErrorKind.CONFLICT, f"{path} exists already.", remedy="Choose another name.", permanent=True)
    if not path.parent.is_dir():
        raise StoaError(
            ErrorKind.NOT_FOUND, f"There is no folder {path.parent}.", remedy="Make it first.", permanent=True
        )
    if not os.access(path.parent, os.W_OK):
        raise StoaError(
            ErrorKind.DENIED,
            f"The folder {path.parent} cannot be written.",
            remedy="Choose another, or change its permissions.",
            permanent=True,
        )


def free_name(path: Path) -> Path:
    """`path`, or the same with the first free number."""
    number = 2
    free = path
    while free.exists():
        free = path.with_stem(f"{path.stem}-{number}")
        number += 1
    return free
