"""The record of facts that clients of the control API follow."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import msgspec

from studio.control.api import Event, EventType
from studio.media import Clock

KEPT = 2000


class EventLog:
    """Numbers events and hands them on. Belongs to the engine's event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: deque[Event] = deque(maxlen=KEPT)
        self._listeners: list[Callable[[Event], None]] = []
        self.seq = 0

    def emit(self, kind: EventType, data: msgspec.Struct | dict[str, object]) -> None:
        """A fact, in the past tense."""
        self.seq += 1
        body = data if isinstance(data, dict) else msgspec.to_builtins(data)
        event = Event(self.seq, self._clock.now_ns(), kind, body)
        self._kept.append(event)
        for listener in list(self._listeners):
            listener(event)

    def after(self, seq: int) -> tuple[list[Event], bool]:
        """The events newer than `seq` that are still kept, and whether some are missing."""
        events = [event for event in self._kept if event.seq > seq]
        missing = seq > self.seq or (seq < self.seq and (not events or events[0].seq > seq + 1))
        return events, missing

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` for each event from now on; the result takes it off again."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None
