"""The audit log as a chain: a line's hash covers all that stands in it and the hash of the line before.

Whoever changes, takes out or slips in a line has to rewrite all that follow, and the head; the hash of the last line,
written down elsewhere, shows even that. SHA-256 over a JSON array, ASCII, without spaces:
[hash of the line before, number, at, session, actor id, actor name, actor role or null, action, target, target name,
command, outcome, words, address]. Before the first line stand 64 zeros.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from studio.server.model import AuditHeadRow, AuditRow
from studio.server.store import storable

BEGINNING = "0" * 64
HEAD = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """What a walk along the chain found: the `lines` that hold, the hash of their last, and what is broken in words."""

    lines: int
    last_hash: str
    first_at: str
    last_at: str
    broken: str


_FREE_TEXT = ("actor_id", "actor_name", "target", "target_name", "command", "words", "address")


def line_hash(before: str, row: AuditRow) -> str:
    """The hash of this line after that one: 64 hexadecimal digits."""
    fields = [
        before, row.number, row.at, row.session_id, row.actor_id, row.actor_name, row.actor_role, row.action,
        row.target, row.target_name, row.command, row.outcome, row.words, row.address,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def append(db: Session, row: AuditRow) -> None:
    """Give the line its number and its hash and add it. In a transaction of the database's one thread."""
    for field in _FREE_TEXT:
        setattr(row, field, storable(getattr(row, field)))  # what is hashed is what will be read
    head = db.get_one(AuditHeadRow, HEAD)
    row.number = head.number + 1
    row.hash = line_hash(head.hash, row)
    head.number, head.hash = row.number, row.hash
    db.add(row)
    db.flush()


def verify(db: Session) -> Finding:
    """Walk along all lines, of all sessions. Any transaction that sees one moment of the database."""
    query = select(AuditRow).order_by(AuditRow.number).execution_options(yield_per=500)
    with closing(db.scalars(query)) as rows:
        finding = _walk(rows)
    return finding if finding.broken else replace(finding, broken=_wrong_end(db.get(AuditHeadRow, HEAD), finding))


def _walk(rows: Iterable[AuditRow]) -> Finding:
    finding = Finding(0, BEGINNING, "", "", "")
    for row in rows:
        wanted = finding.lines + 1
        if row.number != wanted:
            gone = f"Line {wanted} is" if row.number == wanted + 1 else f"Lines {wanted} to {row.number - 1} are"
            return replace(finding, broken=f"{gone} missing.")
        if line_hash(finding.last_hash, row) != row.hash:
            words = (
                f"Line {row.number} ({row.at}, {row.action}, by {row.actor_name or row.actor_id}) is not as it was"
                " written: its hash does not belong to its words and to the line before."
            )
            return replace(finding, broken=words)
        finding = Finding(row.number, row.hash, finding.first_at or row.at, row.at, "")
    return finding


def _wrong_end(head: AuditHeadRow | None, finding: Finding) -> str:
    lines = finding.lines
    if head is None:
        return "The head of the log is missing, which says how many lines there are."
    if head.number > lines:
        gone = f"Line {head.number} is" if head.number == lines + 1 else f"Lines {lines + 1} to {head.number} are"
        return f"{gone} missing at the end."
    if (head.number, head.hash) != (lines, finding.last_hash):
        return f"The head of the log says {head.number} lines, and another hash than that of line {lines}."
    return ""
