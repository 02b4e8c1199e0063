"""Who may go live now, as the schedule has it. What an admin stopped is studio.server.on_air's.

A host of a show that comes goes live from the time on that it opens, and while a show waits for its hosts only they do.
Whoever is a host of nothing that comes may put something unplanned on air at any other time, as without a schedule.
What is on air already stays there, through lost connections of who sends it too, whatever is planned meanwhile.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from studio.server.api import ErrorCode
from studio.server.errors import Refusal
from studio.server.messages import SessionState
from studio.server.model import AuditRow, PersonRow, SessionRow
from studio.server.plan_model import PlanRow, ShowRow
from studio.server.plan_text import length_words, when_words
from studio.server.record import Transaction
from studio.server.recurrence import in_zone, local_of, zone_of
from studio.server.schedule_api import ShowState
from studio.server.shows import coming, enter, hosts_of, is_host, live_show, open_shows

LOST_FOR_S = 15 * 60


def refuse_out_of_time(transaction: Transaction, session_id: str, person_id: str) -> None:
    """Raises Refusal(TOO_EARLY, NO_RIGHT) where it is not this person's time to go live."""
    session = transaction.db.get_one(SessionRow, session_id)
    live = live_show(transaction, session.id)
    now = open_shows(transaction, session.id)
    mine = [show for show in now if is_host(transaction, show.plan_id, person_id)]
    if live is not None and mine and live not in mine and _is_lost_for_good(transaction, session, live):
        enter(transaction, live, ShowState.ENDED, "lost")
        live = None
    if live is not None:
        _refuse_others(transaction, live, person_id)
        return
    if _goes_on(transaction, session, person_id):
        return
    if mine:
        return
    for show in now:
        if show.state == ShowState.SCHEDULED.value:
            _refuse_others(transaction, show, person_id)
    for show in coming(transaction, session.id):
        if is_host(transaction, show.plan_id, person_id):
            raise _too_early(transaction, show)


def _is_lost_for_good(transaction: Transaction, session: SessionRow, live: ShowRow) -> bool:
    """Whether nobody is on air in a show whose time is over: it does not keep the next one from its hosts."""
    return session.state != SessionState.LIVE.value and live.ends_s <= transaction.now_s


def _goes_on(transaction: Transaction, session: SessionRow, person_id: str) -> bool:
    """Whether something unplanned is on air, or lost its connection a short while ago, and this person sent it."""
    if session.state != SessionState.LIVE.value:
        since_s = datetime.fromisoformat(session.since).timestamp()
        if session.why != "lost" or transaction.now_s - since_s >= LOST_FOR_S:
            return False
    sent = who_went_live(transaction, session.id)
    if sent in ("", person_id):
        return True  # lines of older versions name nobody
    before, now = transaction.db.get(PersonRow, sent), transaction.db.get(PersonRow, person_id)
    return bool(before and now and before.account_id and before.account_id == now.account_id)


def who_went_live(transaction: Transaction, session_id: str) -> str:
    """The person who was put on air last, as the audit log has it; empty where it names nobody."""
    query = select(AuditRow.target).where(AuditRow.session_id == session_id, AuditRow.action == "session.live")
    return transaction.db.scalar(query.order_by(AuditRow.number.desc()).limit(1)) or ""


def _refuse_others(transaction: Transaction, show: ShowRow, person_id: str) -> None:
    if is_host(transaction, show.plan_id, person_id):
        return
    plan = transaction.db.get_one(PlanRow, show.plan_id)
    names = [host.name for host in hosts_of(transaction, plan.id)]
    whose = " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else "its hosts"
    time = "is on air" if show.state == ShowState.LIVE.value else "has its time now"
    raise Refusal(
        ErrorCode.NO_RIGHT,
        f"“{plan.title}” {time}, and its host is {whose}.",
        "An admin can make you a host of it.",
    )


def _too_early(transaction: Transaction, show: ShowRow) -> Refusal:
    plan = transaction.db.get_one(PlanRow, show.plan_id)
    opens = in_zone(show.opens_s, zone_of(show.zone))
    wait_s = show.opens_s - transaction.now_s
    return Refusal(
        ErrorCode.TOO_EARLY,
        f"Go live for “{plan.title}” opens on {when_words(opens, show.zone)}, in {length_words(wait_s)}.",
        f"It begins on {when_words(local_of(show.local), show.zone)}. An admin can let Go live open earlier.",
        retry_after_s=wait_s,
    )
