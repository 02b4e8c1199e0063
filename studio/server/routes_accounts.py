"""Accounts: /api/v1/accounts, account, sign-in, sign-out, password, reset (studio.server.account_api)."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from studio.server import account_admin
from studio.server.account_api import (
    Account,
    AccountChange,
    AccountList,
    PasswordRequest,
    ResetLink,
    ResetRequest,
    SignedIn,
    SignInRequest,
    SignUpRequest,
)
from studio.server.account_callers import drop_cookie, keep_cookie, manager_of, sign_in_of
from studio.server.accounts import Admitted
from studio.server.api import Done
from studio.server.errors import Refusal
from studio.server.house import House
from studio.server.put_out import put_out
from studio.server.rights import Right, may
from studio.server.router_pipe import Done as RouterDone
from studio.server.router_pipe import EndPublisher, EndReason
from studio.server.sign_ins import Ended
from studio.server.signed_in import address_of, cookie_name, house_of, is_secure

router = APIRouter(prefix="/api/v1")
SIGNED_OUT = "You have been signed out."


def _answer(request: Request, response: Response, admitted: Admitted) -> SignedIn:
    from_page = "origin" in request.headers
    if from_page:
        keep_cookie(request, response, admitted.secret)
    bearer = None if from_page else admitted.secret
    return SignedIn(account=admitted.account, bearer=bearer, expires=admitted.expires)


def _device(request: Request) -> str:
    return "".join(sign for sign in request.headers.get("user-agent", "") if sign.isprintable())


async def _put_out(house: House, ended: Ended) -> None:
    """What holds in the database already: connections are closed, media ends."""
    await put_out(house, ended.tokens, SIGNED_OUT)


@router.post("/accounts")
async def sign_up(request: Request, response: Response, body: SignUpRequest) -> SignedIn:
    """Make an account by an invite, and sign in."""
    house = house_of(request)
    admitted = await house.accounts.sign_up(body, address_of(request), _device(request))
    return _answer(request, response, admitted)


@router.post("/sign-in")
async def sign_in(request: Request, response: Response, body: SignInRequest) -> SignedIn:
    """Exchange login and password for a cookie, or for a bearer where no page asks."""
    house = house_of(request)
    admitted = await house.accounts.sign_in(body, address_of(request), _device(request))
    return _answer(request, response, admitted)


@router.post("/sign-out")
async def sign_out(request: Request, response: Response) -> Done:
    """This sign-in is dead, and the tokens that were given by it."""
    return await _out(request, response, everywhere=False)


@router.post("/sign-out-everywhere")
async def sign_out_everywhere(request: Request, response: Response) -> Done:
    """Every sign-in of the account is dead, and every token of its persons."""
    return await _out(request, response, everywhere=True)


async def _out(request: Request, response: Response, *, everywhere: bool) -> Done:
    house = house_of(request)
    who = await sign_in_of(request)
    ended = await house.accounts.sign_out(who, everywhere=everywhere)
    await _put_out(house, ended)
    drop_cookie(request, response)
    response.delete_cookie(cookie_name(request), path="/", secure=is_secure(request), httponly=True, samesite="strict")
    return Done(changed=ended.sign_ins > 0)


@router.post("/password")
async def password(request: Request, body: PasswordRequest) -> Done:
    """Another password: the other sign-ins end."""
    house = house_of(request)
    who = await sign_in_of(request)
    await _put_out(house, await house.accounts.change_password(who, body.old, body.new))
    return Done(changed=True)


@router.post("/reset")
async def reset(request: Request, body: ResetRequest) -> Done:
    """Another password by an admin's link: every sign-in ends."""
    house = house_of(request)
    await _put_out(house, await house.accounts.reset(body, address_of(request)))
    return Done(changed=True)


@router.get("/account")
async def account(request: Request) -> Account:
    """Who is signed in."""
    return await house_of(request).accounts.mine(await sign_in_of(request))


@router.get("/accounts")
async def accounts(request: Request) -> AccountList:
    """All accounts of the server."""
    by = await manager_of(request)
    return AccountList(accounts=await house_of(request).record.run(lambda t: account_admin.listed(t, by)))


@router.patch("/accounts/{account}")
async def change(request: Request, account: str, body: AccountChange) -> Account:
    """Another standing role, disabled, or good again; it holds at once, on air too."""
    house = house_of(request)
    by = await manager_of(request)
    changed = await house.record.run(lambda t: account_admin.change(t, by, account, body))
    role = changed.account.role
    house.admission.forget()
    for session, person in changed.people:
        if not may(role, Right.PUBLISH):
            await _end_publishing(house, session, person)
    await _put_out(house, changed.ended)
    return changed.account


async def _end_publishing(house: House, session: str, person: str) -> None:
    try:
        await house.line.ask(RouterDone, lambda n: EndPublisher(n, session, EndReason.REVOKED, person))
    except Refusal:
        return  # as in _put_out


@router.post("/accounts/{account}/sign-out")
async def sign_out_of(request: Request, account: str) -> Done:
    """Somebody else's account is signed out everywhere, and may sign in again."""
    house = house_of(request)
    by = await manager_of(request)
    ended = await house.record.run(lambda t: account_admin.sign_out(t, by, account))
    await _put_out(house, ended)
    return Done(changed=ended.sign_ins > 0)


@router.post("/accounts/{account}/reset")
async def reset_link(request: Request, account: str) -> ResetLink:
    """A link to a new password, told once."""
    house = house_of(request)
    by = await manager_of(request)
    base = house.links_base()
    return await house.record.run(lambda t: account_admin.reset_link(t, by, account, base))
