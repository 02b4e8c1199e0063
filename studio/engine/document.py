"""A small document on disk, replaced as a whole by a thread of its own: the newest state wins, no command waits."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path

import msgspec

log = logging.getLogger(__name__)


class DocumentWriter:
    """Keeps one file (0600) as the last `keep` said. Where the disk fails, the show goes on and the log says so."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._changed = threading.Condition()
        self._next: bytes | None = None
        self._written: bytes | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._write, name=f"writer of {path.name}", daemon=True)
        self._thread.start()

    def keep(self, document: msgspec.Struct) -> None:
        """Write this soon, unless it stands there already."""
        content = msgspec.json.format(msgspec.json.encode(document), indent=2)
        with self._changed:
            self._next = content
            self._changed.notify()

    def close(self, *, remove: bool) -> None:
        """Write what waits; with `remove` take the file away."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(2.0)
        if remove:
            self.path.unlink(missing_ok=True)

    def _write(self) -> None:
        while True:
            with self._changed:
                while self._next is None and not self._closing:
                    self._changed.wait()
                content, self._next = self._next, None
            if content is None:
                return
            if content == self._written:
                continue
            try:
                self._replace(content)
                self._written = content
            except OSError as cause:
                log.warning("%s cannot be written: %s", self.path.name, cause.strerror)

    def _replace(self, content: bytes) -> None:
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
