"""Chat: text of limited length, not too often, each message once.

One invite makes as many people as somebody likes, so the audience of one address together has a limit too: that of
several people, since a household or an office is one address. Who runs the session is never kept from speaking by it.
"""

from __future__ import annotations

from studio.media.clock import Clock
from studio.server.api import Accepted, ErrorCode
from studio.server.caller import Caller
from studio.server.connections import client_of, trusted
from studio.server.errors import Refusal
from studio.server.limits import RateLimit
from studio.server.messages import ChatMessage, EventType
from studio.server.record import Record, Transaction
from studio.server.rights import Right, Role
from studio.server.wording import clean_text

BURST = 6
PER_S = 1.0
PEOPLE_OF_ONE_ADDRESS = 5
AUDIENCE = (Role.VIEWER, Role.GUEST)


class Chat:
    """Takes messages. Belongs to the event loop."""

    def __init__(self, record: Record, clock: Clock) -> None:
        self._record = record
        self._person = RateLimit(clock, burst=BURST, per_s=PER_S)
        many = PEOPLE_OF_ONE_ADDRESS
        self._address = RateLimit(clock, burst=many * BURST, per_s=many * PER_S)

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

        try:
            self._take_turn(caller)
        except Refusal:
            again = await self._record.run(before)
            if again is None:
                raise
            return again
        return await self._record.run(work)

    def _take_turn(self, caller: Caller) -> None:
        """Raises Refusal(TOO_FAST); who is refused for the others of the address keeps the own turn."""
        self._person.check(caller.person_id, "You write faster than people can read.")
        if caller.role in AUDIENCE and not trusted(caller.address):
            words = "The people at your address together write faster than others can read."
            try:
                self._address.check(client_of(caller.address), words)
            except Refusal:
                self._person.give_back(caller.person_id)
                raise
