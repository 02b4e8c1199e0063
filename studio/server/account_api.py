"""The typed contract of accounts, beside `studio.server.api`.

    POST   /api/v1/accounts        SignUpRequest    -> SignedIn      by an invite that is good for an account; signed in
    POST   /api/v1/sign-in         SignInRequest    -> SignedIn
    POST   /api/v1/sign-out                         -> Done          this sign-in, and who joined by it here
    POST   /api/v1/sign-out-everywhere              -> Done          every sign-in and every person of the account
    POST   /api/v1/password        PasswordRequest  -> Done          the other sign-ins end
    POST   /api/v1/reset           ResetRequest     -> Done          a new password by an admin's link; all sign-ins end
    GET    /api/v1/account                          -> Account       who is signed in
    GET    /api/v1/accounts                         -> AccountList   right manage_accounts, as the next two
    PATCH  /api/v1/accounts/ID     AccountChange    -> Account
    POST   /api/v1/accounts/ID/reset                -> ResetLink     told once
    POST   /api/v1/accounts/ID/sign-out             -> Done          right manage_accounts; their sign-ins end
    GET    /sign-in -> resources/web/sign-in.html: #a=INVITE to sign up, #r=SECRET for a new password

An account belongs to the server, a person to one session. Who is signed in posts `{session}` to /api/v1/join without an
invite and is the person of their account there, the same each time; what they then do, they do by that person's token.

A page gets the sign-in as a cookie that scripts cannot read (SameSite=strict); a caller without an `Origin` header gets
`bearer` instead. With the cookie, everything but GET must carry an `Origin` that is this server's own.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from studio.server.rights import Role

LOGIN_CHARACTERS = 64
LOGIN_LEAST_CHARACTERS = 3
PASSWORD_LEAST_CHARACTERS = 10
PASSWORD_BYTES = 1024
"""Of UTF-8."""

Login = Annotated[str, Field(max_length=200)]
Password = Annotated[str, Field(max_length=PASSWORD_BYTES)]
Secret = Annotated[str, Field(max_length=200)]


class _Body(BaseModel):
    """A request's body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class SignUpRequest(_Body):
    """`login` is what one signs in by, `name` what the others see."""

    invite: Secret
    login: Login
    name: Annotated[str, Field(max_length=200)]
    password: Password


class SignInRequest(_Body):
    """Wrong ones are answered alike, whichever of the two is wrong."""

    login: Login
    password: Password


class PasswordRequest(_Body):
    """The password of now, and the new one."""

    old: Password
    new: Password


class ResetRequest(_Body):
    """`reset` is the secret of an admin's link."""

    reset: Secret
    new: Password


class Account(_Answer):
    """`role` is the standing one: a person of this account begins with it in each session. `created`: ISO 8601, UTC.

    `sign_ins`: in how many places they are signed in. `mine`: it is the caller's own.
    """

    id: str
    login: str
    name: str
    role: Role
    created: str
    disabled: bool
    sign_ins: int
    mine: bool


class SignedIn(_Answer):
    """`bearer` is there for callers without an `Origin` only; pages have it as a cookie."""

    account: Account
    bearer: str | None = None
    expires: str


class AccountList(_Answer):
    """The oldest first."""

    accounts: tuple[Account, ...]


class AccountChange(_Body):
    """What is left out stays. Nobody changes their own account so, and one admin always stays."""

    role: Role | None = None
    disabled: StrictBool | None = None


class ResetLink(_Answer):
    """A link to set a new password, good once and for a day; the one before is dead."""

    link: str
    expires: str
