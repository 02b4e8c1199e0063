"""Whether a recording can be made at a place. Light: the command line asks before anything starts."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

from studio.media.errors import ErrorKind, StoaError

OTHER_KIND = re.compile(
    r"\.(3gp|aac|asf|avi|f4v|flv|gif|m2ts|m4a|mkv|mov|mp3|mpe?g|mts|mxf|og[agv]|part|ts|wav|webm|wmv)", re.IGNORECASE
)
"""Endings that promise another kind of file than the MP4 that is written."""


def check_recording_path(path: Path) -> None:
    """Raises StoaError (CONFLICT, NOT_FOUND, DENIED, BAD_ARGUMENT; permanent) where no recording can be made at `path`.

    A file without a name is made beside it and taken away again; what is there, or appears meanwhile, is not touched.
    """
    if OTHER_KIND.fullmatch(path.suffix):
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            f"Recordings are MP4 files, and {path.name} would not look like one.",
            remedy=f"Name it {path.with_suffix('.mp4').name}.",
            permanent=True,
        )
    try:
        there = path.exists()
    except OSError as cause:
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            f"No file can have the name {path} ({cause.strerror}).",
            remedy="Choose another name.",
            permanent=True,
        ) from cause
    if there:
        raise StoaError(ErrorKind.CONFLICT, f"{path} exists already.", remedy="Choose another name.", permanent=True)
    if not path.parent.is_dir():
        raise StoaError(
            ErrorKind.NOT_FOUND, f"There is no folder {path.parent}.", remedy="Make it first.", permanent=True
        )
    if not os.access(path.parent, os.W_OK):
        raise _not_written(path.parent, "")
    try:
        tempfile.TemporaryFile(dir=path.parent).close()  # some folders say yes and take no file: those of /proc
    except OSError as cause:
        raise _not_written(path.parent, f" ({cause.strerror})") from cause


def _not_written(folder: Path, why: str) -> StoaError:
    return StoaError(
        ErrorKind.DENIED,
        f"The folder {folder} cannot be written{why}.",
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
