"""The schedule as the server tells it (studio/server/schedule_api.py)."""

from __future__ import annotations

import msgspec


class Host(msgspec.Struct, frozen=True):
    """Who is to go live. `id`: of an account, or `owner`: whoever owns the machine."""

    id: str
    name: str


class Show(msgspec.Struct, frozen=True):
    """One time that a plan takes place. `state`: scheduled, live, ended. `starts`, `ends`, `opens` (from when on its
    hosts may go live), `since`: ISO 8601 in UTC; `local` is the start in `zone`. `mine`: this client is a host of it.
    """

    id: str
    plan: str
    title: str
    description: str
    starts: str
    ends: str
    opens: str
    local: str
    zone: str
    state: str
    why: str
    words: str
    since: str
    hosts: tuple[str, ...] = ()
    mine: bool = False


class Schedule(msgspec.Struct, frozen=True):
    """What is live and what comes, the next first; `last` ended last. `now`: the server's time, to count down by."""

    shows: tuple[Show, ...]
    now: str
    last: Show | None = None


class ScheduleChange(msgspec.Struct, frozen=True):
    """A plan or a show's state changed: ask for the schedule again. `mine` is not told in it."""

    show: Show | None
    changed: str


class Time(msgspec.Struct, frozen=True):
    """A show to come."""

    show: str
    starts: str
    local: str
    cancelled: bool = False


class Plan(msgspec.Struct, frozen=True):
    """What repeats or not. `starts` is a local time in `zone`, `words` says when for a person to read, `next` the
    coming times. `sequence` rises with each change, and goes with the next one.
    """

    id: str
    title: str
    description: str
    starts: str
    zone: str
    length_s: int
    repeats: str
    interval: int
    days: tuple[str, ...]
    until: str
    count: int
    hosts: tuple[Host, ...]
    go_live_before_s: int
    sequence: int
    words: str
    next: tuple[Time, ...]
    over: bool = False
    cancelled: bool = False


class PlanList(msgspec.Struct, frozen=True):
    """`choices`: who can be a host."""

    plans: tuple[Plan, ...]
    choices: tuple[Host, ...]
    now: str
