"""What stands beside the chat's messages: the pinned one, those that wait, the poll, the rules, who is writing.

Lives on the window's thread; `ui.chat_record` fills it, the panels look at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from ui.line import Line

if TYPE_CHECKING:  # the client of a session is loaded after the first paint
    from studio.session import ChatHeld, Poll

TYPING_MS = 5000
"""So long after a key somebody still counts as writing."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for the audience: seconds between two messages, links, moderators read first."""

    slow_s: int = 0
    links: bool = True
    hold: bool = False


class Talk(QObject):
    """Facts and a signal for each."""

    pin_changed = Signal()
    held_changed = Signal()
    poll_changed = Signal()
    rules_changed = Signal()
    typing_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.pinned: Line | None = None
        self.held: dict[str, ChatHeld] = {}
        self.poll: Poll | None = None
        self.my_vote = -1
        self.rules = Rules()
        self.typists: dict[str, str] = {}
        self._strokes: dict[str, int] = {}

    def set_pinned(self, line: Line | None) -> None:
        """The message above the chat."""
        if line != self.pinned:
            self.pinned = line
            self.pin_changed.emit()

    def set_held(self, held: tuple[ChatHeld, ...]) -> None:
        """All that wait for a moderator."""
        self.held = {one.held: one for one in held}
        self.held_changed.emit()

    def hold(self, held: ChatHeld) -> None:
        """One more waits."""
        self.held[held.held] = held
        self.held_changed.emit()

    def decided(self, held: str) -> None:
        """It waits no more."""
        if self.held.pop(held, None) is not None:
            self.held_changed.emit()

    def set_poll(self, poll: Poll | None, my_vote: int | None = None) -> None:
        """The newest poll; without `my_vote` that stays while the poll is the same one."""
        same = poll is not None and self.poll is not None and poll.poll == self.poll.poll
        self.poll = poll
        self.my_vote = my_vote if my_vote is not None else self.my_vote if same else -1
        self.poll_changed.emit()

    def voted(self, poll: str, option: int) -> None:
        """The person at the window voted."""
        if self.poll is not None and self.poll.poll == poll:
            self.my_vote = option
            self.poll_changed.emit()

    def set_rules(self, rules: Rules) -> None:
        """What holds for the audience."""
        if rules != self.rules:
            self.rules = rules
            self.rules_changed.emit()

    def types(self, person: str, name: str) -> None:
        """Somebody writes; it is forgotten after a moment."""
        stroke = self._strokes[person] = self._strokes.get(person, 0) + 1
        QTimer.singleShot(TYPING_MS, self, partial(self._faded, person, stroke))
        if self.typists.get(person) != name:
            self.typists[person] = name
            self.typing_changed.emit()

    def typed(self, person: str) -> None:
        """What they wrote is there."""
        if self.typists.pop(person, None) is not None:
            self.typing_changed.emit()

    def _faded(self, person: str, stroke: int) -> None:
        if self._strokes.get(person) == stroke:
            del self._strokes[person]
            self.typed(person)
