"""What admins do about accounts: the list, roles, disabling, links to a new password. Work inside a transaction.

As in a session (studio.server.promotions), only the owner of the machine makes or unmakes an admin, here or there.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from studio.server import sign_ins
from studio.server.account_api import Account, AccountChange, ResetLink
from studio.server.account_rows import account_of
from studio.server.api import FIRST_SESSION, ErrorCode
from studio.server.as_now import as_now
from studio.server.bans import banned
from studio.server.caller import Caller
from studio.server.errors import Refusal
from studio.server.messages import Outcome
from studio.server.model import AccountRow, PersonRow
from studio.server.promotions import change_role, require_role
from studio.server.record import Transaction
from studio.server.renewal import end_made, end_reset
from studio.server.returning import removed
from studio.server.right_words import ROLE_WORDS
from studio.server.rights import Right, Role, below, may
from studio.server.sign_ins import Ended
from studio.server.tokens import hash_of, new_invite
from studio.server.wall import iso

RESET_LIFE_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class Manager:
    """Who manages accounts: the caller, and the account that is their own, empty for none."""

    caller: Caller
    account_id: str


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change did: the account as it is now, whose role is another, and what ended."""

    account: Account
    people: tuple[tuple[str, str], ...]
    """(session, person) of everyone whose role is another now."""
    ended: Ended


def still_manages(transaction: Transaction, by: Manager) -> None:
    """What was done to the caller meanwhile, or to the account's persons in sessions, holds here too.

    Raises Refusal(REMOVED, NOT_SIGNED_IN, NO_RIGHT).
    """
    as_now(transaction, by.caller).require(Right.MANAGE_ACCOUNTS)
    if by.caller.person_id != by.account_id:
        return
    for person in transaction.db.scalars(select(PersonRow).where(PersonRow.account_id == by.account_id)):
        if person.removed_s:
            raise banned(person) if person.banned else removed()
        if not may(Role(person.role), Right.MANAGE_ACCOUNTS):
            raise Refusal(
                ErrorCode.NO_RIGHT,
                f"You are {ROLE_WORDS[Role(person.role)]} in the session now, and manage no accounts.",
                "Ask the owner of the studio.",
            )


def listed(transaction: Transaction, by: Manager) -> tuple[Account, ...]:
    """All accounts, the oldest first."""
    rows = transaction.db.scalars(select(AccountRow).order_by(AccountRow.created, AccountRow.id))
    return tuple(account_of(transaction, row, by.account_id) for row in rows)


def _other(transaction: Transaction, by: Manager, account_id: str) -> AccountRow:
    still_manages(transaction, by)
    row = transaction.db.get(AccountRow, account_id)
    if row is None:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such account.", "Look at the list of accounts.")
    if row.id == by.account_id:
        raise Refusal(ErrorCode.NO_RIGHT, "Nobody changes their own account so.", "Ask the owner of the studio.")
    return row


def _refuse_of_admins(transaction: Transaction, by: Manager, row: AccountRow, asked: Role) -> None:
    """Raises Refusal(NO_RIGHT) where it is about an admin, standing or in a session, and the caller is no owner."""
    if by.caller.role is Role.OWNER:
        return
    roles = set(transaction.db.scalars(select(PersonRow.role).where(PersonRow.account_id == row.id)))
    if Role.ADMIN.value in roles | {row.role, asked.value}:
        raise Refusal(
            ErrorCode.NO_RIGHT,
            "Only the owner of the studio makes an admin, or changes the account of one.",
            "Ask the owner.",
        )


def _refuse_the_last_admin(transaction: Transaction, row: AccountRow) -> None:
    others = select(func.count()).where(
        AccountRow.role == Role.ADMIN.value, ~AccountRow.disabled, AccountRow.id != row.id
    )
    if row.role == Role.ADMIN.value and not row.disabled and not transaction.db.scalar(others):
        raise Refusal(
            ErrorCode.LAST_ADMIN, f"{row.name} is the last admin of this server.", "Make another account admin first."
        )


def change(transaction: Transaction, by: Manager, account_id: str, asked: AccountChange) -> Changed:
    """Another standing role, disabled, or good again. Raises Refusal(NOT_FOUND, NO_RIGHT, LAST_ADMIN, BAD_REQUEST)."""
    row = _other(transaction, by, account_id)
    role = require_role(asked.role) if asked.role is not None else Role(row.role)
    _refuse_of_admins(transaction, by, row, role)
    disabled = row.disabled if asked.disabled is None else asked.disabled
    if disabled or role is not Role.ADMIN:
        _refuse_the_last_admin(transaction, row)
    people: list[tuple[str, str]] = []
    ended = Ended(0, ())
    if role.value != row.role:
        _note(transaction, by, row, "account.role", f"{ROLE_WORDS[Role(row.role)]}, now {ROLE_WORDS[role]}")
        demoted = below(role, Role(row.role))
        row.role = role.value
        if role is Role.ADMIN:
            end_reset(transaction, by.caller, row, f"{row.name} is an admin now")  # an admin may hold the link
        for person in transaction.db.scalars(select(PersonRow).where(PersonRow.account_id == row.id)):
            if change_role(transaction, person, role):
                people.append((person.session_id, person.id))
        if demoted:
            _end_made(transaction, by, row, role, f"{row.name} was demoted")
    if disabled != row.disabled:
        row.disabled = disabled
        if disabled:
            ended = sign_ins.end(transaction, row.id)
            _end_made(transaction, by, row, None, f"the account of {row.name} was disabled")
        _note(transaction, by, row, "account.disabled" if disabled else "account.enabled", "")
    transaction.db.flush()
    return Changed(account_of(transaction, row, by.account_id), tuple(people), ended)


def _end_made(transaction: Transaction, by: Manager, row: AccountRow, role: Role | None, why: str) -> None:
    """Of the account and of its persons."""
    people = transaction.db.scalars(select(PersonRow.id).where(PersonRow.account_id == row.id))
    end_made(transaction, by.caller, frozenset((row.id, *people)), role, why)


def sign_out(transaction: Transaction, by: Manager, account_id: str) -> Ended:
    """Every sign-in of somebody else's account is dead, and who joined by it. Raises Refusal(NOT_FOUND, NO_RIGHT)."""
    row = _other(transaction, by, account_id)
    _refuse_of_admins(transaction, by, row, Role(row.role))
    ended = sign_ins.end(transaction, row.id)
    _note(transaction, by, row, "account.signed_out_everywhere", f"{ended.sign_ins} sign-ins ended")
    return ended


def reset_link(transaction: Transaction, by: Manager, account_id: str, base: str) -> ResetLink:
    """A new link to a new password. Raises Refusal(NOT_FOUND, NO_RIGHT)."""
    row = _other(transaction, by, account_id)
    _refuse_of_admins(transaction, by, row, Role(row.role))
    secret = new_invite()
    row.reset_hash = hash_of(secret)
    row.reset_ends_s, row.reset_by = transaction.now_s + RESET_LIFE_S, by.caller.person_id
    _note(transaction, by, row, "account.reset", "a link to a new password was made")
    return ResetLink(link=f"{base}/sign-in#r={secret}", expires=iso(row.reset_ends_s * 1000))


def _note(transaction: Transaction, by: Manager, row: AccountRow, action: str, words: str) -> None:
    transaction.audit(
        FIRST_SESSION,
        by.caller.sender,
        action,
        outcome=Outcome.DONE.value,
        target=row.id,
        target_name=row.name,
        words=words,
        address=by.caller.address,
    )
