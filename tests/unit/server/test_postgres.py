"""PostgreSQL: the same tables, one server at a time, lost connections, and every reason why there is none in words."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

from studio.media.errors import ErrorKind, StoaError
from studio.server import postgres
from studio.server.api import ErrorCode
from studio.server.data_folder import FILE_NAME
from studio.server.errors import Refusal
from studio.server.model import HEAD, SessionRow, Table
from studio.server.store import Store, open_engine, read_engine
from tests.fakes.server_house import Place
from tests.fixtures.postgresql import Cluster

Databases = Callable[..., str]


def refusal(folder: Path, url: str) -> StoaError:
    with pytest.raises(StoaError) as refused:
        open_engine(folder, url)
    told = str(refused.value)
    assert refused.value.remedy and "secret" not in told and "\n" not in told and "psycopg" not in told
    assert refused.value.__cause__ is None, "what the driver says holds the URL"
    return refused.value


def show(title: str) -> Callable[[Session], None]:
    def work(db: Session) -> None:
        row = SessionRow(id=title, title=title, state="waiting", since="", why="new", needs_release=False)
        row.locked = False
        db.add(row)
        db.flush()

    return work


def titles(store: Store) -> list[str]:
    return store.run_now(lambda db: [str(title) for title in db.scalars(text("SELECT title FROM session ORDER BY id"))])


def test_the_migrations_make_the_tables_that_the_code_uses(tmp_path: Path, new_database: Databases) -> None:
    engine = open_engine(tmp_path, new_database())
    found = inspect(engine)
    for table in Table.metadata.tables.values():
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}, table.name
        kinds = {column["name"]: str(column["type"]) for column in found.get_columns(table.name)}
        for column in table.columns:
            assert kinds[column.name] == str(column.type.compile(engine.dialect)), f"{table.name}.{column.name}"
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == HEAD
    engine.dispose()
    assert not (tmp_path / FILE_NAME).exists(), "a database that nobody uses"


def test_only_one_server_uses_a_database(
    tmp_path: Path, new_database: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_LIMIT_S", 0.2)
    url = new_database()
    store = Store.open(tmp_path / "a", url)
    error = refusal(tmp_path / "b", url)
    assert error.kind is ErrorKind.BUSY and error.message.startswith("Another Stoa server uses the database t")
    read_engine(tmp_path, url).dispose()
    store.close()
    open_engine(tmp_path / "b", url).dispose()


def test_who_only_reads_changes_nothing(tmp_path: Path, new_database: Databases) -> None:
    url = new_database()
    open_engine(tmp_path, url).dispose()
    engine = read_engine(tmp_path, url)
    with pytest.raises(Exception, match="read-only"), engine.begin() as connection:
        connection.execute(text("DELETE FROM session"))
    engine.dispose()


def test_a_lost_connection_fails_one_transaction_in_words_and_half_of_it_is_not_written(
    tmp_path: Path, postgresql: Cluster, new_database: Databases
) -> None:
    url = new_database()
    store = Store.open(tmp_path, url)
    store.run_now(show("before"))

    def cut(db: Session) -> None:
        show("half")(db)
        postgresql.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stoa'")
        db.execute(text("SELECT 1"))

    with pytest.raises(Refusal) as refused:
        store.run_now(cut)
    assert (refused.value.code, refused.value.status) == (ErrorCode.DATABASE_AWAY, 503)
    assert titles(store) == ["before"]
    store.run_now(show("zafter"))
    assert titles(store) == ["before", "zafter"]
    store.close()


def test_what_is_refused_while_the_database_is_away_is_done_when_it_is_back(
    tmp_path: Path, postgresql: Cluster, new_database: Databases
) -> None:
    store = Store.open(tmp_path, new_database())
    postgresql.stop()
    try:
        for _ in range(2):
            with pytest.raises(Refusal) as refused:
                store.run_now(show("a"))
            assert refused.value.code is ErrorCode.DATABASE_AWAY
        assert "does not answer" in refused.value.message
    finally:
        postgresql.start()
    store.run_now(show("a"))
    assert titles(store) == ["a"]
    store.close()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_server_without_its_database_says_so_and_goes_on_with_it(place: Place, postgresql: Cluster) -> None:
    bob = await place.join("Bob")
    postgresql.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stoa'")
    lost = await bob.say("is anybody here", id="message-lost")
    assert (lost.status_code, lost.json()["code"]) == (503, "database_away")
    assert (await bob.say("is anybody here", id="message-lost")).status_code == 200
    history = (await bob.call("GET", "/api/v1/sessions/studio/chat")).json()["messages"]
    assert [message["data"]["text"] for message in history] == ["is anybody here"]


def test_each_reason_why_there_is_no_connection_is_a_sentence(
    tmp_path: Path, postgresql: Cluster, new_database: Databases, free_port: Callable[[], int]
) -> None:
    new_database()
    postgresql.run("CREATE ROLE ada LOGIN PASSWORD 'right'")
    at = f"127.0.0.1:{postgresql.port}"
    password = refusal(tmp_path, f"postgresql://ada:secret@{at}/postgres")
    assert password.kind is ErrorKind.DENIED and "does not take the name and password" in password.message
    nobody = refusal(tmp_path, postgresql.url("postgres").replace("stoa@", "nobody:secret@"))
    assert nobody.kind is ErrorKind.DENIED and "does not know the user" in nobody.message
    missing = refusal(tmp_path, f"postgresql://ada:right@{at}/nowhere?application_name=secret")
    assert missing.kind is ErrorKind.NOT_FOUND and f"has no database nowhere at {at}." in missing.message
    away = refusal(tmp_path, f"postgresql://ada:secret@127.0.0.1:{free_port()}/show")
    assert away.kind is ErrorKind.UNREACHABLE and not away.permanent and "does not answer" in away.message
    unknown = refusal(tmp_path, "postgresql://ada:secret@nowhere.invalid/show")
    assert unknown.kind is ErrorKind.UNREACHABLE and "show at nowhere.invalid" in unknown.message
    odd = refusal(tmp_path, f"postgresql://ada:secret@{at}/show?colour=secret")
    assert "secret" not in odd.message
    postgresql.run("DROP ROLE ada")


def test_a_database_that_cannot_hold_every_name_is_refused(tmp_path: Path, new_database: Databases) -> None:
    url = new_database("template0", "ENCODING 'LATIN1' LOCALE 'C'")
    error = refusal(tmp_path, url)
    assert error.kind is ErrorKind.BAD_DATA and "keeps text as LATIN1" in error.message and "UTF8" in error.remedy


def test_a_postgresql_that_is_too_old_is_refused(
    tmp_path: Path, new_database: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "OLDEST", 990000)
    error = refusal(tmp_path, new_database())
    assert error.kind is ErrorKind.NOT_SUPPORTED and "is too old" in error.message and "99" in error.remedy


def test_a_database_where_no_table_may_be_made_is_refused_in_words(
    tmp_path: Path, postgresql: Cluster, new_database: Databases
) -> None:
    url = new_database()
    postgresql.run("CREATE ROLE guest LOGIN")
    with pytest.raises(StoaError, match="permission denied for schema public") as refused:
        open_engine(tmp_path, url.replace("stoa@", "guest@"))
    assert refused.value.kind is ErrorKind.BAD_DATA and "\n" not in str(refused.value)
    postgresql.run("DROP ROLE guest")


def test_a_database_of_a_newer_stoa_is_refused_in_words(tmp_path: Path, new_database: Databases) -> None:
    url = new_database()
    engine = open_engine(tmp_path, url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for opening in (open_engine, read_engine):
        with pytest.raises(StoaError, match=r"newer Stoa|another version") as refused:
            opening(tmp_path, url)
        assert refused.value.kind is ErrorKind.BAD_DATA


def test_a_killed_servers_lock_is_waited_for(
    tmp_path: Path, new_database: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = new_database()
    first = open_engine(tmp_path, url)
    held = first.connect()

    def end_the_first(_seconds: float) -> None:
        held.invalidate()
        first.dispose()
        time.sleep(0.01)

    engine = postgres.server_engine(url, end_the_first)
    engine.connect().close()
    engine.dispose()
    held.close()
