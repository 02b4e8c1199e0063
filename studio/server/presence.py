"""Who is here. A person is present from their first connection until some seconds after their last one.

A reload or a lost line therefore is no leaving; nor is a restart of this process, since who is present is kept in the
database and everyone gets time to come back.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from studio.media.clock import NS_PER_S, Clock
from studio.server.caller import Caller
from studio.server.messages import EventType, Sender
from studio.server.messages import Presence as PresenceData
from studio.server.model import PersonRow
from studio.server.record import Record, Transaction
from studio.server.renaming import give_way
from studio.server.rights import Role

GRACE_S = 5.0
START_GRACE_S = 15.0


def present_count(db: Session, session_id: str) -> int:
    """How many people are in the session."""
    query = select(func.count()).where(PersonRow.session_id == session_id, PersonRow.present)
    return db.scalar(query) or 0


def sender_of(person: PersonRow) -> Sender:
    """A person as they stand in messages."""
    return Sender(id=person.id, name=person.name, role=Role(person.role))


def enter(transaction: Transaction, person: PersonRow) -> bool:
    """The person is here. True where that gave them, or somebody else, another name."""
    if person.present or person.gone:
        return False
    renamed = give_way(transaction, person)
    person.present = True
    person.since = transaction.at
    transaction.db.flush()
    count = present_count(transaction.db, person.session_id)
    who = sender_of(person)
    transaction.say(person.session_id, EventType.PRESENCE_JOINED, who, PresenceData(person=who, present=count))
    return renamed


def depart(transaction: Transaction, person: PersonRow, why: str) -> None:
    """The person is not here any more."""
    if not person.present:
        return
    person.present = False
    person.hand_s = 0
    transaction.db.flush()
    count = present_count(transaction.db, person.session_id)
    who = sender_of(person)
    transaction.say(person.session_id, EventType.PRESENCE_LEFT, who, PresenceData(person=who, present=count, why=why))


class Presence:
    """Counts the connections of each person. Belongs to the event loop."""

    def __init__(self, record: Record, clock: Clock, *, grace_s: float = GRACE_S) -> None:
        self._record = record
        self._clock = clock
        self._grace_ns = int(grace_s * NS_PER_S)
        self._connections: Counter[str] = Counter()
        self._entered: set[str] = set()
        self._leaving: dict[str, int] = {}

    async def load(self, grace_s: float = START_GRACE_S) -> None:
        """After a start: who was present may come back until `grace_s` have passed."""

        def work(transaction: Transaction) -> list[str]:
            return list(transaction.db.scalars(select(PersonRow.id).where(PersonRow.present)))

        deadline_ns = self._clock.now_ns() + int(grace_s * NS_PER_S)
        for person_id in await self._record.run(work):
            if not self._connections[person_id]:
                self._leaving[person_id] = deadline_ns

    async def came(self, caller: Caller) -> bool:
        """A connection of this person is open. Where this raises it does not count, and `went` is not called.

        True where somebody has another name by it.
        """
        if caller.hidden:
            return False
        self._leaving.pop(caller.person_id, None)
        self._connections[caller.person_id] += 1
        if caller.person_id in self._entered:
            return False

        def work(transaction: Transaction) -> bool:
            person = transaction.db.get(PersonRow, caller.person_id)
            return person is not None and enter(transaction, person)

        try:
            renamed = await self._record.run(work)
        except BaseException:
            self.went(caller)
            raise
        if self._connections[caller.person_id] > 0:
            self._entered.add(caller.person_id)
        return renamed

    def went(self, caller: Caller) -> None:
        """A connection of this person is closed."""
        if caller.hidden:
            return
        self._connections[caller.person_id] -= 1
        if self._connections[caller.person_id] <= 0:
            del self._connections[caller.person_id]
            self._entered.discard(caller.person_id)
            self._leaving[caller.person_id] = self._clock.now_ns() + self._grace_ns

    async def sweep(self) -> None:
        """Call a few times a second: let those go whose time to come back is over. Whom it raises for is still due."""
        now_ns = self._clock.now_ns()
        over = {person_id: due_ns for person_id, due_ns in self._leaving.items() if now_ns >= due_ns}
        for person_id, due_ns in over.items():
            if self._leaving.get(person_id) != due_ns:
                continue  # they came back while the others were let go

            def work(transaction: Transaction, person_id: str = person_id) -> None:
                if person := transaction.db.get(PersonRow, person_id):
                    depart(transaction, person, "lost")

            await self._record.run(work)
            if self._leaving.get(person_id) == due_ns:
                del self._leaving[person_id]
