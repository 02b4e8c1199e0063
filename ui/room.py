"""The session as the window knows it: chat, people, who can reach it. `ui.attendance` fills it.

Lives on the window's thread. The panels look at this and call it; nothing here waits for the network.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from PySide6.QtCore import QObject, Signal

from ui.agenda import Agenda
from ui.line import DELETED, Line
from ui.talk import Talk

if TYPE_CHECKING:  # the client of a session is loaded after the first paint
    from studio.session import AccountsDesk, AuditDesk, ChatRulesData, Plan, PlanList

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
class Someone:
    """A person of the session. `hand_s`: when their hand went up, in seconds of the epoch. `since` is the local time of
    day at which they came; `device` is empty for not known. `streams` names what they have on air; `ban_ends`: when
    they may come back (empty: for good). `ends`: what an admin set of their time, in words; `times` the same by grant.
    """

    id: str
    name: str
    role: str
    present: bool = True
    me: bool = False
    muted_audio: bool = False
    muted_video: bool = False
    publishing: bool = False
    hand: bool = False
    hand_s: int = 0
    since: str = ""
    device: str = ""
    streams: tuple[str, ...] = ()
    removed: bool = False
    banned: bool = False
    ban_ends: str = ""
    ends: tuple[str, ...] = ()
    times: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Connection:
    """How a person's media do: `word` is good, fair, poor or lost; `words` is the sentence with the figures."""

    word: str
    words: str
    watches: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """An invite. `url` is there only where the server tells it; `facts`: when it was made, how often it was used.

    `account`: an account can be made by it.
    """

    id: str
    role: str
    label: str
    url: str
    facts: str
    account: bool = False


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

    async def say(self, text: str, *, backstage: bool = False, to: str = "", reply_to: int = 0) -> None:
        """Send a chat message to everyone, to those only who run the session, or to one person."""

    async def chat(self, kind: str, **data: Any) -> None:
        """Any other message of the chat, as studio.session.desk has it."""

    async def page(self, before: int = 0, search: str = "") -> tuple[list[Line], bool]:
        """Messages before a seq (0: the newest), oldest first, and whether there are older ones."""

    async def chat_rules(self) -> ChatRulesData:
        """All rules of the chat."""

    async def share(self, address: str, port: int, https: str) -> None:
        """Let others reach the session at this address."""

    async def take_back(self) -> None:
        """Only this machine from now on."""

    @property
    def accounts(self) -> AccountsDesk:
        """The accounts of the session's server."""

    @property
    def audit_log(self) -> AuditDesk:
        """Who did what in the session."""

    async def admin_link(self) -> str:
        """A link that makes whoever opens it an admin, once."""

    async def links(self) -> list[Link]:
        """All invites that are good, the newest first."""

    async def new_link(self, role: str) -> Link:
        """Make a link for viewers, or for one host."""

    async def link_qr(self, link: str) -> str:
        """A viewers' link as a QR code, SVG."""

    async def take_link_back(self, link: str) -> None:
        """It opens nothing any more; who came by it is out."""

    async def plans(self) -> PlanList:
        """Everything that is planned, and who can be a host."""

    async def plan(self, plan: Plan | None, values: dict[str, Any]) -> None:
        """Plan something (None), or change a plan as it was read. `values` as in studio/server/schedule_api.py."""

    async def calendar(self, plan: str) -> bytes:
        """A plan with all its times, as an .ics file."""

    async def cancel_show(self, show: str) -> None:
        """This one show is called off."""

    async def cancel_plan(self, plan: str) -> None:
        """All that is to come of a plan is called off."""

    async def command(
        self,
        action: str,
        target: str = "",
        *,
        text: str = "",
        role: str = "",
        seconds: int = 0,
        to: str = "",
        ends: dict[str, int | None] | None = None,
    ) -> None:
        """Give any other command of the session, as studio.session.desk has it."""


class Room(QObject):
    """Facts and signals. `work` runs a coroutine and tells its refusal (ui.show.Show.start)."""

    presence_changed = Signal()
    line_added = Signal(object)
    line_changed = Signal(object)
    lines_reset = Signal()
    lines_older = Signal(object)
    people_changed = Signal()
    connections_changed = Signal()
    reach_changed = Signal()
    outcome = Signal(str, str)
    """What became of a command that was given here: the words, and `good` or `danger`."""

    def __init__(self, work: Callable[[Awaitable[object]], object]) -> None:
        super().__init__()
        self.start = work
        self.attendance: Attendance | None = None
        self.presence = Presence.NONE
        self.words = ""
        self.trouble = ""
        self.lines: list[Line] = []
        self.older = False
        self.talk = Talk()
        self.agenda = Agenda()
        self._remembered: dict[int, Line] = {}
        self.people: tuple[Someone, ...] = ()
        self.connections: dict[str, Connection] = {}
        self.watching = 0
        self.nameless = ""
        self.reach = Reach()
        self.locked = False
        self.needs_release = False
        self.rights: frozenset[str] = frozenset()
        self.may_share = False
        self.may_remove = False
        self.may_invite_admins = False

    def set_presence(self, presence: Presence, words: str = "") -> None:
        """Joined, away, …, and why."""
        if (presence, words) != (self.presence, self.words):
            self.presence, self.words = presence, words
            self.presence_changed.emit()

    def set_trouble(self, words: str) -> None:
        """Why this machine's session server cannot start, as who starts it says; empty where it does."""
        self.trouble = words
        if words and self.presence is not Presence.JOINED:
            self.set_presence(Presence.NONE, words)

    def set_rights(
        self, *, share: bool, remove: bool, invite_admins: bool, rights: frozenset[str] = frozenset()
    ) -> None:
        """What the person at this window may do; `rights` are the server's words for what may be commanded."""
        self.rights = rights
        self.may_share, self.may_remove, self.may_invite_admins = share, remove, invite_admins
        self.people_changed.emit()
        self.reach_changed.emit()

    def set_standing(self, *, locked: bool, needs_release: bool = False) -> None:
        """Whether nobody new may come in, and whether going live waits for an admin."""
        if (locked, needs_release) != (self.locked, self.needs_release):
            self.locked, self.needs_release = locked, needs_release
            self.people_changed.emit()

    def chat(self, kind: str, **data: Any) -> None:
        """Do something in the chat; a refusal is told as every other."""
        if self.attendance is not None:
            self.start(self.attendance.chat(kind, **data))

    def reset_lines(self, lines: list[Line], *, older: bool = False) -> None:
        """The chat as it is on the server; `older`: there is more before it."""
        self.lines, self.older = lines, older
        self.lines_reset.emit()

    def put_before(self, lines: list[Line], *, older: bool) -> None:
        """What was said before the first line."""
        known = {line.id for line in self.lines}
        fresh = [line for line in lines if line.id not in known]
        self.lines, self.older = fresh + self.lines, older
        self.lines_older.emit(fresh)

    def add_line(self, line: Line) -> None:
        """One more; what was seen already is left out."""
        if all(known.id != line.id for known in self.lines[-200:]):
            self.lines.append(line)
            self.line_added.emit(line)

    def find(self, seq: int) -> Line | None:
        """The message at this place of the record, where it is known here."""
        if not seq:
            return None
        return next((line for line in reversed(self.lines) if line.seq == seq), self._remembered.get(seq))

    def remember(self, line: Line) -> None:
        """A message that is answered, or pinned, and stands further up than what is shown."""
        self._remembered[line.seq] = line
        self.line_changed.emit(line)

    def delete_line(self, seq: int) -> None:
        """The text of a message is gone."""
        self._change(seq, lambda line: replace(line, text=DELETED, deleted=True, called=False, reactions=()))

    def react(self, seq: int, emoji: str, count: int, mine: bool | None) -> None:
        """So many people have the emoji on the message now; `mine` None: not about the person at the window."""
        self._change(seq, lambda line: replace(line, reactions=line.with_reaction(emoji, count, mine)))

    def _change(self, seq: int, change: Callable[[Line], Line]) -> None:
        line = self.find(seq)
        if line is None:
            return
        changed = change(line)
        self.lines = [changed if one.seq == seq else one for one in self.lines]
        if seq in self._remembered:
            self._remembered[seq] = changed
        if changed != line:
            self.line_changed.emit(changed)

    def set_connections(self, connections: dict[str, Connection]) -> None:
        """How everybody's media do whom one may see, by the person's id."""
        if connections != self.connections:
            self.connections = connections
            self.connections_changed.emit()

    def set_people(self, people: tuple[Someone, ...], watching: int, nameless: str = "") -> None:
        """Who is here. `nameless`: who watches by a bare link, and how that is ended, in words; empty for nobody."""
        if (people, watching, nameless) != (self.people, self.watching, self.nameless):
            self.people, self.watching, self.nameless = people, watching, nameless
            self.people_changed.emit()

    def set_reach(self, reach: Reach) -> None:
        """Who can reach the session."""
        if reach != self.reach:
            self.reach = reach
            self.reach_changed.emit()
