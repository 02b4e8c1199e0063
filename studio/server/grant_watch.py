"""Watches the ends of grants: tells the person and the admins a minute and ten seconds before, and when one is over.

What is over is not forwarded by the media router's own clock (SetEnds), and refused wherever it is asked for; here is
what has to be said, and the end of a person's line where their time in the session is over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import select

from studio.server import renewal
from studio.server.caller import SERVER
from studio.server.grant_ends import WARNED_S, time_over
from studio.server.grant_model import GrantEndRow
from studio.server.grant_words import told
from studio.server.hub import Hub
from studio.server.messages import CloseCode, EventType, GrantTold
from studio.server.model import PersonRow
from studio.server.on_air import OnAir, say_state
from studio.server.presence import depart
from studio.server.record import Audience, Record, Transaction
from studio.server.wall import WallClock
from studio.token.grants import Grant

STAGES_S = (*WARNED_S, 0)
"""What is told, in this order: so many seconds before the end, and at the end."""
ON_AIR = (Grant.CAMERA, Grant.MICROPHONE)


@dataclass(frozen=True, slots=True)
class _Told:
    """`over`: the session and person of everyone whose time is over. `next_s`: when there is more to say.

    `links`: the tokens of who watches by a bare link that died with somebody's time.
    """

    over: frozenset[tuple[str, str]]
    next_s: int
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Due:
    """Grants of one person of which the same is to be said now."""

    person: PersonRow
    grants: tuple[Grant, ...]
    ends_s: int
    left_s: int


class GrantWatch:
    """Belongs to the event loop."""

    def __init__(self, record: Record, wall: WallClock, hub: Hub, on_air: OnAir) -> None:
        self._record = record
        self._wall = wall
        self._hub = hub
        self._on_air = on_air
        self._next_s = 0

    async def begin(self) -> None:
        """After a start, and whenever an end was set: when is there something to say?"""
        self._next_s = await self._record.run(_next_s)

    async def changed(self, session_id: str, person_id: str) -> None:
        """An admin set a person's ends."""
        await self.begin()
        await self._record.run(lambda transaction: self._say_state(transaction, session_id, person_id))

    async def sweep(self) -> None:
        """Call a few times a second. All that is due is said in one transaction: where it fails, all is still due."""
        if not self._next_s or self._wall.now_ms() // 1000 < self._next_s:
            return
        told = await self._record.run(self._say_what_is_due)
        for session_id in {session_id for session_id, _ in told.over}:
            for connection in self._hub.of_session(session_id):
                if (session_id, connection.caller.person_id) in told.over:
                    connection.close(CloseCode.TIME_OVER, time_over(Grant.JOIN).message)
        self._next_s = told.next_s
        if told.links:
            await self._on_air.end_tokens(told.links)

    def _say_what_is_due(self, transaction: Transaction) -> _Told:
        links: list[str] = []
        for due in _due(transaction):
            renewed = ""
            if due.left_s <= 0 and Grant.JOIN in due.grants:
                renewed = renewal.renew(transaction, SERVER, [due.person], f"{due.person.name}'s time is over")
                links += renewal.dead_links_of(transaction, [due.person]) if renewed else ()
            if due.person.gone:
                continue
            _say(transaction, due, renewed)
            if due.left_s <= 0 and Grant.JOIN not in due.grants and not frozenset(ON_AIR).isdisjoint(due.grants):
                self._say_state(transaction, due.person.session_id, due.person.id)
        return _Told(_over(transaction), _next_s(transaction), tuple(links))

    def _say_state(self, transaction: Transaction, session_id: str, person_id: str) -> None:
        """Viewers learn why the picture stands still, where it is this person's."""
        stage = self._on_air.on_stage(session_id)
        if stage is not None and stage.person == person_id:
            say_state(transaction, session_id, "time", SERVER, person_id)


def _next_s(transaction: Transaction) -> int:
    rows = transaction.db.scalars(select(GrantEndRow).where(GrantEndRow.told < len(STAGES_S)))
    return min((row.ends_s - STAGES_S[row.told] for row in rows), default=0)


def _over(transaction: Transaction) -> frozenset[tuple[str, str]]:
    query = select(PersonRow.session_id, PersonRow.id).join(GrantEndRow, GrantEndRow.person_id == PersonRow.id)
    over = query.where(GrantEndRow.grant == Grant.JOIN.value, GrantEndRow.ends_s <= transaction.now_s)
    return frozenset((session_id, person_id) for session_id, person_id in transaction.db.execute(over))


def _due(transaction: Transaction) -> Sequence[_Due]:
    """What is due now, once for all grants that end together; of what a restart missed, only the last.

    Of who has left too: their link ends with their time all the same.
    """
    now_s = transaction.now_s
    query = select(GrantEndRow, PersonRow).join(PersonRow, PersonRow.id == GrantEndRow.person_id)
    rows = transaction.db.execute(query.where(GrantEndRow.told < len(STAGES_S))).all()
    found: list[tuple[str, int, int, Grant, PersonRow]] = []
    for row, person in rows:
        stage = sum(now_s >= row.ends_s - before_s for before_s in STAGES_S)
        if stage > row.told:
            row.told = stage
            if not person.removed_s:
                found.append((person.id, row.ends_s, STAGES_S[stage - 1], Grant(row.grant), person))
    transaction.db.flush()
    found.sort(key=lambda one: one[:3])
    dues = []
    for (_, ends_s, left_s), group in groupby(found, key=lambda one: one[:3]):
        together = list(group)
        chosen = frozenset(one[3] for one in together)
        dues.append(_Due(together[0][4], tuple(grant for grant in Grant if grant in chosen), ends_s, left_s))
    return dues


def _say(transaction: Transaction, due: _Due, renewed: str) -> None:
    """`renewed`: what became of the link they came by, in words for the admins."""
    person = due.person
    words, about = told(due.grants, person.name, due.ends_s, due.left_s)
    about = " ".join(filter(None, (about, renewed)))
    data = GrantTold(
        person=person.id,
        name=person.name,
        grants=due.grants,
        ends_s=due.ends_s,
        left_s=due.left_s,
        words=words,
        about=about,
    )
    audience = Audience.PERSON_AND_OWNER
    transaction.say(person.session_id, EventType.GRANT, SERVER, data, audience=audience, person=person.id)
    if due.left_s > 0:
        return
    transaction.audit(person.session_id, SERVER, "grant.over", target=person.id, target_name=person.name, words=about)
    if Grant.JOIN in due.grants:
        depart(transaction, person, "time_over")
