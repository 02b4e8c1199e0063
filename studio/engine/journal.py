"""What was on air, so that the next life of the engine resumes it: one small file, replaced as a whole, no secrets."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

import msgspec

from studio.control.api import Placement, SourceAdd, StripInfo
from studio.engine.show import ProgramShape

VERSION = 1


class JournalSource(msgspec.Struct, frozen=True):
    id: str
    request: SourceAdd
    render_delay_ms: float = 0.0


class JournalDestination(msgspec.Struct, frozen=True):
    """Its URL and secret are the launcher's to keep (or the keyring's, where `saved`)."""

    id: str
    name: str
    enabled: bool
    saved: bool
    running: bool
    was_live: bool
    ca_file: str = ""


class Journal(msgspec.Struct, frozen=True):
    """The show as it stands. `live_since_ns` is an instant of the studio clock."""

    version: int
    pid: int
    shape: ProgramShape
    sources: list[JournalSource]
    placements: list[Placement]
    strips: list[StripInfo]
    destinations: list[JournalDestination]
    live: bool
    live_since_ns: int
    recording: str
    session: str = ""
    muted_audio_by: str = ""
    muted_video_by: str = ""
    refused: str = ""


class JournalFile:
    """Writes in a thread of its own: the newest state wins, and no command waits for the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = threading.Condition()
        self._next: bytes | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    def keep(self, journal: Journal) -> None:
        """Write this soon."""
        with self._changed:
            self._next = msgspec.json.encode(journal)
            self._changed.notify()

    def close(self, *, remove: bool) -> None:
        """Write what waits; with `remove` the show has ended in order and nothing is to be resumed."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(2.0)
        if remove:
            self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        while True:
            with self._changed:
                while self._next is None and not self._closing:
                    self._changed.wait()
                content, self._next = self._next, None
            if content is None:
                return
            with contextlib.suppress(OSError):  # a full disk: the show goes on, resuming is what is lost
                draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.part")
                descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                draft.replace(self._path)


def read_journal(path: Path) -> Journal | None:
    """The last show; None where there is none that this version understands."""
    try:
        journal = msgspec.json.decode(path.read_bytes(), type=Journal)
    except (OSError, msgspec.DecodeError):
        return None
    return journal if journal.version == VERSION else None
