"""Why the database does not take something now: a sentence with what can be done, for whoever asked."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError

from studio.server.error_codes import ErrorCode
from studio.server.errors import Refusal

LOST = "The server has lost its database; what was asked for is not done."
AGAIN = "Try again: it comes back as soon as its database does."
_POSTGRESQL_FULL = "53100"
"""https://www.postgresql.org/docs/current/errcodes-appendix.html"""
_FULL = (
    "The disk that holds the server's database is full; what was asked for is not done.",
    "Free space on the server's disk, then try again.",
)
_HELD = (
    "Another program holds the server's database; what was asked for is not done.",
    "End what has the database's file open on the server's machine, then try again.",
)
_BROKEN = (
    "The server's database cannot be read or written on its disk; what was asked for is not done.",
    "See that the disk of the server's data is there and can be written to, then try again.",
)
_OF_SQLITE = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_BUSY: _HELD,
    sqlite3.SQLITE_LOCKED: _HELD,
    sqlite3.SQLITE_PROTOCOL: _HELD,
    sqlite3.SQLITE_IOERR: _BROKEN,
    sqlite3.SQLITE_READONLY: _BROKEN,
    sqlite3.SQLITE_CANTOPEN: _BROKEN,
}
"""By the primary result code, the low byte: https://www.sqlite.org/rescode.html."""


def lost(words: str = "") -> Refusal:
    """There is no connection. `words`: why none can be made."""
    return Refusal(ErrorCode.DATABASE_AWAY, words or LOST, AGAIN)


def perhaps_done() -> Refusal:
    """The connection was lost while a transaction was committed, and nobody can tell whether it was."""
    return Refusal(
        ErrorCode.DATABASE_AWAY,
        "The server lost its database just when it was told to keep this; it may be done or not.",
        "Look whether it is done, and try again where it is not; what has an id is done once however often it is sent.",
    )


def why_not(cause: DBAPIError) -> Refusal | None:
    """What keeps the database from it for now; None where the mistake is in what it was asked."""
    if cause.connection_invalidated:
        return lost()
    error = cause.orig
    if isinstance(error, sqlite3.Error):
        words = _OF_SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    else:
        words = _FULL if getattr(error, "sqlstate", None) == _POSTGRESQL_FULL else None
    return Refusal(ErrorCode.DATABASE_AWAY, *words) if words else None
