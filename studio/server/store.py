"""The database: opened, brought up to date, and used by one thread, so that writes have an order.

SQLite in WAL mode: what was committed survives `kill -9` of the process. PostgreSQL by URL: one connection, made anew
where it was lost.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlalchemy.orm import Session

from studio.media.errors import ErrorKind, StoaError
from studio.server import database_trouble
from studio.server.data_folder import FILE_NAME, prepare_folder
from studio.server.database_url import shown
from studio.server.errors import Refusal
from studio.server.model import HEAD
from studio.server.one_server import take_folder

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


def migrate(connection: Connection, revision: str) -> None:
    """Run what is missing up to this revision. Alembic is loaded only then: it is slow to import."""
    if _revision(connection) == revision:
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _sqlite_engine(file: Path) -> Engine:
    engine = create_engine(f"sqlite:///{file}", hide_parameters=True)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _postgres(url: str, *, server: bool) -> Engine:
    from studio.server.postgres import reader_engine, server_engine  # it takes a while to load

    return server_engine(url) if server else reader_engine(url)


def unusable(where: str, cause: DatabaseError) -> StoaError:
    """What the driver says, as a sentence."""
    words = str(cause.orig).strip().partition("\n")[0].rstrip(".")
    return StoaError(
        ErrorKind.BAD_DATA,
        f"The server's database {where} cannot be opened: {words}.",
        remedy="End other Stoa servers that use it, let yourself write to it, or begin with an empty one.",
        permanent=True,
    )


def any_engine(folder: Path, url: str = "") -> Engine:
    """For the one who changes the database, whatever stands in it. PostgreSQL's is locked for others by connecting."""
    engine = _postgres(url, server=True) if url else _sqlite_engine(folder / FILE_NAME)
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)
    return engine


def open_engine(folder: Path, url: str = "") -> Engine:
    """The database of this folder, or PostgreSQL at `url`, up to date. Raises StoaError: why it cannot be used."""
    prepare_folder(folder, database=not url)
    where = shown(url) if url else str(folder / FILE_NAME)
    engine = any_engine(folder, url)
    try:
        with engine.begin() as connection:
            migrate(connection, HEAD)
    except DatabaseError as cause:
        engine.dispose()
        raise unusable(where, cause) from cause
    except Exception as cause:
        engine.dispose()
        if type(cause).__module__.startswith("alembic"):
            raise StoaError(
                ErrorKind.BAD_DATA,
                f"The server's database {where} was written by a newer Stoa.",
                remedy="Start the newer Stoa, or choose another place with --data or --database.",
                permanent=True,
            ) from cause
        raise
    return engine


def read_engine(folder: Path, url: str = "") -> Engine:
    """The database as it stands, also while a server uses it. Raises StoaError: why it cannot be read."""
    file = folder / FILE_NAME
    if not url and not file.is_file():
        raise StoaError(
            ErrorKind.NOT_FOUND,
            f"There is no server's database in {folder}.",
            remedy="Give the server's data folder with --data, or PostgreSQL with --database.",
            permanent=True,
        )
    where = shown(url) if url else str(file)
    engine = _postgres(url, server=False) if url else _sqlite_engine(file)
    try:
        with engine.connect() as connection:
            found = _revision(connection)
    except DatabaseError as cause:
        engine.dispose()
        raise unusable(where, cause) from cause
    if found != HEAD:
        engine.dispose()
        raise StoaError(
            ErrorKind.BAD_DATA,
            f"The server's database {where} was written by another version of Stoa.",
            remedy="Start this Stoa's server with it once, which brings an older one up to date.",
            permanent=True,
        )
    return engine


class Store:
    """Transactions, one after the other, on a thread of their own."""

    def __init__(self, engine: Engine, lock: IO[bytes] | None = None) -> None:
        """`lock` is let go at the end."""
        self._engine = engine
        self._lock = lock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")

    @classmethod
    def open(cls, folder: Path, url: str = "") -> Store:
        """For a server. Raises StoaError as `open_engine`, and BUSY where another server has this database."""
        prepare_folder(folder, database=not url)
        lock = None if url else take_folder(folder)
        try:
            return cls(open_engine(folder, url), lock)
        except BaseException:
            if lock is not None:
                lock.close()
            raise

    def _transact(
        self,
        work: Callable[[Session], Answer],
        committed: Callable[[], None] | None = None,
        in_doubt: Callable[[], None] | None = None,
    ) -> Answer:
        """Raises Refusal(DATABASE_AWAY) where the connection is lost, which the next transaction makes anew, and where
        the database cannot take it for now.
        """
        committing = False
        try:
            with Session(self._engine, expire_on_commit=False) as session, session.begin():
                answer = work(session)
                session.flush()
                committing = True
        except DBAPIError as cause:
            if committing and cause.connection_invalidated:
                if in_doubt is not None:
                    in_doubt()
                raise database_trouble.perhaps_done() from cause
            refusal = database_trouble.why_not(cause)
            if refusal is None:
                raise
            raise refusal from cause
        except StoaError as cause:
            if self._engine.dialect.name == "sqlite" or isinstance(cause, Refusal):
                raise
            raise database_trouble.lost(cause.message) from cause
        if committed is not None:
            committed()
        return answer

    async def run(
        self,
        work: Callable[[Session], Answer],
        committed: Callable[[], None] | None = None,
        in_doubt: Callable[[], None] | None = None,
    ) -> Answer:
        """Do `work` in a transaction; when this returns it is committed. Any task of the event loop.

        `committed` is called on the database's thread right after the commit, before any later transaction begins;
        `in_doubt` instead, where the connection was lost while it was committed and nobody knows whether it was.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._transact, work, committed, in_doubt)

    def run_now(self, work: Callable[[Session], Answer]) -> Answer:
        """The same from outside an event loop (start, tests)."""
        return self._thread.submit(self._transact, work).result()

    def close(self) -> None:
        """Finish what was begun and close. A second time does nothing."""
        with contextlib.suppress(RuntimeError):
            self._thread.submit(self._engine.dispose)
        self._thread.shutdown(wait=True)
        if self._lock is not None:
            self._lock.close()
