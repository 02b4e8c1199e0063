"""The shows of a session: which comes next, and the way of each from scheduled to live to ended.

scheduled --a host's programme comes, from `opens` on--> live --it left, an admin ended it--> ended
live --it left before its start: that was a rehearsal--> scheduled
scheduled --its planned end, an admin's end or cancelling--> ended
ended (it had been live) --a host's programme comes again before its planned end--> live

A session is one place: one show is live in it at a time. Work inside a transaction; studio.server.schedule watches the
clock, studio.server.on_air tells what the session does.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import select

from studio.server.caller import SERVER, Caller, host_id
from studio.server.messages import CommandAction, EventType, Sender, SessionState
from studio.server.model import CommandRow, PersonRow
from studio.server.plan_model import PlanHostRow, PlanRow, ShowRow
from studio.server.plan_text import WHY, when_words
from studio.server.record import Transaction
from studio.server.recurrence import LOCAL, Occurrence, Rule, day_of, local_of, times
from studio.server.rights import Right, Role, may
from studio.server.schedule_api import THE_OWNER, Repeats, Schedule, ScheduleChange, Show, ShowState, Weekday
from studio.server.wall import iso

NOT_AGAIN = ("cancelled", "missed")
_TO_COME = (ShowState.SCHEDULED.value, ShowState.LIVE.value)


def rule_of(plan: PlanRow) -> Rule:
    """When a plan takes place."""
    return Rule(
        starts=local_of(plan.starts),
        zone=plan.zone,
        repeats=Repeats(plan.repeats),
        interval=plan.interval,
        days=tuple(Weekday(day) for day in plan.days.split(",") if day),
        until=day_of(plan.until) if plan.until else None,
        count=plan.count,
    )


def id_of(plan: PlanRow, occurrence: Occurrence) -> str:
    """The id of a show that is not written down yet: by its instant, whatever zone the plan is moved to.

    Rows of before hold the local time in it; they keep their ids, and are found by their instant (`rows_of`).
    """
    return f"{plan.id}.{datetime.fromtimestamp(occurrence.starts_s, tz=UTC):%Y%m%dT%H%MZ}"


def rows_of(transaction: Transaction, plan: PlanRow) -> dict[int, ShowRow]:
    """What is written down of a plan, by when it starts: each instant is one show."""
    return {row.starts_s: row for row in transaction.db.scalars(select(ShowRow).where(ShowRow.plan_id == plan.id))}


def is_cancelled(rows: dict[int, ShowRow], occurrence: Occurrence) -> bool:
    """Whether this show was cancelled, or its whole day was: a show that is moved within the day stays cancelled."""
    days = {row.local[:10] for row in rows.values() if row.why == "cancelled"}
    row = rows.get(occurrence.starts_s)
    return f"{occurrence.local:%Y-%m-%d}" in days or (row is not None and row.why == "cancelled")


def hosts_of(transaction: Transaction, plan_id: str) -> list[PlanHostRow]:
    """The hosts of a plan, by name."""
    query = select(PlanHostRow).where(PlanHostRow.plan_id == plan_id).order_by(PlanHostRow.name, PlanHostRow.host_id)
    return list(transaction.db.scalars(query))


def is_host(transaction: Transaction, plan_id: str, person_id: str) -> bool:
    """Whether this person is to go live in a show of the plan: a host of it, or it has none and they may publish."""
    hosts = {host.host_id for host in hosts_of(transaction, plan_id)}
    person = transaction.db.get(PersonRow, person_id)
    if person is None:
        return not hosts
    if person.id == host_id(person.session_id):
        return not hosts or THE_OWNER in hosts
    return person.account_id in hosts if hosts else may(Role(person.role), Right.PUBLISH)


def coming(transaction: Transaction, session_id: str) -> list[ShowRow]:
    """The show that is live, then the next ones: one of each plan."""
    query = select(ShowRow).where(ShowRow.session_id == session_id, ShowRow.state.in_(_TO_COME))
    rows = transaction.db.scalars(query.order_by(ShowRow.starts_s, ShowRow.id))
    return sorted(rows, key=lambda row: row.state != ShowState.LIVE.value)


def live_show(transaction: Transaction, session_id: str) -> ShowRow | None:
    """The show that is on air."""
    query = select(ShowRow).where(ShowRow.session_id == session_id, ShowRow.state == ShowState.LIVE.value)
    return transaction.db.scalar(query)


def open_shows(transaction: Transaction, session_id: str) -> list[ShowRow]:
    """The shows whose time to go live it is now: those that wait for it, then those that ended before their time."""
    query = select(ShowRow).where(
        ShowRow.session_id == session_id,
        ShowRow.opens_s <= transaction.now_s,
        ShowRow.ends_s > transaction.now_s,
        ShowRow.why.not_in(NOT_AGAIN),
    )
    rows = transaction.db.scalars(query.order_by(ShowRow.starts_s, ShowRow.id))
    return sorted(rows, key=lambda row: row.state == ShowState.ENDED.value)


def current(transaction: Transaction, session_id: str, caller: Caller | None = None) -> Show | None:
    """What stands in SessionStatus.show: what is live, else what comes next."""
    rows = coming(transaction, session_id)
    return show_of(transaction, rows[0], caller) if rows else None


def schedule(transaction: Transaction, session_id: str, caller: Caller) -> Schedule:
    """What a person sees of what comes, and what ended last (cancelled ones never began)."""
    ended = select(ShowRow).where(
        ShowRow.session_id == session_id, ShowRow.state == ShowState.ENDED.value, ShowRow.why != "cancelled"
    )
    last = transaction.db.scalar(ended.order_by(ShowRow.starts_s.desc(), ShowRow.id).limit(1))
    return Schedule(
        shows=tuple(show_of(transaction, row, caller) for row in coming(transaction, session_id)),
        last=show_of(transaction, last, caller) if last else None,
        now=transaction.at,
    )


def show_of(transaction: Transaction, row: ShowRow, caller: Caller | None = None) -> Show:
    """A show as the API tells it, to a caller or, in an event, to all."""
    plan = transaction.db.get_one(PlanRow, row.plan_id)
    return Show(
        id=row.id,
        plan=plan.id,
        title=plan.title,
        description=plan.description,
        starts=iso(row.starts_s * 1000),
        ends=iso(row.ends_s * 1000),
        opens=iso(row.opens_s * 1000),
        local=row.local,
        zone=row.zone,
        state=ShowState(row.state),
        why=row.why,
        words=WHY.get(row.why, ""),
        since=row.since,
        hosts=tuple(host.name for host in hosts_of(transaction, plan.id)),
        mine=caller is not None and _is_mine(transaction, plan.id, caller),
    )


def _is_mine(transaction: Transaction, plan_id: str, caller: Caller) -> bool:
    if caller.role is Role.OWNER:
        hosts = {host.host_id for host in hosts_of(transaction, plan_id)}
        return not hosts or THE_OWNER in hosts
    return may(caller.role, Right.PUBLISH) and is_host(transaction, plan_id, caller.person_id)


def say_changed(transaction: Transaction, plan: PlanRow, by: Sender) -> None:
    """Tell everyone that the schedule is another."""
    change = ScheduleChange(show=current(transaction, plan.session_id), changed=plan.id)
    transaction.say(plan.session_id, EventType.SCHEDULE_CHANGED, by, change)


def enter(transaction: Transaction, row: ShowRow, state: ShowState, why: str, by: Sender = SERVER) -> None:
    """Change a show's state: written in the audit log and told to everyone. Its plan's next time follows."""
    plan = transaction.db.get_one(PlanRow, row.plan_id)
    row.state, row.why, row.since = state.value, why, transaction.at
    transaction.db.flush()
    words = f"{when_words(local_of(row.local), row.zone)}: {WHY.get(why, why)}"
    transaction.audit(row.session_id, by, f"show.{state.value}", target=row.id, target_name=plan.title, words=words)
    advance(transaction, plan)
    say_changed(transaction, plan, by)


def advance(transaction: Transaction, plan: PlanRow) -> None:
    """Write down the next time of a plan, where none is written down yet and one is to come. A time at which another
    show is to come is cancelled.
    """
    known = rows_of(transaction, plan)
    if plan.cancelled or any(row.state in _TO_COME for row in known.values()):
        return
    after_s = max([row.starts_s for row in known.values() if row.why != "cancelled"], default=0)
    for time in times(rule_of(plan), max(after_s, transaction.now_s - plan.length_s)):
        if is_cancelled(known, time):
            continue
        row = new_show(plan, time, transaction.at)
        other = _at_its_time(transaction, row)
        transaction.db.add(row)
        if other is None:
            transaction.db.flush()
            return
        row.state, row.why = ShowState.ENDED.value, "cancelled"
        transaction.db.flush()
        title = transaction.db.get_one(PlanRow, other.plan_id).title
        words = f"{when_words(time.local, plan.zone)}: It was cancelled: “{title}” is planned for then too."
        transaction.audit(row.session_id, SERVER, "show.ended", target=row.id, target_name=plan.title, words=words)


def _at_its_time(transaction: Transaction, row: ShowRow) -> ShowRow | None:
    """A show of another plan that was there first: plans are compared for some weeks only when they are made."""
    query = select(ShowRow).where(
        ShowRow.session_id == row.session_id,
        ShowRow.plan_id != row.plan_id,
        ShowRow.state.in_(_TO_COME),
        ShowRow.starts_s < row.ends_s,
        ShowRow.ends_s > row.starts_s,
    )
    return transaction.db.scalar(query.order_by(ShowRow.starts_s).limit(1))


def new_show(plan: PlanRow, time: Occurrence, at: str) -> ShowRow:
    """A show that is scheduled."""
    return ShowRow(
        id=id_of(plan, time),
        plan_id=plan.id,
        session_id=plan.session_id,
        local=time.local.strftime(LOCAL),
        zone=plan.zone,
        starts_s=time.starts_s,
        ends_s=time.starts_s + plan.length_s,
        opens_s=time.starts_s - plan.go_live_before_s,
        state=ShowState.SCHEDULED.value,
        why="planned",
        since=at,
    )


def follow(
    transaction: Transaction, session_id: str, state: SessionState, why: str, by: Sender, publisher: str
) -> None:
    """The session's state changed, and with it the show that is in it."""
    live = live_show(transaction, session_id)
    if state is SessionState.LIVE and live is None:
        person = publisher or host_id(session_id)
        mine = (row for row in open_shows(transaction, session_id) if is_host(transaction, row.plan_id, person))
        if (show := next(mine, None)) is not None:
            enter(transaction, show, ShowState.LIVE, "on_air", by)
    elif state is SessionState.ENDED:
        if why == "off_air" and _is_being_ended(transaction, session_id):
            return  # the studio left because of the command, which says what became of the show
        waiting = open_shows(transaction, session_id) if why in ("ended", "stopped") else []
        if live is not None and why == "off_air" and transaction.now_s < live.starts_s:
            _rehearsed(transaction, live, by)
            return
        for show in [live] if live is not None else waiting:
            if show.state != ShowState.ENDED.value:
                enter(transaction, show, ShowState.ENDED, why, by)


def _rehearsed(transaction: Transaction, row: ShowRow, by: Sender) -> None:
    """It left before its start: the show waits again, unless it was cancelled or moved during the rehearsal."""
    plan = transaction.db.get_one(PlanRow, row.plan_id)
    if plan.cancelled:
        enter(transaction, row, ShowState.ENDED, "cancelled", by)
        return
    time = next(times(rule_of(plan), row.starts_s - 1), None)
    if time is not None and time.starts_s == row.starts_s:
        row.local, row.zone = time.local.strftime(LOCAL), plan.zone
        row.opens_s, row.ends_s = row.starts_s - plan.go_live_before_s, row.starts_s + plan.length_s
        enter(transaction, row, ShowState.SCHEDULED, "planned", by)
        return
    words = f"{when_words(local_of(row.local), row.zone)}: It was a rehearsal, and the show has another time now."
    transaction.audit(row.session_id, by, "show.ended", target=row.id, target_name=plan.title, words=words)
    transaction.db.delete(row)
    transaction.db.flush()
    advance(transaction, plan)
    say_changed(transaction, plan, by)


def _is_being_ended(transaction: Transaction, session_id: str) -> bool:
    """Whether an admin's `end` or `stop` holds already and is about to be told."""
    actions = (CommandAction.END.value, CommandAction.STOP.value)
    query = select(CommandRow.id).where(
        CommandRow.session_id == session_id, CommandRow.stage == "accepted", CommandRow.action.in_(actions)
    )
    return transaction.db.scalar(query.limit(1)) is not None
