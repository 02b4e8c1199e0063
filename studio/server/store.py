"""The database: opened, brought up to date, and used by one thread, so that writes have an order.

SQLite in WAL mode: what was committed survives `kill -9` of the process.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from studio.media.errors import ErrorKind, StoaError
from studio.server.data_folder import FILE_NAME, prepare_folder
from studio.server.model import HEAD

Answer = TypeVar("Answer")


def _configure(connection: Any, _record: object) -> None:
    # The driver opens no transactions of its own, so that those of SQLAlchemy hold for changes of tables too.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=5000")
    cursor.close()
    connection.create_function("lower", 1, _lower, deterministic=True)


def _lower(text: object) -> object:
    """SQLite's own knows ASCII only."""
    return text.lower() if isinstance(text, str) else text


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def storable(text: str) -> str:
    """The text as every database takes it: PostgreSQL has no NUL, so U+FFFD stands in its place."""
    return text.replace("\0", "\ufffd")


def _without_nul(
    _connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
) -> tuple[str, Any]:
    return statement, _storable(parameters)


def _storable(value: Any) -> Any:
    """Parameters of a statement in any shape that a driver takes; those without a NUL come back as they are."""
    match value:
        case str():
            return storable(value) if "\0" in value else value
        case tuple() | list():
            return type(value)(_storable(item) for item in value)
        case dict():
            return {name: _storable(item) for name, item in value.items()}
    return value


def _revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(found) if found is not None else None


def _migrate(connection: Connection) -> None:
    """Run what is missing. Alembic is loaded only then: it is slow to import."""
    if _revision(connection) == HEAD:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)


def _engine_of(file: Path) -> Engine:
    engine = create_engine(f"sqlite:///{file}")
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)
    return engine


def _unusable(file: Path, cause: DatabaseError) -> StoaError:
    return StoaError(
        ErrorKind.BAD_DATA,
        f"The server's database {file} cannot be opened: {cause.orig}.",
        remedy="End other Stoa servers that use this folder, or move the file away to begin with an empty one.",
        permanent=True,
    )


def open_engine(folder: Path) -> Engine:
    """The database of this folder, up to date. Raises StoaError(DENIED, BAD_DATA)."""
    prepare_folder(folder)
    engine = _engine_of(folder / FILE_NAME)
    try:
        with engine.begin() as connection:
            _migrate(connection)
    except DatabaseError as cause:
        engine.dispose()
        raise _unusable(folder / FILE_NAME, cause) from cause
    except Exception as cause:
        engine.dispose()
        if type(cause).__module__.startswith("alembic"):
            raise StoaError(
                ErrorKind.BAD_DATA,
                f"The server's database {folder / FILE_NAME} was written by a newer Stoa.",
                remedy="Start the newer Stoa, or choose another folder with --data.",
                permanent=True,
            ) from cause
        raise
    return engine


def read_engine(folder: Path) -> Engine:
    """The database of this folder as it stands, also while a server uses it. Raises StoaError(NOT_FOUND, BAD_DATA)."""
    file = folder / FILE_NAME
    if not file.is_file():
        raise StoaError(
            ErrorKind.NOT_FOUND,
            f"There is no server's database in {folder}.",
            remedy="Give the server's data folder with --data.",
            permanent=True,
        )
    engine = _engine_of(file)
    try:
        with engine.connect() as connection:
            found = _revision(connection)
    except DatabaseError as cause:
        engine.dispose()
        raise _unusable(file, cause) from cause
    if found != HEAD:
        engine.dispose()
        raise StoaError(
            ErrorKind.BAD_DATA,
            f"The server's database {file} was written by another version of Stoa.",
            remedy="Start this Stoa's server with it once, which brings an older one up to date.",
            permanent=True,
        )
    return engine


class Store:
    """Transactions, one after the other, on a thread of their own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")

    @classmethod
    def open(cls, folder: Path) -> Store:
        """Raises StoaError as `open_engine`."""
        return cls(open_engine(folder))

    def _transact(self, work: Callable[[Session], Answer], committed: Callable[[], None] | None = None) -> Answer:
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            answer = work(session)
        if committed is not None:
            committed()
        return answer

    async def run(self, work: Callable[[Session], Answer], committed: Callable[[], None] | None = None) -> Answer:
        """Do `work` in a transaction; when this returns it is committed. Any task of the event loop.

        `committed` is called on the database's thread right after the commit, before any later transaction begins.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transact, work, committed)

    def run_now(self, work: Callable[[Session], Answer]) -> Answer:
        """The same from outside an event loop (start, tests)."""
        return self._thread.submit(self._transact, work).result()

    def close(self) -> None:
        """Finish what was begun and close."""
        self._thread.submit(self._engine.dispose)
        with contextlib.suppress(RuntimeError):
            self._thread.shutdown(wait=True)
