"""Bans: a kick that holds against every invite, for a time or for good. Who is kept out, and when that is over.

A ban is against the person, their tokens, and every name that looks like theirs. One with an end leaves the tokens as
they are: they are refused until then, and good again afterwards.
"""

from __future__ import annotations

from sqlalchemy import func, select, update

from studio.server.api import ErrorCode
from studio.server.caller import SERVER
from studio.server.errors import Refusal
from studio.server.messages import Outcome
from studio.server.model import PersonRow, TokenRow
from studio.server.names import look_keys
from studio.server.record import Record, Transaction
from studio.server.wall import WallClock, iso

ASK = "Ask an admin of the session to lift the ban."


def ends_words(person: PersonRow) -> str:
    """When a ban ends, ISO 8601; empty for one that does not."""
    return iso(person.ban_ends_s * 1000) if person.banned and person.ban_ends_s else ""


def banned(person: PersonRow) -> Refusal:
    """The words for somebody who is banned."""
    until = f" until {ends_words(person)[:16].replace('T', ' ')} UTC" if person.ban_ends_s else ""
    return Refusal(ErrorCode.REMOVED, f"An admin banned you from this session{until}.", ASK)


def refuse_the_banned(transaction: Transaction, session_id: str, name: str, earlier: frozenset[str]) -> None:
    """Raises Refusal(REMOVED) where one of these persons is banned, or somebody whose name looks like `name` is."""
    keys = look_keys(name) if name else frozenset()
    query = select(PersonRow).where(PersonRow.session_id == session_id, PersonRow.banned)
    for person in transaction.db.scalars(query):
        over = person.ban_ends_s and transaction.now_s >= person.ban_ends_s
        if not over and (person.id in earlier or not keys.isdisjoint(look_keys(person.name))):
            raise banned(person)


def ban(transaction: Transaction, person: PersonRow, seconds: int) -> bool:
    """Put out and keep out, `seconds` long or for good (0). False where just that was so before."""
    ends_s = transaction.now_s + seconds if seconds else 0
    if person.banned and not seconds and not person.ban_ends_s:
        return False
    person.banned, person.ban_ends_s = True, ends_s
    person.removed_s = person.removed_s or transaction.now_s
    if not seconds:
        transaction.db.execute(update(TokenRow).where(TokenRow.person_id == person.id).values(dead=True))
    return True


def lift(person: PersonRow) -> None:
    """They may come in again."""
    person.banned, person.ban_ends_s = False, 0
    person.removed_s = 0
    person.joined_s = 0  # their name is theirs at once, also where another browser asks for it


class BansEnd:
    """Lifts the bans whose time is over. Belongs to the event loop."""

    def __init__(self, record: Record, wall: WallClock) -> None:
        self._record = record
        self._wall = wall
        self._next_s = 0

    async def begin(self) -> None:
        """After a start, and whenever a ban was given or lifted: when does the next one end?"""
        self._next_s = await self._record.run(_next_s)

    async def sweep(self) -> bool:
        """Call a few times a second. True where somebody may come in again."""
        if not self._next_s or self._wall.now_ms() // 1000 < self._next_s:
            return False
        self._next_s = await self._record.run(_lift_what_is_over)
        return True


def _next_s(transaction: Transaction) -> int:
    query = select(func.min(PersonRow.ban_ends_s)).where(PersonRow.banned, PersonRow.ban_ends_s > 0)
    return transaction.db.scalar(query) or 0


def _lift_what_is_over(transaction: Transaction) -> int:
    """Returns when the next ban ends."""
    query = select(PersonRow).where(
        PersonRow.banned, PersonRow.ban_ends_s > 0, PersonRow.ban_ends_s <= transaction.now_s
    )
    for person in list(transaction.db.scalars(query)):
        lift(person)
        transaction.audit(
            person.session_id,
            SERVER,
            "ban.over",
            outcome=Outcome.DONE.value,
            target=person.id,
            target_name=person.name,
            words="The ban's time is over; they may come in again.",
        )
    transaction.db.flush()
    return _next_s(transaction)
