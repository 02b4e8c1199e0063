"""Whose time to write is over. Work inside a transaction.

It holds for who comes as somebody new from the same network by the same link after that, as a mute does: for a day,
since an end has no end of its own, and until an admin says otherwise of them. Why it is so stands in docs/decisions.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from studio.server import grant_ends
from studio.server.api import ErrorCode
from studio.server.caller import Caller
from studio.server.errors import Refusal
from studio.server.grant_model import GrantEndRow
from studio.server.model import PersonRow
from studio.server.record import Transaction
from studio.server.rights import Right, may
from studio.server.visitors import first_came, neighbours
from studio.token.grants import Grant

HELD_FOR_S = 86400


def still_may_write(transaction: Transaction, session_id: str, caller: Caller) -> None:
    """Raises Refusal(TIME_OVER) for whose time is over, and for who has probably come back under another name."""
    grant_ends.require(transaction, caller.person_id, Grant.DATA)
    if may(caller.role, Right.CHAT_BACKSTAGE):
        return
    if _over_for_the_network(transaction, session_id, caller.person_id):
        raise Refusal(
            ErrorCode.TIME_OVER,
            "The time to write of somebody who came from your network by this link is over, and so is yours who came"
            " from there after that.",
            "Sign in with an account, or ask an admin to give you the chat, for a time or without an end.",
        )


def lift(transaction: Transaction, person: PersonRow) -> bool:
    """An admin gives this person the chat without an end, also against an end of others. False where none holds."""
    held = _over_for_the_network(transaction, person.session_id, person.id)
    if held:
        grant_ends.say_without_end(transaction, person.id, Grant.DATA)
    return held


def _over_for_the_network(transaction: Transaction, session_id: str, person_id: str) -> bool:
    """Whether the end of somebody else's time, who probably is this person, holds for them."""
    over = select(GrantEndRow.person_id).where(
        GrantEndRow.grant == Grant.DATA.value,
        GrantEndRow.ends_s <= transaction.now_s,
        GrantEndRow.ends_s > transaction.now_s - HELD_FOR_S,
    )
    if transaction.db.scalar(over.limit(1)) is None:
        return False
    came = first_came(transaction, session_id, person_id)
    if not came or grant_ends.said_of(transaction, person_id, Grant.DATA):
        return False  # what an admin said about them themselves counts
    came_s = datetime.fromisoformat(came).timestamp()
    them = neighbours(transaction, session_id, person_id)
    ended = over.where(GrantEndRow.person_id.in_(them), GrantEndRow.ends_s < came_s).limit(1)
    return transaction.db.scalar(ended) is not None
