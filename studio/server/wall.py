"""The time of day, for records that people read. Never used to measure."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class WallClock(Protocol):
    """What tells the time of day."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""


class SystemWall:
    """The machine's own."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


def iso(ms: int) -> str:
    """`2026-11-20T23:50:09.123Z`."""
    moment = datetime.fromtimestamp(ms / 1000, tz=UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"
