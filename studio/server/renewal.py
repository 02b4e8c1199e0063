"""A kick kills the link that the person came by, and a fresh one takes its place. Work inside a transaction.

Whoever still has the link could otherwise come back with it under another name. The others who came by it stay: their
own tokens live on. Why it is so stands in docs/decisions/0022-a-kick-renews-the-link.md.
"""

from __future__ import annotations

from sqlalchemy import select

from studio.server.caller import Caller
from studio.server.model import InviteRow, PersonRow, TokenRow
from studio.server.record import Transaction
from studio.server.rights import Role, below
from studio.server.tokens import hash_of, new_id, new_invite

ENDED = "The link they came by is dead."
RENEWED = "The link they came by is dead; a new one has been made."


def links_of(transaction: Transaction, person: PersonRow) -> list[InviteRow]:
    """The invites that the person came by, the oldest first. An admin's is good once and no way back."""
    tokens = select(TokenRow.invite_id).where(TokenRow.person_id == person.id, TokenRow.invite_id.is_not(None))
    query = select(InviteRow).where(
        InviteRow.id.in_(tokens) | (InviteRow.id == person.invite_id),
        InviteRow.role.in_([Role.VIEWER.value, Role.BROADCASTER.value]),
    )
    return list(transaction.db.scalars(query.order_by(InviteRow.created, InviteRow.id)))


def renew(transaction: Transaction, caller: Caller, person: PersonRow) -> str:
    """End the links of somebody who is kicked, and make new ones for viewers. Returns what was done, in words.

    Tokens that were handed out for the links are left as they are.
    """
    renewed = ended = False
    for invite in links_of(transaction, person):
        if invite.revoked:
            continue
        invite.revoked = ended = True
        _audit(transaction, caller, invite, "invite.revoked", f"{person.name} was removed, who came by it")
        if invite.role == Role.VIEWER.value and not _is_over(transaction, invite):
            fresh = _fresh(transaction, caller, invite)
            _audit(transaction, caller, fresh, "invite.made", f"in place of {invite.id}")
            renewed = True
    return RENEWED if renewed else ENDED if ended else ""


def end_above(transaction: Transaction, caller: Caller, person: PersonRow) -> str:
    """End the links by which somebody who is demoted would be again what they were. Returns what was done, in words."""
    above = [
        invite
        for invite in links_of(transaction, person)
        if not invite.revoked and below(Role(person.role), Role(invite.role))
    ]
    for invite in above:
        invite.revoked = True
        words = f"{person.name} was demoted, who came by it"
        _audit(transaction, caller, invite, "invite.revoked", words)
    return ENDED if above else ""


def _is_over(transaction: Transaction, invite: InviteRow) -> bool:
    expired = bool(invite.expires_s) and transaction.now_s >= invite.expires_s
    return expired or bool(invite.uses and invite.used >= invite.uses)


def _fresh(transaction: Transaction, caller: Caller, old: InviteRow) -> InviteRow:
    """As the old one was: its label, its end, and as many uses as are left."""
    secret = new_invite()
    row = InviteRow(
        id=new_id("i"),
        session_id=old.session_id,
        role=old.role,
        secret_hash=hash_of(secret),
        secret=secret,
        label=old.label,
        uses=old.uses - old.used if old.uses else 0,
        used=0,
        created=transaction.at,
        created_s=transaction.now_s,
        expires_s=old.expires_s,
        revoked=False,
        made_by=caller.person_id,
    )
    transaction.db.add(row)
    return row


def _audit(transaction: Transaction, caller: Caller, invite: InviteRow, action: str, words: str) -> None:
    transaction.audit(
        invite.session_id,
        caller.sender,
        action,
        target=invite.id,
        target_name=invite.label,
        words=words,
        address=caller.address,
    )
