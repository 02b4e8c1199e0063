"""Where the embedded server's data is from one start of the studio to the next: a file of its own, or PostgreSQL.

PostgreSQL's URL is in the system's keyring; `$STOA_HOME/database.json` says which, without the password.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from studio.media.database_url import parts_of, shown
from studio.media.errors import ErrorKind, StoaError
from studio.media.home import stoa_home
from studio.media.system_keyring import SystemKeyring

ENTRY = "url"


class _Kept(msgspec.Struct, frozen=True):
    """The content of the file: `postgresql` as a person reads it."""

    postgresql: str = ""


class KeptDatabase:
    """Of one STOA_HOME. Every call reads or writes, and may wait for the keyring's person: never on an event loop."""

    def __init__(self, home: Path | None = None) -> None:
        home = stoa_home() if home is None else home
        self._file = home / "database.json"
        self._keyring = SystemKeyring(home, "database")

    def shown(self) -> str:
        """Which PostgreSQL database was chosen; empty for none. Raises StoaError(BAD_DATA, DENIED)."""
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=_Kept).postgresql
        except FileNotFoundError:
            return ""
        except (OSError, msgspec.DecodeError) as cause:
            raise StoaError(
                ErrorKind.BAD_DATA,
                f"{self._file} cannot be read: it says where the session server's data is.",
                remedy="Mend it, or take it away and choose the database anew in the settings.",
                permanent=True,
            ) from cause

    def find(self) -> str:
        """The URL; empty where none was chosen. Raises StoaError where the keyring does not give it."""
        chosen = self.shown()
        if not chosen:
            return ""
        url = self._keyring.find(ENTRY)
        if not url:
            raise StoaError(
                ErrorKind.NOT_FOUND,
                f"The keyring has no URL for the database {chosen}.",
                remedy="Type it again in the settings, then start Stoa anew.",
                permanent=True,
            )
        return url

    def keep(self, url: str) -> str:
        """Choose PostgreSQL at this URL; how it is shown. Raises NoKeyring, StoaError: nothing is kept then."""
        if parts_of(url) is None:
            raise StoaError(
                ErrorKind.BAD_ARGUMENT,
                "This is no URL of a PostgreSQL database.",
                remedy="Write it as postgresql://USER:PASSWORD@HOST/NAME.",
                permanent=True,
            )
        self._keyring.keep(ENTRY, url)
        draft = self._file.with_suffix(f".{os.getpid()}.part")
        draft.write_bytes(msgspec.json.encode(_Kept(shown(url))))
        draft.replace(self._file)
        return shown(url)

    def forget(self) -> None:
        """Back to a file of the studio's own. Raises NoKeyring; the choice is gone then all the same."""
        had = self._file.exists()
        self._file.unlink(missing_ok=True)
        if had:
            self._keyring.forget(ENTRY)
