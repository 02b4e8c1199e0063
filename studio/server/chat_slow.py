"""Slow mode: one message in so many seconds, whatever name somebody goes by. Work inside a transaction."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from studio.server.api import ErrorCode
from studio.server.caller import Caller
from studio.server.chat_model import SentRow
from studio.server.errors import Refusal
from studio.server.model import PersonRow
from studio.server.record import Transaction
from studio.server.visitors import first_came, neighbours, selves


def require_turn(transaction: Transaction, session_id: str, caller: Caller, slow_s: int) -> None:
    """Raises Refusal(TOO_FAST) where this person, or one whom they probably were before, wrote too short a time ago.

    Who is still here is somebody else: of the neighbours only those count who are gone, and what they wrote before this
    person came.
    """
    said = select(func.max(SentRow.at_ms)).where(SentRow.session_id == session_id, SentRow.type == "chat.send")
    mine = selves(transaction, session_id, caller.person_id)
    last_ms = transaction.db.scalar(said.where(SentRow.person_id.in_(mine))) or 0
    words = f"The chat is in slow mode: one message every {slow_s} s."
    if not last_ms and (came := first_came(transaction, session_id, caller.person_id)):
        before = neighbours(transaction, session_id, caller.person_id).where(~PersonRow.present)
        came_ms = round(datetime.fromisoformat(came).timestamp() * 1000)
        query = said.where(SentRow.person_id.in_(before), SentRow.at_ms < came_ms)
        last_ms = transaction.db.scalar(query) or 0
        words += " Somebody who came from your network by this link wrote before you came."
    left_ms = last_ms + slow_s * 1000 - transaction.now_ms if last_ms else 0
    if left_ms > 0:
        left_s = -(-left_ms // 1000)
        raise Refusal(
            ErrorCode.TOO_FAST,
            words,
            f"Try again in {left_s} {'second' if left_s == 1 else 'seconds'}.",
            retry_after_s=left_s,
        )
