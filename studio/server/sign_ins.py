"""Where an account is signed in: begun, found again by what the cookie holds, ended. Work inside a transaction."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import or_, select

from studio.server.api import ErrorCode
from studio.server.connections import client_of
from studio.server.errors import Refusal
from studio.server.messages import Sender
from studio.server.model import AccountRow, PersonRow, SignInRow, TokenRow
from studio.server.presence import depart
from studio.server.record import Transaction
from studio.server.rights import Role
from studio.server.tokens import hash_of, new_id

SIGN_IN_LIFE_S = 30 * 86400
SEEN_EVERY_S = 600
DEVICE_CHARACTERS = 120
SECRET_BYTES = 32
PREFIX = "sa_"
"""Tells a sign-in from a person's token."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody who is signed in with an account, as of a moment ago."""

    id: str
    account_id: str
    name: str
    role: Role
    address: str

    @property
    def sender(self) -> Sender:
        return Sender(id=self.account_id, name=self.name, role=self.role)


@dataclass(frozen=True, slots=True)
class Ended:
    """What the end of sign-ins did: how many there were, and the persons' tokens that died with them."""

    sign_ins: int
    tokens: tuple[str, ...]


def not_signed_in() -> Refusal:
    """The words for a sign-in that is none of ours, dead or over."""
    return Refusal(ErrorCode.NOT_SIGNED_IN, "You are not signed in with an account.", "Sign in.")


def is_sign_in(secret: str) -> bool:
    """Whether a bearer is a sign-in's, good or not."""
    return secret.startswith(PREFIX)


def begin(transaction: Transaction, account: AccountRow, address: str, device: str) -> tuple[SignInRow, str]:
    """Signed in from now on. The row, and what the cookie or bearer holds."""
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    row = SignInRow(
        id=new_id("s"),
        account_id=account.id,
        secret_hash=hash_of(secret),
        created=transaction.at,
        seen_s=transaction.now_s,
        expires_s=transaction.now_s + SIGN_IN_LIFE_S,
        dead=False,
        address=address,
        device=device[:DEVICE_CHARACTERS],
    )
    transaction.db.add(row)
    transaction.db.flush()
    return row, secret


def living(transaction: Transaction, sign_in_id: str) -> AccountRow:
    """The account that is signed in by this. Raises Refusal(NOT_SIGNED_IN)."""
    row = transaction.db.get(SignInRow, sign_in_id)
    account = transaction.db.get(AccountRow, row.account_id) if row else None
    if row is None or account is None or row.dead or account.disabled or transaction.now_s >= row.expires_s:
        raise not_signed_in()
    return account


def came_from(transaction: Transaction, login_key: str, client: str) -> bool:
    """Whether somebody signed in by this login from there before, with the right password."""
    query = select(SignInRow.address).join(AccountRow, AccountRow.id == SignInRow.account_id)
    places = transaction.db.scalars(query.where(AccountRow.login_key == login_key).distinct())
    return any(client_of(place) == client for place in places)


def find(transaction: Transaction, secret: str, address: str) -> SignIn:
    """Who is signed in by this. Raises Refusal(NOT_SIGNED_IN)."""
    row = transaction.db.scalar(select(SignInRow).where(SignInRow.secret_hash == hash_of(secret)))
    if row is None:
        raise not_signed_in()
    account = living(transaction, row.id)
    if transaction.now_s - row.seen_s >= SEEN_EVERY_S:
        row.seen_s = transaction.now_s
    return SignIn(row.id, account.id, account.name, Role(account.role), address)


def end(transaction: Transaction, account_id: str, *, only: str = "", but: str = "") -> Ended:
    """End the sign-ins of an account and the tokens of its persons: all, or `only` one, or all `but` one."""
    places = select(SignInRow).where(SignInRow.account_id == account_id, ~SignInRow.dead)
    of_account = select(PersonRow.id).where(PersonRow.account_id == account_id)
    given = select(TokenRow).where(TokenRow.person_id.in_(of_account), ~TokenRow.dead)
    if only:
        places = places.where(SignInRow.id == only)
        given = given.where(TokenRow.sign_in_id == only)
    if but:
        places = places.where(SignInRow.id != but)
        given = given.where(or_(TokenRow.sign_in_id.is_(None), TokenRow.sign_in_id != but))
    rows, tokens = list(transaction.db.scalars(places)), list(transaction.db.scalars(given))
    for row in rows:
        row.dead = True
    for token in tokens:
        token.dead = True
    transaction.db.flush()
    for person_id in sorted({token.person_id for token in tokens}):
        others = select(TokenRow.id).where(TokenRow.person_id == person_id, ~TokenRow.dead).limit(1)
        if transaction.db.scalar(others) is None:
            person = transaction.db.get_one(PersonRow, person_id)
            depart(transaction, person, "left")
            person.gone = True
    return Ended(len(rows), tuple(token.id for token in tokens))
