"""The audit log as a chain: a line's hash covers all that stands in it and the hash of the line before.

Whoever changes, takes out or slips in a line has to rewrite all that follow, and the head; the hash of the last line,
written down elsewhere, shows even that. SHA-256 over a JSON array, ASCII, without spaces:
[hash of the line before, number, at, session, actor id, actor name, actor role or null, action, target, target name,
command, outcome, words, address]. Before the first line stand 64 zeros.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

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
    before, lines, first_at, last_at = BEGINNING, 0, "", ""

    def found(broken: str) -> Finding:
        return Finding(lines, before, first_at, last_at, broken)

    query = select(AuditRow).order_by(AuditRow.number).execution_options(yield_per=500)
    for row in db.scalars(query):
        if row.number != lines + 1:
            gone = f"Line {lines + 1} is" if row.number == lines + 2 else f"Lines {lines + 1} to {row.number - 1} are"
            return found(f"{gone} missing.")
        if line_hash(before, row) != row.hash:
            return found(
                f"Line {row.number} ({row.at}, {row.action}, by {row.actor_name or row.actor_id}) is not as it was"
                " written: its hash does not belong to its words and to the line before."
            )
        before, lines, last_at = row.hash, row.number, row.at
        first_at = first_at or row.at
    head = db.get(AuditHeadRow, HEAD)
    if head is None:
        return found("The head of the log is missing, which says how many lines there are.")
    if head.number > lines:
        gone = f"Line {head.number} is" if head.number == lines + 1 else f"Lines {lines + 1} to {head.number} are"
        return found(f"{gone} missing at the end.")
    if (head.number, head.hash) != (lines, before):
        return found(f"The head of the log says {head.number} lines, and another hash than that of line {lines}.")
    return found("")
