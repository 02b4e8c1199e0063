"""What the owner of the machine decides: invites, and who may reach the server."""

from __future__ import annotations

import io

import segno
from fastapi import APIRouter, Request, Response

from studio.server import invites
from studio.server.api import (
    Done,
    ErrorCode,
    Invite,
    InviteList,
    InviteRequest,
    ShareRequest,
    ShareStatus,
)
from studio.server.caller import Caller
from studio.server.errors import Refusal
from studio.server.house import House
from studio.server.messages import CloseCode
from studio.server.record import Transaction
from studio.server.rights import Right
from studio.server.router_pipe import Done as RouterDone
from studio.server.router_pipe import EndReason, EndTokens
from studio.server.sharing import Sharing
from studio.server.signed_in import caller_in, caller_of, house_of

router = APIRouter(prefix="/api/v1")


@router.get("/sessions/{session}/invites")
async def list_invites(request: Request, session: str) -> InviteList:
    """All invites of the session."""
    house = house_of(request)
    caller = await caller_in(request, session)
    caller.require(Right.INVITE_VIEWER)
    base = house.links_base()
    return InviteList(invites=tuple(await house.record.run(lambda t: invites.listed(t, session, base))))


@router.post("/sessions/{session}/invites")
async def make_invite(request: Request, session: str, body: InviteRequest) -> Invite:
    """Make an invite, with the link that works from where the server is reached now."""
    house = house_of(request)
    caller = await caller_in(request, session)
    base = house.links_base()
    return await house.record.run(lambda transaction: invites.make(transaction, caller, session, body, base))


@router.delete("/sessions/{session}/invites/{invite}")
async def revoke_invite(request: Request, session: str, invite: str) -> Done:
    """Take an invite back: who came by it is out."""
    house = house_of(request)
    caller = await caller_in(request, session)
    revoked = await house.record.run(lambda transaction: invites.revoke(transaction, caller, session, invite))
    if revoked.changed:
        house.admission.forget()
        await _end_media(house, revoked.tokens)
        for person in revoked.people:
            for connection in house.hub.of_person(session, person):
                connection.close(CloseCode.REVOKED, "The invite that you came by was taken back.")
    return Done(changed=revoked.changed)


async def _end_media(house: House, tokens: tuple[str, ...]) -> None:
    try:
        await house.line.ask(RouterDone, lambda n: EndTokens(n, tokens, EndReason.REVOKED))
    except Refusal:
        return  # the router is away; what it carries is compared with the database when it is back


@router.get(
    "/sessions/{session}/invites/{invite}/qr.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}},
)
async def invite_qr(request: Request, session: str, invite: str) -> Response:
    """A viewer's link as a QR code."""
    house = house_of(request)
    caller = await caller_in(request, session)
    caller.require(Right.INVITE_VIEWER)
    base = house.links_base()

    def work(transaction: Transaction) -> str | None:
        row = invites.get(transaction, session, invite)
        return invites.shown(row, base, row.secret).link

    link = await house.record.run(work)
    if link is None:
        raise Refusal(ErrorCode.NOT_FOUND, "This invite's link was shown once and is not kept.", "Make a new invite.")
    drawn = io.BytesIO()
    segno.make(link, error="m").save(drawn, kind="svg", scale=6, border=4, dark="#000", light="#fff", xmldecl=False)
    return Response(drawn.getvalue(), media_type="image/svg+xml")


async def _sharing(request: Request) -> tuple[Caller, Sharing]:
    caller = await caller_of(request)
    caller.require(Right.SHARE)
    sharing = house_of(request).sharing
    if sharing is None:
        raise Refusal(ErrorCode.SHARE_FAILED, "This server listens nowhere yet.", "Wait until it has started.")
    return caller, sharing


@router.get("/share")
async def share_status(request: Request) -> ShareStatus:
    """Who can reach the server, and the addresses to choose from."""
    _, sharing = await _sharing(request)
    return sharing.status()


@router.post("/share")
async def share(request: Request, body: ShareRequest) -> ShareStatus:
    """Let others reach the server."""
    caller, sharing = await _sharing(request)
    status = await sharing.share(body)
    await _note(house_of(request), caller, "share.opened", f"{status.links_base}: {status.reach_words}")
    return status


@router.delete("/share")
async def withdraw(request: Request) -> ShareStatus:
    """Take it back."""
    caller, sharing = await _sharing(request)
    status = await sharing.withdraw()
    await _note(house_of(request), caller, "share.closed", status.reach_words)
    return status


async def _note(house: House, caller: Caller, action: str, words: str) -> None:
    session = caller.session_id or "studio"
    await house.record.run(lambda t: t.audit(session, caller.sender, action, words=words, address=caller.address))


@router.post("/end")
async def end(request: Request) -> Done:
    """End the whole server (people and router). The owner's run token only; for a launcher that adopted it."""
    house = house_of(request)
    caller = await caller_of(request)
    caller.require(Right.SHARE)
    house.end()
    return Done(changed=True)
