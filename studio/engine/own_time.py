"""What an admin granted the studio's own person, and until when: they are told, and their screens leave the picture.

The media router stops a track that is over by itself. The programme is one picture, though, mixed of cameras and
screens, and nobody but the studio can take the screens out of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from studio.control.api import EventType
from studio.engine.engine import Engine
from studio.media import NS_PER_S
from studio.session import GrantTold, Me
from studio.source.contract import SourceKind

SCREEN = "screen"
HELD = "Your time to share a screen in this session is over."
Later = Callable[[float, Callable[[], object]], asyncio.TimerHandle]
"""As the event loop's `call_later`: so many seconds from now, this."""


class OwnTime:
    """Belongs to the engine's event loop. The server's time of day counts, carried on by the studio's clock, so that a
    screen ends in time also while the line is lost."""

    def __init__(self, engine: Engine, later: Later | None = None) -> None:
        self._engine = engine
        self._later: Later = later or asyncio.get_running_loop().call_later
        self._ahead_s = 0.0
        """The server's time of day less the studio's clock."""
        self._ending: asyncio.TimerHandle | None = None

    def begin(self, me: Me | None, now: str) -> None:
        """Joined, or back on the line: this is granted, and the server's time of day is `now`. What was known of
        another session, or from the engine's last life, is over."""
        self._ahead_s = _unix_s(now) - self._clock_s()
        self.set({SCREEN: 0} | (me.person.ends if me is not None else {}))

    def set(self, ends: Mapping[str, int], at: str = "") -> None:
        """These grants end then: Unix seconds of the server's clock, 0 for never. `at`: when the server said so, before
        which it cannot be there."""
        self._ahead_s = max(self._ahead_s, _unix_s(at) - self._clock_s())
        if SCREEN not in ends:
            return
        self._forget_ending()
        end_s, now_s = ends[SCREEN], self._clock_s() + self._ahead_s
        if 0 < end_s <= now_s:
            self._over()
            return
        self._hold("")
        if end_s:
            self._ending = self._later(end_s - now_s, self._over)

    def told(self, me: Me | None, told: GrantTold) -> None:
        """What is granted ends soon, or has ended. What is sent elsewhere goes on: only the session has an end."""
        if me is None or told.person != me.person.id:
            return
        severity: Literal["info", "warning"] = "info" if told.left_s else "warning"
        self._engine.notices.post(told.words, severity=severity, action="grant")
        if SCREEN in told.grants and told.left_s <= 0:
            self._over()

    def end(self) -> None:
        """Out of the session: nothing has an end any more."""
        self.set({SCREEN: 0})

    def _over(self) -> None:
        self._forget_ending()
        self._hold(HELD)

    def _forget_ending(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None

    def _hold(self, words: str) -> None:
        engine = self._engine
        screens = engine.sources.screens
        if screens.words == words:
            return
        screens.words = words
        for source in engine.sources.infos():
            if source.kind == SourceKind.SCREEN.value:
                engine.events.emit(EventType.SOURCE_CHANGED, source)
        engine.changed()

    def _clock_s(self) -> float:
        return self._engine.clock.now_ns() / NS_PER_S


def _unix_s(at: str) -> float:
    """A server's `now`. Where it tells none that can be read, an end is known when the server says it (0: long ago)."""
    try:
        return datetime.fromisoformat(at).timestamp()
    except ValueError:
        return 0.0
