"""An engine's packets, sent to a child in the time of the program (or faster)."""

from __future__ import annotations

import threading
import time

from tests.fakes.child import DrivenChild
from tests.fakes.program import Program


class Feeder:
    """Sends a program's packets once, from a thread of its own, at `speed` times real time."""

    def __init__(self, child: DrivenChild, program: Program, speed: float = 1.0) -> None:
        self._child = child
        self._program = program
        self._speed = speed
        self._stop = threading.Event()
        self.sent = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        begin_s = time.monotonic()
        first_ns = self._program.packets[0].made_ns
        for packet in self._program.packets:
            wait_s = begin_s + (packet.made_ns - first_ns) / 1e9 / self._speed - time.monotonic()
            if self._stop.wait(max(0.0, wait_s)):
                return
            self._child.send(packet)
            self.sent += 1

    def join(self) -> None:
        """Until everything is sent."""
        self._thread.join(60)
        assert not self._thread.is_alive()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(10)
