"""A link of a server's account page: to make an account by an invite, or to set a new password."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qs

from studio.media.errors import ErrorKind, StoaError
from studio.session.sign_in import server_base


class AccountLinkKind(StrEnum):
    """What it is good for; the value is its name in the fragment (studio/server/account_api.py)."""

    SIGN_UP = "a"
    NEW_PASSWORD = "r"


@dataclass(frozen=True, slots=True)
class AccountLink:
    """`base` is `https://HOST[:PORT]`; the secret is never shown."""

    base: str
    kind: AccountLinkKind
    secret: str

    @property
    def host(self) -> str:
        """The server as a person calls it."""
        return self.base.partition("://")[2]

    def __repr__(self) -> str:
        return f"AccountLink({self.base!r}, {self.kind!r})"


def parse_account_link(link: str) -> AccountLink:
    """Raises StoaError(BAD_ARGUMENT) for what is no such link."""
    given = parse_qs(link.strip().partition("#")[2])
    kind = next((kind for kind in AccountLinkKind if given.get(kind)), None)
    if kind is not None:
        return AccountLink(server_base(link), kind, given[kind][0])
    if given.get("i"):
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            "This link leads into a session, and makes no account.",
            remedy="Join the session by it; a link to an account ends with #a= or #r= and some letters.",
            permanent=True,
        )
    raise StoaError(
        ErrorKind.BAD_ARGUMENT,
        "This is no link to an account.",
        remedy="Paste the whole link that you were sent; it ends with #a= or #r= and some letters.",
        permanent=True,
    )
