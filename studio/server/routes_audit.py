"""The audit log of a session: read, filtered, exported."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse

from studio.server import audit_csv
from studio.server.api import AuditList
from studio.server.audit_query import AuditFilter, entry
from studio.server.house import House
from studio.server.record import Transaction
from studio.server.rights import Right
from studio.server.signed_in import caller_in, house_of

router = APIRouter(prefix="/api/v1/sessions")
Limit = Annotated[int, Query(ge=1, le=500)]
Place = Annotated[int, Query(ge=0, le=2**53)]
Filter = Annotated[AuditFilter, Depends()]
LINES_AT_ONCE = 500
"""So many are read in one transaction, so that an export holds nobody up."""


@router.get("/{session}/audit")
async def audit(request: Request, session: str, wanted: Filter, after: Place = 0, limit: Limit = 200) -> AuditList:
    """The audit log in its order; `after` leafs forwards."""
    caller = await caller_in(request, session)
    caller.require(Right.READ_AUDIT)
    return await _read(house_of(request), session, wanted, after, limit)


@router.get("/{session}/audit.csv", response_class=StreamingResponse, responses={200: {"content": {"text/csv": {}}}})
async def audit_as_csv(request: Request, session: str, wanted: Filter) -> StreamingResponse:
    """The same lines as CSV (RFC 4180, UTF-8): all of them, each with its hash."""
    caller = await caller_in(request, session)
    caller.require(Right.READ_AUDIT)
    house = house_of(request)

    async def pages() -> AsyncIterator[str]:
        yield audit_csv.head()
        after, more = 0, True
        while more:
            page = await _read(house, session, wanted, after, LINES_AT_ONCE)
            yield audit_csv.records(page.entries)
            more = page.more
            after = page.entries[-1].number if page.entries else after

    name = f"audit-{re.sub('[^A-Za-z0-9_-]', '_', session)}.csv"
    return StreamingResponse(
        pages(),
        media_type="text/csv; charset=utf-8; header=present",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _read(house: House, session: str, wanted: AuditFilter, after: int, limit: int) -> AuditList:
    def work(transaction: Transaction) -> AuditList:
        rows = list(transaction.db.scalars(wanted.lines(session, after).limit(limit + 1)))
        return AuditList(entries=tuple(entry(row) for row in rows[:limit]), more=len(rows) > limit)

    return await house.record.run(work)
