"""The database itself keeps the lines of the audit log, whatever statement is tried; old databases too."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from studio.server import store as stores
from studio.server.audit_chain import verify
from studio.server.caller import SERVER
from studio.server.record import Transaction
from studio.server.store import Store

COLUMNS = "number, at, session_id, actor_id, actor_name, actor_role, action, target, target_name, command, outcome, words, address, hash"  # fmt: skip # noqa: E501
FORGED = "1, 'now', 'studio', 'p', 'P', NULL, 'nothing', '', '', '', 'done', 'nothing happened', '', 'hash'"
ALL = ("UPDATE audit SET words = ''", "DELETE FROM audit", f"INSERT INTO audit ({COLUMNS}) VALUES ({FORGED})")
OF_ITS_OWN = {
    "sqlite": (
        f"REPLACE INTO audit ({COLUMNS}) VALUES ({FORGED})",
        f"INSERT OR REPLACE INTO audit ({COLUMNS}) VALUES ({FORGED})",
        f"INSERT INTO audit ({COLUMNS}) VALUES ({FORGED}) ON CONFLICT (number) DO UPDATE SET words = ''",
        "UPDATE OR REPLACE audit SET number = 1 WHERE number = 2",
    ),
    "postgresql": (
        "TRUNCATE audit",
        f"INSERT INTO audit ({COLUMNS}) VALUES ({FORGED}) ON CONFLICT (number) DO UPDATE SET words = ''",
        "MERGE INTO audit USING (SELECT 1 AS one) AS source ON number = 1 WHEN MATCHED THEN DELETE",
    ),
}


def write(store: Store) -> None:
    def work(db: Session) -> None:
        for action in ("kick", "stop"):
            Transaction(db, 1_795_220_000_000).audit("studio", SERVER, action)

    store.run_now(work)


def try_all(store: Store, dialect: str) -> None:
    for statement in (*ALL, *OF_ITS_OWN[dialect]):
        with pytest.raises(DatabaseError):
            store.run_now(lambda db, s=statement: db.execute(text(s)))  # type: ignore[misc]
    finding = store.run_now(verify)
    assert (finding.lines, finding.broken) == (2, "")
    write(store)
    assert store.run_now(verify).lines == 4


def test_no_statement_changes_a_line(tmp_path: Path, database: str) -> None:
    store = Store.open(tmp_path, database)
    write(store)
    try_all(store, "postgresql" if database else "sqlite")
    store.close()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_database_of_before_is_kept_so_from_its_next_start(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "old"
    with monkeypatch.context() as patch:
        patch.setattr(stores, "HEAD", "0006")
        stores.open_engine(old).dispose()
    store = Store.open(old)
    write(store)
    try_all(store, "sqlite")
    store.close()
