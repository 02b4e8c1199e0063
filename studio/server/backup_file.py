"""The file that a backup is: versioned, with a checksum, for every database that a server may have.

gzip around lines of JSON: first `{"stoa_backup": 1, "version": …, "revision": …, "made": …}`, then for each row of a
table `["row", TABLE, {column: value}]` (bytes as base64), for each file of the folder `["file", NAME, BASE64]`, and
at the end `{"lines": how many between, "sha256": of all lines before this one}`. It holds keys: its owner's only.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio import __version__
from studio.media.errors import ErrorKind, StoaError

FORMAT = 1
LINE_BYTES = 64 * 1024 * 1024
"""Of one line at most: no row of ours comes near it."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the file says of itself: the database's revision, when and by which Stoa it was made."""

    revision: str
    version: str
    made: str


class Writer:
    """Takes the lines of a file that is being written."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self.lines = 0

    def begin(self, revision: str, made: str) -> None:
        self._put({"stoa_backup": FORMAT, "version": __version__, "revision": revision, "made": made})

    def add(self, *line: Any) -> None:
        self._put(line)
        self.lines += 1

    def end(self) -> None:
        self._put({"lines": self.lines, "sha256": self._digest.hexdigest()})

    def _put(self, line: Any) -> None:
        data = json.dumps(line, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"
        self._digest.update(data)
        self._file.write(data)


@contextmanager
def writing(target: Path) -> Iterator[Writer]:
    """A file that is there whole, or not at all. Raises StoaError(CONFLICT, DENIED)."""
    if target.exists():
        raise StoaError(
            ErrorKind.CONFLICT,
            f"There is a {'folder' if target.is_dir() else 'file'} {target} already.",
            remedy="Name another file, so that no backup is lost.",
            permanent=True,
        )
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as raw:
                with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed:
                    writer = Writer(packed)
                    yield writer
                    writer.end()
                raw.flush()
                os.fsync(raw.fileno())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as cause:
        raise StoaError(
            ErrorKind.DENIED,
            f"The backup {target} cannot be written: {cause.strerror}.",
            remedy="Choose a folder that you may write to, with space in it.",
            permanent=True,
        ) from cause


def check(file: Path) -> Head:
    """Read the whole file: whether it is a backup, and as it was written. Raises StoaError(NOT_FOUND, BAD_DATA)."""
    head: Head | None = None
    for line in _lines(file):
        head = head or _head(file, line)
    if head is None:
        raise no_backup(file)
    return head


def body(file: Path) -> Iterator[list[Any]]:
    """The lines between head and end, of a file that was checked. Raises StoaError as `check`."""
    for line in _lines(file):
        if isinstance(line, list):
            yield line


def _head(file: Path, line: Any) -> Head:
    if not isinstance(line, dict) or "stoa_backup" not in line:
        raise no_backup(file)
    if line["stoa_backup"] != FORMAT:
        raise StoaError(
            ErrorKind.NOT_SUPPORTED,
            f"The backup {file} was made by Stoa {line.get('version')}, in a form that this one does not know.",
            remedy="Restore it with that Stoa.",
            permanent=True,
        )
    revision, version, made = (line.get(name) for name in ("revision", "version", "made"))
    if not (isinstance(revision, str) and isinstance(version, str) and isinstance(made, str)):
        raise foreign(file, "Its head does not say by which Stoa it was made")
    if not re.fullmatch("[0-9]{4}", revision):
        raise foreign(file, "Its head does not say which form of the database it has")
    return Head(revision, version, made)


def _lines(file: Path) -> Iterator[Any]:
    """Every line but the last, which must fit them."""
    digest, count, last = hashlib.sha256(), 0, b""
    try:
        with gzip.open(file, "rb") as packed:
            while data := packed.readline(LINE_BYTES):
                if last:
                    digest.update(last)
                    yield json.loads(last)
                    count += 1
                last = data
        end = json.loads(last)
    except OSError as cause:
        if isinstance(cause, gzip.BadGzipFile):
            raise no_backup(file) from cause
        raise StoaError(
            ErrorKind.NOT_FOUND,
            f"The backup {file} cannot be read: {cause.strerror}.",
            remedy="Check the path.",
            permanent=True,
        ) from cause
    except (EOFError, zlib.error, ValueError, RecursionError) as cause:
        raise _broken(file) from cause
    if not isinstance(end, dict) or end.get("sha256") != digest.hexdigest() or end.get("lines") != count - 1:
        raise _broken(file)


def no_backup(file: Path) -> StoaError:
    """The words for a file that is something else."""
    return StoaError(
        ErrorKind.BAD_DATA, f"{file} is no backup of a Stoa server.", remedy="Check the path.", permanent=True
    )


def foreign(file: Path, why: str) -> StoaError:
    """The words for a file that is whole, and that no Stoa wrote like this."""
    return StoaError(
        ErrorKind.BAD_DATA,
        f"No Stoa wrote the backup {file} like this: {why[:1].lower()}{why[1:]}. Nothing is changed.",
        remedy="Take the file as `stoa backup` wrote it, or an earlier backup.",
        permanent=True,
    )


def _broken(file: Path) -> StoaError:
    return StoaError(
        ErrorKind.BAD_DATA,
        f"The backup {file} is not whole, or not as it was written.",
        remedy="Take another copy of it, or an earlier backup.",
        permanent=True,
    )
