"""What the chat says and is told, as it goes over the WebSocket and `POST /api/v1/sessions/SESSION/messages`.

Told by the server, in the record (`typing` alone has no place in it: seq 0, gone when it was seen):

    type              data               seen by
    chat.message      ChatMessage        all; backstage: its roles only; private: the two of them alone
    chat.deleted      ChatDeleted        as the message; its text is gone from the record too
    chat.reaction     ChatReaction       as the message
    chat.pinned       ChatPinned         all
    chat.rules        ChatRules          all
    chat.held         ChatHeld           moderators, and whose message it is
    chat.decided      ChatDecided        moderators, and whose message it is
    chat.muted        ChatMuted          moderators, and whom it is about
    hand              Hand               all
    poll              Poll               all; the votes so far, at most twice a second
    typing            Typing             who sees the channel, but for the one who types

Asked by a client, each `{type, id, data}` with an id of its own, answered by an ack or an error, done once however
often it is sent: `chat.send` `chat.react` `chat.typing` `chat.delete` `chat.pin` `chat.rules` `chat.decide` `chat.mute`
`hand` `poll.open` `poll.vote` `poll.close`. A message is named by its `seq`, a person by their id.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

POLL_OPTIONS = 10
FILTER_WORDS = 200
OWN_COMMANDS = 30
SLOW_LIMIT_S = 3600
MUTE_LIMIT_S = 7 * 86400
COOL_DOWN_LIMIT_S = 3600


class Told(BaseModel):
    """What the server says."""

    model_config = ConfigDict(frozen=True)


class Asked(BaseModel):
    """What a client's message holds: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Sent(BaseModel):
    """A client's message. `id` is the sender's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


class Channel(StrEnum):
    """Where a message stands: before everyone, or before the team (rights.Right.CHAT_BACKSTAGE)."""

    ALL = "all"
    BACKSTAGE = "backstage"


class ChatMessage(Told):
    """`to` is the person whom a private message is for, empty for all others; `reply_to` the seq of a message, or 0.

    `mentions` are the ids of the people whose name stands in it after an @. `deleted`: the text is gone.
    """

    text: str
    channel: Channel = Channel.ALL
    to: str = ""
    to_name: str = ""
    reply_to: int = 0
    mentions: tuple[str, ...] = ()
    deleted: bool = False


class ChatDeleted(Told):
    """The message `message` has no text any more; the envelope's sender deleted it."""

    message: int


class ChatReaction(Told):
    """`person` put the emoji on the message (`on`) or took it off; `count` people have it there now."""

    message: int
    emoji: str
    count: int
    person: str
    on: bool


class ChatPinned(Told):
    """The message that stands above the chat, 0 for none."""

    message: int


class ChatRules(Told):
    """What holds for the audience, not for the team. `links`: they may be sent. `hold`: a moderator reads first."""

    slow_s: int = 0
    links: bool = True
    hold: bool = False


class ChatHeld(Told):
    """A message that waits for a moderator. `text` is empty once that is decided."""

    held: str
    person: str
    name: str
    text: str
    reply_to: int = 0


class ChatDecided(Told):
    """The held message appeared now, as the message `message` (0 where it was refused)."""

    held: str
    person: str
    allowed: bool
    message: int = 0


class ChatMuted(Told):
    """The person may not write for so many seconds, until then (ISO 8601, UTC); 0 and empty where that was lifted."""

    person: str
    name: str
    seconds: int
    until: str = ""


class Hand(Told):
    """`since_s` is when it went up, in seconds of the epoch: whoever asked first comes first. 0 is down."""

    person: str
    name: str
    up: bool
    since_s: int = 0


class Poll(Told):
    """A question and how it stands: `votes` has a number for each option, `voters` is their sum."""

    poll: str
    question: str
    options: tuple[str, ...]
    votes: tuple[int, ...]
    voters: int
    open: bool


class Typing(Told):
    """Somebody writes."""

    person: str
    name: str
    channel: Channel


class OwnCommand(Asked):
    """A command of the host's: `!name` is answered once in `cool_down_s`."""

    name: Annotated[str, Field(min_length=1, max_length=24)]
    answer: Annotated[str, Field(min_length=1, max_length=2000)]
    cool_down_s: Annotated[StrictInt, Field(ge=0, le=COOL_DOWN_LIMIT_S)] = 10


class ChatSendData(Asked):
    text: Annotated[str, Field(max_length=2000)]
    channel: Channel = Channel.ALL
    to: Annotated[str, Field(max_length=64)] = ""
    reply_to: Annotated[StrictInt, Field(ge=0, le=2**53)] = 0


class ChatSend(Sent):
    type: Literal["chat.send"]
    data: ChatSendData


class ChatReactData(Asked):
    """`emoji` is one emoji, or one's shortcode."""

    message: Annotated[StrictInt, Field(ge=1, le=2**53)]
    emoji: Annotated[str, Field(min_length=1, max_length=80)]
    on: StrictBool = True


class ChatReact(Sent):
    type: Literal["chat.react"]
    data: ChatReactData


class ChatTypingData(Asked):
    channel: Channel = Channel.ALL


class ChatTyping(Sent):
    type: Literal["chat.typing"]
    data: ChatTypingData = ChatTypingData()


class ChatDeleteData(Asked):
    message: Annotated[StrictInt, Field(ge=1, le=2**53)]


class ChatDelete(Sent):
    type: Literal["chat.delete"]
    data: ChatDeleteData


class ChatPinData(Asked):
    message: Annotated[StrictInt, Field(ge=0, le=2**53)]


class ChatPin(Sent):
    type: Literal["chat.pin"]
    data: ChatPinData


class ChatRulesData(Asked):
    """All rules anew. A word of the filter stands for itself; with a * at its end, for all words that begin so."""

    slow_s: Annotated[StrictInt, Field(ge=0, le=SLOW_LIMIT_S)] = 0
    links: StrictBool = True
    hold: StrictBool = False
    words: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=60)], ...], Field(max_length=FILTER_WORDS)
    ] = ()
    commands: Annotated[tuple[OwnCommand, ...], Field(max_length=OWN_COMMANDS)] = ()


class ChatRulesSend(Sent):
    type: Literal["chat.rules"]
    data: ChatRulesData


class ChatDecideData(Asked):
    held: Annotated[str, Field(max_length=64)]
    allow: StrictBool


class ChatDecide(Sent):
    type: Literal["chat.decide"]
    data: ChatDecideData


class ChatMuteData(Asked):
    person: Annotated[str, Field(max_length=64)]
    seconds: Annotated[StrictInt, Field(ge=0, le=MUTE_LIMIT_S)]


class ChatMute(Sent):
    type: Literal["chat.mute"]
    data: ChatMuteData


class HandData(Asked):
    up: StrictBool


class HandSend(Sent):
    type: Literal["hand"]
    data: HandData


class PollOpenData(Asked):
    question: Annotated[str, Field(max_length=2000)]
    options: Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(min_length=2, max_length=POLL_OPTIONS)]


class PollOpen(Sent):
    type: Literal["poll.open"]
    data: PollOpenData


class PollVoteData(Asked):
    """`option` counts from 0. Another vote of the same person takes the place of the first."""

    poll: Annotated[str, Field(max_length=64)]
    option: Annotated[StrictInt, Field(ge=0, lt=POLL_OPTIONS)]


class PollVote(Sent):
    type: Literal["poll.vote"]
    data: PollVoteData


class PollCloseData(Asked):
    poll: Annotated[str, Field(max_length=64)]


class PollClose(Sent):
    type: Literal["poll.close"]
    data: PollCloseData


AnyChatMessage = (
    ChatSend
    | ChatReact
    | ChatTyping
    | ChatDelete
    | ChatPin
    | ChatRulesSend
    | ChatDecide
    | ChatMute
    | HandSend
    | PollOpen
    | PollVote
    | PollClose
)
