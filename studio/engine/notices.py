"""What the host must see, until the host has seen it."""

from __future__ import annotations

import itertools
from typing import Literal

from studio.control.api import EventType, Notice
from studio.engine.events import EventLog
from studio.media import Clock, ErrorKind, StoaError

KEPT = 100


class NoticeBoard:
    """Belongs to the engine's event loop. The newest `KEPT` notices that nobody has acknowledged."""

    def __init__(self, events: EventLog, clock: Clock) -> None:
        self._events = events
        self._clock = clock
        self._numbers = itertools.count(1)
        self._notices: dict[str, Notice] = {}

    def post(
        self,
        words: str,
        remedy: str = "",
        severity: Literal["info", "warning", "admin"] = "warning",
        *,
        by: str = "",
        action: str = "",
    ) -> str:
        """Raise a notice; returns its identity."""
        notice = Notice(f"n{next(self._numbers)}", severity, words, remedy, self._clock.now_ns(), by, action)
        self._notices[notice.id] = notice
        if len(self._notices) > KEPT:
            del self._notices[next(iter(self._notices))]
        self._events.emit(EventType.NOTICE_RAISED, notice)
        return notice.id

    def clear(self, notice_id: str) -> None:
        """The host has seen it."""
        if self._notices.pop(notice_id, None) is None:
            raise StoaError(ErrorKind.NOT_FOUND, f"There is no notice {notice_id!r}.", permanent=True)
        self._events.emit(EventType.NOTICE_CLEARED, {"id": notice_id})

    @property
    def all(self) -> list[Notice]:
        return list(self._notices.values())
