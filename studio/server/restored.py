"""What a restore ends: whoever signed out, or was signed out, since the backup must not be in again by it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select, update

from studio.server.api import FIRST_SESSION
from studio.server.caller import SERVER
from studio.server.how_many import how_many
from studio.server.model import AccountRow, InviteRow, PersonRow, SignInRow, TokenRow
from studio.server.record import Transaction
from studio.server.rights import Role


@dataclass(frozen=True, slots=True)
class Ended:
    """How many sign-ins of accounts, tokens of persons, and links that are good once."""

    sign_ins: int
    tokens: int
    links: int

    @property
    def words(self) -> str:
        """In a sentence."""
        return (
            f"Nobody is signed in any more: {how_many(self.sign_ins, 'sign-in')}, {how_many(self.tokens, 'token')} and"
            f" {how_many(self.links, 'one-time link')} of that time are dead."
            " Accounts sign in again, viewers open their link again."
        )


def end_what_was_open(transaction: Transaction) -> Ended:
    """End every sign-in, token, one-time link and link to a new password; nobody is here now. Written down."""
    db = transaction.db
    sign_ins = list(db.scalars(select(SignInRow).where(~SignInRow.dead)))
    tokens = list(db.scalars(select(TokenRow).where(~TokenRow.dead)))
    once = or_(InviteRow.role == Role.ADMIN.value, InviteRow.account)
    good = or_(InviteRow.uses == 0, InviteRow.used < InviteRow.uses)
    links = list(db.scalars(select(InviteRow).where(once, good, ~InviteRow.revoked)))
    for sign_in in sign_ins:
        sign_in.dead = True
    for token in tokens:
        token.dead = True
    for link in links:
        link.revoked = True
    db.execute(update(AccountRow).values(reset_hash="", reset_ends_s=0))
    db.execute(update(PersonRow).where(PersonRow.removed_s == 0).values(gone=True))
    db.execute(update(PersonRow).values(present=False, hand_s=0))
    db.flush()
    ended = Ended(len(sign_ins), len(tokens), len(links))
    transaction.audit(FIRST_SESSION, SERVER, "backup.restored", words=ended.words)
    return ended
