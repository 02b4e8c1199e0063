"""The schedule: /api/v1/sessions/SESSION/schedule, plans, shows (studio.server.schedule_api)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from studio.server import plans, shows
from studio.server.api import Done
from studio.server.caller import Caller
from studio.server.record import Transaction
from studio.server.rights import Right
from studio.server.routes_media import watcher_of
from studio.server.schedule_api import Plan, PlanChange, PlanList, PlanRequest, Schedule
from studio.server.signed_in import caller_in, house_of

router = APIRouter(prefix="/api/v1/sessions")
CALENDAR = "text/calendar; charset=utf-8; method=PUBLISH"
PlanId = Annotated[str, Query(max_length=64)]


@router.get("/{session}/schedule")
async def schedule(request: Request, session: str) -> Schedule:
    """What is live and what comes."""
    caller = await caller_in(request, session)
    caller.require(Right.SEE_SCHEDULE)
    return await house_of(request).record.run(lambda t: shows.schedule(t, session, caller))


@router.get("/{session}/schedule.ics", response_class=Response, responses={200: {"content": {"text/calendar": {}}}})
async def calendar(request: Request, session: str, plan: PlanId = "") -> Response:
    """The same for a calendar."""
    from studio.server import calendar_file  # its library takes a while to load

    house = house_of(request)
    caller = await watcher_of(request, session)
    caller.require(Right.SEE_SCHEDULE)
    link = f"{house.links_base()}/watch/{session}"

    def work(transaction: Transaction) -> bytes:
        return calendar_file.calendar(transaction, session, house.server_id, link, plan)

    headers = {"Content-Disposition": 'attachment; filename="schedule.ics"', "Cache-Control": "no-store"}
    return Response(await house.record.run(work), media_type=CALENDAR, headers=headers)


@router.get("/{session}/plans")
async def listed(request: Request, session: str) -> PlanList:
    """The plans behind the schedule."""
    caller = await caller_in(request, session)
    caller.require(Right.SEE_PLANS)
    return await house_of(request).record.run(lambda t: plans.listed(t, session))


@router.post("/{session}/plans")
async def make(request: Request, session: str, body: PlanRequest) -> Plan:
    """Plan a show."""
    caller = await _planner(request, session, Right.PLAN)
    return await house_of(request).record.run(lambda t: plans.make(t, caller, session, body))


@router.put("/{session}/plans/{plan}")
async def change(request: Request, session: str, plan: str, body: PlanChange) -> Plan:
    """Another plan in place of this one."""
    caller = await _planner(request, session, Right.CHANGE_PLAN)
    return await house_of(request).record.run(lambda t: plans.change(t, caller, session, plan, body))


@router.delete("/{session}/plans/{plan}")
async def cancel(request: Request, session: str, plan: str) -> Done:
    """All that is to come of a plan."""
    caller = await _planner(request, session, Right.CANCEL_PLAN)
    return Done(changed=await house_of(request).record.run(lambda t: plans.cancel(t, caller, session, plan)))


@router.delete("/{session}/shows/{show}")
async def cancel_show(request: Request, session: str, show: str) -> Done:
    """One show to come."""
    caller = await _planner(request, session, Right.CANCEL_PLAN)
    return Done(changed=await house_of(request).record.run(lambda t: plans.cancel_show(t, caller, session, show)))


async def _planner(request: Request, session: str, right: Right) -> Caller:
    caller = await caller_in(request, session)
    caller.require(right)
    return caller
