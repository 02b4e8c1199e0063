"""Who is the same one again: what limits and votes count for when somebody leaves and comes back as another person.

Known for certain is somebody by their account, else by the visitor that their tokens carry: the browser's own cookie
gives it to a later join, a bearer the token that the caller shows. Who shows neither comes as somebody new; they are
probably one who was here before where they came from the same client (an IPv6 subscriber's whole /64) by the same
invite, later than what they may be evading. Behind one address there is often a whole audience: therefore this second
way never counts against who was here before, nor against an account, nor for this machine's own programs.

Work inside a transaction. docs/decisions has the why.
"""

from __future__ import annotations

import hashlib
import hmac

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from studio.server.connections import client_of, trusted
from studio.server.model import PersonRow, TokenRow
from studio.server.record import Transaction
from studio.server.rights import Right, Role, may
from studio.server.tokens import new_id, same

AUDIENCE = tuple(role.value for role in Role if not may(role, Right.CHAT_BACKSTAGE))


def new_visitor() -> str:
    """Somebody whom nobody knows yet."""
    return new_id("v")


def network_of(address: str) -> str:
    """What a token keeps of the client's address; empty for this machine's own programs."""
    return "" if trusted(address) else client_of(address)


def seal(visitor: str, key: bytes) -> str:
    """What the browser's cookie holds."""
    return f"{visitor}.{_signature(visitor, key)}"


def unseal(cookie: str, key: bytes) -> str:
    """The visitor of a cookie that this server sealed; empty for any other."""
    visitor, _, signature = cookie.rpartition(".")
    return visitor if visitor and same(signature, _signature(visitor, key)) else ""


def _signature(visitor: str, key: bytes) -> str:
    return hmac.new(key, f"visitor {visitor}".encode(), hashlib.sha256).hexdigest()


def selves(transaction: Transaction, session_id: str, person_id: str) -> Select[str]:
    """The ids of all persons of the session that are certainly the same one, this one among them.

    Two accounts are two people, also in one browser.
    """
    person = transaction.db.get(PersonRow, person_id)
    mine = select(TokenRow.visitor).where(TokenRow.person_id == person_id, TokenRow.visitor != "")
    known: ColumnElement[bool] = PersonRow.id.in_(select(TokenRow.person_id).where(TokenRow.visitor.in_(mine)))
    if person is not None and person.account_id:
        known = and_(known, PersonRow.account_id.is_(None))
    return select(PersonRow.id).where(PersonRow.session_id == session_id, or_(PersonRow.id == person_id, known))


def neighbours(transaction: Transaction, session_id: str, person_id: str) -> Select[str]:
    """The ids of the audience whom this person may have been before: by the same link, or an account, from there.

    Nobody for who has an account. Whether they were here in time for that says `first_came`.
    """
    mine = aliased(TokenRow)
    same_way = and_(
        mine.client == TokenRow.client, or_(mine.invite_id == TokenRow.invite_id, TokenRow.invite_id.is_(None))
    )
    there = (
        select(TokenRow.person_id)
        .join(mine, same_way)
        .where(mine.person_id == person_id, mine.client != "", mine.invite_id.is_not(None))
    )
    return select(PersonRow.id).where(
        PersonRow.session_id == session_id,
        PersonRow.role.in_(AUDIENCE),
        PersonRow.id.in_(there),
        PersonRow.id.not_in(selves(transaction, session_id, person_id)),
    )


def first_came(transaction: Transaction, session_id: str, person_id: str) -> str:
    """When the first token was given to any of the persons that are this one (ISO 8601, UTC); empty for none."""
    mine = selves(transaction, session_id, person_id)
    return transaction.db.scalar(select(func.min(TokenRow.created)).where(TokenRow.person_id.in_(mine))) or ""
