"""A kick kills the link that the person came by, and a fresh one takes its place. So does the end of their time here.

Whoever still has the link could otherwise come back with it under another name. The others who came by it stay: their
own tokens live on. Why it is so stands in docs/decisions/0022-a-kick-renews-the-link.md. Work inside a transaction.

What somebody made for others, to come in as more than a viewer or to an account, does not outlast the right to make it.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from studio.server.api import FIRST_SESSION
from studio.server.caller import Caller
from studio.server.invites import right_to_invite
from studio.server.messages import Outcome, Sender
from studio.server.model import AccountRow, InviteRow, PersonRow, TokenRow
from studio.server.record import Transaction
from studio.server.rights import Right, Role, below, may
from studio.server.tokens import hash_of, new_id, new_invite
from studio.server.visitors import selves

ENDED = "The link they came by is dead."
NO_RESET = "The link to a new password of their account is dead."
RENEWED = "The link they came by is dead; a new one has been made."
WILL_END = "When their time is over, the link they came by ends with it; a viewers' link is made anew then."


def links_of(transaction: Transaction, person: PersonRow) -> list[InviteRow]:
    """The invites that the person came by, the oldest first. An admin's is good once and no way back."""
    tokens = select(TokenRow.invite_id).where(TokenRow.person_id == person.id, TokenRow.invite_id.is_not(None))
    query = select(InviteRow).where(
        InviteRow.id.in_(tokens) | (InviteRow.id == person.invite_id),
        InviteRow.role.in_([Role.VIEWER.value, Role.BROADCASTER.value]),
    )
    return list(transaction.db.scalars(query.order_by(InviteRow.created, InviteRow.id)))


def good_links_of(transaction: Transaction, people: Iterable[PersonRow]) -> list[InviteRow]:
    """Those by which somebody could come in now."""
    links = {link.id: link for person in people for link in links_of(transaction, person)}
    return [link for link in links.values() if not link.revoked and not _is_over(transaction, link)]


def dead_links_of(transaction: Transaction, people: Iterable[PersonRow]) -> tuple[str, ...]:
    """The ids of those that are dead, as tokens of whoever watches by the bare link."""
    dead = {link.id for person in people for link in links_of(transaction, person) if link.revoked}
    return tuple(f"invite:{id}" for id in sorted(dead))


def renew(transaction: Transaction, by: Sender, people: Iterable[PersonRow], why: str, address: str = "") -> str:
    """End the links by which somebody came, and make new ones for viewers. Returns what was done, in words.

    `people`: who it is; `why` they are out, for the audit log. Tokens that were handed out for the links are left.
    """
    renewed = ended = False
    for invite in [link for person in people for link in links_of(transaction, person)]:
        if invite.revoked:
            continue
        invite.revoked = ended = True
        _audit(transaction, by, address, invite, "invite.revoked", f"{why}, who came by it")
        if invite.role == Role.VIEWER.value and not _is_over(transaction, invite):
            fresh = _fresh(transaction, by, invite)
            _audit(transaction, by, address, fresh, "invite.made", f"in place of {invite.id}")
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
        _audit(transaction, caller.sender, caller.address, invite, "invite.revoked", words)
    return ENDED if above else ""


def made_words(ended: int) -> str:
    """How many links that they made are dead; empty for none."""
    return "" if not ended else "A link they made is dead." if ended == 1 else f"{ended} links they made are dead."


def makers(transaction: Transaction, person: PersonRow) -> frozenset[str]:
    """Under which ids somebody made links: as this person, as whom they were here before, and as their account.

    Who is an admin under another name stays one: only the owner decides about them.
    """
    query = select(PersonRow).where(PersonRow.id.in_(selves(transaction, person.session_id, person.id)))
    them = [one for one in transaction.db.scalars(query) if one is person or one.gone or one.role != Role.ADMIN.value]
    return frozenset(id for one in them for id in (one.id, one.account_id) if id)


def end_made(transaction: Transaction, caller: Caller, by: frozenset[str], role: Role | None, why: str) -> int:
    """End the links made `by` them that they could not make any more as `role`, None for who is out.

    Returns how many. Those for viewers of a session stay; `why` goes into the audit log.
    """

    def may_make(invite: InviteRow) -> bool:
        right = right_to_invite(Role(invite.role), invite.account)
        return role is not None and right is not None and may(role, right)

    ended = 0
    for invite in transaction.db.scalars(select(InviteRow).where(InviteRow.made_by.in_(by), ~InviteRow.revoked)):
        lets_watch = invite.role == Role.VIEWER.value and not invite.account
        if lets_watch or may_make(invite) or _is_over(transaction, invite):
            continue
        invite.revoked = True
        _audit(transaction, caller.sender, caller.address, invite, "invite.revoked", f"{why}, who made it")
        ended += 1
    if role is None or not may(role, Right.MANAGE_ACCOUNTS):
        for account in transaction.db.scalars(select(AccountRow).where(AccountRow.reset_by.in_(by))):
            ended += end_reset(transaction, caller, account, f"{why}, who made the link")
    return ended


def end_reset(transaction: Transaction, caller: Caller, account: AccountRow, why: str) -> bool:
    """End the link to a new password of an account. False where there was none that was good."""
    was_good = bool(account.reset_hash) and transaction.now_s < account.reset_ends_s
    account.reset_hash, account.reset_ends_s, account.reset_by = "", 0, ""
    if was_good:
        transaction.audit(
            FIRST_SESSION,
            caller.sender,
            "account.reset_ended",
            outcome=Outcome.DONE.value,
            target=account.id,
            target_name=account.name,
            words=why,
            address=caller.address,
        )
    return was_good


def end_reset_of(transaction: Transaction, caller: Caller, person: PersonRow) -> str:
    """Who is made an admin: whoever holds a link to a new password of theirs would be one too. Returns words."""
    account = transaction.db.get(AccountRow, person.account_id) if person.account_id else None
    ended = account is not None and end_reset(transaction, caller, account, f"{person.name} is an admin now")
    return NO_RESET if ended else ""


def _is_over(transaction: Transaction, invite: InviteRow) -> bool:
    expired = bool(invite.expires_s) and transaction.now_s >= invite.expires_s
    return expired or bool(invite.uses and invite.used >= invite.uses)


def _fresh(transaction: Transaction, by: Sender, old: InviteRow) -> InviteRow:
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
        made_by=by.id,
    )
    transaction.db.add(row)
    return row


def _audit(transaction: Transaction, by: Sender, address: str, invite: InviteRow, action: str, words: str) -> None:
    transaction.audit(
        invite.session_id,
        by,
        action,
        target=invite.id,
        target_name=invite.label,
        words=words,
        address=address,
    )
