"""Who comes in again under another name or by another link: what an admin decided about them holds for that one too.

Only for who is certainly the same one (studio.server.visitors). Work inside a transaction; docs/decisions has the why.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select

from studio.server import grant_ends
from studio.server.api import ErrorCode
from studio.server.bans import lift, refuse_the_banned
from studio.server.errors import Refusal
from studio.server.model import InviteRow, PersonRow, TokenRow
from studio.server.record import Transaction
from studio.server.rights import Role
from studio.server.visitors import selves
from studio.server.wording import name_key
from studio.token.grants import Grant

NAME_KEPT_S = 86400
"""So long nobody else has the name of somebody whose time is over. Next week's Mia is probably another one."""


def removed() -> Refusal:
    """The words for somebody whom an admin kicked."""
    return Refusal(
        ErrorCode.REMOVED,
        "An admin removed you from this session.",
        "Ask an admin to invite you again. On your own machine you may leave the session and go on without it.",
    )


def been_here(
    transaction: Transaction, session_id: str, visitor: str, known: str, account_role: Role | None = None
) -> frozenset[str]:
    """The ids of the persons of a session that whoever comes in now certainly was before.

    `visitor`: that the browser shows; `known`: the person of the token or account that they show; each empty for none.
    `account_role`: of who comes by an account. Nothing else counts against an admin: only the owner decides about one.
    """
    person = transaction.db.get(PersonRow, known) if known else None
    if person is not None and person.session_id != session_id:
        person = None
    role = Role(person.role) if person is not None and not person.removed_s else account_role
    if role is Role.ADMIN:
        return frozenset((known,) if known else ())
    mine = select(TokenRow.visitor).where(TokenRow.person_id == known, TokenRow.visitor != "")
    shown = or_(TokenRow.visitor.in_(mine), TokenRow.visitor == visitor) if visitor else TokenRow.visitor.in_(mine)
    met: ColumnElement[bool] = PersonRow.id.in_(select(TokenRow.person_id).where(shown))
    if account_role is not None or (person is not None and person.account_id):
        met = and_(met, PersonRow.account_id.is_(None))  # two accounts are two people, also in one browser
    query = select(PersonRow.id).where(PersonRow.session_id == session_id, or_(PersonRow.id == known, met))
    return frozenset(transaction.db.scalars(query))


def refuse_by_invite(transaction: Transaction, invite: InviteRow, name: str, earlier: frozenset[str]) -> None:
    """Who was kicked does not come back by an invite that is older than the kick; who is banned, by none.

    Nor does whose time is over come back by a link as somebody new; nor, on that day, anybody under their name.
    `earlier`: `been_here`.
    """
    refuse_the_banned(transaction, invite.session_id, name, earlier)
    them = PersonRow.id.in_(earlier)
    query = select(PersonRow.removed_s).where(
        PersonRow.session_id == invite.session_id,
        PersonRow.removed_s > 0,
        or_(them, PersonRow.name_key == name_key(name)),
    )
    if any(invite.created_s <= removed_s for removed_s in transaction.db.scalars(query)):
        raise removed()
    for person_id in sorted(earlier):
        grant_ends.require(transaction, person_id, Grant.JOIN)
    namesakes = select(PersonRow.id).where(
        PersonRow.session_id == invite.session_id, PersonRow.name_key == name_key(name), ~PersonRow.id.in_(earlier)
    )
    for person_id in transaction.db.scalars(namesakes) if name else ():
        if transaction.now_s - grant_ends.join_end_s(transaction, person_id) < NAME_KEPT_S:
            grant_ends.require(transaction, person_id, Grant.JOIN)


def refuse_by_account(transaction: Transaction, session_id: str, name: str, earlier: frozenset[str]) -> None:
    """Who was put out, or whose time is over, does not come back by signing in. `earlier`: `been_here`."""
    refuse_the_banned(transaction, session_id, name, earlier)
    query = select(PersonRow.id).where(PersonRow.id.in_(earlier), PersonRow.removed_s > 0).limit(1)
    if transaction.db.scalar(query) is not None:
        raise removed()
    for person_id in sorted(earlier):
        grant_ends.require(transaction, person_id, Grant.JOIN)


def take_over(transaction: Transaction, earlier: frozenset[str], person: PersonRow) -> None:
    """The ends and the mutes that were set for who they were before go on for this new person."""
    before = earlier - {person.id}
    grant_ends.take_over(transaction, before, person)
    muted = PersonRow.id.in_(before)
    person.muted_audio |= transaction.db.scalar(select(PersonRow.id).where(muted, PersonRow.muted_audio)) is not None
    person.muted_video |= transaction.db.scalar(select(PersonRow.id).where(muted, PersonRow.muted_video)) is not None


def all_of(transaction: Transaction, person: PersonRow) -> list[PersonRow]:
    """This person, and all others that are certainly the same one, about whom an admin may decide with them.

    Not about admins, nor about the machine's own host, who came by neither a link nor an account.
    """
    query = select(PersonRow).where(
        PersonRow.id.in_(selves(transaction, person.session_id, person.id)),
        PersonRow.id != person.id,
        PersonRow.role != Role.ADMIN.value,
        or_(PersonRow.invite_id.is_not(None), PersonRow.account_id.is_not(None)),
    )
    return [person, *transaction.db.scalars(query.order_by(PersonRow.id))]


def here_now(transaction: Transaction, person: PersonRow) -> list[PersonRow]:
    """This person, and whoever else of `all_of` has not left."""
    return [one for one in all_of(transaction, person) if one is person or not one.gone]


def let_in(transaction: Transaction, person: PersonRow, *, kicked: bool) -> bool:
    """Lift what keeps them out, whoever else they were here; a kick only where `kicked`. False where nothing did."""
    out = [one for one in all_of(transaction, person) if one.banned or (kicked and one.removed_s > 0)]
    for one in out:
        lift(one)
    return bool(out)
