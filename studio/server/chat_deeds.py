"""What is done to messages, and hands that go up: reactions, deletion, the pin. Work inside a transaction."""

from __future__ import annotations

from sqlalchemy import and_, func, select
from sqlalchemy import delete as delete_rows

from studio.server import hands
from studio.server.api import ErrorCode
from studio.server.caller import Caller
from studio.server.chat_messages import (
    ChatDelete,
    ChatDeleted,
    ChatPin,
    ChatPinned,
    ChatReact,
    ChatReaction,
    HandSend,
)
from studio.server.chat_model import ReactionRow
from studio.server.chat_mutes import still_muted
from studio.server.chat_say import message_of, rules_of
from studio.server.chat_text import one_emoji
from studio.server.errors import Refusal
from studio.server.messages import EventType
from studio.server.model import EventRow, PersonRow
from studio.server.record import Audience, Transaction
from studio.server.rights import Right
from studio.server.visitors import selves

EMOJI_OF_ONE_MESSAGE = 20


def react(transaction: Transaction, caller: Caller, session_id: str, message: ChatReact) -> int:
    """Put an emoji on a message, or take it off. Raises Refusal(NOT_FOUND, TEXT_BAD, TOO_MANY, MUTED)."""
    still_muted(transaction, session_id, caller)
    data = message.data
    emoji = one_emoji(data.emoji)
    row = message_of(transaction, caller, session_id, data.message)
    same_one = ReactionRow.person_id.in_(selves(transaction, session_id, caller.person_id))
    here = and_(ReactionRow.session_id == session_id, ReactionRow.message == data.message, ReactionRow.emoji == emoji)
    mine = list(transaction.db.scalars(select(ReactionRow).where(here, same_one)))
    if bool(mine) is data.on:
        return 0
    for each in mine:
        transaction.db.delete(each)
    if data.on:
        _require_place(transaction, session_id, data.message, emoji)
        reaction = ReactionRow(session_id=session_id, message=data.message, emoji=emoji, person_id=caller.person_id)
        transaction.db.add(reaction)
    transaction.db.flush()
    count = transaction.db.scalar(select(func.count()).where(here))
    told = ChatReaction(message=data.message, emoji=emoji, count=count or 0, person=caller.person_id, on=data.on)
    return transaction.say(
        session_id,
        EventType.CHAT_REACTION,
        caller.sender,
        told,
        audience=Audience(row.audience),
        person=_other_party(row, caller),
        id=message.id,
    ).seq


def _require_place(transaction: Transaction, session_id: str, message: int, emoji: str) -> None:
    query = select(ReactionRow.emoji).where(ReactionRow.session_id == session_id, ReactionRow.message == message)
    there = set(transaction.db.scalars(query.distinct()))
    if emoji not in there and len(there) >= EMOJI_OF_ONE_MESSAGE:
        raise Refusal(ErrorCode.TOO_MANY, "This message has enough different emoji.", "Choose one that is there.")


def _other_party(row: EventRow, caller: Caller) -> str:
    """Who else sees what the caller does to a private message; empty for all others."""
    if row.audience != Audience.PRIVATE.value:
        return ""
    return row.audience_person if row.sender_id == caller.person_id else row.sender_id


def delete(transaction: Transaction, caller: Caller, session_id: str, message: ChatDelete) -> int:
    """Take the text out of the record, with what hangs on it. Raises Refusal(NOT_FOUND, NO_RIGHT)."""
    seq = message.data.message
    row = message_of(transaction, caller, session_id, seq)
    if row.sender_id != caller.person_id:
        caller.require(Right.CHAT_MODERATE)
        transaction.audit(
            session_id,
            caller.sender,
            "chat.delete",
            target=row.sender_id,
            target_name=row.sender_name,
            words=f"Message {seq}.",
            address=caller.address,
        )
    row.data = {**row.data, "text": "", "mentions": [], "deleted": True}
    row.words = ""
    transaction.db.execute(
        delete_rows(ReactionRow).where(ReactionRow.session_id == session_id, ReactionRow.message == seq)
    )
    rules = rules_of(transaction, session_id)
    if rules.pinned == seq:
        rules.pinned = 0
        transaction.say(session_id, EventType.CHAT_PINNED, caller.sender, ChatPinned(message=0))
    return transaction.say(
        session_id,
        EventType.CHAT_DELETED,
        caller.sender,
        ChatDeleted(message=seq),
        audience=Audience(row.audience),
        person=_other_party(row, caller),
        id=message.id,
    ).seq


def pin(transaction: Transaction, caller: Caller, session_id: str, message: ChatPin) -> int:
    """Put a message above the chat, in place of the one there. Raises Refusal(NOT_FOUND, BAD_REQUEST)."""
    seq = message.data.message
    if seq:
        row = message_of(transaction, caller, session_id, seq)
        if row.audience != Audience.ALL.value:
            raise Refusal(ErrorCode.BAD_REQUEST, "Not everyone may read this message.", "Pin one that all can read.")
    rules = rules_of(transaction, session_id)
    if rules.pinned == seq:
        return 0
    rules.pinned = seq
    pinned = ChatPinned(message=seq)
    return transaction.say(session_id, EventType.CHAT_PINNED, caller.sender, pinned, id=message.id).seq


def raise_hand(transaction: Transaction, caller: Caller, session_id: str, message: HandSend) -> int:
    """One's own hand. Raises Refusal(NOT_FOUND) for the owner without a place in the session."""
    person = transaction.db.get(PersonRow, caller.person_id)
    if person is None or person.session_id != session_id:
        raise Refusal(ErrorCode.NOT_FOUND, "You have no place in this session.", "Join it under a name first.")
    return transaction.head(session_id) if hands.set_hand(transaction, person, up=message.data.up) else 0
