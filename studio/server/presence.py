"""Who is here. A person is present from their first connection until some seconds after their last one: a line
(WebSocket) or media that they receive, so that nobody watches by a person's token and stands on no list.

A reload or a lost line therefore is no leaving; nor is a restart of this process, since who is present is kept in the
database and everyone gets time to come back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from studio.media.clock import NS_PER_S, Clock
from studio.server.caller import Caller
from studio.server.grant_ends import join_end_s
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
    """The person is here, unless they are out. True where that gave them, or somebody else, another name."""
    if person.present or person.gone or person.removed_s:
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
    """Counts the lines and the media of each person. Belongs to the event loop."""

    def __init__(self, record: Record, clock: Clock, *, grace_s: float = GRACE_S) -> None:
        self._record = record
        self._clock = clock
        self._grace_ns = int(grace_s * NS_PER_S)
        self._lines: Counter[str] = Counter()
        self._media: Counter[str] = Counter()
        self._entered: set[str] = set()
        self._leaving: dict[str, int] = {}

    async def load(self, grace_s: float = START_GRACE_S) -> None:
        """After a start: who was present may come back until `grace_s` have passed."""

        def work(transaction: Transaction) -> list[str]:
            return list(transaction.db.scalars(select(PersonRow.id).where(PersonRow.present)))

        deadline_ns = self._clock.now_ns() + int(grace_s * NS_PER_S)
        for person_id in await self._record.run(work):
            if not self._is_connected(person_id):
                self._leaving[person_id] = deadline_ns

    async def came(self, caller: Caller) -> bool:
        """A line of this person is open. Where this raises it does not count, and `went` is not called.

        True where somebody has another name by it.
        """
        if caller.hidden:
            return False
        person_id = caller.person_id
        self._leaving.pop(person_id, None)
        self._lines[person_id] += 1
        try:  # each time: they may have been put out, and let in again, while an earlier line was still open
            return await self._enter({person_id})
        except BaseException:
            self.went(caller)
            raise

    def went(self, caller: Caller) -> None:
        """A line of this person is closed."""
        if not caller.hidden:
            self._ended(self._lines, caller.person_id)

    async def watch(self, people: Sequence[str]) -> bool:
        """These people receive media, each once more. True where somebody has another name by it.

        It counts also where this raises; `still_watch` then makes up for it.
        """
        for person_id in people:
            self._leaving.pop(person_id, None)
            self._media[person_id] += 1
        return await self._enter(set(people))

    async def still_watch(self, people: Iterable[str]) -> bool:
        """These people receive media, as was told before. True where somebody has another name by it."""
        return await self._enter(set(people) - self._entered)

    def watches_no_more(self, person_id: str) -> None:
        """Something that this person received has ended."""
        self._ended(self._media, person_id)

    async def _enter(self, people: set[str]) -> bool:
        def work(transaction: Transaction) -> bool:
            renamed = False
            for person_id in sorted(people):
                person = transaction.db.get(PersonRow, person_id)
                if person is not None and not 0 < join_end_s(transaction, person_id) <= transaction.now_s:
                    renamed |= enter(transaction, person)
            return renamed

        if not people:
            return False
        renamed = await self._record.run(work)
        self._entered.update(filter(self._is_connected, people))
        return renamed

    def _is_connected(self, person_id: str) -> bool:
        return self._lines[person_id] > 0 or self._media[person_id] > 0

    def _ended(self, kind: Counter[str], person_id: str) -> None:
        kind[person_id] -= 1
        if kind[person_id] <= 0:
            del kind[person_id]
        if not self._is_connected(person_id):
            self._entered.discard(person_id)
            self._leaving[person_id] = self._clock.now_ns() + self._grace_ns

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
