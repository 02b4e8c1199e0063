"""One session: state, people, chat, commands."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy import select

from studio.server.api import (
    Accepted,
    AcknowledgeRequest,
    CommandRequest,
    PeopleList,
    SessionList,
    SessionStatus,
    SessionSummary,
)
from studio.server.errors import Refusal
from studio.server.messages import SessionState
from studio.server.model import SessionRow
from studio.server.orders import Order
from studio.server.presence import present_count
from studio.server.record import Transaction
from studio.server.rights import Right, Role
from studio.server.signed_in import address_of, caller_in, caller_of, house_of
from studio.server.viewers import link_words
from studio.server.views import people, status

router = APIRouter(prefix="/api/v1/sessions")
Limit = Annotated[int, Query(ge=1, le=500)]
Place = Annotated[int, Query(ge=0, le=2**53)]


@router.get("")
async def sessions(request: Request) -> SessionList:
    """The sessions that the caller is in; the owner is in all."""
    house = house_of(request)
    caller = await caller_of(request)

    def work(transaction: Transaction) -> SessionList:
        rows = transaction.db.scalars(select(SessionRow).order_by(SessionRow.id))
        mine = [row for row in rows if caller.role is Role.OWNER or row.id == caller.session_id]
        return SessionList(
            sessions=tuple(SessionSummary(id=row.id, title=row.title, state=SessionState(row.state)) for row in mine)
        )

    return await house.record.run(work)


@router.get("/{session}")
async def session_status(request: Request, session: str) -> SessionStatus:
    """All that a client needs to begin."""
    house = house_of(request)
    caller = await caller_in(request, session)
    return await house.record.run(
        lambda transaction: status(
            transaction,
            caller,
            transaction.db.get_one(SessionRow, session),
            house.on_air,
            house.quality,
            house.viewers.by_link(session),
        )
    )


@router.get("/{session}/people")
async def session_people(request: Request, session: str) -> PeopleList:
    """Who is here."""
    house = house_of(request)
    caller = await caller_in(request, session)
    caller.require(Right.SEE_PEOPLE)

    def work(transaction: Transaction) -> PeopleList:
        by_link = house.viewers.by_link(session)
        return PeopleList(
            people=people(transaction, caller, session, house.on_air.on_stage(session), house.quality),
            present=present_count(transaction.db, session),
            watching=house.on_air.watching(session),
            by_link=by_link.total(),
            by_link_words=link_words(transaction, caller, by_link),
        )

    return await house.record.run(work)


@router.post("/{session}/commands")
async def command(request: Request, session: str, body: CommandRequest) -> Accepted:
    """Give a command; it holds on the server when this answers."""
    desk = house_of(request).commands
    order = Order(body.id, body.action, body.target, body.text, body.role, body.seconds, body.to, body.ends)
    try:
        caller = await caller_of(request)
    except Refusal as refusal:
        await desk.stranger(session, order, address_of(request), refusal.message)
        raise
    try:
        caller = await caller_in(request, session)
    except Refusal as refusal:
        words = f"For the session {session[:64]}: {refusal.message}"
        await desk.refused(caller.sender, caller.session_id or session, order, caller.address, words)
        raise
    return await desk.give(caller, session, order)


@router.post("/{session}/commands/{command}/done")
async def acknowledge(request: Request, session: str, command: str, body: AcknowledgeRequest) -> Accepted:
    """The studio says what it did about a command."""
    caller = await caller_in(request, session)
    return await house_of(request).commands.acknowledge(caller, session, command, body.outcome, body.words)
