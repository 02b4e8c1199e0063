"""What each command changes in the database, and the words for it. Work inside a transaction; the order of the steps is
`studio.server.commands`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import update

from studio.server import renewal
from studio.server.admission import host_id
from studio.server.api import ErrorCode
from studio.server.errors import Refusal
from studio.server.messages import CommandAction
from studio.server.model import CommandRow, PersonRow, SessionRow, TokenRow
from studio.server.record import Transaction
from studio.server.rights import Right, Role, may
from studio.server.router_pipe import EndPerson, EndPublisher, EndReason, EndTokens, MediaKind, SetMute

MUTES = {
    CommandAction.MUTE_AUDIO: (MediaKind.AUDIO, True),
    CommandAction.UNMUTE_AUDIO: (MediaKind.AUDIO, False),
    CommandAction.MUTE_VIDEO: (MediaKind.VIDEO, True),
    CommandAction.UNMUTE_VIDEO: (MediaKind.VIDEO, False),
}
FOR_THE_STAGE = (CommandAction.STOP, CommandAction.RELEASE)
LIFTS = (CommandAction.UNMUTE_AUDIO, CommandAction.UNMUTE_VIDEO, CommandAction.RELEASE, CommandAction.READMIT)

TOLD = {
    CommandAction.MUTE_AUDIO: "{admin} switched your sound off. Only an admin can switch it on again.",
    CommandAction.UNMUTE_AUDIO: "{admin} switched your sound on again.",
    CommandAction.MUTE_VIDEO: "{admin} switched your picture off. Only an admin can switch it on again.",
    CommandAction.UNMUTE_VIDEO: "{admin} switched your picture on again.",
    CommandAction.STOP: "{admin} ended the show. Go live again needs an admin's release.",
    CommandAction.RELEASE: "{admin} released the session: you may go live again.",
    CommandAction.KICK: "{admin} removed you from the session.",
    CommandAction.READMIT: "{admin} let you back in.",
    CommandAction.ANNOUNCE: "{admin} announces: {text}",
}
HOLDS = {
    CommandAction.MUTE_AUDIO: "The sound is not forwarded any more.",
    CommandAction.UNMUTE_AUDIO: "The sound is forwarded again.",
    CommandAction.MUTE_VIDEO: "The picture is not forwarded any more.",
    CommandAction.UNMUTE_VIDEO: "The picture is forwarded again.",
    CommandAction.STOP: "The session is ended; Go live needs a release.",
    CommandAction.RELEASE: "The session may go live again.",
    CommandAction.KICK: "They are out, and their tokens are dead.",
    CommandAction.READMIT: "They may come in again, by a link that is good now.",
    CommandAction.ANNOUNCE: "It was sent to everyone who is here.",
}
ALREADY = "It was so already."


def told(action: CommandAction, admin: str, text: str) -> str:
    """The command in words for whom it is about."""
    words = TOLD[action].format(admin=admin or "An admin", text=text)
    return words if action is CommandAction.ANNOUNCE or not text else f"{words} Reason given: {text}"


def target_of(
    transaction: Transaction, session_id: str, action: CommandAction, target: str, actor: str
) -> PersonRow | None:
    """Whom the command is about. Raises Refusal(NOT_FOUND, BAD_REQUEST) for somebody it cannot be about."""
    if action in FOR_THE_STAGE:
        return None
    if action is CommandAction.ANNOUNCE and not target:
        return None
    if action in MUTES:
        target = target or host_id(session_id)
    person = transaction.db.get(PersonRow, target) if target else None
    if person is None or person.session_id != session_id:
        raise Refusal(ErrorCode.NOT_FOUND, "There is nobody of that id in this session.", "Look at the list of people.")
    if action in MUTES and not may(Role(person.role), Right.PUBLISH):
        raise Refusal(
            ErrorCode.BAD_REQUEST, f"{person.name} sends neither sound nor picture.", "Choose somebody on stage."
        )
    if action is CommandAction.KICK and person.id == actor:
        raise Refusal(ErrorCode.BAD_REQUEST, "You cannot remove yourself.", "Leave the session instead.")
    return person


def apply(transaction: Transaction, session_id: str, action: CommandAction, person: PersonRow | None) -> bool:
    """Make it so in the database. False where it was so before."""
    if action in FOR_THE_STAGE:
        session = transaction.db.get_one(SessionRow, session_id)
        changed = session.needs_release is not (action is CommandAction.STOP)
        if action is CommandAction.STOP:
            session.needs_release = True
        return changed
    if action is CommandAction.ANNOUNCE or person is None:
        return True
    if action in MUTES:
        kind, muted = MUTES[action]
        field = "muted_audio" if kind is MediaKind.AUDIO else "muted_video"
        changed = getattr(person, field) is not muted
        setattr(person, field, muted)
        return changed
    if action is CommandAction.READMIT:
        changed = person.removed_s > 0
        person.removed_s = 0
        person.joined_s = 0  # their name is theirs at once, also where another browser asks for it
        return changed
    changed = person.removed_s == 0
    person.removed_s = person.removed_s or transaction.now_s
    transaction.db.execute(update(TokenRow).where(TokenRow.person_id == person.id).values(dead=True))
    return changed


@dataclass(frozen=True, slots=True)
class RouterOrder:
    """What the router has to be told for a command."""

    make: Callable[[int], SetMute | EndPublisher | EndPerson | EndTokens]


def router_orders(transaction: Transaction, row: CommandRow) -> list[RouterOrder]:
    """None at all where the router has no part in it."""
    action, session_id, target = CommandAction(row.action), row.session_id, row.target
    if action in MUTES:
        kind, muted = MUTES[action]
        return [RouterOrder(lambda n: SetMute(n, session_id, target, kind, muted))]
    if action is CommandAction.STOP:
        return [RouterOrder(lambda n: EndPublisher(n, session_id, EndReason.STOPPED))]
    if action is not CommandAction.KICK:
        return []
    kick = [RouterOrder(lambda n: EndPerson(n, session_id, target, EndReason.REMOVED))]
    person = transaction.db.get_one(PersonRow, target)
    # whoever watches by the bare link, without a name, may be the one who was kicked
    dead = tuple(f"invite:{link.id}" for link in renewal.links_of(transaction, person) if link.revoked)
    return [*kick, RouterOrder(lambda n: EndTokens(n, dead, EndReason.REVOKED))] if dead else kick
