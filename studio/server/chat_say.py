"""Saying something in the chat: to everyone, backstage, or to one person; at once, or once a moderator has read it.

Work inside a transaction.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select

from studio.server.api import ErrorCode
from studio.server.caller import OWNER_ID, Caller, host_id
from studio.server.chat_links import has_link
from studio.server.chat_messages import Channel, ChatHeld, ChatMessage, ChatSend
from studio.server.chat_model import ChatRow, HeldRow
from studio.server.chat_mutes import still_muted
from studio.server.chat_slow import require_turn
from studio.server.chat_text import folded, mentioned, with_emoji
from studio.server.chat_words import filter_of
from studio.server.errors import Refusal
from studio.server.messages import Envelope, EventType, Sender
from studio.server.model import EventRow, PersonRow
from studio.server.record import Audience, Transaction, sees
from studio.server.rights import Right, Role, may
from studio.server.tokens import new_id
from studio.server.visitors import selves
from studio.server.wording import clean_text

HELD_OF_ONE = 3
HELD_OF_ALL = 300
_TEAM = tuple(role.value for role in Role if may(role, Right.CHAT_BACKSTAGE))


@dataclass(frozen=True, slots=True)
class Said:
    """Its place in the record. `held`: a moderator reads it first. `open`: the message, where everyone sees it."""

    seq: int
    held: bool = False
    open: Envelope | None = None


def is_team(caller: Caller) -> bool:
    """Those who run the session: free of the rules of the chat, and everyone may write to them."""
    return may(caller.role, Right.CHAT_BACKSTAGE)


def rules_of(transaction: Transaction, session_id: str) -> ChatRow:
    """The rules, made where nothing was ever set."""
    row = transaction.db.get(ChatRow, session_id)
    if row is None:
        row = ChatRow(session_id=session_id, slow_s=0, links=True, hold=False, words=[], commands=[], pinned=0)
        transaction.db.add(row)
        transaction.db.flush()
    return row


def message_of(transaction: Transaction, caller: Caller, session_id: str, seq: int) -> EventRow:
    """A message that the caller may see and that has its text. Raises Refusal(NOT_FOUND)."""
    row = transaction.db.get(EventRow, (session_id, seq))
    if (
        row is None
        or row.type != EventType.CHAT_MESSAGE.value
        or not sees(caller, Audience(row.audience), row.audience_person, row.sender_id)
    ):
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such message.", "Load the chat again.")
    if row.data.get("deleted"):
        raise Refusal(ErrorCode.NOT_FOUND, "This message was deleted.", "Choose another one.")
    return row


def say(transaction: Transaction, caller: Caller, session_id: str, message: ChatSend) -> Said:
    """Raises Refusal(TEXT_BAD, TOO_FAST, TOO_MANY, NOT_FOUND, NO_RIGHT, MUTED, BAD_REQUEST)."""
    still_muted(transaction, session_id, caller)
    data = message.data
    text = clean_text(with_emoji(data.text))
    addressee = _addressee(transaction, caller, session_id, message) if data.to else None
    if data.reply_to:
        _require_same_room(transaction, caller, session_id, message)
    rules = rules_of(transaction, session_id)
    if not is_team(caller):
        _keep_the_rules(transaction, caller, rules, text)
        if rules.hold and addressee is None:
            return _hold(transaction, caller, session_id, message, text)
    if addressee is not None:
        words = ChatMessage(text=text, to=addressee.id, to_name=addressee.name, reply_to=data.reply_to)
        envelope = put(transaction, session_id, caller.sender, words, id=message.id)
        return Said(envelope.seq)
    found = _mentions(transaction, session_id, text, data.channel)
    words = ChatMessage(text=text, channel=data.channel, reply_to=data.reply_to, mentions=found)
    envelope = put(transaction, session_id, caller.sender, words, id=message.id)
    return Said(envelope.seq, open=envelope if data.channel is Channel.ALL else None)


def put(transaction: Transaction, session_id: str, sender: Sender, message: ChatMessage, *, id: str = "") -> Envelope:
    """Into the record, for whom it is."""
    audience = Audience.BACKSTAGE if message.channel is Channel.BACKSTAGE else Audience.ALL
    return transaction.say(
        session_id,
        EventType.CHAT_MESSAGE,
        sender,
        message,
        audience=Audience.PRIVATE if message.to else audience,
        person=message.to,
        id=id,
        words=folded(message.text),
    )


def release(transaction: Transaction, session_id: str, held: HeldRow) -> Envelope:
    """A held message appears, now."""
    sender = Sender(id=held.person_id, name=held.name, role=Role(held.role))
    found = _mentions(transaction, session_id, held.text, Channel.ALL)
    message = ChatMessage(text=held.text, reply_to=held.reply_to, mentions=found)
    return put(transaction, session_id, sender, message, id=held.message_id)


def _addressee(transaction: Transaction, caller: Caller, session_id: str, message: ChatSend) -> Sender:
    data = message.data
    if data.channel is not Channel.ALL:
        raise Refusal(ErrorCode.BAD_REQUEST, "A private message goes to one person, not backstage.", "Choose one.")
    if data.to == caller.person_id:
        raise Refusal(ErrorCode.BAD_REQUEST, "You cannot write to yourself.", "Choose somebody else.")
    if data.to == OWNER_ID:
        data = data.model_copy(update={"to": host_id(session_id)})  # the owner sits where the host does
    person = transaction.db.get(PersonRow, data.to)
    if person is None or person.session_id != session_id or person.gone or person.removed_s:
        raise Refusal(ErrorCode.NOT_FOUND, "There is nobody of that id in this session.", "Look at the list of people.")
    role = Role(person.role)
    if not is_team(caller) and not may(role, Right.CHAT_BACKSTAGE):
        raise Refusal(
            ErrorCode.NO_RIGHT,
            f"You may write privately to those who run the session, not to {person.name}.",
            "Write to everyone instead.",
        )
    return Sender(id=person.id, name=person.name, role=role)


def _require_same_room(transaction: Transaction, caller: Caller, session_id: str, message: ChatSend) -> None:
    """A reply stands where the message does, so that nobody reads half a conversation."""
    data = message.data
    row = message_of(transaction, caller, session_id, data.reply_to)
    parties = {row.sender_id, row.audience_person} if row.audience == Audience.PRIVATE.value else set()
    mine = {caller.person_id, data.to} if data.to else set()
    if row.data.get("channel", Channel.ALL.value) != data.channel.value or parties != mine:
        raise Refusal(
            ErrorCode.BAD_REQUEST, "A reply goes to those who can read the message.", "Write it as a new message."
        )


def _keep_the_rules(transaction: Transaction, caller: Caller, rules: ChatRow, text: str) -> None:
    if not rules.links and has_link(text):
        raise Refusal(ErrorCode.TEXT_BAD, "Links are switched off in this chat.", "Write it without the link.")
    if filter_of(tuple(rules.words)).catches(text):
        raise Refusal(ErrorCode.TEXT_BAD, "The message holds a word that is not wanted here.", "Write it differently.")
    if rules.slow_s:
        require_turn(transaction, rules.session_id, caller, rules.slow_s)


def _hold(transaction: Transaction, caller: Caller, session_id: str, message: ChatSend, text: str) -> Said:
    waiting = select(func.count()).where(HeldRow.session_id == session_id)
    same_one = selves(transaction, session_id, caller.person_id)
    mine = transaction.db.scalar(waiting.where(HeldRow.person_id.in_(same_one))) or 0
    if mine >= HELD_OF_ONE or (transaction.db.scalar(waiting) or 0) >= HELD_OF_ALL:
        raise Refusal(
            ErrorCode.TOO_MANY,
            f"{mine} messages of yours wait for a moderator." if mine else "Many messages wait for a moderator.",
            "Wait until they have been read.",
        )
    held = ChatHeld(
        held=new_id("h"), person=caller.person_id, name=caller.name, text=text, reply_to=message.data.reply_to
    )
    envelope = transaction.say(
        session_id,
        EventType.CHAT_HELD,
        caller.sender,
        held,
        audience=Audience.MODERATORS,
        person=caller.person_id,
        id=message.id,
    )
    transaction.db.add(
        HeldRow(
            id=held.held,
            session_id=session_id,
            seq=envelope.seq,
            person_id=caller.person_id,
            name=caller.name,
            role=caller.role.value,
            message_id=message.id,
            text=text,
            reply_to=message.data.reply_to,
        )
    )
    return Said(envelope.seq, held=True)


def _mentions(transaction: Transaction, session_id: str, text: str, channel: Channel) -> tuple[str, ...]:
    if "@" not in text:
        return ()
    team = PersonRow.role.in_(_TEAM)
    meant = team if channel is Channel.BACKSTAGE else or_(PersonRow.present, team)
    rows = transaction.db.execute(
        select(PersonRow.id, PersonRow.name)
        .where(PersonRow.session_id == session_id, ~PersonRow.gone, PersonRow.removed_s == 0, meant)
        .order_by(PersonRow.present.desc(), PersonRow.id)
    )
    return mentioned(text, [(id, name) for id, name in rows])
