"""The chat's one door: who may, how often, and each message once however often it is sent; then what it does.

One invite makes as many people as somebody likes, so the audience of one address together has a limit too: that of
several people, since a household or an office is one address. Who runs the session is never kept from speaking by it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from studio.media.clock import Clock
from studio.server import chat_deeds, chat_moderation, polls
from studio.server.api import Accepted
from studio.server.as_now import as_now
from studio.server.caller import Caller
from studio.server.chat_commands import ChatCommands
from studio.server.chat_messages import (
    AnyChatMessage,
    Channel,
    ChatDecide,
    ChatDelete,
    ChatMute,
    ChatPin,
    ChatReact,
    ChatRulesSend,
    ChatSend,
    ChatSendData,
    ChatTyping,
    HandSend,
    PollClose,
    PollOpen,
    PollVote,
    Typing,
)
from studio.server.chat_mutes import mute, still_muted
from studio.server.chat_say import Said, say
from studio.server.chat_sent import Pruning, keep, sent_before
from studio.server.chat_time import still_may_write
from studio.server.connections import client_of, trusted
from studio.server.errors import Refusal
from studio.server.hub import Hub
from studio.server.limits import RateLimit
from studio.server.messages import Envelope, EventType
from studio.server.record import Audience, Record, Transaction, line_of, sees
from studio.server.renaming import refuse_namesake
from studio.server.rights import Right, Role
from studio.server.tokens import new_id

BURST = 6
PER_S = 1.0
PEOPLE_OF_ONE_ADDRESS = 5
AUDIENCE = (Role.VIEWER, Role.GUEST)
TYPING_EVERY_S = 2.0
TYPING_OF_ALL_PER_S = 5.0

RIGHTS: dict[type[Any], Right] = {
    ChatSend: Right.CHAT,
    ChatTyping: Right.CHAT,
    ChatReact: Right.REACT,
    ChatDelete: Right.CHAT,
    ChatPin: Right.PIN,
    ChatRulesSend: Right.CHAT_MODERATE,
    ChatDecide: Right.CHAT_MODERATE,
    ChatMute: Right.CHAT_MODERATE,
    HandSend: Right.RAISE_HAND,
    PollOpen: Right.POLL,
    PollVote: Right.VOTE,
    PollClose: Right.POLL,
}


class _Turns:
    """How often each person, and the audience of each address together, may do one kind of thing."""

    def __init__(self, clock: Clock, *, burst: int, per_s: float, person: str, address: str) -> None:
        many = PEOPLE_OF_ONE_ADDRESS
        self._person = RateLimit(clock, burst=burst, per_s=per_s)
        self._address = RateLimit(clock, burst=many * burst, per_s=many * per_s)
        self._person_words, self._address_words = person, address

    def take(self, caller: Caller) -> None:
        """Raises Refusal(TOO_FAST); who is refused for the others of the address keeps the own turn."""
        self._person.check(caller.counts_as, self._person_words)
        if caller.role in AUDIENCE and not trusted(caller.address):
            try:
                self._address.check(client_of(caller.address), self._address_words)
            except Refusal:
                self._person.give_back(caller.counts_as)
                raise


def _require(caller: Caller, message: AnyChatMessage) -> None:
    """Raises Refusal(NO_RIGHT)."""
    caller.require(RIGHTS[type(message)])
    if isinstance(message, ChatSend | ChatTyping) and message.data.channel is Channel.BACKSTAGE:
        caller.require(Right.CHAT_BACKSTAGE)


class Chat:
    """Takes messages. Belongs to the event loop."""

    def __init__(self, record: Record, hub: Hub, clock: Clock) -> None:
        self._record = record
        self._hub = hub
        self._writing = _Turns(
            clock,
            burst=BURST,
            per_s=PER_S,
            person="You write faster than people can read.",
            address="The people at your address together write faster than others can read.",
        )
        self._doing = _Turns(
            clock,
            burst=20,
            per_s=4.0,
            person="That is more than people can follow.",
            address="What the people at your address do together is more than others can follow.",
        )
        self._typing = RateLimit(clock, burst=1, per_s=1 / TYPING_EVERY_S)
        self._typing_of_all = RateLimit(clock, burst=5, per_s=TYPING_OF_ALL_PER_S)
        self._commands = ChatCommands(clock)
        self._polls = polls.Telling(record, clock)
        self._pruning = Pruning(record, clock)

    async def begin(self) -> None:
        """After a start: tell of votes that the last life did not tell of."""
        await self._polls.begin()

    async def sweep(self) -> None:
        """Call a few times a second."""
        await self._polls.sweep()
        await self._pruning.sweep()

    async def say(self, caller: Caller, session_id: str, id: str, text: str) -> Accepted:
        """A message to everyone. Raises as `take`."""
        return await self.take(caller, session_id, ChatSend(id=id, type="chat.send", data=ChatSendData(text=text)))

    async def take(self, caller: Caller, session_id: str, message: AnyChatMessage) -> Accepted:
        """Once this returns the message had its effect and is in the record.

        Raises Refusal(NO_RIGHT, TEXT_BAD, TOO_FAST, TOO_MANY, ID_USED, NOT_FOUND, MUTED, TIME_OVER, BAD_REQUEST).
        """
        _require(caller, message)
        if isinstance(message, ChatTyping):
            return await self._types(caller, session_id, message)

        def before(transaction: Transaction) -> Accepted | None:
            return sent_before(transaction, caller, session_id, message)

        def work(transaction: Transaction) -> Accepted:
            _require(as_now(transaction, caller), message)
            if sent := before(transaction):
                return sent
            still_may_write(transaction, session_id, caller)
            if isinstance(message, ChatSend):
                refuse_namesake(transaction, caller.person_id)
            said = self._do(transaction, caller, session_id, message)
            return keep(transaction, caller, session_id, message, said.seq, said.held)

        try:
            (self._writing if isinstance(message, ChatSend) else self._doing).take(caller)
        except Refusal:
            again = await self._record.run(before)
            if again is None:
                raise
            return again
        accepted = await self._record.run(work)
        if isinstance(message, PollVote):
            self._polls.changed(message.data.poll)
        return accepted

    def _do(self, transaction: Transaction, caller: Caller, session_id: str, message: AnyChatMessage) -> Said:
        if isinstance(message, ChatSend):
            said = say(transaction, caller, session_id, message)
            if said.open:
                self._commands.answer(transaction, session_id, said.open)
            return said
        if isinstance(message, ChatDecide):
            said = chat_moderation.decide(transaction, caller, session_id, message)
            if said.open:
                self._commands.answer(transaction, session_id, said.open)
            return said
        deed: Callable[[Transaction, Caller, str, Any], int] = DEEDS[type(message)]
        return Said(deed(transaction, caller, session_id, message))

    async def _types(self, caller: Caller, session_id: str, message: ChatTyping) -> Accepted:
        """Tell those who see the channel; where it is told too often already, nobody."""
        accepted = Accepted(id=message.id, seq=0)
        if self._typing.wait_s(caller.counts_as) > 0 or self._typing_of_all.wait_s(session_id) > 0:
            return accepted

        def work(transaction: Transaction) -> str:
            _require(as_now(transaction, caller), message)
            still_muted(transaction, session_id, caller)
            still_may_write(transaction, session_id, caller)
            return transaction.at

        at = await self._record.run(work)
        channel = message.data.channel
        audience = Audience.BACKSTAGE if channel is Channel.BACKSTAGE else Audience.ALL
        data = Typing(person=caller.person_id, name=caller.name, channel=channel).model_dump(mode="json")
        envelope = Envelope(seq=0, id=new_id("e"), type=EventType.TYPING, at=at, sender=caller.sender, data=data)
        line = line_of(envelope)
        for connection in self._hub.of_session(session_id):
            other = connection.caller
            if other.person_id != caller.person_id and sees(other, audience, "", caller.person_id):
                connection.whisper(line)
        return accepted


DEEDS: dict[type[Any], Callable[[Transaction, Caller, str, Any], int]] = {
    ChatReact: chat_deeds.react,
    ChatDelete: chat_deeds.delete,
    ChatPin: chat_deeds.pin,
    HandSend: chat_deeds.raise_hand,
    ChatRulesSend: chat_moderation.set_rules,
    ChatMute: mute,
    PollOpen: polls.open_poll,
    PollVote: polls.vote,
    PollClose: polls.close_poll,
}
