"""Takes away, now and then, what nobody needs any more: sign-ins and tokens that are over, and who came once, long ago.

The record and the audit log stay whole. Bans end by themselves (studio.server.bans); whoever is banned stays known.
"""

from __future__ import annotations

from sqlalchemy import Select, delete, exists, select

from studio.server.chat_model import HeldRow, ReactionRow, VoteRow
from studio.server.grant_model import GrantEndRow
from studio.server.messages import EventType
from studio.server.model import CommandRow, EventRow, PersonRow, SignInRow, TokenRow
from studio.server.record import Record, Transaction
from studio.server.rights import Role
from studio.server.wall import WallClock

EVERY_S = 3600
AGAIN_S = 60
AT_ONCE = 500
"""So many rows in one transaction, since everybody else waits for it; what is left comes an hour later."""
KEPT_S = 30 * 86400
"""So long after its end a sign-in or token is kept: who looks into what happened may ask for it."""
LONG_GONE_S = 90 * 86400
_CAME_TO_WATCH = (Role.VIEWER.value, Role.GUEST.value)


class Pruning:
    """Belongs to the event loop."""

    def __init__(self, record: Record, wall: WallClock) -> None:
        self._record = record
        self._wall = wall
        self._next_s = 0

    async def sweep(self) -> None:
        """Call a few times a second."""
        now_s = self._wall.now_ms() // 1000
        if now_s < self._next_s:
            return
        self._next_s = now_s + AGAIN_S  # where this raises
        await self._record.run(prune)
        self._next_s = now_s + EVERY_S


def prune(transaction: Transaction) -> None:
    """One round."""
    db, over_s = transaction.db, transaction.now_s - KEPT_S
    sign_ins = select(SignInRow.id).where(SignInRow.expires_s < over_s).limit(AT_ONCE)
    db.execute(delete(SignInRow).where(SignInRow.id.in_(list(db.scalars(sign_ins)))))
    tokens = select(TokenRow.id).where(TokenRow.expires_s < over_s).limit(AT_ONCE)
    db.execute(delete(TokenRow).where(TokenRow.id.in_(list(db.scalars(tokens)))))
    people = list(db.scalars(_long_gone(transaction.now_s - LONG_GONE_S).limit(AT_ONCE)))
    db.execute(delete(GrantEndRow).where(GrantEndRow.person_id.in_(people)))
    db.execute(delete(PersonRow).where(PersonRow.id.in_(people)))


def _long_gone(before_s: int) -> Select[str]:
    """Viewers and guests who came before then, have no token left, and of whom nothing speaks but that they came."""
    wrote = exists().where(
        EventRow.session_id == PersonRow.session_id,
        EventRow.sender_id == PersonRow.id,
        EventRow.type == EventType.CHAT_MESSAGE.value,
    )
    commanded = exists().where(CommandRow.session_id == PersonRow.session_id, CommandRow.target == PersonRow.id)
    return select(PersonRow.id).where(
        PersonRow.role.in_(_CAME_TO_WATCH),
        PersonRow.account_id.is_(None),
        PersonRow.removed_s == 0,
        ~PersonRow.present,
        PersonRow.joined_s < before_s,
        ~exists().where(TokenRow.person_id == PersonRow.id),
        ~wrote,
        ~commanded,
        *(~exists().where(table.person_id == PersonRow.id) for table in (HeldRow, ReactionRow, VoteRow)),
    )
