"""Raised hands. Work inside a transaction: a person raises and lowers their own, who has the right lowers another's."""

from __future__ import annotations

from studio.server.messages import EventType, Hand
from studio.server.model import PersonRow
from studio.server.presence import sender_of
from studio.server.record import Transaction


def set_hand(transaction: Transaction, person: PersonRow, *, up: bool) -> bool:
    """Raise or lower a person's hand, and tell everyone. False where it was so before."""
    if bool(person.hand_s) is up:
        return False
    person.hand_s = transaction.now_s if up else 0
    transaction.db.flush()
    hand = Hand(person=person.id, name=person.name, up=up, since_s=person.hand_s)
    transaction.say(person.session_id, EventType.HAND, sender_of(person), hand)
    return True
