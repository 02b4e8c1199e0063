"""What of the chat was sent before: the same id again has no second effect.

A row for each message says what was answered. It goes after a day, long after any client gives up; what stands in the
record is known by its id for as long as the session is, also what an older Stoa put there.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import delete, select

from studio.media.clock import NS_PER_S, Clock
from studio.server.api import Accepted, ErrorCode
from studio.server.caller import Caller
from studio.server.chat_messages import AnyChatMessage, ChatSend
from studio.server.chat_model import SentRow
from studio.server.chat_text import with_emoji
from studio.server.errors import Refusal
from studio.server.messages import EventType
from studio.server.model import EventRow
from studio.server.record import Record, Transaction
from studio.server.wording import clean_text

KEPT_S = 86400
PRUNED_EVERY_S = 60
_TOLD_AS: dict[str, tuple[EventType, ...]] = {
    "chat.send": (EventType.CHAT_MESSAGE, EventType.CHAT_HELD),
    "chat.react": (EventType.CHAT_REACTION,),
    "chat.delete": (EventType.CHAT_DELETED,),
    "chat.pin": (EventType.CHAT_PINNED,),
    "chat.rules": (EventType.CHAT_RULES,),
    "chat.decide": (EventType.CHAT_DECIDED,),
    "chat.mute": (EventType.CHAT_MUTED,),
    "poll.open": (EventType.POLL,),
    "poll.close": (EventType.POLL,),
}
"""What stands in the record under the id of a client's message."""


def digest_of(message: AnyChatMessage) -> str:
    """What two messages have in common that ask for the same."""
    return hashlib.sha256(f"{message.type} {message.data.model_dump_json()}".encode()).hexdigest()


def sent_before(transaction: Transaction, caller: Caller, session_id: str, message: AnyChatMessage) -> Accepted | None:
    """What was answered to this message, None for a new one. Raises Refusal(ID_USED) where another has its id."""
    row = transaction.db.get(SentRow, (session_id, caller.person_id, message.id))
    if row is None:
        return _in_the_record(transaction, caller, session_id, message)
    if row.digest != digest_of(message):
        raise _id_used()
    return Accepted(id=message.id, seq=row.seq, already=True, held=row.held)


def _in_the_record(
    transaction: Transaction, caller: Caller, session_id: str, message: AnyChatMessage
) -> Accepted | None:
    kinds = [kind.value for kind in _TOLD_AS.get(message.type, ())]
    if not kinds:
        return None
    query = select(EventRow).where(
        EventRow.session_id == session_id,
        EventRow.sender_id == caller.person_id,
        EventRow.type.in_(kinds),
        EventRow.id == message.id,
    )
    found = transaction.db.scalar(query.order_by(EventRow.type.desc()).limit(1))  # a message before its waiting
    if found is None:
        return None
    if isinstance(message, ChatSend) and found.data.get("text"):
        given = message.data.text
        if found.data["text"] not in (clean_text(with_emoji(given)), clean_text(given)):
            raise _id_used()
    held = found.type == EventType.CHAT_HELD.value
    return Accepted(id=message.id, seq=found.seq, already=True, held=held)


def _id_used() -> Refusal:
    return Refusal(ErrorCode.ID_USED, "Another message of yours has this id.", "Take a new id for each.")


def keep(
    transaction: Transaction, caller: Caller, session_id: str, message: AnyChatMessage, seq: int, held: bool
) -> Accepted:
    """Remember what is answered."""
    row = SentRow(
        session_id=session_id,
        person_id=caller.person_id,
        id=message.id,
        type=message.type,
        digest=digest_of(message),
        at_ms=transaction.now_ms,
        seq=seq,
        held=held,
    )
    transaction.db.add(row)
    return Accepted(id=message.id, seq=seq, held=held)


class Pruning:
    """Lets go of rows whose time is over. Belongs to the event loop."""

    def __init__(self, record: Record, clock: Clock) -> None:
        self._record = record
        self._clock = clock
        self._next_ns = 0

    async def sweep(self) -> None:
        """Call a few times a second."""
        now_ns = self._clock.now_ns()
        if now_ns < self._next_ns:
            return
        self._next_ns = now_ns + PRUNED_EVERY_S * NS_PER_S

        def work(transaction: Transaction) -> None:
            transaction.db.execute(delete(SentRow).where(SentRow.at_ms < transaction.now_ms - KEPT_S * 1000))

        await self._record.run(work)
