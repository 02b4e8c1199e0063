"""The messages of a session's WebSocket, `/api/v1/sessions/SESSION/events?after=SEQ`.

The server sends envelopes `{seq, id, type, at, from, data}`. Those with `seq` > 0 are the session's record: in order,
each once, stored before they are sent. Numbers may be skipped (what was for others), never repeated. A client keeps the
highest `seq` it saw and asks with `after` for what came later; `after=0` is everything, no `after` is nothing old.
Those with `seq` 0 answer this one connection: `welcome` (after the replay), `ack`, `error`, `pong`; or pass:
`typing`, `quality`.

    type              data                   seen by
    presence.joined   Presence               all
    presence.left     Presence               all
    person.changed    PersonChange           all
    session.state     StateChange            all
    notice            Notice                 all, or the hosts and directors, or one person
    grant             GrantTold              the person whose grants are about to end, or are over; admins and owner
    command           Command                the person it is for (or hosts and directors), admins and owner
    command.done      CommandDone            admins and owner, and whom the command was for
    schedule.changed  ScheduleChange         all
    quality           QualityTold            of oneself; with the right see_connections of everybody
    chat.…, hand, poll, typing               see studio.server.chat_messages

A client sends `{type, id, data}` with an id of its own (8 to 64 of A-Z a-z 0-9 _ -): `command`, `command.done`, `ping`,
and those of studio.server.chat_messages (`chat.send` and what belongs to it). Each is answered by `ack` or `error` with
the same id, and has its effect once however often it is sent. Text is text: never markup.

The server closes with a code of `CloseCode`, whose reason is a sentence.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StrictInt, TypeAdapter

from studio.server.chat_messages import (
    AnyChatMessage,
    ChatDecided,
    ChatDeleted,
    ChatHeld,
    ChatMessage,
    ChatMuted,
    ChatPinned,
    ChatReaction,
    ChatRules,
    ChatSend,
    Hand,
    Poll,
    Typing,
)
from studio.server.rights import Role
from studio.server.schedule_api import ScheduleChange
from studio.token.grants import Grant

__all__ = [
    "CLIENT_MESSAGE",
    "EVERYONE",
    "Ack",
    "AnnounceTo",
    "AnyChatMessage",
    "AnyClientMessage",
    "BanSeconds",
    "ChatDecided",
    "ChatDeleted",
    "ChatHeld",
    "ChatMessage",
    "ChatMuted",
    "ChatPinned",
    "ChatReaction",
    "ChatRules",
    "ChatSend",
    "ClientMessage",
    "CloseCode",
    "Command",
    "CommandAction",
    "CommandDone",
    "CommandSend",
    "DoneSend",
    "EndSeconds",
    "Envelope",
    "EventType",
    "GrantTold",
    "Hand",
    "Notice",
    "Outcome",
    "PersonChange",
    "Ping",
    "Poll",
    "Presence",
    "ScheduleChange",
    "Sender",
    "SessionState",
    "StateChange",
    "Typing",
    "Welcome",
]
EVERYONE = "all"
"""The target of a mute of everyone who may send."""
BanSeconds = Annotated[StrictInt, Field(ge=0, le=366 * 86400)]
EndSeconds = Annotated[StrictInt, Field(ge=0, le=366 * 86400)]
"""In so many seconds a grant is over; 0 for at once."""


class EventType(StrEnum):
    """What the server sends."""

    CHAT_MESSAGE = "chat.message"
    CHAT_DELETED = "chat.deleted"
    CHAT_REACTION = "chat.reaction"
    CHAT_PINNED = "chat.pinned"
    CHAT_RULES = "chat.rules"
    CHAT_HELD = "chat.held"
    CHAT_DECIDED = "chat.decided"
    CHAT_MUTED = "chat.muted"
    HAND = "hand"
    POLL = "poll"
    TYPING = "typing"
    QUALITY = "quality"
    PRESENCE_JOINED = "presence.joined"
    PRESENCE_LEFT = "presence.left"
    PERSON_CHANGED = "person.changed"
    SESSION_STATE = "session.state"
    NOTICE = "notice"
    GRANT = "grant"
    COMMAND = "command"
    COMMAND_DONE = "command.done"
    SCHEDULE_CHANGED = "schedule.changed"
    WELCOME = "welcome"
    ACK = "ack"
    ERROR = "error"
    PONG = "pong"


class CommandAction(StrEnum):
    """What an admin may command; each needs the right of the same name."""

    MUTE_AUDIO = "mute_audio"
    UNMUTE_AUDIO = "unmute_audio"
    MUTE_VIDEO = "mute_video"
    UNMUTE_VIDEO = "unmute_video"
    STOP = "stop"
    RELEASE = "release"
    KICK = "kick"
    READMIT = "readmit"
    BAN = "ban"
    UNBAN = "unban"
    PROMOTE = "promote"
    DEMOTE = "demote"
    GRANT = "grant"
    LOWER_HAND = "lower_hand"
    RECORD_START = "record_start"
    RECORD_STOP = "record_stop"
    LOCK = "lock"
    UNLOCK = "unlock"
    END = "end"
    ANNOUNCE = "announce"


class AnnounceTo(StrEnum):
    """Who reads an announcement: all, the hosts and directors, or the command's target."""

    ALL = "all"
    HOSTS = "hosts"
    PERSON = "person"


class Outcome(StrEnum):
    """How a command ended."""

    DONE = "done"
    ALREADY = "already"
    REFUSED = "refused"
    FAILED = "failed"


class SessionState(StrEnum):
    """`waiting`: nothing on air yet, or not now; `live`: the studio sends; `ended`: over, or stopped."""

    WAITING = "waiting"
    LIVE = "live"
    ENDED = "ended"


class CloseCode(IntEnum):
    """Why the server closed the WebSocket. 1012: it restarts, come back at once."""

    RESTART = 1012
    BAD_MESSAGE = 4400
    NOT_SIGNED_IN = 4401
    REMOVED = 4403
    NOT_FOUND = 4404
    TOO_SLOW = 4408
    REVOKED = 4410
    TIME_OVER = 4411
    TOO_MANY = 4429


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True)


class Sender(_Data):
    """Whom a message is from. The server itself has the id `server` and no role."""

    id: str
    name: str
    role: Role | None


class Envelope(BaseModel):
    """One message from the server. `at` is ISO 8601 in UTC with milliseconds."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True)

    seq: int
    id: str
    type: EventType
    at: str
    sender: Sender = Field(validation_alias=AliasChoices("from", "sender"), serialization_alias="from")
    data: dict[str, Any]


class Presence(_Data):
    """`present` is how many people are here after it. `why` of leaving: left, lost, removed, revoked."""

    person: Sender
    present: int
    why: str = ""


class PersonChange(_Data):
    """A person's role is another now."""

    person: Sender


class StateChange(_Data):
    """`words` says it for a viewer to read; `locked`: nobody new may come in.

    `over_audio`, `over_video`: the time for which the publisher may send it is over.
    `why`: on_air, off_air, lost, stopped, released, ended, muted, unmuted, locked, unlocked, time.
    """

    state: SessionState
    since: str
    why: str
    words: str
    needs_release: bool
    muted_audio: bool
    muted_video: bool
    locked: bool = False
    over_audio: bool = False
    over_video: bool = False


class GrantTold(_Data):
    """These grants of a person end at `ends_s` (Unix seconds, the server's clock): in `left_s` seconds, or now (0).

    `words` say it to the person, `about` to the admins.
    """

    person: str
    name: str
    grants: tuple[Grant, ...]
    ends_s: int
    left_s: int
    words: str
    about: str


class Notice(_Data):
    """`level`: information, warning, alarm (an admin muted, stopped or removed you: not to be overlooked)."""

    text: str
    level: Literal["information", "warning", "alarm"]
    to: Literal["all", "hosts", "person"]
    command: str = ""


class Command(_Data):
    """An admin's command, already effective on the server. The studio obeys and answers `command.done` with its id.

    `ends`: of grant, when what was set is over now: Unix seconds, the server's clock, 0 for never.
    The id is the envelope's. `words` says it for the person it is about. `target` is a person's id, or `all` for a mute
    of everyone. `role`: of promote and demote. `seconds`: how long a ban holds, 0 for good. `to`: of an announcement.
    """

    action: CommandAction
    target: str
    target_name: str
    text: str
    words: str
    role: Role | None = None
    seconds: int = 0
    to: AnnounceTo | None = None
    ends: dict[Grant, int] = {}


class CommandDone(_Data):
    """What became of the command `id`. `by`: server, or the person who acknowledged."""

    id: str
    action: CommandAction
    outcome: Outcome
    words: str
    by: str


class Welcome(_Data):
    """Everything that was missed has been sent, up to the seq `head`; what is later follows."""

    head: int
    person: Sender
    present: int
    watching: int
    state: StateChange


class Ack(_Data):
    """The client's message was taken; `record` is its place in the record, 0 where it has none.

    `held`: a moderator reads it first, and `record` is the place of that.
    """

    record: int
    already: bool
    held: bool = False


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


class CommandSendData(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    action: CommandAction
    target: Annotated[str, Field(max_length=64)] = ""
    text: Annotated[str, Field(max_length=2000)] = ""
    role: Role | None = None
    seconds: BanSeconds = 0
    to: AnnounceTo | None = None
    ends: dict[Grant, EndSeconds | None] = {}


class CommandSend(_Sent):
    type: Literal["command"]
    data: CommandSendData


class DoneSendData(BaseModel):
    """`id` is the command's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(max_length=64)]
    outcome: Outcome
    words: Annotated[str, Field(max_length=1000)] = ""


class DoneSend(_Sent):
    type: Literal["command.done"]
    data: DoneSendData


class PingData(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ping(_Sent):
    type: Literal["ping"]
    data: PingData = PingData()


AnyClientMessage = AnyChatMessage | CommandSend | DoneSend | Ping
ClientMessage = Annotated[AnyClientMessage, Field(discriminator="type")]
CLIENT_MESSAGE: TypeAdapter[AnyClientMessage] = TypeAdapter(ClientMessage)
