"""What was on air, so that the next life of the engine resumes it: one small file, replaced as a whole, no secrets."""

from __future__ import annotations

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
    """The show as it stands. `live_since_ns` is an instant of the studio clock. `screens_held`: why the session keeps
    screens out of the picture, which the placements do not tell."""

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
    screens_held: str = ""


def read_journal(path: Path) -> Journal | None:
    """The last show; None where there is none that this version understands."""
    try:
        journal = msgspec.json.decode(path.read_bytes(), type=Journal)
    except (OSError, msgspec.DecodeError):
        return None
    return journal if journal.version == VERSION else None
