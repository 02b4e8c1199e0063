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


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


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


def open_engine(folder: Path) -> Engine:
    """The database of this folder, up to date. Raises StoaError(DENIED, BAD_DATA)."""
    prepare_folder(folder)
    engine = create_engine(f"sqlite:///{folder / FILE_NAME}")
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    try:
        with engine.begin() as connection:
            _migrate(connection)
    except DatabaseError as cause:
        engine.dispose()
        raise StoaError(
            ErrorKind.BAD_DATA,
            f"The server's database {folder / FILE_NAME} cannot be opened: {cause.orig}.",
            remedy="End other Stoa servers that use this folder, or move the file away to begin with an empty one.",
            permanent=True,
        ) from cause
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
