"""Which lines of the audit log are asked for: of one session, by person, action, outcome and time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import AwareDatetime
from sqlalchemy import ColumnElement, Select, func, or_, select

from studio.server.api import AuditEntry, ErrorCode
from studio.server.errors import Refusal
from studio.server.model import AuditRow
from studio.server.rights import Role
from studio.server.wall import iso

Words = Annotated[str, Query(max_length=100)]


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What a line must have; empty is anything. As FastAPI takes it from the query.

    `person`: an id, or a part of the name of who did it or to whom. `action`: the whole word, or its beginning up to a
    full stop (`invite` finds `invite.made`). `since` and `until` are moments with a zone, both included.
    """

    person: Words = ""
    action: Words = ""
    outcome: Words = ""
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    def __post_init__(self) -> None:
        """Raises Refusal(BAD_REQUEST) for a moment that no line can have, before an answer is begun."""
        for moment in (self.since, self.until):
            if moment is not None:
                _written(moment)

    def lines(self, session_id: str, after: int) -> Select[AuditRow]:
        """The lines of this session behind number `after`, in their order."""
        query = select(AuditRow).where(AuditRow.session_id == session_id, AuditRow.number > after, *self._conditions())
        return query.order_by(AuditRow.number)

    def _conditions(self) -> list[ColumnElement[bool]]:
        wanted: list[ColumnElement[bool]] = []
        if self.person:
            part = self.person.lower()
            by_name = func.lower(AuditRow.actor_name).contains(part, autoescape=True)
            to_name = func.lower(AuditRow.target_name).contains(part, autoescape=True)
            wanted.append(or_(AuditRow.actor_id == self.person, AuditRow.target == self.person, by_name, to_name))
        if self.action:
            kind = AuditRow.action.startswith(f"{self.action}.", autoescape=True)
            wanted.append(or_(AuditRow.action == self.action, kind))
        if self.outcome:
            wanted.append(AuditRow.outcome == self.outcome)
        if self.since is not None:
            wanted.append(AuditRow.at >= _written(self.since))
        if self.until is not None:
            wanted.append(AuditRow.at <= _written(self.until))
        return wanted


def _written(moment: datetime) -> str:
    """As the log has it. All its times have the same length, so that their order is that of their signs.

    Raises Refusal(BAD_REQUEST) for one that lies before the year 1 or behind 9999 in UTC.
    """
    try:
        return iso(round(moment.timestamp() * 1000)).zfill(len(iso(0)))  # a year before 1000 has fewer digits
    except (OverflowError, ValueError, OSError):
        raise Refusal(
            ErrorCode.BAD_REQUEST, "A time is not in the years 1 to 9999 (UTC).", "Choose another one."
        ) from None


def entry(row: AuditRow) -> AuditEntry:
    """A line as it goes over the line."""
    return AuditEntry(
        number=row.number,
        at=row.at,
        session=row.session_id,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        actor_role=Role(row.actor_role) if row.actor_role else None,
        action=row.action,
        target=row.target,
        target_name=row.target_name,
        command=row.command,
        outcome=row.outcome,
        words=row.words,
        address=row.address,
        hash=row.hash,
    )
