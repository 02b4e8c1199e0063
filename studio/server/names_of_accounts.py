"""The names of accounts that run sessions are theirs, also before they come in. Work inside a transaction.

Nobody else joins by a name that looks like one of them. Who bore it before the account had its rights gets another
name in the moment in which the holder of the account comes in, and is told why.
"""

from __future__ import annotations

import secrets

from sqlalchemy import select

from studio.server.account_rows import RUN_SESSIONS
from studio.server.api import ErrorCode
from studio.server.errors import Refusal
from studio.server.model import AccountRow, PersonRow
from studio.server.names import look_keys
from studio.server.record import Transaction
from studio.server.renaming import rename


def refuse_of_an_account(transaction: Transaction, name: str, *, but: str = "") -> None:
    """Raises Refusal(NAME_TAKEN) for a name that looks like one of an account that runs sessions, other than `but`."""
    query = select(AccountRow.name).where(AccountRow.role.in_(RUN_SESSIONS), ~AccountRow.disabled, AccountRow.id != but)
    keys = look_keys(name)
    if any(not keys.isdisjoint(look_keys(other)) for other in transaction.db.scalars(query)):
        raise Refusal(
            ErrorCode.NAME_TAKEN,
            f"The name {name} belongs to somebody with an account here, or can be taken for theirs.",
            "Sign in with that account, or choose another name.",
        )


def take_back(transaction: Transaction, session_id: str, account: AccountRow, *, but: str) -> None:
    """Whoever here bears a name like this account's and runs no session is called otherwise from now on.

    `but`: the person of the account. Nothing is done for an account that runs no sessions.
    """
    if account.role not in RUN_SESSIONS:
        return
    query = select(PersonRow).where(
        PersonRow.session_id == session_id,
        PersonRow.id != but,
        PersonRow.role.not_in(RUN_SESSIONS),
        PersonRow.removed_s == 0,
        ~PersonRow.gone,
    )
    keys = look_keys(account.name)
    for person in list(transaction.db.scalars(query)):
        if not keys.isdisjoint(look_keys(person.name)):
            _rename(transaction, person, account)


def _rename(transaction: Transaction, person: PersonRow, account: AccountRow) -> None:
    why = f"The name {person.name} belongs to somebody with an account here."
    audited = f"was {person.name}, the name of account {account.id}"
    rename(transaction, person, f"{person.role.capitalize()} {secrets.token_hex(3)}", why, audited)
