"""What a session's client sends and gets, as the server's contract has it (studio/server/api.py, messages.py).

The names are kept equal to the server's by tests/contract/test_session_client_contract.py. Unknown fields are ignored,
so that an older studio still understands a newer server.
"""

from __future__ import annotations

from typing import Any

import msgspec

from studio.session.chat_messages import (
    ChatDecided,
    ChatDeleted,
    ChatHeld,
    ChatMessage,
    ChatMuted,
    ChatPinned,
    ChatReaction,
    ChatRules,
    Hand,
    Poll,
    Typing,
)
from studio.session.schedule_messages import Host, Plan, PlanList, Schedule, ScheduleChange, Show, Time

__all__ = [
    "DATA_OF",
    "Accepted",
    "AuditEntry",
    "AuditList",
    "ChatDecided",
    "ChatDeleted",
    "ChatHeld",
    "ChatMessage",
    "ChatMuted",
    "ChatPinned",
    "ChatReaction",
    "ChatRules",
    "ChatState",
    "Command",
    "CommandDone",
    "ConnectionQuality",
    "Done",
    "Envelope",
    "ErrorBody",
    "GrantTold",
    "Hand",
    "History",
    "Host",
    "Invite",
    "InviteList",
    "JoinAnswer",
    "Me",
    "Notice",
    "PeopleList",
    "Person",
    "PersonChange",
    "Plan",
    "PlanList",
    "Poll",
    "Presence",
    "QualityOf",
    "QualityTold",
    "Reactions",
    "Schedule",
    "ScheduleChange",
    "Sender",
    "SessionStatus",
    "ShareChoice",
    "ShareStatus",
    "Show",
    "StateChange",
    "StreamQuality",
    "Time",
    "Typing",
    "Welcome",
]


class _Told(msgspec.Struct, frozen=True):
    """What the server says."""


class Sender(_Told, frozen=True):
    """Whom a message is from; the server itself has no role."""

    id: str
    name: str
    role: str | None


class Presence(_Told, frozen=True):
    """`present` is how many people are here after it."""

    person: Sender
    present: int
    why: str = ""


class PersonChange(_Told, frozen=True):
    """A person's role is another now."""

    person: Sender


class StateChange(_Told, frozen=True):
    """`state`: waiting, live, ended. `words` says it for a person to read."""

    state: str
    since: str
    why: str
    words: str
    needs_release: bool
    muted_audio: bool
    muted_video: bool
    locked: bool = False
    over_audio: bool = False
    over_video: bool = False


class GrantTold(_Told, frozen=True):
    """These grants of a person end in `left_s` seconds, or now (0): `words` to themselves, `about` to the admins."""

    person: str
    name: str
    grants: tuple[str, ...]
    ends_s: int
    left_s: int
    words: str
    about: str


class Notice(_Told, frozen=True):
    """`level`: information, warning, alarm. `command` is the id of the command that it tells of, else empty."""

    text: str
    level: str
    to: str
    command: str = ""


class Command(_Told, frozen=True):
    """An admin's command, already effective on the server: obey, then acknowledge with the event's id.

    `target` is a person, `all`, or empty. `role`: of promote and demote. `seconds`: of a ban. `to`: of an announcement.
    `ends`: of grant, in Unix seconds, 0 for never.
    """

    action: str
    target: str
    target_name: str
    text: str
    words: str
    role: str | None = None
    seconds: int = 0
    to: str | None = None
    ends: dict[str, int] = {}


class CommandDone(_Told, frozen=True):
    """What became of the command `id`. `outcome`: done, already, refused, failed."""

    id: str
    action: str
    outcome: str
    words: str
    by: str


class Welcome(_Told, frozen=True):
    """Everything that was missed has come."""

    head: int
    person: Sender
    present: int
    watching: int
    state: StateChange


class StreamQuality(_Told, frozen=True):
    """One direction of a person's media over the last 5 s. Lost is what did not come at the first time."""

    bitrate_kbps: int
    loss_percent: float
    lost_packets: int


class ConnectionQuality(_Told, frozen=True):
    """How a person's media do. `word`: good, fair, poor, lost; `words` says all of it. `up`: sent, `down`: watched."""

    word: str
    rtt_ms: int | None
    up: StreamQuality | None
    down: StreamQuality | None
    words: str


class QualityOf(_Told, frozen=True):
    """`quality` is None once the person has no media any more."""

    person: str
    quality: ConnectionQuality | None


class QualityTold(_Told, frozen=True):
    """Whose quality is another now: one's own, and with the right `see_connections` everybody's."""

    people: tuple[QualityOf, ...]


DATA_OF = {
    "chat.message": ChatMessage,
    "chat.deleted": ChatDeleted,
    "chat.reaction": ChatReaction,
    "chat.pinned": ChatPinned,
    "chat.rules": ChatRules,
    "chat.held": ChatHeld,
    "chat.decided": ChatDecided,
    "chat.muted": ChatMuted,
    "hand": Hand,
    "poll": Poll,
    "typing": Typing,
    "quality": QualityTold,
    "presence.joined": Presence,
    "presence.left": Presence,
    "person.changed": PersonChange,
    "session.state": StateChange,
    "notice": Notice,
    "grant": GrantTold,
    "command": Command,
    "command.done": CommandDone,
    "schedule.changed": ScheduleChange,
    "welcome": Welcome,
}


class Envelope(_Told, frozen=True):
    """A message as it comes over the line."""

    seq: int
    id: str
    type: str
    at: str
    sender: Sender = msgspec.field(name="from")
    data: dict[str, Any]


class Person(_Told, frozen=True):
    """A person of the session. `publishing` names the tracks that they have on air. `ends`: when what they are granted
    is over, in Unix seconds of the server's clock.
    """

    id: str
    name: str
    role: str
    present: bool
    since: str
    publishing: tuple[str, ...] = ()
    muted_audio: bool = False
    muted_video: bool = False
    removed: bool = False
    hand_s: int = 0
    banned: bool = False
    ban_ends: str = ""
    ends: dict[str, int] = {}
    device: str = ""
    quality: ConnectionQuality | None = None


class Me(_Told, frozen=True):
    """Who this client is, and what they may do."""

    session: str
    person: Person
    rights: tuple[str, ...]


class JoinAnswer(_Told, frozen=True):
    session: str
    person: Person
    rights: tuple[str, ...]
    bearer: str | None
    expires: str
    renewal: str | None = None
    lasts_s: int = 0


class Reactions(_Told, frozen=True):
    """How many put this emoji on the message, and whether this client's person did."""

    message: int
    emoji: str
    count: int
    mine: bool


class ChatState(_Told, frozen=True):
    """What stands beside the messages: rules, the pinned one, held ones, the newest poll, reactions."""

    rules: ChatRules = ChatRules()
    pinned: Envelope | None = None
    held: tuple[ChatHeld, ...] = ()
    poll: Poll | None = None
    my_vote: int = -1
    muted_s: int = 0
    muted_as_neighbour: bool = False
    reactions: tuple[Reactions, ...] = ()


class SessionStatus(_Told, frozen=True):
    """The session as of `seq`. `recent` holds the last chat messages and notices, oldest first."""

    id: str
    title: str
    state: str
    words: str
    since: str
    needs_release: bool
    muted_audio: bool
    muted_video: bool
    present: int
    watching: int
    people: tuple[Person, ...]
    recent: tuple[Envelope, ...]
    seq: int
    by_link: int = 0
    by_link_words: str = ""
    chat: ChatState = ChatState()
    locked: bool = False
    why: str = ""
    over_audio: bool = False
    over_video: bool = False
    show: Show | None = None
    now: str = ""


class PeopleList(_Told, frozen=True):
    """`by_link`: how many watch by a bare link, without a name; `by_link_words` tells admins how that is ended."""

    people: tuple[Person, ...]
    present: int
    watching: int
    by_link: int = 0
    by_link_words: str = ""


class History(_Told, frozen=True):
    messages: tuple[Envelope, ...]
    more: bool
    reactions: tuple[Reactions, ...] = ()


class Accepted(_Told, frozen=True):
    """The message's place in the session's record."""

    id: str
    seq: int
    already: bool = False
    held: bool = False


class Done(_Told, frozen=True):
    changed: bool


class Invite(_Told, frozen=True):
    """`link` of an admin's or broadcaster's invite is there only once, when it is made."""

    id: str
    role: str
    session: str
    label: str
    link: str | None
    invite: str | None
    uses: int
    used: int
    created: str
    expires: str | None
    revoked: bool
    account: bool = False


class InviteList(_Told, frozen=True):
    invites: tuple[Invite, ...]


class ShareChoice(_Told, frozen=True):
    """An address of this machine, and in words who could reach it there."""

    address: str
    interface: str
    words: str


class ShareStatus(_Told, frozen=True):
    """Who can reach the server now. `returning`: what was shared before a restart cannot be had yet and is tried on."""

    shared: bool
    address: str
    port: int
    https: str
    links_base: str
    loopback_base: str
    fingerprint: str
    reach_words: str
    firewall_words: str
    warning_words: str
    choices: tuple[ShareChoice, ...]
    returning: bool = False


class AuditEntry(_Told, frozen=True):
    """One line of the audit log."""

    number: int
    at: str
    session: str
    actor_id: str
    actor_name: str
    actor_role: str | None
    action: str
    target: str
    target_name: str
    command: str
    outcome: str
    words: str
    address: str
    hash: str


class AuditList(_Told, frozen=True):
    entries: tuple[AuditEntry, ...]
    more: bool


class ErrorBody(_Told, frozen=True):
    """An error as the server tells it. `right`: the one that is missing, of no_right."""

    code: str
    message: str
    kind: str
    remedy: str = ""
    right: str | None = None
