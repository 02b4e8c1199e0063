"""What a login may be, an account as the API tells it, and its role in a session. Work inside a transaction."""

from __future__ import annotations

import unicodedata

from sqlalchemy import func, select

from studio.server.account_api import LOGIN_CHARACTERS, LOGIN_LEAST_CHARACTERS, Account
from studio.server.api import ErrorCode
from studio.server.errors import Refusal
from studio.server.messages import Sender
from studio.server.model import AccountRow, SignInRow
from studio.server.names import refuse_borrowed
from studio.server.record import Transaction
from studio.server.rights import Role
from studio.server.wording import clean_name

LETTERS_OF_A_WRONG_LOGIN = 2
RUN_SESSIONS = (Role.ADMIN.value, Role.DIRECTOR.value, Role.BROADCASTER.value)


def login_key(login: str) -> str:
    """What two logins have in common that are the same: case and width make no difference."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", login).casefold())
    return folded.strip()


def clean_login(login: str) -> str:
    """A login as it is shown. Raises Refusal(LOGIN_BAD) for one with spaces or hidden signs, too short or too long."""
    shown = unicodedata.normalize("NFC", login).strip()
    if any(unicodedata.category(sign)[0] in "CZ" for sign in shown):
        raise Refusal(ErrorCode.LOGIN_BAD, "A login has no spaces.", "Choose another one; a mail address is good.")
    if not LOGIN_LEAST_CHARACTERS <= len(login_key(shown)) <= LOGIN_CHARACTERS or len(shown) > LOGIN_CHARACTERS:
        raise Refusal(
            ErrorCode.LOGIN_BAD,
            f"A login has {LOGIN_LEAST_CHARACTERS} to {LOGIN_CHARACTERS} characters.",
            "Choose another one; a mail address is good.",
        )
    return shown


def refuse_taken(transaction: Transaction, login: str, name: str) -> None:
    """Raises Refusal(LOGIN_TAKEN, NAME_BAD, NAME_TAKEN) where an account of this login and name cannot be made."""
    if by_login(transaction, login) is not None:
        raise Refusal(ErrorCode.LOGIN_TAKEN, f"There is an account {login} already.", "Choose another login.")
    running = transaction.db.scalars(select(AccountRow.name).where(AccountRow.role.in_(RUN_SESSIONS)))
    refuse_borrowed(clean_name(name), running, is_host=False)


def by_login(transaction: Transaction, login: str) -> AccountRow | None:
    """The account of this login."""
    return transaction.db.scalar(select(AccountRow).where(AccountRow.login_key == login_key(login)))


def hint_of(login: str) -> str:
    """As much of a login that is not there as may be written down: people type passwords into that field."""
    return f"{login[:LETTERS_OF_A_WRONG_LOGIN]}… ({len(login)} characters)"


def sender_of_account(row: AccountRow) -> Sender:
    """An account as it stands in the audit log."""
    return Sender(id=row.id, name=row.name, role=Role(row.role))


def role_in(account: AccountRow, _session_id: str) -> Role:
    """The role with which a person of this account enters a session."""
    return Role(account.role)


def account_of(transaction: Transaction, row: AccountRow, mine: str) -> Account:
    """As the API tells it. `mine`: the id of the caller's own account, empty for none."""
    living = select(func.count()).where(
        SignInRow.account_id == row.id, ~SignInRow.dead, SignInRow.expires_s > transaction.now_s
    )
    return Account(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        created=row.created,
        disabled=row.disabled,
        sign_ins=transaction.db.scalar(living) or 0,
        mine=row.id == mine,
    )
