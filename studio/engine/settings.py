"""The settings: one validated document, migrated by version, written as a whole. It never holds a secret."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from studio.control.api import HeadphonesSet, Placement, StripInfo
from studio.engine.journal import JournalSource
from studio.engine.show import ProgramShape
from studio.media import ErrorKind, StoaError

VERSION = 1


class SavedDestination(msgspec.Struct, frozen=True):
    """A destination of the settings. Its URL (with the key) and its bearer or passphrase are in the keyring only;
    where it has none of these, `in_keyring` is False and `masked_url` is the whole of it."""

    name: str
    masked_url: str
    enabled: bool = True
    ca_file: str = ""
    in_keyring: bool = True


class Settings(msgspec.Struct, frozen=True):
    """Everything that the studio remembers from one start to the next."""

    version: int = VERSION
    program: ProgramShape = ProgramShape()
    sources: list[JournalSource] = []
    placements: list[Placement] = []
    strips: list[StripInfo] = []
    destinations: list[SavedDestination] = []
    headphones: HeadphonesSet = HeadphonesSet()


def load_settings(path: Path) -> Settings:
    """Read the document; the defaults where there is none.

    Raises StoaError(BAD_DATA) where it is broken, or of a newer Stoa; nothing is changed then.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Settings()
    except OSError as cause:
        raise StoaError(
            ErrorKind.DENIED, f"{path} cannot be read ({cause.strerror}).", remedy="Check its permissions."
        ) from cause
    try:
        version = msgspec.json.decode(content, type=_Version).version
        if version > VERSION:
            raise StoaError(
                ErrorKind.BAD_DATA,
                f"{path} was written by a newer Stoa.",
                remedy="Update Stoa, or set the file aside.",
                permanent=True,
            )
        settings = msgspec.json.decode(content, type=Settings)
        settings.program.check()
    except msgspec.DecodeError as cause:
        raise StoaError(
            ErrorKind.BAD_DATA,
            f"{path} is broken: {cause}.",
            remedy="Mend it, or set it aside and begin anew.",
            permanent=True,
        ) from cause
    return settings


class _Version(msgspec.Struct, frozen=True):
    version: int


def set_aside(path: Path) -> Path:
    """Keep a broken document under another name, so that the studio can begin anew. Returns that name."""
    kept = path.with_name(time.strftime(f"{path.stem}.broken-%Y%m%d-%H%M%S{path.suffix}"))
    path.replace(kept)
    return kept
