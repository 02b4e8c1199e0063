"""The session as the window knows it: chat, people, who can reach it. `ui.attendance` fills it.

Lives on the window's thread. The panels look at this and call it; nothing here waits for the network.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol

from PySide6.QtCore import QObject, Signal

DELETED = "This message was deleted."

# The roles of a session as a person calls them.
ROLES = {
    "owner": "Owner",
    "admin": "Admin",
    "director": "Director",
    "broadcaster": "Host",
    "guest": "Guest",
    "viewer": "Viewer",
}
RANK = {role: place for place, role in enumerate(ROLES)}


class Presence(StrEnum):
    """How the window stands with the session."""

    NONE = "none"
    JOINING = "joining"
    JOINED = "joined"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the chat. `at` is the local time of day to show; `notice` marks what nobody typed.

    `seq` is its place in the session's record, 0 for none. `place`: who else reads it, where that is not everyone.
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


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of the session."""

    id: str
    name: str
    role: str
    present: bool = True
    me: bool = False
    muted_audio: bool = False
    muted_video: bool = False
    publishing: bool = False
    hand: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    """Where the server could be reached, and by whom, in words."""

    address: str
    interface: str
    words: str


@dataclass(frozen=True, slots=True)
class Reach:
    """Who can reach the session now, for a person to read."""

    shared: bool = False
    address: str = ""
    port: int = 0
    https: str = "off"
    link: str = ""
    qr_svg: str = ""
    reach_words: str = ""
    firewall_words: str = ""
    warning_words: str = ""
    choices: tuple[Address, ...] = field(default=())


class Attendance(Protocol):
    """What does the room's work over the network. All may raise StoaError."""

    async def say(self, text: str, *, backstage: bool = False) -> None:
        """Send a chat message to everyone, or to those only who run the session."""

    async def share(self, address: str, port: int, https: str) -> None:
        """Let others reach the session at this address."""

    async def take_back(self) -> None:
        """Only this machine from now on."""

    async def admin_link(self) -> str:
        """A link that makes whoever opens it an admin, once."""

    async def remove(self, person_id: str) -> None:
        """Kick a person out."""

    async def command(
        self, action: str, target: str = "", *, text: str = "", role: str = "", seconds: int = 0, to: str = ""
    ) -> None:
        """Give any other command of the session, as studio.session.desk has it."""


class Room(QObject):
    """Facts and signals. `work` runs a coroutine and tells its refusal (ui.show.Show.start)."""

    presence_changed = Signal()
    line_added = Signal(object)
    lines_reset = Signal()
    people_changed = Signal()
    reach_changed = Signal()

    def __init__(self, work: Callable[[Awaitable[object]], object]) -> None:
        super().__init__()
        self.start = work
        self.attendance: Attendance | None = None
        self.presence = Presence.NONE
        self.words = ""
        self.lines: list[Line] = []
        self.people: tuple[Someone, ...] = ()
        self.watching = 0
        self.reach = Reach()
        self.locked = False
        self.rights: frozenset[str] = frozenset()
        self.may_share = False
        self.may_remove = False
        self.may_invite_admins = False

    def set_presence(self, presence: Presence, words: str = "") -> None:
        """Joined, away, …, and why."""
        if (presence, words) != (self.presence, self.words):
            self.presence, self.words = presence, words
            self.presence_changed.emit()

    def set_rights(
        self, *, share: bool, remove: bool, invite_admins: bool, rights: frozenset[str] = frozenset()
    ) -> None:
        """What the person at this window may do; `rights` are the server's words for what may be commanded."""
        self.rights = rights
        self.may_share, self.may_remove, self.may_invite_admins = share, remove, invite_admins
        self.people_changed.emit()
        self.reach_changed.emit()

    def set_locked(self, locked: bool) -> None:
        """Whether somebody new may come in."""
        if locked is not self.locked:
            self.locked = locked
            self.people_changed.emit()

    def reset_lines(self, lines: list[Line]) -> None:
        """The chat as it is on the server."""
        self.lines = lines
        self.lines_reset.emit()

    def add_line(self, line: Line) -> None:
        """One more; what was seen already is left out."""
        if all(known.id != line.id for known in self.lines[-200:]):
            self.lines.append(line)
            self.line_added.emit(line)

    def delete_line(self, seq: int) -> None:
        """The text of a message is gone."""
        kept = [replace(line, text=DELETED) if line.seq == seq else line for line in self.lines]
        if kept != self.lines:
            self.reset_lines(kept)

    def set_people(self, people: tuple[Someone, ...], watching: int) -> None:
        """Who is here."""
        if (people, watching) != (self.people, self.watching):
            self.people, self.watching = people, watching
            self.people_changed.emit()

    def set_reach(self, reach: Reach) -> None:
        """Who can reach the session."""
        if reach != self.reach:
            self.reach = reach
            self.reach_changed.emit()
