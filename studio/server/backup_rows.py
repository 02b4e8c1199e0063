"""A row of a backup as the table takes it: every column, each of its type. SQLite itself would take anything."""

from __future__ import annotations

import base64
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Integer, LargeBinary, MetaData

LEAST, MOST = -(2**63), 2**63 - 1


def row_of(tables: MetaData, name: Any, content: Any) -> dict[str, Any]:
    """The row to insert. Raises ValueError with words for what no backup of ours holds."""
    table = tables.tables.get(name) if isinstance(name, str) else None
    if table is None:
        raise ValueError(f"it has rows of a table {str(name)[:40]!r}, which this form of the database has not")
    if not isinstance(content, dict) or set(content) != set(table.columns.keys()):
        raise ValueError(f"a row of the table {name} has other columns than the table")
    return {column.name: _value(name, column, content[column.name]) for column in table.columns}


def _value(table: str, column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, JSON):
        return value
    if value is None and column.nullable:
        return None
    if isinstance(column.type, LargeBinary) and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    if isinstance(column.type, Boolean):
        fits = isinstance(value, bool)
    elif isinstance(column.type, Integer):
        fits = isinstance(value, int) and not isinstance(value, bool) and LEAST <= value <= MOST
    else:
        fits = isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)
    if not fits:
        raise ValueError(f"in a row of the table {table} the column {column.name} has a value of another type")
    return value
