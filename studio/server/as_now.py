"""Who asks, as they are when their turn has come. Work inside a transaction.

Between the look at the token and that turn an admin may have removed, demoted or signed them out.
"""

from __future__ import annotations

from dataclasses import replace

from studio.server import grant_ends, sign_ins
from studio.server.api import ErrorCode
from studio.server.bans import banned
from studio.server.caller import Caller
from studio.server.errors import Refusal
from studio.server.model import PersonRow, SignInRow, TokenRow
from studio.server.record import Transaction
from studio.server.returning import removed
from studio.server.rights import Role
from studio.token.grants import Grant


def as_now(transaction: Transaction, caller: Caller) -> Caller:
    """The caller with the role that they have now; ask this one for rights.

    Raises Refusal(REMOVED) for who is out, Refusal(NOT_SIGNED_IN) for a token or sign-in that is dead, and
    Refusal(TIME_OVER) for whose time here is over.
    """
    person = transaction.db.get(PersonRow, caller.person_id)
    if person is not None and person.removed_s:
        raise banned(person) if person.banned else removed()
    token = transaction.db.get(TokenRow, caller.token_id)
    if token is not None and token.dead:
        raise Refusal(ErrorCode.NOT_SIGNED_IN, "You are not signed in here.", "Open your invite link again.")
    if caller.role is Role.OWNER:
        return caller
    if person is not None:
        grant_ends.require(transaction, person.id, Grant.JOIN)
        return replace(caller, role=Role(person.role))
    if transaction.db.get(SignInRow, caller.token_id) is not None:
        return replace(caller, role=Role(sign_ins.living(transaction, caller.token_id).role))
    return caller
