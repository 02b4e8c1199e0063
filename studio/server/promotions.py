"""Roles given and taken in a running session. Work inside a transaction.

A token says whose it is; the role is looked up in the database at each use, so a change holds at once. Only the owner
of the machine makes or unmakes an admin; nobody changes the owner, or themselves.
"""

from __future__ import annotations

from studio.server.api import ErrorCode
from studio.server.errors import Refusal
from studio.server.messages import CommandAction, EventType, PersonChange
from studio.server.model import PersonRow
from studio.server.presence import sender_of
from studio.server.record import Transaction
from studio.server.right_words import ROLE_WORDS
from studio.server.rights import Role, below

REMEDY = "Choose one of: admin, director, broadcaster, guest, viewer."


def require_role(role: Role | None) -> Role:
    """The role of a promotion or demotion. Raises Refusal(BAD_REQUEST) for none, and for the owner's."""
    if role is None:
        raise Refusal(ErrorCode.BAD_REQUEST, "The new role is missing.", REMEDY)
    if role is Role.OWNER:
        raise Refusal(ErrorCode.BAD_REQUEST, "The owner is whose machine it is; nobody is made owner.", REMEDY)
    return role


def refuse_change(action: CommandAction, person: PersonRow, role: Role, by: Role) -> None:
    """Raises Refusal(NO_RIGHT, BAD_REQUEST) where `by` may not make this person that, or it is the other command."""
    now = Role(person.role)
    if by is not Role.OWNER and Role.ADMIN in (role, now):
        raise Refusal(ErrorCode.NO_RIGHT, "Only the owner of the studio makes or unmakes an admin.", "Ask the owner.")
    promote = action is CommandAction.PROMOTE
    if below(role, now) if promote else below(now, role):
        other = "demotion" if promote else "promotion"
        raise Refusal(
            ErrorCode.BAD_REQUEST,
            f"{person.name} is {ROLE_WORDS[now]}; to make them {ROLE_WORDS[role]} is a {other}.",
            f"Give it as a {other}.",
        )


def change_role(transaction: Transaction, person: PersonRow, role: Role) -> bool:
    """Make it so, and tell everyone. False where it was so before."""
    if person.role == role.value:
        return False
    person.role = role.value
    transaction.db.flush()
    who = sender_of(person)
    transaction.say(person.session_id, EventType.PERSON_CHANGED, who, PersonChange(person=who))
    return True
