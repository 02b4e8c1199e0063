"""Whose turn it is to open a source: few at once, in the order they were asked for; for one source the last one wins.

asked ──► waits ──► turn: its process runs ──► plays, or its process is gone ──► the next one's turn
             └────────── refused (a later choice, removed) ◄──────────┘
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from studio.media import ErrorKind, StoaError
from studio.media.beside import beside

OPEN_AT_ONCE = 2
"""Sources that are being added or replaced. Each is a process that starts and opens a device beside the show."""


class Turn:
    """One request to open a source; `with` gives the turn back. Belongs to the engine's event loop."""

    def __init__(self, turns: OpeningTurns, source_id: str) -> None:
        self._turns = turns
        self.source_id = source_id
        self.began = False
        self.woken = asyncio.Event()
        """Set when its turn has come or it was refused; whoever opens clears it and lets the source's feed set it."""
        self._refusal: StoaError | None = None
        self._kept: asyncio.Future[None] | None = None

    async def come(self) -> None:
        """Wait for it. Raises StoaError where it was refused meanwhile: nothing was started then."""
        await self.woken.wait()
        self.check()
        self.woken.clear()

    def check(self) -> None:
        """Raises StoaError: CONFLICT where a later choice came first, NOT_FOUND where the source was removed."""
        if self._refusal is not None:
            raise self._refusal

    def keep_until(self, gone: Callable[[], None]) -> None:
        """What was opened ends: the turn is given back once `gone` (which blocks, in a thread) has returned."""
        self._kept = beside(gone, "source end")

    def begin(self) -> None:
        """For the turns: it has come."""
        self.began = True
        self.woken.set()

    def refuse(self, error: StoaError) -> None:
        """For the turns: it is not wanted any more."""
        self._refusal = self._refusal or error
        self.woken.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._kept is None:
            self._turns.give_back(self)
        else:
            self._turns.let_go(self)
            self._kept.add_done_callback(lambda gone: self._turns.give_back(self))


class OpeningTurns:
    """All requests that wait or open. Belongs to the engine's event loop."""

    def __init__(self) -> None:
        self._free = OPEN_AT_ONCE
        self._queue: deque[Turn] = deque()
        self._wanted: list[Turn] = []
        self._choices: dict[str, Turn] = {}

    def add(self, source_id: str) -> Turn:
        """A place in the queue for a new source."""
        turn = Turn(self, source_id)
        self._wanted.append(turn)
        self._queue.append(turn)
        self._next()
        return turn

    def choose(self, source_id: str) -> Turn:
        """A place in the queue for what is to take a source's place; whatever was chosen for it before and does not
        play yet is refused."""
        earlier = self._choices.get(source_id)
        if earlier is not None:
            self._refuse(earlier, _superseded())
        turn = self._choices[source_id] = self.add(source_id)
        return turn

    def forget(self, source_id: str) -> None:
        """The source is removed: whoever opens something for it is told so."""
        removed = StoaError(ErrorKind.NOT_FOUND, "The source was removed meanwhile.")
        for turn in [turn for turn in self._wanted if turn.source_id == source_id]:
            self._refuse(turn, removed)

    def refuse_all(self, error: StoaError) -> None:
        """Nothing is opened any more."""
        for turn in list(self._wanted):
            self._refuse(turn, error)

    def give_back(self, turn: Turn) -> None:
        """It plays or is gone (for `Turn`)."""
        self.let_go(turn)
        if turn.began:
            turn.began = False
            self._free += 1
            self._next()

    def let_go(self, turn: Turn) -> None:
        """It is waited for no longer, whether its process is gone or not (for `Turn`)."""
        if turn in self._wanted:
            self._wanted.remove(turn)
        if self._choices.get(turn.source_id) is turn:
            del self._choices[turn.source_id]
        if turn in self._queue:
            self._queue.remove(turn)

    def _refuse(self, turn: Turn, error: StoaError) -> None:
        turn.refuse(error)
        if turn in self._queue:
            self._queue.remove(turn)

    def _next(self) -> None:
        while self._free and self._queue:
            self._free -= 1
            self._queue.popleft().begin()


def _superseded() -> StoaError:
    return StoaError(
        ErrorKind.CONFLICT,
        "A later choice for this source came first.",
        remedy="Choose again where the earlier one is wanted.",
    )
