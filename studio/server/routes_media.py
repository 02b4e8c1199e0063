"""WHIP in and WHEP out: who asks is checked here, the router answers the offer. Media itself never comes this way."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from studio.server import grant_ends
from studio.server.api import ErrorCode
from studio.server.caller import Caller
from studio.server.connections import client_of
from studio.server.errors import Refusal
from studio.server.go_live import refuse_out_of_time
from studio.server.guard import foreign_origin
from studio.server.house import House
from studio.server.model import SessionRow
from studio.server.on_air import mutes_of
from studio.server.record import Transaction
from studio.server.rights import Right, Role
from studio.server.router_pipe import (
    Answered,
    Direction,
    Done,
    EndReason,
    EndResource,
    GrantEnds,
    Offer,
    Picture,
    SetEnds,
    Trickle,
    Trickled,
)
from studio.server.signed_in import address_of, bearer_of, caller_in, caller_of, house_of

router = APIRouter()
SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"


def _body(kind: str) -> dict[str, Any]:
    """The description of a body that is no JSON."""
    return {"requestBody": {"required": True, "content": {kind: {"schema": {"type": "string"}}}}}


def _text_answer(kind: str, words: str) -> dict[str, Any]:
    """The description of an answer that is no JSON."""
    return {"description": words, "content": {kind: {"schema": {"type": "string"}}}}


NEGOTIATES: dict[str, Any] = {
    "status_code": 201,
    "response_class": Response,
    "responses": {201: _text_answer(SDP, "The answer; Location is the connection's own path.")},
    "openapi_extra": _body(SDP),
}


async def _text(request: Request, wanted: str) -> str:
    """The body. Raises Refusal(BAD_REQUEST) for another type or for what is not text."""
    given = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if given != wanted:
        raise Refusal(
            ErrorCode.BAD_REQUEST, f"The body must be {wanted}.", "Send it with that Content-Type.", status=415
        )
    try:
        text = (await request.body()).decode()
    except UnicodeDecodeError:
        raise Refusal(ErrorCode.BAD_REQUEST, "The body is not text in UTF-8.", "Send an SDP offer.") from None
    if wanted == SDP and not text.startswith("v=0"):
        raise Refusal(ErrorCode.BAD_REQUEST, "The body is no SDP offer.", "An offer begins with v=0.")
    return text


async def watcher_of(request: Request, session: str, *, again: bool = False) -> Caller:
    """A person, or whoever shows a viewer's invite as bearer. `again` takes no further turn."""
    try:
        return await caller_in(request, session)
    except Refusal as refusal:
        bearer = bearer_of(request.headers)
        if refusal.code is not ErrorCode.NOT_SIGNED_IN or not bearer:
            raise
        if foreign_origin(request.scope):
            raise
        house = house_of(request)
        if not again:
            house.joins.check(client_of(address_of(request)), "Too many people come in from your address at once.")
        caller = await house.admission.identify_invite(bearer, address_of(request))
        caller.require_session(session)
        return caller


async def _negotiate(request: Request, caller: Caller, session: str, direction: Direction, sdp: str) -> Response:
    house = house_of(request)
    said = _picture(request)

    def look(transaction: Transaction) -> tuple[bool, bool, Picture, str, GrantEnds]:
        row = transaction.db.get_one(SessionRow, session)
        ends = grant_ends.for_router(transaction, caller.person_id)
        if direction is Direction.PUBLISH:
            house.on_air.require_free(transaction, row, caller.person_id)
            grant_ends.require_something_to_send(transaction, caller.person_id)
            before = house.on_air.last_picture(session, caller.person_id)
            picture = grant_ends.picture_counted(transaction, caller.person_id, said, before)
            return *mutes_of(transaction, session, caller.person_id), picture, row.since, ends
        return False, False, said, row.since, ends

    muted_audio, muted_video, picture, since, ends = await house.record.run(look)
    server = request.scope.get("server") or ("127.0.0.1", 0)
    answer = await house.line.ask(
        Answered,
        lambda n: Offer(
            n,
            direction,
            session,
            caller.person_id,
            caller.name,
            caller.token_id,
            sdp,
            muted_audio=muted_audio,
            muted_video=muted_video,
            picture=picture,
            ends=ends,
            local_address=server[0],
            remote_address=caller.address,
        ),
    )
    agent = request.headers.get("user-agent", "")
    house.quality.devices.seen(session, caller.person_id, agent, first_only=True)
    await _still_good(request, house, caller, session, answer.resource, direction, since)
    now = await house.record.run(lambda transaction: grant_ends.for_router(transaction, caller.person_id))
    if now != ends:  # an admin set them anew while the router answered
        await house.line.ask(Done, lambda n: SetEnds(n, session, caller.person_id, now))
    headers = {"Location": f"/media/{answer.resource}", "ETag": _quoted(answer.etag)}
    return Response(answer.sdp, status_code=201, media_type=SDP, headers=headers)


def _picture(request: Request) -> Picture:
    """What the publisher says that its picture is. Raises Refusal(BAD_REQUEST)."""
    said = request.query_params.get("picture", Picture.CAMERA.value)
    if said not in set(Picture):
        raise Refusal(ErrorCode.BAD_REQUEST, "picture is camera or screen.", "Leave it out for a camera.")
    return Picture(said)


async def _still_good(
    request: Request, house: House, caller: Caller, session: str, resource: str, direction: Direction, since: str
) -> None:
    """A kick, a demotion, a stop or an end that came while the router answered wins."""

    def look(transaction: Transaction) -> None:
        row = transaction.db.get_one(SessionRow, session)
        house.on_air.require_free(transaction, row, caller.person_id)
        if row.why == "ended" and row.since != since:
            raise Refusal(ErrorCode.SESSION_STOPPED, "An admin ended this session.", "You may go live again.")

    try:
        if direction is Direction.SUBSCRIBE:
            await watcher_of(request, session, again=True)
        else:
            await _publisher(request, session)
            await house.record.run(look)
    except Refusal:
        await house.line.ask(Done, lambda n: EndResource(n, resource, EndReason.REVOKED))
        raise


async def _publisher(request: Request, session: str) -> Caller:
    caller = await caller_in(request, session)
    caller.require(Right.PUBLISH)
    if caller.role is Role.OWNER:
        return await house_of(request).admission.host(session, caller.address)
    return caller


def _quoted(etag: str) -> str:
    return etag if etag.startswith(('"', "W/")) else f'"{etag}"'


@router.post("/whip/{session}", **NEGOTIATES)
async def publish(request: Request, session: str) -> Response:
    """A studio goes live."""
    caller = await _publisher(request, session)
    await house_of(request).record.run(lambda transaction: refuse_out_of_time(transaction, session, caller.person_id))
    return await _negotiate(request, caller, session, Direction.PUBLISH, await _text(request, SDP))


@router.post("/whep/{session}", **NEGOTIATES)
async def subscribe(request: Request, session: str) -> Response:
    """A viewer watches."""
    caller = await watcher_of(request, session)
    caller.require(Right.WATCH)
    return await _negotiate(request, caller, session, Direction.SUBSCRIBE, await _text(request, SDP))


@router.options("/whip/{session}", status_code=204, response_class=Response)
@router.options("/whep/{session}", status_code=204, response_class=Response)
@router.options("/media/{resource}", status_code=204, response_class=Response)
async def options() -> Response:
    """No ICE servers are needed: the router is reached directly."""
    headers = {"Allow": "OPTIONS, POST, PATCH, DELETE", "Accept-Post": SDP, "Accept-Patch": FRAGMENT}
    return Response(status_code=204, headers=headers)


async def _token_of(request: Request) -> str:
    """The token that a resource must belong to."""
    try:
        return (await caller_of(request)).token_id
    except Refusal:
        house = house_of(request)
        bearer = bearer_of(request.headers)
        if not bearer or foreign_origin(request.scope):
            raise
        if began := house.admission.began_with(bearer):
            return began
        return (await house_of(request).admission.identify_invite(bearer, address_of(request))).token_id


@router.patch(
    "/media/{resource}",
    status_code=204,
    response_class=Response,
    responses={200: _text_answer(FRAGMENT, "The router's own candidates.")},
    openapi_extra=_body(FRAGMENT),
)
async def trickle(request: Request, resource: str) -> Response:
    """Candidates that were found later, or an ICE restart."""
    token = await _token_of(request)
    fragment = await _text(request, FRAGMENT)
    etag = request.headers.get("if-match", "*").strip('"')
    line = house_of(request).line
    answer = await line.ask(Trickled, lambda n: Trickle(n, resource, token, etag, fragment))
    if not answer.fragment:
        return Response(status_code=204)
    return Response(answer.fragment, media_type=FRAGMENT, headers={"ETag": _quoted(answer.etag)})


@router.delete("/media/{resource}", response_class=Response)
async def end(request: Request, resource: str) -> Response:
    """Its owner ends a connection."""
    token = await _token_of(request)
    line = house_of(request).line
    await line.ask(Done, lambda n: EndResource(n, resource, EndReason.LEFT, token))
    return Response(status_code=200)
