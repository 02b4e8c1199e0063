"""Watches the clock for the schedule: what opens, what nobody came to, and what was lost for good."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from studio.server.messages import SessionState
from studio.server.model import SessionRow
from studio.server.on_air import OnStage, move
from studio.server.plan_model import PlanRow, ShowRow
from studio.server.record import Record, Transaction
from studio.server.schedule_api import ShowState
from studio.server.shows import advance, enter, is_host, live_show, open_shows
from studio.server.wall import WallClock

LOOK_EVERY_MS = 1000
GIVEN_UP_AFTER_S = 15 * 60


class Schedule:
    """Belongs to the event loop. `on_stage` tells who publishes in a session now."""

    def __init__(self, record: Record, wall: WallClock, on_stage: Callable[[str], OnStage | None]) -> None:
        self._record = record
        self._wall = wall
        self._on_stage = on_stage
        self._looked_ms = 0

    async def begin(self) -> None:
        """After a start: what passed while nobody looked is over, and each plan has its next time."""
        await self._record.run(_go_on)

    async def sweep(self) -> None:
        """Call a few times a second."""
        now_ms = self._wall.now_ms()
        if 0 <= now_ms - self._looked_ms < LOOK_EVERY_MS:
            return
        self._looked_ms = now_ms
        await self._record.run(self._look)

    def _look(self, transaction: Transaction) -> None:
        states = (ShowState.SCHEDULED.value, ShowState.LIVE.value)
        rows = transaction.db.scalars(select(ShowRow).where(ShowRow.state.in_(states)).order_by(ShowRow.starts_s))
        for row in list(rows):
            session = transaction.db.get_one(SessionRow, row.session_id)
            if row.state == ShowState.LIVE.value:
                _give_up(transaction, session, row)
            else:
                self._wait(transaction, session, row)

    def _wait(self, transaction: Transaction, session: SessionRow, row: ShowRow) -> None:
        now_s = transaction.now_s
        stage = self._on_stage(session.id)
        if row.ends_s <= now_s:
            enter(transaction, row, ShowState.ENDED, "missed")
        elif row.starts_s <= now_s and session.state == SessionState.LIVE.value:
            # who was on air before their time, with something unplanned, goes on into the show
            mine = stage is not None and is_host(transaction, row.plan_id, stage.person)
            if mine and live_show(transaction, session.id) is None:
                enter(transaction, row, ShowState.LIVE, "on_air")
        elif row.opens_s <= now_s and session.state == SessionState.ENDED.value:
            move(transaction, session.id, SessionState.WAITING, "planned")


def _go_on(transaction: Transaction) -> None:
    for plan in list(transaction.db.scalars(select(PlanRow).where(~PlanRow.cancelled))):
        advance(transaction, plan)


def _give_up(transaction: Transaction, session: SessionRow, row: ShowRow) -> None:
    """A show whose studio never came back, after its time: at once where the next show waits for its hosts."""
    if session.state == SessionState.LIVE.value or transaction.now_s < row.ends_s:
        return
    waiting = any(show.state == ShowState.SCHEDULED.value for show in open_shows(transaction, session.id))
    if not waiting and transaction.now_s < row.ends_s + GIVEN_UP_AFTER_S:
        return
    enter(transaction, row, ShowState.ENDED, "lost")
    move(transaction, session.id, SessionState.ENDED, "off_air")
