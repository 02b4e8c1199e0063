"""Signed in at a server with an account: login and password, or an invite, for a bearer; its end, another password.

The bearer is a secret, kept by `studio.session.kept_sign_in`. The server renews it at no time: it is good for 30 days.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from studio.media.errors import ErrorKind, StoaError
from studio.session.account_messages import Account, SignedIn
from studio.session.calls import SessionCalls, SessionError, trust
from studio.session.client import SessionClient
from studio.session.messages import Done

SIGNED_OUT = "not_signed_in"
"""The server's word for a bearer that is dead."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def server_base(text: str) -> str:
    """`https://HOST[:PORT]` of what a person types or pastes: a name, an address, or any link of that server.

    Without `https://` or `http://` it is HTTPS, but for this machine itself. Raises StoaError(BAD_ARGUMENT).
    """
    typed = text.strip()
    if "://" not in typed:
        host = typed.partition("/")[0]
        typed = f"{'http' if _hostname(f'//{host}') in _LOOPBACK else 'https'}://{typed}"
    try:
        parts = urlsplit(typed)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number, a bracket without its other
        good = False
    if not good or "@" in parts.netloc or any(sign.isspace() or not sign.isprintable() for sign in typed):
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            "This is no server's address.",
            remedy="Write it as https://studio.example:8470, or paste any link of that server.",
            permanent=True,
        )
    return f"{parts.scheme}://{parts.netloc}"


def is_readable_on_the_way(base: str) -> bool:
    """Whether others in the network could read the password: no HTTPS, and not this machine itself."""
    return base.startswith("http://") and _hostname(base) not in _LOOPBACK


def _hostname(base: str) -> str:
    try:
        return urlsplit(base).hostname or ""
    except ValueError:
        return ""


class SignIn:
    """One account at one server. Belongs to one event loop; never blocks it. `account` is as of the last answer."""

    def __init__(self, calls: SessionCalls, account: Account | None = None) -> None:
        self._calls = calls
        self.account = account

    @classmethod
    async def begin(cls, base: str, login: str, password: str, *, ca_file: Path | None = None) -> SignIn:
        """Sign in. Raises SessionError (sign_in_wrong, account_disabled, too_fast with its time to wait), StoaError."""
        return await cls._made(base, "/api/v1/sign-in", {"login": login, "password": password}, ca_file)

    @classmethod
    async def sign_up(
        cls, base: str, invite: str, login: str, name: str, password: str, *, ca_file: Path | None = None
    ) -> SignIn:
        """Make an account by an invite's secret, and be signed in. `name` is what the others see.

        Raises SessionError (invite_unknown, _revoked, _expired, _spent; login_bad, login_taken, name_bad, name_taken,
        password_bad; too_fast), StoaError.
        """
        body = {"invite": invite, "login": login, "name": name, "password": password}
        return await cls._made(base, "/api/v1/accounts", body, ca_file)

    @classmethod
    async def _made(cls, base: str, path: str, body: dict[str, str], ca_file: Path | None) -> SignIn:
        calls = await _calls(base, "", ca_file)
        try:
            with _once():
                told = await calls.call("POST", path, SignedIn, body)
            if not told.bearer:
                raise StoaError(ErrorKind.BAD_DATA, f"{base} gave no sign-in.", remedy="Check the server's address.")
        except BaseException:
            await calls.close()
            raise
        calls.bearer = told.bearer
        return cls(calls, told.account)

    @classmethod
    async def again(cls, base: str, bearer: str, *, ca_file: Path | None = None) -> SignIn:
        """With a bearer of before; whether it is good is for `whoami` to tell. Raises StoaError for `ca_file`."""
        return cls(await _calls(base, bearer, ca_file))

    @property
    def base(self) -> str:
        return self._calls.base

    @property
    def bearer(self) -> str:
        """A secret."""
        return self._calls.bearer

    async def whoami(self) -> Account:
        """Raises SessionError (not_signed_in where it is over), StoaError."""
        self.account = await self._calls.call("GET", "/api/v1/account", Account)
        return self.account

    async def sign_out(self, *, everywhere: bool = False) -> None:
        """This sign-in is dead, or every one of the account; so is who joined by it. Raises SessionError, StoaError."""
        path = "/api/v1/sign-out-everywhere" if everywhere else "/api/v1/sign-out"
        await self._calls.call("POST", path, Done)

    async def change_password(self, old: str, new: str) -> None:
        """The other sign-ins end. Raises SessionError (sign_in_wrong, password_bad, too_fast), StoaError."""
        with _once():
            await self._calls.call("POST", "/api/v1/password", Done, {"old": old, "new": new})

    async def join(self, session: str, name: str = "") -> SessionClient:
        """Into a session of the server, as the person of the account. Raises SessionError, StoaError."""
        return await SessionClient.join_by_account(self.base, self.bearer, session, name, context=self._calls.context)

    async def close(self) -> None:
        """Give the connections back; it stays signed in."""
        await self._calls.close()


async def set_password(base: str, reset: str, new: str, *, ca_file: Path | None = None) -> None:
    """A new password by the secret of an admin's link; every sign-in of the account ends.

    Raises SessionError (reset_gone, password_bad, too_fast), StoaError.
    """
    calls = await _calls(base, "", ca_file)
    try:
        with _once():
            await calls.call("POST", "/api/v1/reset", Done, {"reset": reset, "new": new})
    finally:
        await calls.close()


@contextmanager
def _once() -> Iterator[None]:
    """For what nobody tries again by itself: a server that is away is told with another remedy."""
    try:
        yield
    except StoaError as error:
        if isinstance(error, SessionError) or error.kind not in (ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT):
            raise
        remedy = "Check the address and the network, then try again."
        raise StoaError(error.kind, error.message, remedy=remedy) from error


async def _calls(base: str, bearer: str, ca_file: Path | None) -> SessionCalls:
    context = await asyncio.to_thread(trust, ca_file) if base.startswith("https") else None
    return SessionCalls(base, bearer, context=context)
