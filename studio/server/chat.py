"""Chat: text of limited length, not too often, each message once."""

from __future__ import annotations

from studio.media.clock import Clock
from studio.server.api import Accepted, ErrorCode
from studio.server.caller import Caller
from studio.server.errors import Refusal
from studio.server.limits import RateLimit
from studio.server.messages import ChatMessage, EventType
from studio.server.record import Record, Transaction
from studio.server.rights import Right
from studio.server.wording import clean_text

BURST = 6
PER_S = 1.0


class Chat:
    """Takes messages. Belongs to the event loop."""

    def __init__(self, record: Record, clock: Clock) -> None:
        self._record = record
        self._limit = RateLimit(clock, burst=BURST, per_s=PER_S)

    async def say(self, caller: Caller, session_id: str, id: str, text: str) -> Accepted:
        """Once this returns the message is in the record. Raises Refusal(NO_RIGHT, TEXT_BAD, TOO_FAST, ID_USED)."""
        caller.require(Right.CHAT)
        shown = clean_text(text)

        def before(transaction: Transaction) -> Accepted | None:
            found = transaction.find(session_id, caller.person_id, EventType.CHAT_MESSAGE, id)
            if found is None:
                return None
            if found.data.get("text") != shown:
                raise Refusal(ErrorCode.ID_USED, "Another message of yours has this id.", "Take a new id for each.")
            return Accepted(id=id, seq=found.seq, already=True)

        def work(transaction: Transaction) -> Accepted:
            sent = before(transaction)
            if sent is not None:
                return sent
            message = ChatMessage(text=shown)
            said = transaction.say(session_id, EventType.CHAT_MESSAGE, caller.sender, message, id=id)
            return Accepted(id=id, seq=said.seq)

        if self._limit.wait_s(caller.person_id) > 0:
            again = await self._record.run(before)
            if again is not None:
                return again
            self._limit.check(caller.person_id, "You write faster than people can read.")
        return await self._record.run(work)
