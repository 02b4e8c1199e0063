"""One line of the chat, as the window shows it."""

from __future__ import annotations

from dataclasses import dataclass

DELETED = "This message was deleted."


@dataclass(frozen=True, slots=True)
class Reaction:
    """So many people put this emoji on a message; `mine`: the person at the window too."""

    emoji: str
    count: int
    mine: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the chat. `at` is the local time of day to show; `notice` marks what nobody typed.

    `seq` is its place in the session's record, 0 for none. `place`: who else reads it, where that is not everyone.
    `by` is the id of who wrote it. `partner` and `partner_name` are the other one of a private message. `reply_to` is
    the seq of the message that it answers, 0 for none. `called`: the person at the window stands in it after an @.
    `quiet`: who reads further up is not told that it came.
    """

    id: str
    who: str
    text: str
    at: str
    role: str = ""
    mine: bool = False
    notice: bool = False
    seq: int = 0
    place: str = ""
    by: str = ""
    backstage: bool = False
    partner: str = ""
    partner_name: str = ""
    reply_to: int = 0
    called: bool = False
    deleted: bool = False
    reactions: tuple[Reaction, ...] = ()
    quiet: bool = False

    def with_reaction(self, emoji: str, count: int, mine: bool | None) -> tuple[Reaction, ...]:
        """The reactions with this emoji at `count`; `mine` None leaves whether it is mine as it was."""
        was = next((one for one in self.reactions if one.emoji == emoji), None)
        now = Reaction(emoji, count, bool(was and was.mine) if mine is None else mine)
        if was is None:
            return (*self.reactions, now) if count else self.reactions
        changed = (now if one.emoji == emoji else one for one in self.reactions)
        return tuple(one for one in changed if one.count)
