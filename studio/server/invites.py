"""Invites: making, showing, taking back. Work on the database, called inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, update

from studio.server.api import ErrorCode, Invite, InviteRequest
from studio.server.as_now import as_now
from studio.server.caller import Caller
from studio.server.errors import Refusal
from studio.server.model import InviteRow, PersonRow, TokenRow
from studio.server.presence import depart
from studio.server.record import Transaction
from studio.server.right_words import ROLE_WORDS
from studio.server.rights import Right, Role
from studio.server.tokens import hash_of, new_id, new_invite
from studio.server.wall import iso

ADMIN_LINK_LIFE_S = 24 * 3600
_RIGHT_TO_INVITE = {
    Role.VIEWER: Right.INVITE_VIEWER,
    Role.BROADCASTER: Right.INVITE_BROADCASTER,
    Role.ADMIN: Right.INVITE_ADMIN,
}
_RIGHT_TO_INVITE_AN_ACCOUNT = {
    **_RIGHT_TO_INVITE,
    Role.DIRECTOR: Right.INVITE_BROADCASTER,
    Role.GUEST: Right.INVITE_BROADCASTER,
}
_PAGES = {Role.VIEWER: "/watch/{session}", Role.BROADCASTER: "/watch/{session}", Role.ADMIN: "/admin"}


def shown(row: InviteRow, base: str, secret: str | None) -> Invite:
    """An invite as the API tells it. `base` begins the link: `http://192.168.1.5:8080`."""
    page = "/sign-in#a" if row.account else f"{_PAGES[Role(row.role)].format(session=row.session_id)}#i"
    return Invite(
        id=row.id,
        role=Role(row.role),
        session=row.session_id,
        label=row.label,
        link=f"{base}{page}={secret}" if secret else None,
        invite=secret,
        uses=row.uses,
        used=row.used,
        created=row.created,
        expires=iso(row.expires_s * 1000) if row.expires_s else None,
        revoked=row.revoked,
        account=row.account,
    )


def right_to_invite(role: Role, account: bool) -> Right | None:
    """What an invite of this role asks of who makes it; None for a role that nobody is invited as."""
    return (_RIGHT_TO_INVITE_AN_ACCOUNT if account else _RIGHT_TO_INVITE).get(role)


def make(transaction: Transaction, caller: Caller, session_id: str, request: InviteRequest, base: str) -> Invite:
    """A new invite. Raises Refusal(NO_RIGHT, BAD_REQUEST)."""
    right = right_to_invite(request.role, request.account)
    if right is None:
        raise Refusal(
            ErrorCode.BAD_REQUEST,
            f"Nobody can be invited as {ROLE_WORDS[request.role]}.",
            "Invite a viewer or an admin.",
        )
    as_now(transaction, caller).require(right)
    one_time = request.role is Role.ADMIN or request.account
    expires_s = request.expires_s or (ADMIN_LINK_LIFE_S if one_time else 0)
    secret = new_invite()
    row = InviteRow(
        id=new_id("i"),
        session_id=session_id,
        role=request.role.value,
        secret_hash=hash_of(secret),
        secret=secret if request.role is Role.VIEWER and not request.account else None,
        label=request.label,
        uses=1 if one_time else request.uses,
        used=0,
        created=transaction.at,
        created_s=transaction.now_s,
        expires_s=transaction.now_s + expires_s if expires_s else 0,
        revoked=False,
        made_by=caller.person_id,
        account=request.account,
    )
    transaction.db.add(row)
    transaction.audit(
        session_id,
        caller.sender,
        "invite.made",
        target=row.id,
        target_name=request.label,
        words=f"for {'an account of ' if request.account else ''}{ROLE_WORDS[request.role]}",
        address=caller.address,
    )
    return shown(row, base, secret)


def listed(transaction: Transaction, session_id: str, base: str) -> list[Invite]:
    """All invites of a session, the oldest first."""
    query = select(InviteRow).where(InviteRow.session_id == session_id).order_by(InviteRow.created, InviteRow.id)
    return [shown(row, base, row.secret) for row in transaction.db.scalars(query)]


def get(transaction: Transaction, session_id: str, invite_id: str) -> InviteRow:
    """Raises Refusal(NOT_FOUND)."""
    row = transaction.db.get(InviteRow, invite_id)
    if row is None or row.session_id != session_id:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such invite.", "Look at the list of invites.")
    return row


def find(transaction: Transaction, secret: str, *, account: bool = False) -> InviteRow:
    """The invite of this secret, still good. Raises Refusal(INVITE_UNKNOWN, _REVOKED, _EXPIRED, _SPENT).

    `account`: for making an account; an invite of the other kind is unknown.
    """
    row = transaction.db.scalar(select(InviteRow).where(InviteRow.secret_hash == hash_of(secret)))
    ask = "Ask whoever sent it for a new one."
    if row is None or row.account != account:
        raise Refusal(ErrorCode.INVITE_UNKNOWN, "This invite is not known here.", f"Check the link. {ask}")
    if row.revoked:
        raise Refusal(ErrorCode.INVITE_REVOKED, "This invite was taken back.", ask)
    if row.expires_s and transaction.now_s >= row.expires_s:
        raise Refusal(ErrorCode.INVITE_EXPIRED, "This invite has run out.", ask)
    if row.uses and row.used >= row.uses:
        raise Refusal(ErrorCode.INVITE_SPENT, "This invite has been used already.", ask)
    return row


@dataclass(frozen=True, slots=True)
class Revoked:
    """What taking an invite back did: the tokens that died by it, and whose they were."""

    changed: bool
    tokens: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


def revoke(transaction: Transaction, caller: Caller, session_id: str, invite_id: str) -> Revoked:
    """Take an invite back. Raises Refusal(NOT_FOUND, NO_RIGHT)."""
    row = get(transaction, session_id, invite_id)
    as_now(transaction, caller).require(right_to_invite(Role(row.role), row.account) or Right.INVITE_ADMIN)
    if row.revoked:
        return Revoked(False)
    row.revoked = True
    query = select(TokenRow).where(TokenRow.invite_id == invite_id, ~TokenRow.dead)
    tokens = list(transaction.db.scalars(query))
    people = sorted({token.person_id for token in tokens})
    transaction.db.execute(update(TokenRow).where(TokenRow.invite_id == invite_id).values(dead=True))
    for person_id in people:
        person = transaction.db.get(PersonRow, person_id)
        if person is not None:
            depart(transaction, person, "revoked")
            others = select(TokenRow.id).where(TokenRow.person_id == person_id, ~TokenRow.dead).limit(1)
            person.gone = transaction.db.scalar(others) is None
    transaction.audit(
        session_id,
        caller.sender,
        "invite.revoked",
        target=row.id,
        target_name=row.label,
        words=f"{len(people)} people came by it",
        address=caller.address,
    )
    return Revoked(True, (f"invite:{invite_id}", *(token.id for token in tokens)), tuple(people))
