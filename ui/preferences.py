"""What the window remembers: its place, its theme, its sizes. `$STOA_HOME/window.json`, validated, never a secret.

Reading happens before the window exists, writing in a thread.
"""

from __future__ import annotations

import asyncio
import logging
import os
from pathlib import Path
from typing import Annotated

import msgspec

from studio.media.home import stoa_home
from ui.theme.tokens import ThemeName

_LOG = logging.getLogger(__name__)

Side = Annotated[int, msgspec.Meta(ge=-100_000, le=100_000)]


class Preferences(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """The document. Unknown fields of a later version are let be."""

    version: int = 1
    theme: ThemeName = ThemeName.DARK
    x: Side | None = None
    y: Side | None = None
    width: Annotated[int, msgspec.Meta(ge=400, le=20_000)] = 1440
    height: Annotated[int, msgspec.Meta(ge=300, le=20_000)] = 900
    maximised: bool = False
    tab: Annotated[int, msgspec.Meta(ge=0, le=4)] = 0
    account: Annotated[str, msgspec.Meta(max_length=500)] = ""
    """The server at which one is signed in; by what, only the keyring knows."""


def preferences_path() -> Path:
    return stoa_home() / "window.json"


def load(path: Path) -> Preferences:
    """The stored document; the defaults where there is none, or a broken one (which is set aside for a look)."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Preferences)
    except FileNotFoundError:
        return Preferences()
    except (OSError, msgspec.DecodeError) as error:
        _LOG.warning("the window's settings in %s cannot be read (%s); the defaults are taken", path, error)
        try:
            path.rename(path.with_suffix(".json.broken"))
        except OSError:
            pass
        return Preferences()


def store(path: Path, preferences: Preferences) -> None:
    """Write all or nothing. For a thread."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.part")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(preferences)))
    draft.replace(path)


async def store_soon(path: Path, preferences: Preferences) -> None:
    """Write in a thread; a disk that refuses is logged, the window goes on."""
    try:
        await asyncio.to_thread(store, path, preferences)
    except OSError as error:
        _LOG.warning("the window's settings could not be written to %s: %s", path, error)
