"""An admin's `end` holds until a studio has heard of it. Work inside a transaction.

Who was away when the session was ended comes back with a show that is still running, and tries to send it: it is
refused until its studio has obeyed the command, or has come in anew and so was told that the session is over. Only then
is a further Go live a new decision. Tools that know WHIP only never hear; an admin's release opens the session to them.
It holds also once the session waits for a show of the schedule, or is live again with somebody else.
"""

from __future__ import annotations

from sqlalchemy import func, select

from studio.server.api import ErrorCode
from studio.server.errors import Refusal
from studio.server.messages import CommandAction, Outcome
from studio.server.model import CommandRow, PersonRow, SessionRow
from studio.server.record import Transaction

ENDED = "ended"
"""The `why` of a session that an admin ended."""


def last_end(transaction: Transaction, session_id: str) -> int:
    """The number of the newest `end` of the session, 0 for none or where an admin released the session since."""
    numbers = dict[str, int]()
    for action in (CommandAction.END, CommandAction.RELEASE):
        query = select(func.max(CommandRow.number)).where(
            CommandRow.session_id == session_id,
            CommandRow.action == action.value,
            CommandRow.outcome != Outcome.ALREADY.value,
        )
        numbers[action] = transaction.db.scalar(query) or 0
    return numbers[CommandAction.END] if numbers[CommandAction.END] > numbers[CommandAction.RELEASE] else 0


def heard(transaction: Transaction, person: PersonRow) -> None:
    """This person's studio knows that the session was ended, and sends nothing any more."""
    person.end_heard = max(person.end_heard, last_end(transaction, person.session_id))


def came_anew(transaction: Transaction, person_id: str) -> None:
    """A studio that missed nothing because it begins now: what it is told first is that the session is over."""
    person = transaction.db.get(PersonRow, person_id)
    if person is not None:
        heard(transaction, person)


def holds_against(transaction: Transaction, session: SessionRow, person_id: str) -> bool:
    """Whether the session was ended and this person's studio has not heard of it."""
    newest = last_end(transaction, session.id)
    if not newest:
        return False
    person = transaction.db.get(PersonRow, person_id)
    return person is None or person.end_heard < newest


def refuse_the_unaware(transaction: Transaction, session: SessionRow, person_id: str) -> None:
    """Raises Refusal(SESSION_STOPPED) where an admin ended the session and this person's studio has not heard."""
    if holds_against(transaction, session, person_id):
        raise Refusal(
            ErrorCode.SESSION_STOPPED,
            "An admin ended this session.",
            "A studio that is in the session stops first, and may then go live again. An admin's release opens it too.",
        )
