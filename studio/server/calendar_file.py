"""The schedule as an .ics file (RFC 5545), for whatever calendar a person has. Work inside a transaction.

A plan is one event with an RRULE, in its own zone (whose VTIMEZONE goes along: studio.server.calendar_zone); shows that
were cancelled are EXDATEs. UID is the plan's and stays; SEQUENCE rises with each change, so that a calendar takes a
newer file in place of an older one.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from icalendar import Calendar, Event
from sqlalchemy import select

from studio.server.calendar_zone import zone_component
from studio.server.plan_model import PlanRow, ShowRow
from studio.server.record import Transaction
from studio.server.recurrence import Rule, local_of, zone_of
from studio.server.schedule_api import Repeats
from studio.server.shows import rule_of

MAKER = "-//Stoa//Stoa Studio//EN"


def calendar(transaction: Transaction, session_id: str, server_id: str, link: str, plan_id: str = "") -> bytes:
    """All plans that were not cancelled, or the one that is asked for, cancelled or not."""
    found = Calendar()
    found.add("prodid", MAKER)
    found.add("version", "2.0")
    found.add("calscale", "GREGORIAN")
    found.add("method", "PUBLISH")
    zones: set[str] = set()
    for plan in _plans(transaction, session_id, plan_id):
        rule = rule_of(plan)
        if rule.zone not in zones and rule.zone != "UTC":
            zones.add(rule.zone)
            found.add_component(zone_component(rule.zone, rule.starts.year))
        found.add_component(_event(transaction, plan, rule, server_id, link))
    content: bytes = found.to_ical()
    return content


def _plans(transaction: Transaction, session_id: str, plan_id: str) -> list[PlanRow]:
    query = select(PlanRow).where(PlanRow.session_id == session_id).order_by(PlanRow.created, PlanRow.id)
    if plan_id:
        return list(transaction.db.scalars(query.where(PlanRow.id == plan_id)))
    return list(transaction.db.scalars(query.where(~PlanRow.cancelled)))


def _event(transaction: Transaction, plan: PlanRow, rule: Rule, server_id: str, link: str) -> Event:
    zone = UTC if rule.zone == "UTC" else zone_of(rule.zone)
    begin = rule.starts.replace(tzinfo=zone)
    event = Event()
    event.add("uid", f"{plan.id}@{server_id}.stoa")
    event.add("sequence", plan.sequence)
    event.add("dtstamp", datetime.fromisoformat(plan.changed).replace(microsecond=0))
    event.add("dtstart", begin)
    event.add("duration", timedelta(seconds=plan.length_s))
    event.add("summary", plan.title)
    if plan.description:
        event.add("description", plan.description)
    if link:
        event.add("url", link)
    event.add("status", "CANCELLED" if plan.cancelled else "CONFIRMED")
    if rule.repeats is not Repeats.NONE:
        event.add("rrule", _rrule(rule))
    cancelled = select(ShowRow).where(ShowRow.plan_id == plan.id, ShowRow.why == "cancelled").order_by(ShowRow.local)
    days = {row.local[:10] for row in transaction.db.scalars(cancelled)} if not plan.cancelled else set()
    if days and rule.repeats is not Repeats.NONE:
        event.add("exdate", [local_of(f"{day}T{rule.starts:%H:%M}").replace(tzinfo=zone) for day in sorted(days)])
    return event


def _rrule(rule: Rule) -> dict[str, Any]:
    found: dict[str, Any] = {"freq": rule.repeats.value}
    if rule.interval != 1:
        found["interval"] = rule.interval
    if rule.days:
        found["byday"] = [day.value for day in rule.days]
    if rule.count:
        found["count"] = rule.count
    if rule.until is not None:
        zone = zone_of(rule.zone)
        found["until"] = datetime.combine(rule.until, time(23, 59, 59), tzinfo=zone).astimezone(UTC)
    return found
