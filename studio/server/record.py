"""The record of a session: events in order, each once, stored before anyone sees them; and the audit log beside it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from studio.server.audit_chain import append
from studio.server.caller import Caller, host_id
from studio.server.messages import Envelope, EventType, Sender
from studio.server.model import AuditRow, EventRow
from studio.server.rights import Right, Role, may
from studio.server.store import Store
from studio.server.tokens import new_id
from studio.server.wall import WallClock, iso

Answer = TypeVar("Answer")


class Audience(StrEnum):
    """Who sees an event: `sees` says it."""

    ALL = "all"
    HOSTS = "hosts"
    PERSON = "person"
    PERSON_AND_OWNER = "person_and_owner"
    BACKSTAGE = "backstage"
    MODERATORS = "moderators"
    PRIVATE = "private"


def sees(caller: Caller, audience: Audience, person: str, sender: str) -> bool:
    """Whether this caller may see an event, by the role that they have now. Admins and the owner see what is for hosts
    and for one person; what is private is seen by its sender and by `person`, and by nobody else.
    """
    match audience:
        case Audience.ALL:
            return True
        case Audience.PRIVATE:
            return caller.person_id in (person, sender)
        case Audience.BACKSTAGE:
            return may(caller.role, Right.CHAT_BACKSTAGE)
        case Audience.MODERATORS:
            return may(caller.role, Right.CHAT_MODERATE) or caller.person_id == person
        case Audience.HOSTS:
            return caller.sees_all or caller.role in (Role.BROADCASTER, Role.DIRECTOR)
        case Audience.PERSON:
            return caller.sees_all or caller.person_id == person
        case Audience.PERSON_AND_OWNER:  # who looks at the session as its host, from the window
            return caller.sees_all or caller.person_id in (person, host_id(caller.session_id))


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored event, and its text as it goes over the line."""

    session_id: str
    envelope: Envelope
    audience: Audience
    person: str
    text: str

    def seen_by(self, caller: Caller) -> bool:
        """Whether this caller may see it."""
        return sees(caller, self.audience, self.person, self.envelope.sender.id)


class Publisher(Protocol):
    """What hands new entries to those who are connected."""

    def publish(self, entries: list[Entry]) -> None:
        """Called in the event loop, in the order of the record."""

    def doubt(self, entries: list[Entry]) -> None:
        """The same, where nobody knows whether these were committed: the record says it."""


def line_of(envelope: Envelope) -> str:
    """An envelope as it goes over the line."""
    return json.dumps(envelope.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"))


def envelope_of(row: EventRow) -> Envelope:
    """An event as it is told."""
    return Envelope(
        seq=row.seq,
        id=row.id,
        type=EventType(row.type),
        at=row.at,
        sender=Sender(id=row.sender_id, name=row.sender_name, role=Role(row.sender_role) if row.sender_role else None),
        data=row.data,
    )


def _entry(row: EventRow) -> Entry:
    envelope = envelope_of(row)
    return Entry(row.session_id, envelope, Audience(row.audience), row.audience_person, line_of(envelope))


@dataclass(slots=True)
class Transaction:
    """What a piece of work on the database gets: all of it is committed, or nothing."""

    db: Session
    now_ms: int
    entries: list[Entry] = field(default_factory=list)

    @property
    def at(self) -> str:
        return iso(self.now_ms)

    @property
    def now_s(self) -> int:
        return self.now_ms // 1000

    def head(self, session_id: str) -> int:
        """The newest seq, 0 for none."""
        return self.db.scalar(select(func.max(EventRow.seq)).where(EventRow.session_id == session_id)) or 0

    def say(
        self,
        session_id: str,
        kind: EventType,
        sender: Sender,
        data: BaseModel,
        *,
        audience: Audience = Audience.ALL,
        person: str = "",
        id: str = "",
        words: str = "",
    ) -> Envelope:
        """Add an event to the record. `words`: what a search finds it by."""
        row = EventRow(
            session_id=session_id,
            seq=self.head(session_id) + 1,
            id=id or new_id("e"),
            type=kind.value,
            at=self.at,
            sender_id=sender.id,
            sender_name=sender.name,
            sender_role=sender.role.value if sender.role else None,
            audience=audience.value,
            audience_person=person,
            data=data.model_dump(mode="json"),
            words=words,
        )
        self.db.add(row)
        self.db.flush()
        entry = _entry(row)
        self.entries.append(entry)
        return entry.envelope

    def audit(
        self,
        session_id: str,
        actor: Sender,
        action: str,
        *,
        outcome: str = "done",
        target: str = "",
        target_name: str = "",
        command: str = "",
        words: str = "",
        address: str = "",
    ) -> None:
        """Add a line to the audit log."""
        append(
            self.db,
            AuditRow(
                at=self.at,
                session_id=session_id,
                actor_id=actor.id,
                actor_name=actor.name,
                actor_role=actor.role.value if actor.role else None,
                action=action,
                target=target,
                target_name=target_name,
                command=command,
                outcome=outcome,
                words=words,
                address=address,
            ),
        )


class Record:
    """Runs work on the database and hands what was said to the publisher, in the order of the commits.

    The handing over does not depend on the task that asked: one that is cancelled after its commit loses nothing.
    """

    def __init__(self, store: Store, wall: WallClock, publisher: Publisher) -> None:
        self._store = store
        self._wall = wall
        self._publisher = publisher

    async def run(self, work: Callable[[Transaction], Answer]) -> Answer:
        """Do `work` in one transaction; committed and published when this returns. Any task of the event loop."""
        loop = asyncio.get_running_loop()
        transactions: list[Transaction] = []

        def inside(db: Session) -> Answer:
            transaction = Transaction(db, self._wall.now_ms())
            transactions.append(transaction)
            return work(transaction)

        def committed() -> None:
            if entries := transactions[0].entries:
                loop.call_soon_threadsafe(self._publisher.publish, entries)

        def in_doubt() -> None:
            loop.call_soon_threadsafe(self._publisher.doubt, transactions[0].entries)

        return await self._store.run(inside, committed, in_doubt)

    async def after(self, session_id: str, seq: int, caller: Caller, limit: int) -> tuple[list[Entry], int]:
        """What of the next `limit` events the caller may see, and the last seq looked at (`seq` where none is)."""

        def work(db: Session) -> tuple[list[Entry], int]:
            query = select(EventRow).where(EventRow.session_id == session_id, EventRow.seq > seq)
            rows = db.scalars(query.order_by(EventRow.seq).limit(limit)).all()
            entries = [entry for row in rows if (entry := _entry(row)).seen_by(caller)]
            return entries, rows[-1].seq if rows else seq

        return await self._store.run(work)


def recent(
    db: Session, session_id: str, caller: Caller, kinds: tuple[EventType, ...], *, before: int = 0, limit: int = 50
) -> tuple[list[Envelope], bool]:
    """The newest events of these kinds that the caller may see, oldest first, and whether there are older ones."""
    query = select(EventRow).where(EventRow.session_id == session_id, EventRow.type.in_([kind.value for kind in kinds]))
    if before > 0:
        query = query.where(EventRow.seq < before)
    found: list[Envelope] = []
    with closing(db.scalars(query.order_by(EventRow.seq.desc()).execution_options(yield_per=200))) as rows:
        for row in rows:
            entry = _entry(row)
            if entry.seen_by(caller):
                if len(found) == limit:
                    return found[::-1], True
                found.append(entry.envelope)
    return found[::-1], False
