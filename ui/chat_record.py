"""Brings what the session says in its chat into the room: messages, what is done to them, what stands beside them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from studio.media import StoaError
from studio.session import (
    ChatDecided,
    ChatDeleted,
    ChatHeld,
    ChatMessage,
    ChatMuted,
    ChatPinned,
    ChatReaction,
    ChatRules,
    Envelope,
    Notice,
    Poll,
    Reactions,
    Sender,
    SessionClient,
    SessionEvent,
    SessionStatus,
    Typing,
    event_of,
)
from studio.session import Presence as Coming
from ui import words
from ui.line import DELETED, Line, Reaction
from ui.room import Room
from ui.talk import Rules

RECENT = 50  # what a full SessionStatus brings
PAGE = 50
COMPANY = 20
"""Up to so many people, viewers who come and go are worth a line."""


class ChatRecord:
    """`start` runs a coroutine on the window's loop."""

    def __init__(self, room: Room, start: Callable[[Awaitable[object]], object]) -> None:
        self._room, self._start = room, start
        self._pin = 0

    def begin(self, client: SessionClient, status: SessionStatus) -> None:
        """Everything as it is now."""
        lines = lines_of(status.recent, status.chat.reactions, mine_of(client))
        self._room.reset_lines(lines, older=len(status.recent) >= RECENT)
        talk, chat = self._room.talk, status.chat
        talk.set_held(chat.held)
        talk.set_rules(rules_of(chat.rules))
        talk.set_poll(chat.poll if chat.poll is not None and chat.poll.open else None, chat.my_vote)
        pinned = lines_of((chat.pinned,), (), mine_of(client)) if chat.pinned is not None else []
        self._pin = pinned[0].seq if pinned else 0
        talk.set_pinned(pinned[0] if pinned else None)
        for line in lines:
            self._want(client, line.reply_to)

    def take(self, client: SessionClient, event: SessionEvent) -> bool:
        """Something that happened; False for what is not the chat's."""
        room, data, mine = self._room, event.data, mine_of(client)
        if isinstance(data, ChatMessage):
            room.talk.typed(event.sender.id)
            line = message_line(event.seq, event.id, event.sender, event.at, data, mine)
            self._want(client, line.reply_to)
            room.add_line(line)
        elif isinstance(data, ChatDeleted):
            room.delete_line(data.message)
        elif isinstance(data, ChatReaction):
            room.react(data.message, data.emoji, data.count, data.on if data.person == mine else None)
        elif isinstance(data, ChatPinned):
            self._pin = data.message
            self._start(self._show_pinned(client, data.message))
        elif isinstance(data, ChatMuted):
            room.add_line(line_of(event.id, event.sender, event.at, muted_words(data), mine, notice=True))
        else:
            return self._beside(data)
        return True

    def came(self, client: SessionClient, event: SessionEvent, coming: Coming) -> None:
        """Somebody else is here now, or has left."""
        person, mine = coming.person, mine_of(client)
        if person.id == mine or (person.role == "viewer" and coming.present > COMPANY):
            return
        self._room.talk.typed(person.id)
        text = f"{person.name} {'is here' if event.type == 'presence.joined' else 'has left'}."
        line = line_of(event.id, event.sender, event.at, text, mine, notice=True)
        self._room.add_line(replace(line, quiet=True))

    def _beside(self, data: object) -> bool:
        talk = self._room.talk
        if isinstance(data, ChatHeld):
            if data.text:  # decided ones come again without it
                talk.hold(data)
        elif isinstance(data, ChatDecided):
            talk.decided(data.held)
        elif isinstance(data, ChatRules):
            talk.set_rules(rules_of(data))
        elif isinstance(data, Poll):
            talk.set_poll(data)
        elif isinstance(data, Typing):
            talk.types(data.person, data.name)
        else:
            return False
        return True

    async def page(self, client: SessionClient, before: int, search: str) -> tuple[list[Line], bool]:
        """Messages before a seq, oldest first, and whether there are older ones. Raises StoaError."""
        found = await client.page(before=before, limit=PAGE, search=search)
        lines = lines_of(found.messages, found.reactions, mine_of(client))
        if not search:
            for line in lines:
                self._want(client, line.reply_to)
        return lines, found.more

    def _want(self, client: SessionClient, seq: int) -> None:
        if seq and self._room.find(seq) is None:
            self._start(self._find(client, seq))

    async def _show_pinned(self, client: SessionClient, seq: int) -> None:
        found = await self._find(client, seq) if seq else None
        if self._pin == seq:
            self._room.talk.set_pinned(found)

    async def _find(self, client: SessionClient, seq: int) -> Line | None:
        """A message by its place in the record, from here or from the history; None where it cannot be had."""
        line = self._room.find(seq)
        if line is not None:
            return line
        try:
            found = await client.page(before=seq + 1, limit=1)
        except StoaError:
            return None  # the answer stands for itself
        lines = lines_of(found.messages, found.reactions, mine_of(client))
        if not lines or lines[0].seq != seq:
            return None
        self._room.remember(lines[0])
        return lines[0]


def rules_of(rules: ChatRules) -> Rules:
    """The session's rules as the window shows them."""
    return Rules(rules.slow_s, rules.links, rules.hold)


def mine_of(client: SessionClient) -> str:
    """The id of the person at the window."""
    return client.me.person.id if client.me is not None else ""


def muted_words(muted: ChatMuted) -> str:
    """Whom a moderator muted, for the team to read."""
    if not muted.seconds:
        return f"{muted.name} can write in the chat again."
    if muted.seconds < 60:
        return f"{muted.name} cannot write in the chat for {muted.seconds} s."
    return f"{muted.name} cannot write in the chat for {words.count(round(muted.seconds / 60), 'minute')}."


def lines_of(envelopes: tuple[Envelope, ...], reactions: tuple[Reactions, ...], mine: str) -> list[Line]:
    """Messages and notices as lines, with their reactions."""
    there: dict[int, tuple[Reaction, ...]] = {}
    for one in reactions:
        there[one.message] = (*there.get(one.message, ()), Reaction(one.emoji, one.count, one.mine))
    lines = []
    for envelope in envelopes:
        event = event_of(envelope)
        if event is not None and isinstance(event.data, ChatMessage):
            line = message_line(event.seq, event.id, event.sender, event.at, event.data, mine)
            lines.append(replace(line, reactions=there.get(event.seq, ())))
        elif event is not None and isinstance(event.data, Notice) and event.data.text:
            lines.append(line_of(event.id, event.sender, event.at, event.data.text, mine, notice=True))
    return lines


def message_line(seq: int, id: str, sender: Sender, at: str, message: ChatMessage, mine: str) -> Line:
    """A chat message as a line, with who else reads it."""
    backstage = message.channel == "backstage"
    place, partner, name = "backstage" if backstage else "", "", ""
    if message.to:
        ours = sender.id == mine
        place = f"to {message.to_name} alone" if ours else "to you alone"
        partner, name = (message.to, message.to_name) if ours else (sender.id, sender.name)
    return replace(
        line_of(id, sender, at, DELETED if message.deleted else message.text, mine),
        seq=seq,
        place=place,
        backstage=backstage,
        partner=partner,
        partner_name=name,
        reply_to=message.reply_to,
        called=mine in message.mentions,
        deleted=message.deleted,
    )


def line_of(id: str, sender: Sender, at: str, text: str, mine: str, *, notice: bool = False) -> Line:
    """A message as a line of the chat, its time in the person's own time zone."""
    try:
        told = datetime.fromisoformat(at).astimezone().strftime("%H:%M")
    except ValueError:
        told = ""
    return Line(id, sender.name, text, told, sender.role or "", mine=sender.id == mine, notice=notice, by=sender.id)
