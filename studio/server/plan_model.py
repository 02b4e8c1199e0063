"""The tables of the schedule: plans, who their hosts are, and the times that they take place."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from studio.server.model import Table


class PlanRow(Table):
    """What repeats or not, as schedule_api.PlanRequest. `days` are joined by commas. `changed`: ISO 8601."""

    __tablename__ = "plan"

    id: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"))
    title: Mapped[str]
    description: Mapped[str]
    starts: Mapped[str]
    zone: Mapped[str]
    length_s: Mapped[int]
    repeats: Mapped[str]
    interval: Mapped[int]
    days: Mapped[str]
    until: Mapped[str]
    count: Mapped[int]
    go_live_before_s: Mapped[int]
    sequence: Mapped[int]
    cancelled: Mapped[bool]
    created: Mapped[str]
    changed: Mapped[str]
    made_by: Mapped[str]


class PlanHostRow(Table):
    """A host of a plan: an account, or `owner`. `name` as it was when it was planned."""

    __tablename__ = "plan_host"

    plan_id: Mapped[str] = mapped_column(ForeignKey("plan.id"), primary_key=True)
    host_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]


class ShowRow(Table):
    """One time that a plan takes place. Written for the next time of a plan, and for whatever was live, missed or
    cancelled; the times after the next follow from the plan. `since`: of the state.
    """

    __tablename__ = "show"
    __table_args__ = (Index("show_by_state", "session_id", "state"), Index("show_by_plan", "plan_id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    plan_id: Mapped[str] = mapped_column(ForeignKey("plan.id"))
    session_id: Mapped[str] = mapped_column(ForeignKey("session.id"))
    local: Mapped[str]
    zone: Mapped[str]
    starts_s: Mapped[int]
    ends_s: Mapped[int]
    opens_s: Mapped[int]
    state: Mapped[str]
    why: Mapped[str]
    since: Mapped[str]
