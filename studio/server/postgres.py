"""PostgreSQL: connections that are the only server's, and every reason why there is none in one sentence."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext

from studio.media.errors import ErrorKind, StoaError
from studio.server.database_url import shown

OLDEST = 130000
"""PostgreSQL 13, as `server_version` counts."""
LOCK = 0x53746F61
"""The advisory lock of the one server of a database: "Stoa"."""
LOCK_LIMIT_S = 5.0
"""So long the backend of a server that was killed may take to see that it is gone."""
LOCK_EVERY_S = 0.1
CONNECT_LIMIT_S = 5


class CannotConnect(StoaError):
    """There is no connection to the database now."""


def server_engine(url: str, sleep: Callable[[float], object] = time.sleep) -> Engine:
    """For the one server: one connection, which holds the lock while it lives, and is made anew where it was lost."""
    return _without_values(
        create_engine(
            "postgresql+psycopg://",
            creator=lambda: _locked(url, sleep),
            pool_size=1,
            max_overflow=0,
            pool_timeout=1,
            hide_parameters=True,
        )
    )


def reader_engine(url: str) -> Engine:
    """For who reads beside a running server: a transaction sees one moment of the database, and changes nothing."""
    return _without_values(
        create_engine(
            "postgresql+psycopg://",
            creator=lambda: _connection(url),
            isolation_level="REPEATABLE READ",
            execution_options={"postgresql_readonly": True},
            hide_parameters=True,
        )
    )


def _without_values(engine: Engine) -> Engine:
    """Its errors say what was wrong, and nothing of what stood in the statement or in the table."""
    event.listen(engine, "handle_error", _take_values_out)
    return engine


def _take_values_out(context: ExceptionContext) -> None:
    """PostgreSQL's further lines show rows and keys (`DETAIL: Failing row contains ...`), and an error of class 22 the
    value that it could not read: https://www.postgresql.org/docs/current/errcodes-appendix.html.
    """
    error, told = context.original_exception, context.sqlalchemy_exception
    if not isinstance(error, psycopg.Error):
        return
    words = "" if (error.sqlstate or "").startswith("22") else str(error).partition("\n")[0]
    error.args = (words,)
    if told is not None:
        told.args = (f"({type(error).__name__}) {words}".strip(),)


def _locked(url: str, sleep: Callable[[float], object]) -> psycopg.Connection[Any]:
    connection = _connection(url)
    try:
        connection.autocommit = True
        for _ in range(round(LOCK_LIMIT_S / LOCK_EVERY_S)):
            got = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
            if got is not None and got[0]:
                connection.autocommit = False
                return connection
            sleep(LOCK_EVERY_S)
    except BaseException:
        connection.close()
        raise
    connection.close()
    raise CannotConnect(
        ErrorKind.BUSY,
        f"Another Stoa server uses the database {shown(url)}.",
        remedy="End that server, or give this one a database of its own.",
    )


def _connection(url: str) -> psycopg.Connection[Any]:
    """Raises CannotConnect."""
    try:
        connection = psycopg.connect(
            url,
            connect_timeout=CONNECT_LIMIT_S,
            application_name="stoa",
            client_encoding="UTF8",
            keepalives_idle=15,
            keepalives_interval=5,
            keepalives_count=3,
        )
    except (psycopg.Error, UnicodeError) as cause:
        raise _why(url, str(cause)) from None  # libpq's own words may hold the URL
    try:
        _check(connection, url)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: psycopg.Connection[Any], url: str) -> None:
    version = connection.info.server_version
    if version < OLDEST:
        raise CannotConnect(
            ErrorKind.NOT_SUPPORTED,
            f"PostgreSQL {version // 10000} of {shown(url)} is too old.",
            remedy=f"Stoa needs PostgreSQL {OLDEST // 10000} or newer.",
            permanent=True,
        )
    encoding = connection.info.parameter_status("server_encoding") or ""
    if encoding != "UTF8":
        raise CannotConnect(
            ErrorKind.BAD_DATA,
            f"The database {shown(url)} keeps text as {encoding}, which cannot hold every name.",
            remedy="Make one with: createdb --encoding=UTF8 --template=template0 NAME.",
            permanent=True,
        )


def _why(url: str, words: str) -> CannotConnect:
    where = shown(url)
    if "password authentication failed" in words or "no password supplied" in words:
        return CannotConnect(
            ErrorKind.DENIED,
            f"PostgreSQL does not take the name and password for {where}.",
            remedy="Check the user and the password in the URL of --database.",
            permanent=True,
        )
    if "role " in words and "does not exist" in words:
        return CannotConnect(
            ErrorKind.DENIED,
            f"PostgreSQL does not know the user for {where}.",
            remedy="Check the user in the URL, or make it with createuser.",
            permanent=True,
        )
    if "database " in words and "does not exist" in words:
        return CannotConnect(
            ErrorKind.NOT_FOUND,
            f"PostgreSQL has no database {where}.",
            remedy="Make it with createdb --encoding=UTF8, or check the name in the URL.",
            permanent=True,
        )
    if "no pg_hba.conf entry" in words:
        return CannotConnect(
            ErrorKind.DENIED,
            f"PostgreSQL lets nobody from here to {where}.",
            remedy="Let this machine in by a line of pg_hba.conf.",
            permanent=True,
        )
    return CannotConnect(
        ErrorKind.UNREACHABLE,
        f"PostgreSQL does not answer for {where}.",
        remedy="Start it, or check host and port in the URL of --database; its log may say more.",
    )
