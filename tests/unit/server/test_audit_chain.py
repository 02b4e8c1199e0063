"""The audit log as a chain: every change by hand is found, over restarts, and lines of before the chain are in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from studio.launcher.commands import run
from studio.server.append_only import allow_changes
from studio.server.audit_chain import Finding, verify
from studio.server.caller import SERVER
from studio.server.messages import Sender
from studio.server.record import Transaction
from studio.server.rights import Role
from studio.server.store import Store, open_engine
from tests.fakes.server_house import Place

ADA = Sender(id="p_ada", name="Ada", role=Role.ADMIN)


def write(store: Store, *actions: str, sender: Sender = ADA) -> None:
    """A line for each action, in one transaction."""

    def work(db: Session) -> None:
        transaction = Transaction(db, 1_795_220_000_000)
        for action in actions:
            transaction.audit("studio", sender, action, target_name="Bob", words="“Spam”, he said", address="::1")

    store.run_now(work)


def found(store: Store) -> Finding:
    return store.run_now(verify)


def by_hand(store: Store, *statements: str) -> None:
    """What somebody does who may write the file: the triggers are taken away first."""

    def work(db: Session) -> None:
        allow_changes(db.connection(), "audit")
        for statement in statements:
            db.execute(text(statement))

    store.run_now(work)


@pytest.fixture
def store(tmp_path: Path, database: str) -> Store:
    store = Store.open(tmp_path, database)
    write(store, "kick", "stop")
    write(store, "release", sender=SERVER)
    return store


def test_every_line_hangs_on_the_one_before_over_restarts(store: Store, tmp_path: Path, database: str) -> None:
    before = found(store)
    assert (before.lines, before.broken) == (3, "")
    store.close()
    again = Store.open(tmp_path, database)
    assert found(again) == before
    write(again, "kick")
    after = found(again)
    assert (after.lines, after.broken) == (4, "") and after.last_hash != before.last_hash
    again.close()


def test_the_hash_is_the_one_that_is_documented(store: Store) -> None:
    import hashlib

    line = '["%s",1,"2026-11-21T00:13:20.000Z","studio","p_ada","Ada","admin","kick","","Bob","","done",' % ("0" * 64)
    line += '"\\u201cSpam\\u201d, he said","::1"]'
    assert (
        store.run_now(lambda db: db.execute(text("SELECT hash FROM audit WHERE number = 1")).scalar())
        == hashlib.sha256(line.encode()).hexdigest()
    )
    store.close()


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        (
            "UPDATE audit SET words = 'Nothing' WHERE number = 2",
            "Line 2 (2026-11-21T00:13:20.000Z, stop, by Ada) is not",
        ),
        ("UPDATE audit SET address = '' WHERE number = 1", "Line 1 ("),
        ("UPDATE audit SET actor_role = NULL WHERE number = 1", "Line 1 ("),
        ("DELETE FROM audit WHERE number = 1", "Line 1 is missing."),
        ("DELETE FROM audit WHERE number < 3", "Lines 1 to 2 are missing."),
        ("DELETE FROM audit WHERE number = 3", "Line 3 is missing at the end."),
        ("DELETE FROM audit", "Lines 1 to 3 are missing at the end."),
        ("UPDATE audit SET hash = '' WHERE number = 3", "Line 3 ("),
        ("DELETE FROM audit_head", "The head of the log is missing"),
        ("UPDATE audit_head SET number = 2", "The head of the log says 2 lines"),
    ],
)
def test_whatever_is_changed_by_hand_is_found_at_its_first_line(store: Store, deed: str, words: str) -> None:
    by_hand(store, deed)
    assert found(store).broken.startswith(words)
    store.close()


def test_two_lines_that_change_places_are_found(store: Store) -> None:
    by_hand(store, *(f"UPDATE audit SET number = {to} WHERE number = {of}" for of, to in ((1, 9), (2, 1), (9, 2))))
    assert found(store).broken.startswith("Line 1 (")
    store.close()


@pytest.mark.parametrize("deed", ["UPDATE audit SET words = ''", "DELETE FROM audit", "TRUNCATE audit"])
def test_the_database_itself_refuses_a_change(store: Store, database: str, deed: str) -> None:
    if deed.startswith("TRUNCATE") and not database:
        deed = "DELETE FROM audit WHERE true"  # SQLite has no other word for it
    with pytest.raises(DatabaseError, match="append-only"):
        store.run_now(lambda db: db.execute(text(deed)))
    assert found(store).broken == ""
    store.close()


def test_a_line_that_is_undone_leaves_the_chain_whole(store: Store) -> None:
    def work(db: Session) -> None:
        Transaction(db, 0).audit("studio", ADA, "kick")
        raise ValueError("undone")

    with pytest.raises(ValueError, match="undone"):
        store.run_now(work)
    write(store, "kick")
    assert (found(store).lines, found(store).broken) == (4, "")
    store.close()


def test_a_nul_in_a_line_breaks_nothing(store: Store) -> None:
    write(store, "kick", sender=Sender(id="p", name="A\0b", role=None))
    assert found(store).broken == ""
    assert (
        store.run_now(lambda db: db.execute(text("SELECT actor_name FROM audit WHERE number = 4")).scalar())
        == "A\ufffdb"
    )
    store.close()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_lines_of_before_the_chain_are_chained_when_the_database_is_brought_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, kind: str
) -> None:
    url: str = request.getfixturevalue("new_database")() if kind == "postgresql" else ""
    with monkeypatch.context() as patch:
        patch.setattr("studio.server.store.HEAD", "0001")
        engine = open_engine(tmp_path, url)
    with engine.begin() as connection:
        for number, role in ((1, "'admin'"), (2, "NULL"), (3, "'owner'")):
            line = f"{number}, '2026-11-20T20:00:00.000Z', 'studio', 'p', 'Ünal', {role}, 'kick', '', '', '', 'done'"
            connection.exec_driver_sql(f"INSERT INTO audit VALUES ({line}, '„x“', '')")
    engine.dispose()
    store = Store.open(tmp_path, url)
    assert (found(store).lines, found(store).broken) == (3, "")
    write(store, "stop")
    assert (found(store).lines, found(store).broken) == (4, "")
    with pytest.raises(DatabaseError, match="append-only"):
        store.run_now(lambda db: db.execute(text("DELETE FROM audit")))
    store.close()


async def test_what_a_running_server_writes_is_a_chain(place: Place) -> None:
    ada = await place.join("Ada", "admin")
    bob = await place.join("Bob")
    await ada.command("kick", bob.id)
    await bob.command("stop")
    lines = await place.audit()
    assert len({line["hash"] for line in lines}) == len(lines) > 5
    finding = found(place.house.store)
    assert (finding.broken, finding.last_hash) == ("", lines[-1]["hash"])


def test_the_command_says_whether_it_holds_and_where_it_is_broken(
    store: Store, tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["audit", "verify", "--data", str(tmp_path), *(["--database", database] if database else [])]
    assert run(words) == 0, "a server that runs is in the way"
    told = capsys.readouterr().out
    assert told.startswith("The audit log holds: 3 lines, 2026-11-21T00:13:20.000Z to ")
    assert found(store).last_hash in told
    by_hand(store, "UPDATE audit SET action = 'promote' WHERE number = 2")
    assert run(words) == 1
    assert "The audit log is broken. Line 2 (" in capsys.readouterr().out
    store.close()


def test_the_command_refuses_what_is_no_database_in_words(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["audit", "verify", "--data", str(tmp_path)]
    assert run(words) == 2
    assert "There is no server's database in" in capsys.readouterr().err
    (tmp_path / "people.sqlite3").write_bytes(b"")
    assert run(words) == 2
    assert "another version of Stoa" in capsys.readouterr().err
    (tmp_path / "people.sqlite3").write_bytes(b"no database " * 100)
    assert run(words) == 2
    assert "not a database" in capsys.readouterr().err
