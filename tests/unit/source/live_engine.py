"""A live source's outlet without a process: its words are kept, its rings are made, the clock stands until moved."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import msgspec

from studio.media import FrameRing, RingLayout, StoaError
from studio.source.contract import GiveBack, Opened, OpenSource, Picture, ProgramGrid, RingWanted, SourceKind, UseRing
from studio.source.outlet import Outlet


class FakeClock:
    """Stands still until `move`."""

    def __init__(self) -> None:
        self.at_ns = 1_000_000_000_000

    def now_ns(self) -> int:
        return self.at_ns

    def sleep_until_ns(self, instant_ns: int) -> None:
        self.at_ns = max(self.at_ns, instant_ns)

    def move(self, seconds: float) -> None:
        self.at_ns += int(seconds * 1e9)


class FakeStop(threading.Event):
    """An end that is waited for moves the clock in place of time; set when the script of the test is over."""

    def __init__(self, clock: FakeClock, limit_s: float) -> None:
        super().__init__()
        self._clock = clock
        self._end_ns = clock.at_ns + int(limit_s * 1e9)

    def wait(self, timeout: float | None = None) -> bool:
        self._clock.move(timeout or 0.01)
        return self.is_set()

    def is_set(self) -> bool:
        if self._clock.at_ns > self._end_ns:
            self.set()
        return super().is_set()


class FakeEngine:
    """What an outlet's link is to a source. The source ends once `limit_s` of the clock have gone by."""

    def __init__(self, folder: Path, limit_s: float) -> None:
        self.clock = FakeClock()
        self.stopping: threading.Event = FakeStop(self.clock, limit_s)
        self.sent: list[Any] = []
        self.faults: list[StoaError] = []
        self._folder = folder
        self._rings: list[FrameRing] = []
        self.outlet = Outlet(self, self.clock)

    def send(self, message: msgspec.Struct) -> bool:
        self.sent.append(message)
        if isinstance(message, RingWanted):
            path = self._folder / f"ring-{len(self._rings)}"
            layout = RingLayout(str(path), message.slots, message.width_px, message.height_px)
            self._rings.append(FrameRing.create(layout))
            self.outlet.accept(UseRing(layout))
        elif isinstance(message, Picture):
            self.outlet.accept(GiveBack([message.slot]))
        return True

    def beat(self, limit_s: float = 3.0) -> None:
        """Always alive."""

    def fault(self, error: StoaError) -> None:
        self.faults.append(error)

    def request(self, kind: SourceKind, target: str) -> OpenSource:
        return OpenSource(kind, target, ProgramGrid(self.clock.at_ns, 30, 1), 320, 180)

    @property
    def pictures(self) -> list[Picture]:
        return [message for message in self.sent if isinstance(message, Picture)]

    @property
    def opened(self) -> list[Opened]:
        return [message for message in self.sent if isinstance(message, Opened)]
