"""The file of a recording: made exclusively, written in whole steps, never left torn by a full disk."""

from __future__ import annotations

import errno
import io
import os
import shutil
from pathlib import Path

from studio.media import ErrorKind, StoaError

MODE = 0o644
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class RecordingFile:
    """What the muxer writes to. One thread uses it.

    `mark` says that the file is consistent up to its present end. After a failed write the file is cut back to the last
    mark and takes nothing more: a trailer that fits only in part would make it unreadable.
    """

    def __init__(self, path: Path) -> None:
        """Make the file. Raises StoaError: CONFLICT (it exists), NOT_FOUND, DENIED, NO_SPACE."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), MODE)
        except OSError as cause:
            raise _why_not(path, cause) from cause
        self.path = path
        self.failed: OSError | None = None
        self._raw = io.FileIO(descriptor, "r+")
        self._good = 0

    @property
    def name(self) -> str:
        return str(self.path)

    def write(self, data: bytes) -> int:
        """All of `data`, or OSError and nothing ever more."""
        if self.failed is not None:
            raise self.failed
        try:
            view = memoryview(data)
            while view:
                view = view[self._raw.write(view) or 0 :]
        except OSError as cause:
            self._fail(cause)
            raise
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def mark(self) -> None:
        """What has been written so far is whole."""
        if self.failed is None:
            self._good = self._raw.tell()

    @property
    def bytes(self) -> int:
        """Its present size."""
        return os.fstat(self._raw.fileno()).st_size

    @property
    def free_bytes(self) -> int:
        """What its disk has left for this user."""
        return shutil.disk_usage(self.path.parent).free

    def close(self) -> None:
        self._raw.close()

    def _fail(self, cause: OSError) -> None:
        self.failed = cause
        try:
            os.ftruncate(self._raw.fileno(), self._good)
        except OSError:
            pass  # a disk that is gone cannot be mended; what players find there is still fragments


def is_full(cause: OSError) -> bool:
    """Whether an error means that there is no room left (disk, quota, or limit on the size of a file)."""
    return cause.errno in _FULL


def _why_not(path: Path, cause: OSError) -> StoaError:
    folder = path.parent
    if isinstance(cause, FileExistsError):
        return StoaError(
            ErrorKind.CONFLICT, f"The file {path} exists already.", remedy="Choose another name.", permanent=True
        )
    if isinstance(cause, (FileNotFoundError, NotADirectoryError)):
        return StoaError(
            ErrorKind.NOT_FOUND, f"There is no folder {folder}.", remedy="Make it or choose another.", permanent=True
        )
    if isinstance(cause, PermissionError) or cause.errno == errno.EROFS:
        return StoaError(
            ErrorKind.DENIED,
            f"The folder {folder} cannot be written.",
            remedy="Choose another folder or change its permissions.",
            permanent=True,
        )
    if is_full(cause):
        return StoaError(ErrorKind.NO_SPACE, f"The disk of {folder} is full.", remedy="Free space or choose another.")
    return StoaError(ErrorKind.INTERNAL, f"The recording {path} cannot be made: {cause.strerror}.")
