"""The link to the first admin's account, in a file of its owner's only: for a start without a terminal."""

from __future__ import annotations

import os
from pathlib import Path

from studio.media.errors import ErrorKind, StoaError

FILE_NAME = "first-account.txt"


class KeptLink:
    """One for each data folder. A start takes away what the one before left: that link is dead then."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE_NAME

    def keep(self, link: str) -> Path:
        """Write it down, readable by nobody else from the first byte. Raises StoaError(DENIED)."""
        try:
            self._file.unlink(missing_ok=True)
            descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as opened:
                opened.write(f"{link}\n")
        except OSError as cause:
            raise StoaError(
                ErrorKind.DENIED,
                f"The first admin's link cannot be written to {self._file}: {cause.strerror}.",
                remedy="Let the server write to its data folder, or start it once at a terminal.",
                permanent=True,
            ) from cause
        return self._file

    def forget(self) -> None:
        """Nothing is there any more. Raises StoaError(DENIED)."""
        try:
            self._file.unlink(missing_ok=True)
        except OSError as cause:
            raise StoaError(
                ErrorKind.DENIED,
                f"{self._file} holds an old link and cannot be taken away: {cause.strerror}.",
                remedy="Delete it.",
                permanent=True,
            ) from cause
