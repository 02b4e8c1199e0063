"""The database: private, brought up to date all or nothing, and refused in words where it cannot be opened."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from studio.media.errors import ErrorKind, StoaError
from studio.server import store as store_module
from studio.server.data_folder import FILE_NAME
from studio.server.model import HEAD, Table
from studio.server.store import Store, open_engine


def test_the_migrations_make_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    engine = open_engine(tmp_path)
    found = inspect(engine)
    for table in Table.metadata.tables.values():
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}, table.name
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD
    engine.dispose()


def test_the_newest_migration_is_the_one_that_the_code_knows() -> None:
    from alembic.script import ScriptDirectory

    folder = Path(store_module.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_heads() == [HEAD]


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic.operations import Operations

    create = Operations.create_table
    made: list[str] = []

    def failing(self: Operations, name: str, *columns: object, **more: object) -> object:
        if len(made) == 3:
            raise OSError("the power is gone")
        made.append(name)
        return create(self, name, *columns, **more)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Operations, "create_table", failing)
        with pytest.raises(OSError, match="power"):
            open_engine(tmp_path)
    assert len(made) == 3
    open_engine(tmp_path).dispose()


def test_the_folder_and_the_file_are_the_owners_only(tmp_path: Path) -> None:
    folder = tmp_path / "server"
    open_engine(folder).dispose()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600


def refusal(folder: Path) -> StoaError:
    with pytest.raises(StoaError) as refused:
        open_engine(folder)
    assert refused.value.permanent and refused.value.remedy
    return refused.value


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"this is a text, and longer than the header of a database would be" * 20)
    error = refusal(tmp_path)
    assert error.kind is ErrorKind.BAD_DATA and "not a database" in error.message


def test_a_database_of_a_newer_stoa_is_refused_in_words(tmp_path: Path) -> None:
    open_engine(tmp_path).dispose()
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    error = refusal(tmp_path)
    assert error.kind is ErrorKind.BAD_DATA and "newer Stoa" in error.message


def test_a_folder_that_is_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "server").write_text("in the way")
    error = refusal(tmp_path / "server")
    assert error.kind is ErrorKind.DENIED and "--data" in error.remedy


def test_work_that_fails_is_undone(tmp_path: Path) -> None:
    store = Store.open(tmp_path)

    def work(db: Session) -> None:
        db.execute(text("INSERT INTO session VALUES ('a', 'A', 'waiting', '', '', 0, 0)"))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.run_now(work)
    assert store.run_now(lambda db: db.execute(text("SELECT count(*) FROM session")).scalar()) == 0
    store.close()
