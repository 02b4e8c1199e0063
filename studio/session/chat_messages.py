"""The chat's messages as a client reads them: see studio/server/chat_messages.py, whose names these are."""

from __future__ import annotations

import msgspec


class _Told(msgspec.Struct, frozen=True):
    """What the server says."""


class ChatMessage(_Told, frozen=True):
    """`channel`: all, backstage. `to`: the person whom a private message is for. `reply_to`: a seq, or 0."""

    text: str
    channel: str = "all"
    to: str = ""
    to_name: str = ""
    reply_to: int = 0
    mentions: tuple[str, ...] = ()
    deleted: bool = False


class ChatDeleted(_Told, frozen=True):
    """The message has no text any more."""

    message: int


class ChatReaction(_Told, frozen=True):
    """`person` put the emoji there (`on`) or took it off; `count` people have it there now."""

    message: int
    emoji: str
    count: int
    person: str
    on: bool


class ChatPinned(_Told, frozen=True):
    """The message above the chat, 0 for none."""

    message: int


class ChatRules(_Told, frozen=True):
    """What holds for the audience."""

    slow_s: int = 0
    links: bool = True
    hold: bool = False


class ChatHeld(_Told, frozen=True):
    """A message that waits for a moderator; `text` is empty once that is decided."""

    held: str
    person: str
    name: str
    text: str
    reply_to: int = 0


class ChatDecided(_Told, frozen=True):
    """The held message appeared as the message `message`, or was refused."""

    held: str
    person: str
    allowed: bool
    message: int = 0


class ChatMuted(_Told, frozen=True):
    """The person may not write until then; `seconds` 0 where that was lifted."""

    person: str
    name: str
    seconds: int
    until: str = ""


class Hand(_Told, frozen=True):
    """A hand went up or down."""

    person: str
    name: str
    up: bool
    since_s: int = 0


class Poll(_Told, frozen=True):
    """A question and how it stands."""

    poll: str
    question: str
    options: tuple[str, ...]
    votes: tuple[int, ...]
    voters: int
    open: bool


class Typing(_Told, frozen=True):
    """Somebody writes."""

    person: str
    name: str
    channel: str


class OwnCommand(_Told, frozen=True):
    """A command of the host's: `!name` is answered once in `cool_down_s`."""

    name: str
    answer: str
    cool_down_s: int = 10


class ChatRulesData(_Told, frozen=True):
    """All rules of the chat, as moderators read and set them."""

    slow_s: int = 0
    links: bool = True
    hold: bool = False
    words: tuple[str, ...] = ()
    commands: tuple[OwnCommand, ...] = ()
