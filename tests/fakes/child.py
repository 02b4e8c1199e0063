"""An engine's end of a child, for tests: what it said is kept, and facts about it are waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from studio.process import End, Fault, Heartbeat, SpawnedChild
from tests.fixtures.waiting import until


class DrivenChild:
    """A running child of `kind` whose messages are read by a thread of its own. Ended with `close`."""

    def __init__(self, kind: str, incoming: Any, log: Path, environment: dict[str, str] | None = None) -> None:
        self.log_path = log
        self.said: list[Any] = []
        self._log = log.open("ab")
        self.child = SpawnedChild(kind, incoming | Heartbeat | Fault, log=self._log, environment=environment)
        self.ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while (message := self.child.link.receive()) is not None:
            if not isinstance(message, Heartbeat):
                self.said.append(message)
        self.ended = True

    def send(self, *messages: msgspec.Struct) -> None:
        for message in messages:
            self.child.link.send(message)

    def all_of[Message](self, kind: type[Message]) -> list[Message]:
        return [message for message in list(self.said) if isinstance(message, kind)]

    def last[Message](self, kind: type[Message]) -> Message | None:
        found = self.all_of(kind)
        return found[-1] if found else None

    def wait_for[Message](
        self, kind: type[Message], fact: Callable[[Message], bool] = lambda message: True, limit_s: float = 15.0
    ) -> Message:
        """The first message of `kind` for which `fact` holds."""

        def found() -> Message | None:
            return next((message for message in self.all_of(kind) if fact(message)), None)

        message = until(
            found, limit_s, f"{kind.__name__} as expected; said: {self.said[-5:]}; log: {self.log()[-1500:]}"
        )
        assert message is not None
        return message

    def end(self, limit_s: float = 10.0) -> int | None:
        """Ask it to finish; its exit status."""
        self.send(End())
        return self.child.wait(limit_s)

    def kill(self) -> None:
        self.child.kill()
        self.child.wait(5)

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    def close(self) -> None:
        self.child.link.close_writer()
        if self.child.wait(5) is None:
            self.kill()
        self._reader.join(5)
        self.child.link.close_reader()
        self._log.close()
