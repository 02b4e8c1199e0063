"""From a request to who is signed in with an account, and the cookie that says so."""

from __future__ import annotations

from fastapi import Response
from starlette.requests import HTTPConnection, Request

from studio.server.account_admin import Manager, still_manages
from studio.server.api import ErrorCode
from studio.server.caller import Caller
from studio.server.errors import Refusal
from studio.server.guard import SAFE_METHODS, bad_origin, foreign_origin
from studio.server.model import PersonRow
from studio.server.rights import Right, may
from studio.server.sign_ins import SIGN_IN_LIFE_S, SignIn, is_sign_in, not_signed_in
from studio.server.signed_in import address_of, bearer_of, caller_of, house_of, is_secure, own_cookie


def account_cookie(connection: HTTPConnection) -> str:
    """Beside that of the session (studio.server.signed_in.cookie_name)."""
    return own_cookie(connection, f"stoa_account_{house_of(connection).server_id}")


def keep_cookie(request: Request, response: Response, secret: str) -> None:
    """Give the sign-in to the browser."""
    response.set_cookie(
        account_cookie(request),
        secret,
        max_age=SIGN_IN_LIFE_S,
        httponly=True,
        samesite="strict",
        secure=is_secure(request),
        path="/",
    )


def drop_cookie(request: Request, response: Response) -> None:
    """Take it from the browser."""
    response.delete_cookie(
        account_cookie(request), path="/", secure=is_secure(request), httponly=True, samesite="strict"
    )


def shows_account(connection: HTTPConnection) -> bool:
    """Whether a request shows a sign-in, good or not."""
    if bearer := bearer_of(connection.headers):
        return is_sign_in(bearer)
    return bool(connection.cookies.get(account_cookie(connection), ""))


async def sign_in_of(connection: HTTPConnection) -> SignIn:
    """Who is signed in. Raises Refusal(NOT_SIGNED_IN, BAD_ORIGIN)."""
    house = house_of(connection)
    if not shows_account(connection):
        raise not_signed_in()
    if bearer := bearer_of(connection.headers):
        return await house.accounts.identify(bearer, address_of(connection))
    safe = connection.scope["type"] == "http" and connection.scope["method"] in SAFE_METHODS
    if not safe and (foreign_origin(connection.scope) or "origin" not in connection.headers):
        raise bad_origin()
    return await house.accounts.identify(connection.cookies[account_cookie(connection)], address_of(connection))


async def manager_of(request: Request) -> Manager:
    """Who manages accounts: an admin who is signed in, an admin of the session, or the owner. Raises Refusal."""
    who: SignIn | None = None
    if shows_account(request):
        try:
            who = await sign_in_of(request)
        except Refusal as refusal:
            if bearer_of(request.headers) or refusal.code is ErrorCode.BAD_ORIGIN:
                raise
        if who is not None and (may(who.role, Right.MANAGE_ACCOUNTS) or bearer_of(request.headers)):
            caller = Caller(who.account_id, who.name, who.role, "", who.id, hidden=True, address=who.address)
            caller.require(Right.MANAGE_ACCOUNTS)
            manager = Manager(caller, who.account_id)
            await house_of(request).record.run(lambda t: still_manages(t, manager))
            return manager
    caller = await caller_of(request)
    caller.require(Right.MANAGE_ACCOUNTS)
    person = await house_of(request).record.run(lambda t: t.db.get(PersonRow, caller.person_id))
    own = person.account_id if person is not None and person.account_id else who.account_id if who else ""
    return Manager(caller, own)
