"""Accounts as a client reads them: see studio/server/account_api.py, whose names these are."""

from __future__ import annotations

import msgspec


class _Told(msgspec.Struct, frozen=True):
    """What the server says."""


class Account(_Told, frozen=True):
    """`role` is the standing one. `sign_ins`: in how many places they are signed in. `mine`: the caller's own."""

    id: str
    login: str
    name: str
    role: str
    created: str
    disabled: bool
    sign_ins: int
    mine: bool


class SignedIn(_Told, frozen=True):
    """`bearer` is a secret: who has it is signed in until `expires`."""

    account: Account
    bearer: str | None
    expires: str

    def __repr__(self) -> str:
        return f"SignedIn({self.account!r})"


class AccountList(_Told, frozen=True):
    """The oldest first."""

    accounts: tuple[Account, ...]


class ResetLink(_Told, frozen=True):
    """Told once: a link to a new password. A secret."""

    link: str
    expires: str

    def __repr__(self) -> str:
        return f"ResetLink({self.expires!r})"
