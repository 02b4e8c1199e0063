"""What is planned: the shows to come with their countdowns, by the server's clock. `ui.attendance` fills it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:  # the client of a session is loaded after the first paint
    from studio.session import Schedule
    from studio.session import Show as Told
    from studio.session.schedule_messages import Time

DAY_S = 86400


@dataclass(frozen=True, slots=True)
class Planned:
    """One time that a plan takes place; instants in seconds of the epoch, `when` in the person's own time zone.

    `state`: scheduled, live, ended. `mine`: the person at the window is one of its hosts. `hosts`: nobody is named
    where everyone who may go live is one.
    """

    id: str
    plan: str
    title: str
    starts_s: float
    opens_s: float
    ends_s: float
    when: str
    state: str = "scheduled"
    description: str = ""
    words: str = ""
    hosts: tuple[str, ...] = ()
    mine: bool = True


class Agenda(QObject):
    """Facts and signals. `clock_s` is this machine's; the server's is what counts. `told`: the server said something
    of the schedule, also where nothing of this is another.
    """

    changed = Signal()
    told = Signal()

    def __init__(self, clock_s: Callable[[], float] = time) -> None:
        super().__init__()
        self._clock_s = clock_s
        self._ahead_s = 0.0
        self.shows: tuple[Planned, ...] = ()
        self.last: Planned | None = None

    @property
    def now_s(self) -> float:
        """The server's time."""
        return self._clock_s() + self._ahead_s

    @property
    def next(self) -> Planned | None:
        """What is live, else what comes next."""
        return next((one for one in self.shows if one.state == "live"), self.shows[0] if self.shows else None)

    def take(self, told: Schedule) -> None:
        """The schedule as the server told it just now."""
        self._ahead_s = (_epoch_s(told.now) or self._clock_s()) - self._clock_s()
        self.set(tuple(planned(one) for one in told.shows), planned(told.last) if told.last else None)
        self.told.emit()

    def set(self, shows: tuple[Planned, ...], last: Planned | None = None) -> None:
        """These are planned."""
        if (shows, last) != (self.shows, self.last):
            self.shows, self.last = shows, last
            self.changed.emit()


def planned(told: Told) -> Planned:
    """A show of the schedule as the window shows it."""
    starts_s = _epoch_s(told.starts)
    return Planned(
        told.id,
        told.plan,
        told.title,
        starts_s,
        _epoch_s(told.opens),
        _epoch_s(told.ends),
        when_words(starts_s, told.local, told.zone),
        told.state,
        told.description,
        told.words,
        told.hosts,
        told.mine,
    )


def when_words(starts_s: float, local: str, zone: str) -> str:
    """The start in the person's own time zone; beside it as it was planned, where that is another time of day."""
    here = datetime.fromtimestamp(starts_s, UTC).astimezone()
    said = f"{here:%A}, {here.day} {here:%B}, {here:%H:%M}"
    return said if f"{here:%Y-%m-%dT%H:%M}" == local[:16] else f"{said} ({local[11:16]} in {zone})"


def time_words(time: Time, zone: str) -> str:
    """As `when_words`, of a plan's coming time."""
    return when_words(_epoch_s(time.starts), time.local, zone)


def countdown(seconds: float) -> str:
    """How long it still is: 3 days 4 h, 1:12:05, 4:59."""
    left = max(0, math.ceil(seconds))
    if left >= 2 * DAY_S:
        hours = left % DAY_S // 3600
        return f"{left // DAY_S} days" + (f" {hours} h" if hours else "")
    hours, minutes, rest = left // 3600, left // 60 % 60, left % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _epoch_s(at: str) -> float:
    try:
        told = datetime.fromisoformat(at)
    except ValueError:
        return 0.0
    return (told if told.tzinfo is not None else told.replace(tzinfo=UTC)).timestamp()
