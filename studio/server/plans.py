"""Planning, changing and cancelling. Work inside a transaction; each change is audited and told to everyone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import islice, takewhile

from sqlalchemy import delete, select

from studio.server.api import ErrorCode
from studio.server.as_now import as_now
from studio.server.caller import Caller, host_id
from studio.server.errors import Refusal
from studio.server.model import AccountRow, PersonRow
from studio.server.names import HOST_NAME
from studio.server.plan_model import PlanHostRow, PlanRow, ShowRow
from studio.server.plan_text import clean_description, clean_title, rule_words, when_words
from studio.server.record import Transaction
from studio.server.recurrence import (
    LOCAL,
    Occurrence,
    Rule,
    day_of,
    first,
    in_zone,
    instant_s,
    local_of,
    refuse_left_out,
    times,
    zone_of,
)
from studio.server.rights import Right, Role, may
from studio.server.schedule_api import (
    THE_OWNER,
    Host,
    Plan,
    PlanChange,
    PlanList,
    PlanRequest,
    Repeats,
    ShowState,
    Time,
    Weekday,
)
from studio.server.shows import (
    advance,
    enter,
    hosts_of,
    id_of,
    is_cancelled,
    live_show,
    new_show,
    rows_of,
    rule_of,
    say_changed,
)
from studio.server.tokens import new_id
from studio.server.wall import iso

MOST_PLANS = 50
NEXT_TIMES = 5
OVER_SHOWN = 20
FARTHEST_S = 5 * 366 * 86400
LAST_YEAR = 2100
COMPARED_S = 92 * 86400
"""Two plans may not be at the same time within so long: what comes later is found when it comes nearer."""


def listed(transaction: Transaction, session_id: str) -> PlanList:
    """Every plan of the session that is not long forgotten, and who can be a host."""
    waits = select(ShowRow.plan_id).where(ShowRow.session_id == session_id, ShowRow.state != ShowState.ENDED.value)
    ours = select(PlanRow).where(PlanRow.session_id == session_id).order_by(PlanRow.changed.desc(), PlanRow.id)
    past = transaction.db.scalars(ours.where(PlanRow.id.not_in(waits)).limit(OVER_SHOWN))
    rows = [*transaction.db.scalars(ours.where(PlanRow.id.in_(waits))), *past]
    plans = [plan_of(transaction, row) for row in sorted(rows, key=lambda row: row.changed)]
    to_come = sorted((plan for plan in plans if not plan.over), key=lambda plan: (_next_start(plan), plan.id))
    over = [plan for plan in reversed(plans) if plan.over]
    return PlanList(plans=(*to_come, *over[:OVER_SHOWN]), choices=choices(transaction, session_id), now=transaction.at)


def _next_start(plan: Plan) -> str:
    return next((time.starts for time in plan.next if not time.cancelled), plan.next[0].starts if plan.next else "")


def choices(transaction: Transaction, session_id: str) -> tuple[Host, ...]:
    """Who can be a host: the owner of the machine, and every account that may publish and is not disabled."""
    roles = [role.value for role in Role if may(role, Right.PUBLISH)]
    query = select(AccountRow).where(AccountRow.role.in_(roles), ~AccountRow.disabled)
    accounts = transaction.db.scalars(query.order_by(AccountRow.name, AccountRow.id))
    person = transaction.db.get(PersonRow, host_id(session_id))
    owner = Host(id=THE_OWNER, name=person.name if person else HOST_NAME)
    return (owner, *(Host(id=row.id, name=row.name) for row in accounts))


def plan_of(transaction: Transaction, row: PlanRow) -> Plan:
    """A plan as the API tells it."""
    rule = rule_of(row)
    coming = _next_times(transaction, row, rule)
    return Plan(
        id=row.id,
        title=row.title,
        description=row.description,
        starts=row.starts,
        zone=row.zone,
        length_s=row.length_s,
        repeats=rule.repeats,
        interval=row.interval,
        days=rule.days,
        until=row.until,
        count=row.count,
        hosts=tuple(Host(id=host.host_id, name=host.name) for host in hosts_of(transaction, row.id)),
        go_live_before_s=row.go_live_before_s,
        sequence=row.sequence,
        words=rule_words(rule),
        next=coming,
        over=row.cancelled or not any(not time.cancelled for time in coming),
        cancelled=row.cancelled,
    )


def _next_times(transaction: Transaction, row: PlanRow, rule: Rule) -> tuple[Time, ...]:
    """The show that is under way too, until it has ended."""
    if row.cancelled:
        return ()
    known = rows_of(transaction, row)
    found: list[Time] = []
    for time in times(rule, transaction.now_s - row.length_s):
        show = known.get(time.starts_s)
        cancelled = is_cancelled(known, time)
        if show is not None and show.state == ShowState.ENDED.value and not cancelled:
            continue
        if cancelled and time.starts_s <= transaction.now_s:
            continue
        found.append(
            Time(
                show=show.id if show is not None else id_of(row, time),
                starts=iso(time.starts_s * 1000),
                local=time.local.strftime(LOCAL),
                cancelled=cancelled,
            )
        )
        if len(found) == NEXT_TIMES:
            break
    return tuple(found)


def make(transaction: Transaction, caller: Caller, session_id: str, request: PlanRequest) -> Plan:
    """Plan a show. Raises Refusal(NO_RIGHT, PLAN_BAD, TOO_MANY)."""
    as_now(transaction, caller).require(Right.PLAN)
    if len(_others(transaction, session_id)) >= MOST_PLANS:
        raise Refusal(ErrorCode.TOO_MANY, f"{MOST_PLANS} shows are planned already.", "Cancel some of them first.")
    row = PlanRow(
        id=new_id("pl").replace("-", "x"),
        session_id=session_id,
        sequence=0,
        cancelled=False,
        created=transaction.at,
        made_by=caller.person_id,
    )
    _fill(transaction, row, request, was=None)
    transaction.db.add(row)
    transaction.db.flush()
    _set_hosts(transaction, row, request.hosts)
    return _changed(transaction, row, caller, "plan.made")


def change(transaction: Transaction, caller: Caller, session_id: str, plan_id: str, request: PlanChange) -> Plan:
    """Another plan in place of this one. Raises Refusal(NO_RIGHT, NOT_FOUND, PLAN_BAD, PLAN_CHANGED)."""
    as_now(transaction, caller).require(Right.CHANGE_PLAN)
    row = _plan(transaction, session_id, plan_id)
    if row.cancelled:
        raise Refusal(ErrorCode.PLAN_CHANGED, "This show was cancelled.", "Plan it anew.")
    if row.sequence != request.sequence:
        raise Refusal(ErrorCode.PLAN_CHANGED, "Somebody changed this plan meanwhile.", "Look at it again.")
    before = rule_words(rule_of(row))
    _fill(transaction, row, request, was=row.starts if row.zone == request.zone else None)
    row.sequence += 1
    _set_hosts(transaction, row, request.hosts)
    transaction.db.execute(delete(ShowRow).where(ShowRow.plan_id == row.id, ShowRow.state == ShowState.SCHEDULED.value))
    live = live_show(transaction, session_id)
    if live is not None and live.plan_id == row.id:
        live.ends_s = live.starts_s + row.length_s
    return _changed(transaction, row, caller, "plan.changed", before)


def cancel(transaction: Transaction, caller: Caller, session_id: str, plan_id: str) -> bool:
    """All that is to come of a plan; what is on air goes on. Raises Refusal(NO_RIGHT, NOT_FOUND)."""
    as_now(transaction, caller).require(Right.CANCEL_PLAN)
    row = _plan(transaction, session_id, plan_id)
    if row.cancelled:
        return False
    row.cancelled, row.changed = True, transaction.at
    row.sequence += 1
    transaction.audit(
        session_id, caller.sender, "plan.cancelled", target=row.id, target_name=row.title, address=caller.address
    )
    query = select(ShowRow).where(ShowRow.plan_id == row.id, ShowRow.state == ShowState.SCHEDULED.value)
    show = transaction.db.scalar(query)
    if show is not None:
        enter(transaction, show, ShowState.ENDED, "cancelled", caller.sender)
    else:
        say_changed(transaction, row, caller.sender)
    return True


def cancel_show(transaction: Transaction, caller: Caller, session_id: str, show_id: str) -> bool:
    """One show to come. Raises Refusal(NO_RIGHT, NOT_FOUND, PLAN_BAD)."""
    as_now(transaction, caller).require(Right.CANCEL_PLAN)
    plan = _plan(transaction, session_id, show_id.partition(".")[0])
    row = transaction.db.get(ShowRow, show_id)
    if row is None:
        time = next((one for one in _to_come(transaction, plan) if id_of(plan, one) == show_id), None)
        if time is None or plan.cancelled:
            raise Refusal(ErrorCode.NOT_FOUND, "There is no such show to come.", "Look at the schedule.")
        row = rows_of(transaction, plan).get(time.starts_s) or new_show(plan, time, transaction.at)
        transaction.db.add(row)
    if row.why == "cancelled":
        return False
    if row.state != ShowState.SCHEDULED.value:
        raise Refusal(ErrorCode.PLAN_BAD, "This show has begun already.", "End it instead.")
    plan.sequence += 1
    plan.changed = transaction.at
    enter(transaction, row, ShowState.ENDED, "cancelled", caller.sender)
    return True


def _to_come(transaction: Transaction, plan: PlanRow) -> list[Occurrence]:
    """As many as a list could show."""
    return list(islice(times(rule_of(plan), transaction.now_s), NEXT_TIMES * 4))


def _plan(transaction: Transaction, session_id: str, plan_id: str) -> PlanRow:
    row = transaction.db.get(PlanRow, plan_id)
    if row is None or row.session_id != session_id:
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such plan.", "Look at the schedule.")
    return row


def _fill(transaction: Transaction, row: PlanRow, request: PlanRequest, was: str | None) -> None:
    """`was`: the start as it stands, which may lie in the past; a new one may not."""
    if request.starts != was:
        _refuse_year(transaction, request.starts)
    rule = _rule(request)
    zone = zone_of(rule.zone)
    text = rule.starts.strftime(LOCAL)
    if text != was:
        refuse_left_out(rule.starts, zone)
        starts_s = instant_s(rule.starts, zone)
        if starts_s <= transaction.now_s:
            raise Refusal(ErrorCode.PLAN_BAD, f"{when_words(rule.starts, rule.zone)} is over.", "Choose a later time.")
        if starts_s > transaction.now_s + FARTHEST_S:
            raise Refusal(ErrorCode.PLAN_BAD, "That is more than five years away.", "Choose an earlier time.")
    row.title, row.description = clean_title(request.title), clean_description(request.description)
    row.starts, row.zone, row.length_s = text, rule.zone, request.length_s
    row.repeats, row.interval = rule.repeats.value, rule.interval
    row.days = ",".join(day.value for day in rule.days)
    row.until, row.count = rule.until.isoformat() if rule.until else "", rule.count
    row.go_live_before_s, row.changed = request.go_live_before_s, transaction.at
    if next(times(rule, transaction.now_s - request.length_s), None) is None:
        raise Refusal(ErrorCode.PLAN_BAD, "Nothing of it is to come.", "Choose a later last day.")
    _refuse_overlap(transaction, row, rule)


def _refuse_year(transaction: Transaction, starts: str) -> None:
    """Before anything is computed: from a year that was typed half, weeks would be counted for two thousand years."""
    this_year = datetime.fromtimestamp(transaction.now_s, tz=UTC).year
    if not this_year - 1 <= local_of(starts).year <= LAST_YEAR:
        words = f"A show begins in a year between {this_year - 1} and {LAST_YEAR}."
        raise Refusal(ErrorCode.PLAN_BAD, words, f"Write the year with four digits, as {this_year}.")


def _rule(request: PlanRequest) -> Rule:
    """Raises Refusal(PLAN_BAD) for what does not go together."""
    repeats = request.repeats
    starts = local_of(request.starts)
    if repeats is Repeats.NONE and (request.days or request.until or request.count or request.interval != 1):
        raise Refusal(ErrorCode.PLAN_BAD, "A show that takes place once has no days and no end.", "Let it repeat.")
    if request.days and repeats is not Repeats.WEEKLY:
        raise Refusal(ErrorCode.PLAN_BAD, "Only what repeats weekly has days.", "Leave out the days.")
    if request.until and request.count:
        raise Refusal(ErrorCode.PLAN_BAD, "It ends on a day or after a number of times.", "Leave out one of the two.")
    until: date | None = day_of(request.until) if request.until else None
    if until is not None and not starts.date() <= until <= date(LAST_YEAR, 12, 31):
        words = f"The last day lies between the start and the end of {LAST_YEAR}."
        raise Refusal(ErrorCode.PLAN_BAD, words, "Choose another last day.")
    days = tuple(sorted(set(request.days), key=list(Weekday).index))
    zone_of(request.zone)
    rule = Rule(starts, request.zone, repeats, request.interval, days, until, request.count)
    begin = first(rule)
    if begin is None:
        raise Refusal(ErrorCode.PLAN_BAD, "It would never take place.", "Choose a later last day.")
    return replace(rule, starts=begin.local) if days else rule


def _others(transaction: Transaction, session_id: str) -> list[PlanRow]:
    """The plans of which something is to come."""
    query = select(PlanRow).join(ShowRow, ShowRow.plan_id == PlanRow.id)
    query = query.where(PlanRow.session_id == session_id, ~PlanRow.cancelled, ShowRow.state != ShowState.ENDED.value)
    return list(transaction.db.scalars(query.distinct()))


def _refuse_overlap(transaction: Transaction, row: PlanRow, rule: Rule) -> None:
    """A session is one place, in which one show is on air at a time. Raises Refusal(PLAN_BAD)."""
    now_s = transaction.now_s
    begin_s = max(now_s, instant_s(rule.starts, zone_of(rule.zone))) - row.length_s
    end_s = begin_s + COMPARED_S

    def taken(of: PlanRow, when: Rule) -> list[tuple[int, int, str]]:
        near = takewhile(lambda time: time.starts_s < end_s, times(when, begin_s - of.length_s))
        known = rows_of(transaction, of)
        return [(time.starts_s, time.starts_s + of.length_s, of.id) for time in near if not is_cancelled(known, time)]

    with transaction.db.no_autoflush:
        others = [other for other in _others(transaction, row.session_id) if other.id != row.id]
        theirs = [span for other in others for span in taken(other, rule_of(other))]
        spans = sorted([*taken(row, rule), *theirs])
    titles = {other.id: other.title for other in others}
    busy: dict[str, int] = {}
    for starts_s, ends_s, plan_id in spans:
        for other_id, until_s in busy.items():
            if until_s > starts_s and row.id in (plan_id, other_id) and plan_id != other_id:
                title = titles[other_id if plan_id == row.id else plan_id]
                when = when_words(in_zone(starts_s, zone_of(rule.zone)), rule.zone)
                raise Refusal(ErrorCode.PLAN_BAD, f"“{title}” is planned for {when} too.", "Choose another time.")
        busy[plan_id] = max(ends_s, busy.get(plan_id, 0))


def _set_hosts(transaction: Transaction, row: PlanRow, wanted: tuple[str, ...]) -> None:
    """Raises Refusal(PLAN_BAD) for somebody who cannot be one; who is one already may stay."""
    before = {host.host_id: host.name for host in hosts_of(transaction, row.id)}
    known = {host.id: host.name for host in choices(transaction, row.session_id)}
    for id in wanted:
        if id not in known and id not in before:
            account = transaction.db.get(AccountRow, id)
            who = f"{account.name} may not go live" if account else "One of the hosts is not known here"
            raise Refusal(ErrorCode.PLAN_BAD, f"{who}.", "Choose hosts whose account is a host's.")
    transaction.db.execute(delete(PlanHostRow).where(PlanHostRow.plan_id == row.id))
    for id in dict.fromkeys(wanted):
        transaction.db.add(PlanHostRow(plan_id=row.id, host_id=id, name=known.get(id, before.get(id, ""))))
    transaction.db.flush()


def _changed(transaction: Transaction, row: PlanRow, caller: Caller, action: str, before: str = "") -> Plan:
    transaction.db.flush()
    now = rule_words(rule_of(row))
    hosts = ", ".join(host.name for host in hosts_of(transaction, row.id)) or "everyone who may go live"
    words = f"{before} → {now}" if before and before != now else now
    transaction.audit(
        row.session_id,
        caller.sender,
        action,
        target=row.id,
        target_name=row.title,
        words=f"{words}; hosts: {hosts}",
        address=caller.address,
    )
    advance(transaction, row)
    say_changed(transaction, row, caller.sender)
    return plan_of(transaction, row)
