"""The audit log as CSV (RFC 4180), for spreadsheets that must not take a name for a formula.

A cell that a spreadsheet would calculate (OWASP, "CSV Injection") gets an apostrophe in front, after which it is text.
So does one that begins with an apostrophe already: taking one away always gives back what was written and hashed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from studio.server.api import AuditEntry

COLUMNS = tuple(AuditEntry.model_fields)
_STARTS_A_FORMULA = tuple("=+-@＝＋－＠\t\r\n'")


def harmless(cell: str) -> str:
    """The cell as text and nothing else, also where blanks stand before the sign."""
    return f"'{cell}" if cell.startswith(_STARTS_A_FORMULA) or cell.lstrip().startswith(_STARTS_A_FORMULA) else cell


def head() -> str:
    """The first record: the names of the columns."""
    return _record(COLUMNS)


def records(entries: Iterable[AuditEntry]) -> str:
    """A record for each line."""
    return "".join(_record(_cells(entry)) for entry in entries)


def _cells(entry: AuditEntry) -> list[str]:
    facts = entry.model_dump(mode="json")
    return ["" if facts[name] is None else harmless(str(facts[name])) for name in COLUMNS]


def _record(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, dialect="excel", lineterminator="\r\n").writerow(cells)
    return text.getvalue()
