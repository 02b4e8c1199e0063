"""Triggers by which the database itself refuses to change or delete what stands in a table."""

from __future__ import annotations

from sqlalchemy import Connection

_CHANGES = ("UPDATE", "DELETE")


def forbid_changes(connection: Connection, table: str) -> None:
    """From now on lines are added to this table and never touched again. For migrations."""
    refusal = f"the {table} log is append-only"
    if connection.dialect.name == "sqlite":
        for change in _CHANGES:
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            )
        return
    connection.exec_driver_sql(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{refusal}'; END $$"
    )
    for change in (*_CHANGES, "TRUNCATE"):
        each = "STATEMENT" if change == "TRUNCATE" else "ROW"
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION {table}_append_only()"
        )


def forbid_replacing(connection: Connection, table: str, key: str) -> None:
    """From now on no line takes the place of one with the same `key`. For migrations, after `forbid_changes`.

    SQLite deletes for `REPLACE INTO` without its DELETE triggers. PostgreSQL's `ON CONFLICT DO UPDATE` is an UPDATE.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) "
            f"BEGIN SELECT RAISE(ABORT, 'the {table} log is append-only'); END"
        )


def allow_changes(connection: Connection, table: str) -> None:
    """Take the triggers away, inside a migration that puts them back."""
    if connection.dialect.name == "sqlite":
        for change in (*_CHANGES, "REPLACE"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{change.lower()}")
        return
    connection.exec_driver_sql(f"DROP FUNCTION {table}_append_only() CASCADE")


def drop_append_only(connection: Connection, table: str) -> None:
    """Take away what no dropped table takes along. For a database that is emptied."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {table}_append_only() CASCADE")
