"""The chat as it is read: history and search by pages, and what stands beside the messages."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, or_, select

from studio.server.api import ChatState, History, Reactions
from studio.server.caller import Caller
from studio.server.chat_messages import Channel, ChatHeld
from studio.server.chat_model import ChatRow, HeldRow, ReactionRow
from studio.server.chat_moderation import public_rules
from studio.server.chat_mutes import muted
from studio.server.chat_text import search_terms
from studio.server.messages import Envelope, EventType
from studio.server.model import EventRow
from studio.server.polls import my_vote, newest, poll_of
from studio.server.record import Audience, Transaction, envelope_of
from studio.server.rights import Right, may


def history(
    transaction: Transaction,
    caller: Caller,
    session_id: str,
    *,
    before: int,
    limit: int,
    search: str = "",
    channel: Channel | None = None,
    with_person: str = "",
) -> History:
    """Chat messages that the caller may see now, oldest first."""
    query = select(EventRow).where(
        EventRow.session_id == session_id,
        EventRow.type == EventType.CHAT_MESSAGE.value,
        _visible(caller),
    )
    if before:
        query = query.where(EventRow.seq < before)
    if search:
        terms = search_terms(search)
        if not terms:
            return History(messages=(), more=False)
        query = query.where(*(EventRow.words.contains(term, autoescape=True) for term in terms))
    if with_person:
        query = query.where(_between(caller.person_id, with_person))
    elif channel is not None:
        audience = Audience.BACKSTAGE if channel is Channel.BACKSTAGE else Audience.ALL
        query = query.where(EventRow.audience == audience.value)
    rows = transaction.db.scalars(query.order_by(EventRow.seq.desc()).limit(limit + 1)).all()
    messages = tuple(envelope_of(row) for row in rows[:limit][::-1])
    return History(
        messages=messages,
        more=len(rows) > limit,
        reactions=reactions(transaction, caller, session_id, [message.seq for message in messages]),
    )


def _visible(caller: Caller) -> ColumnElement[bool]:
    """As studio.server.record.sees, for messages, in the database."""
    mine = or_(EventRow.sender_id == caller.person_id, EventRow.audience_person == caller.person_id)
    seen = [EventRow.audience == Audience.ALL.value, and_(EventRow.audience == Audience.PRIVATE.value, mine)]
    if may(caller.role, Right.CHAT_BACKSTAGE):
        seen.append(EventRow.audience == Audience.BACKSTAGE.value)
    return or_(*seen)


def _between(one: str, other: str) -> ColumnElement[bool]:
    return and_(
        EventRow.audience == Audience.PRIVATE.value,
        or_(
            and_(EventRow.sender_id == one, EventRow.audience_person == other),
            and_(EventRow.sender_id == other, EventRow.audience_person == one),
        ),
    )


def reactions(
    transaction: Transaction, caller: Caller, session_id: str, messages: Iterable[int]
) -> tuple[Reactions, ...]:
    """What stands on these messages, in the order of the messages and the emoji."""
    here = and_(ReactionRow.session_id == session_id, ReactionRow.message.in_(list(messages)))
    query = select(ReactionRow.message, ReactionRow.emoji, ReactionRow.person_id).where(here)
    people: dict[tuple[int, str], set[str]] = {}
    for message, emoji, person_id in transaction.db.execute(query):
        people.setdefault((message, emoji), set()).add(person_id)
    return tuple(
        Reactions(message=message, emoji=emoji, count=len(who), mine=caller.person_id in who)
        for (message, emoji), who in sorted(people.items())
    )


def state(transaction: Transaction, caller: Caller, session_id: str, recent: Iterable[Envelope]) -> ChatState:
    """What stands beside the messages `recent`."""
    rules = transaction.db.get(ChatRow, session_id)
    poll = newest(transaction, session_id)
    mute = None if may(caller.role, Right.CHAT_BACKSTAGE) else muted(transaction, session_id, caller.person_id)
    pinned = transaction.db.get(EventRow, (session_id, rules.pinned)) if rules and rules.pinned else None
    base = ChatState()
    return ChatState(
        rules=public_rules(rules) if rules else base.rules,
        pinned=envelope_of(pinned) if pinned else None,
        held=_held(transaction, caller, session_id),
        poll=poll_of(transaction, poll) if poll else None,
        my_vote=my_vote(transaction, poll, caller.person_id) if poll else -1,
        muted_s=mute.until_s - transaction.now_s if mute else 0,
        muted_as_neighbour=mute is not None and mute.neighbour,
        reactions=reactions(
            transaction, caller, session_id, [each.seq for each in recent if each.type is EventType.CHAT_MESSAGE]
        ),
    )


def _held(transaction: Transaction, caller: Caller, session_id: str) -> tuple[ChatHeld, ...]:
    query = select(HeldRow).where(HeldRow.session_id == session_id).order_by(HeldRow.seq)
    if not may(caller.role, Right.CHAT_MODERATE):
        query = query.where(HeldRow.person_id == caller.person_id)
    return tuple(
        ChatHeld(held=row.id, person=row.person_id, name=row.name, text=row.text, reply_to=row.reply_to)
        for row in transaction.db.scalars(query)
    )
