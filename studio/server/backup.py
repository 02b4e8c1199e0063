"""Backup and restore of all that a server knows: every table, and the certificate that it made for itself.

A backup sees one moment, also of a running server: one transaction reads everything (SQLite's snapshot in WAL mode,
PostgreSQL's repeatable read). A restore is one transaction too: until it is committed, what was there is there.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, LargeBinary, MetaData, inspect
from sqlalchemy.exc import DatabaseError, DataError, IntegrityError, InterfaceError, ProgrammingError
from sqlalchemy.orm import Session

import studio.server.account_rows
import studio.server.chat_model
import studio.server.grant_model
import studio.server.plan_model  # noqa: F401 - their tables belong to the server too
from studio.media.errors import ErrorKind, StoaError
from studio.server import backup_file
from studio.server.append_only import drop_append_only
from studio.server.audit_chain import Finding, verify
from studio.server.backup_rows import row_of
from studio.server.certificate import SELF_MADE_FILES, SELF_MADE_FOLDER
from studio.server.data_folder import prepare_folder
from studio.server.database_url import Place, shown
from studio.server.model import HEAD, AuditHeadRow, Table
from studio.server.one_server import take_folder
from studio.server.record import Transaction
from studio.server.restored import Ended, end_what_was_open
from studio.server.store import any_engine, migrate, read_engine, unusable
from studio.server.wall import SystemWall, iso

FILES = tuple(f"{SELF_MADE_FOLDER}/{name}" for name in SELF_MADE_FILES)
ROWS_AT_ONCE = 500
VERSION_TABLE = "alembic_version"


@dataclass(frozen=True, slots=True)
class Done:
    """What was written or read: rows and files, and whether the audit log in it holds. `ended`: by a restore."""

    rows: int
    files: int
    audit: Finding
    ended: Ended | None = None


def back_up(place: Place, target: Path) -> Done:
    """Write everything to `target`; a running server is not disturbed. Raises StoaError."""
    engine = read_engine(place.folder, place.url)
    rows = files = 0
    try:
        with engine.connect() as connection, backup_file.writing(target) as file:
            file.begin(HEAD, iso(SystemWall().now_ms()))
            for table in _tables(connection).sorted_tables:
                binary = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
                found = connection.execute(table.select().execution_options(yield_per=ROWS_AT_ONCE)).mappings()
                with closing(found):
                    for row in found:
                        line: dict[str, Any] = dict(row)
                        line |= {name: base64.b64encode(line[name]).decode() for name in binary}
                        file.add("row", table.name, line)
                        rows += 1
            for name in FILES:
                if (place.folder / name).is_file():
                    file.add("file", name, base64.b64encode((place.folder / name).read_bytes()).decode())
                    files += 1
            with Session(connection) as session:
                return Done(rows, files, verify(session))
    finally:
        engine.dispose()


def restore(place: Place, source: Path, *, replace: bool) -> Done:
    """Read everything from `source` into an empty place or one whose data may go. Raises StoaError; nothing is lost."""
    head = backup_file.check(source)
    if head.revision > HEAD:
        raise StoaError(
            ErrorKind.BAD_DATA,
            f"The backup {source} was made by a newer Stoa ({head.version}).",
            remedy="Restore it with that Stoa.",
            permanent=True,
        )
    is_new = not place.folder.exists()
    prepare_folder(place.folder, database=not place.url)
    try:
        return _restore(place, source, head.revision, replace=replace)
    except BaseException:
        if is_new:
            shutil.rmtree(place.folder, ignore_errors=True)
        raise


def _restore(place: Place, source: Path, revision: str, *, replace: bool) -> Done:
    with _alone(place) as engine:
        drafts: list[tuple[Path, Path]] = []
        try:
            with engine.begin() as connection:
                _make_room(connection, place, replace=replace)
                _migrate(connection, source, revision)
                rows = _load(connection, source, place.folder, drafts)
                _migrate(connection, source, HEAD)
                with Session(connection, join_transaction_mode="rollback_only") as session:
                    if session.get(AuditHeadRow, 1) is None:
                        raise backup_file.foreign(source, "The head of its audit log is missing")
                    ended = end_what_was_open(Transaction(session, SystemWall().now_ms()))
                    finding = verify(session)
            for draft, file in drafts:
                draft.replace(file)
        except DatabaseError as cause:
            raise unusable(shown(place.url) if place.url else str(place.folder), cause) from cause
        finally:
            for draft, _ in drafts:
                draft.unlink(missing_ok=True)
        return Done(rows, len(drafts), finding, ended)


def _migrate(connection: Connection, source: Path, revision: str) -> None:
    """Up to this revision. Raises StoaError where there is none, or where the rows of the backup are not as its own."""
    try:
        migrate(connection, revision)
    except (LookupError, TypeError, ValueError, AttributeError) as cause:
        raise backup_file.foreign(source, "Its rows cannot be brought up to date") from cause
    except Exception as cause:
        if type(cause).__module__.startswith("alembic"):
            raise backup_file.foreign(source, f"There is no form {revision} of the database") from cause
        raise


@contextmanager
def _alone(place: Place) -> Iterator[Engine]:
    """The database, while no server uses it. Raises StoaError(BUSY) where one does."""
    lock = None if place.url else take_folder(place.folder)
    engine = any_engine(place.folder, place.url)
    try:
        yield engine
    finally:
        engine.dispose()
        if lock is not None:
            lock.close()


def _names() -> set[str]:
    return {*Table.metadata.tables, VERSION_TABLE}


def _tables(connection: Connection) -> MetaData:
    """The server's tables as they stand; what else there is in the database is not the server's."""
    found = MetaData()
    there = set(inspect(connection).get_table_names())
    found.reflect(connection, only=sorted((_names() - {VERSION_TABLE}) & there))
    return found


def _make_room(connection: Connection, place: Place, *, replace: bool) -> None:
    there = set(inspect(connection).get_table_names()) & _names()
    if there and not replace:
        where = f"The database {shown(place.url)}" if place.url else f"The folder {place.folder}"
        raise StoaError(
            ErrorKind.CONFLICT,
            f"{where} holds a server's data already.",
            remedy="Name an empty place, or let what is there go with --replace.",
            permanent=True,
        )
    if there:
        drop_append_only(connection, "audit")
        old = MetaData()
        old.reflect(connection, only=sorted(there))
        old.drop_all(connection)


def _load(connection: Connection, source: Path, folder: Path, drafts: list[tuple[Path, Path]]) -> int:
    tables = _tables(connection)
    for table in reversed(tables.sorted_tables):
        if table.name != "audit":  # no line of it can be deleted, and there is none yet
            connection.execute(table.delete())
    count = 0
    waiting: list[dict[str, Any]] = []
    name = ""
    try:
        for kind, of, content in backup_file.body(source):
            if kind == "row":
                if waiting and (of != name or len(waiting) == ROWS_AT_ONCE):
                    connection.execute(tables.tables[name].insert(), waiting)
                    waiting = []
                waiting.append(row_of(tables, of, content))
                name = of
                count += 1
            elif kind == "file" and of in FILES:
                drafts.append((_draft(folder, of, base64.b64decode(content, validate=True)), folder / of))
            else:
                raise ValueError("it has lines that are neither rows nor files of ours")
        if waiting:
            connection.execute(tables.tables[name].insert(), waiting)
    except (ValueError, TypeError) as cause:
        raise backup_file.foreign(source, str(cause)) from cause
    except (IntegrityError, DataError, ProgrammingError, InterfaceError) as cause:
        words = str(cause.orig).strip().partition("\n")[0].rstrip(".")
        raise backup_file.foreign(source, f"The rows of the table {name} do not fit: {words}") from cause
    return count


def _draft(folder: Path, name: str, content: bytes) -> Path:
    file = folder / name
    file.parent.mkdir(mode=0o700, exist_ok=True)
    draft = file.with_name(f".{file.name}.part")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
    return draft
