"""What the owner shares, kept for the next life of the server's parent: run/share.json, 0600.

It is there only while something is shared. An orderly end takes it away, and a fresh start of the studio takes away
what a crash left without reading it: sharing is chosen anew in each run.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path

import msgspec

from studio.server.front import Shared

FILE_NAME = "share.json"
log = logging.getLogger(__name__)


class KeptShare:
    """One studio's. Any thread; never raises: a share that cannot be kept still holds until the next crash."""

    def __init__(self, run_folder: Path) -> None:
        self._path = run_folder / FILE_NAME

    def read(self) -> Shared | None:
        """What was shared; None for nothing, or for a file that is half written."""
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=Shared)
        except (OSError, msgspec.DecodeError):
            return None

    def keep(self, shared: Shared | None) -> None:
        """From now on this is shared; None for nothing."""
        made = self._path.with_suffix(".new")
        try:
            made.unlink(missing_ok=True)
            if shared is None:
                self._path.unlink(missing_ok=True)
                return
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(shared))
            made.replace(self._path)
        except OSError as cause:
            log.warning("what is shared cannot be kept in %s: %s", self._path, cause.strerror)
