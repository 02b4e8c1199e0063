"""Coming in and going: /api/v1/join, leave, me, health."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from studio import __version__
from studio.server.account_callers import shows_account, sign_in_of
from studio.server.admission import Admitted
from studio.server.api import Done, ErrorCode, Health, JoinAnswer, JoinRequest, Me, RenewRequest
from studio.server.caller import Caller
from studio.server.connections import client_of
from studio.server.errors import Refusal
from studio.server.guard import bad_origin, foreign_origin
from studio.server.house import House
from studio.server.put_out import put_out
from studio.server.record import Transaction
from studio.server.rights import rights_of
from studio.server.router_pipe import EndReason
from studio.server.signed_in import (
    RENEW_PATH,
    VISITOR_LIFE_S,
    address_of,
    bearer_of,
    caller_of,
    cookie_name,
    house_of,
    is_secure,
    renewal_cookie,
    visitor_cookie,
)
from studio.server.tokens import SEAT_LIFE_S
from studio.server.views import caller_person
from studio.server.wall import iso

router = APIRouter(prefix="/api/v1")
LEFT = "You have left the session."


@router.get("/health")
async def health(request: Request) -> Health:
    """Alive."""
    return Health(ok=True, media=house_of(request).line.up, version=__version__)


@router.post("/join")
async def join(request: Request, response: Response, body: JoinRequest) -> JoinAnswer:
    """Exchange an invite, a sign-in or the owner's run token for a cookie, or for a bearer where no page asks."""
    house = house_of(request)
    address = address_of(request)
    client = client_of(address)
    house.joins.check(client, "Too many people come in from your address at once.")
    bearer = bearer_of(request.headers)
    owner = bool(bearer) and house.admission.is_owner(bearer) and not body.invite
    name = cookie_name(request)
    visitor = request.cookies.get(visitor_cookie(request), "")
    try:
        if not body.invite and not owner and shows_account(request):
            who = await sign_in_of(request)
            admitted = await house.admission.join_by_account(who, body.session, body.name, visitor)
        else:
            admitted = await house.admission.join(
                secret=body.invite,
                name=body.name,
                session_id=body.session,
                owner=owner,
                visitor=visitor,
                known_token=request.cookies.get(name, "") or ("" if owner else bearer),
                address=address,
            )
    except Refusal as refusal:
        _count_failure(house, client, refusal)
        raise
    guest = admitted.caller
    house.quality.devices.seen(guest.session_id, guest.person_id, request.headers.get("user-agent", ""))
    from_page = "origin" in request.headers
    return await _answer(request, response, admitted, from_page=from_page)


def _count_failure(house: House, client: str, refusal: Refusal) -> None:
    """Raises Refusal(TOO_FAST) after many. That the database is away is nobody's failure."""
    if refusal.code is not ErrorCode.DATABASE_AWAY:
        house.failures.check(client, "Too many attempts to come in failed from your address.")


async def _answer(request: Request, response: Response, admitted: Admitted, *, from_page: bool) -> JoinAnswer:
    """The token and what renews it, as cookies for a page."""
    house = house_of(request)
    if from_page:
        _keep(request, response, cookie_name(request), admitted.token, SEAT_LIFE_S)
        _keep(request, response, renewal_cookie(request), admitted.renewal, SEAT_LIFE_S, RENEW_PATH)
        _keep(request, response, visitor_cookie(request), admitted.visitor, VISITOR_LIFE_S)
    me = await _me(house, admitted.caller)
    return JoinAnswer(
        **me.model_dump(),
        bearer=None if from_page else admitted.token,
        renewal=None if from_page else admitted.renewal,
        expires=iso(admitted.expires_s * 1000),
        lasts_s=max(0, admitted.expires_s - house.wall.now_ms() // 1000),
    )


def _keep(request: Request, response: Response, name: str, value: str, life_s: int, path: str = "/") -> None:
    """Give a cookie to the browser that no script reads and no other site's page sends."""
    response.set_cookie(
        name,
        value,
        max_age=life_s,
        httponly=True,
        samesite="strict",
        secure=is_secure(request),
        path=path,
    )


@router.post("/renew")
async def renew(request: Request, response: Response, body: RenewRequest) -> JoinAnswer:
    """A fresh token in place of one that runs out; what is open goes on."""
    house = house_of(request)
    bearer, address = bearer_of(request.headers), address_of(request)
    cookie = "" if bearer or body.renewal else request.cookies.get(renewal_cookie(request), "")
    if cookie and (foreign_origin(request.scope) or "origin" not in request.headers):
        raise bad_origin()
    try:
        admitted = await house.admission.renew(renewal=body.renewal or cookie, token=bearer, address=address)
    except Refusal as refusal:
        _count_failure(house, client_of(address), refusal)
        raise
    return await _answer(request, response, admitted, from_page=bool(cookie))


@router.post("/leave")
async def leave(request: Request, response: Response) -> Done:
    """This token is dead afterwards, what is open by it ends; the browser is known again (studio.server.visitors)."""
    house = house_of(request)
    caller = await caller_of(request)
    changed = await house.admission.leave(caller)
    if changed:
        await put_out(house, (caller.token_id,), LEFT, EndReason.LEFT)
    for name, path in ((cookie_name(request), "/"), (renewal_cookie(request), RENEW_PATH)):
        response.delete_cookie(name, path=path, secure=is_secure(request), httponly=True, samesite="strict")
    return Done(changed=changed)


@router.get("/me")
async def me(request: Request) -> Me:
    """Who is asking, and what they may do."""
    return await _me(house_of(request), await caller_of(request))


async def _me(house: House, caller: Caller) -> Me:
    def work(transaction: Transaction) -> Me:
        stage = house.on_air.on_stage(caller.session_id)
        person = caller_person(transaction, caller, stage)
        return Me(session=caller.session_id, person=person, rights=rights_of(caller.role))

    return await house.record.run(work)
