"""What each command changes in the database, and what the router has to be told. Work inside a transaction; the order
of the steps is `studio.server.commands`, the words are `studio.server.order_words`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import select, update

from studio.server import bans, chat_time, grant_ends, order_words, renewal, returning
from studio.server.api import ErrorCode
from studio.server.caller import OWNER_ID, Caller, host_id
from studio.server.endings import ENDED, last_end
from studio.server.errors import Refusal
from studio.server.hands import set_hand
from studio.server.messages import EVERYONE, AnnounceTo, CommandAction
from studio.server.model import CommandRow, PersonRow, SessionRow, TokenRow
from studio.server.promotions import change_role, refuse_change, require_role
from studio.server.record import Transaction
from studio.server.rights import Right, Role, may
from studio.server.router_pipe import EndPerson, EndPublisher, EndReason, EndTokens, MediaKind, SetEnds, SetMute
from studio.token.grants import Grant

MUTES = {
    CommandAction.MUTE_AUDIO: (MediaKind.AUDIO, True),
    CommandAction.UNMUTE_AUDIO: (MediaKind.AUDIO, False),
    CommandAction.MUTE_VIDEO: (MediaKind.VIDEO, True),
    CommandAction.UNMUTE_VIDEO: (MediaKind.VIDEO, False),
}
ROLES = (CommandAction.PROMOTE, CommandAction.DEMOTE)
RECORDS = (CommandAction.RECORD_START, CommandAction.RECORD_STOP)
LOCKS = (CommandAction.LOCK, CommandAction.UNLOCK)
OUT = (CommandAction.KICK, CommandAction.BAN)
BACK = (CommandAction.READMIT, CommandAction.UNBAN)
FOR_THE_SESSION = (CommandAction.STOP, CommandAction.RELEASE, CommandAction.END, *LOCKS)
BY_THE_SERVER = (
    *ROLES,
    *LOCKS,
    CommandAction.READMIT,
    CommandAction.UNBAN,
    CommandAction.LOWER_HAND,
    CommandAction.GRANT,
)
"""What no studio has a part in: the server itself says that it is done."""
BELONGS = {
    "role": "Only a change of somebody's role names a role.",
    "seconds": "Only a ban has a length in seconds.",
    "to": "Only an announcement says to whom it goes.",
    "ends": "Only what is granted has ends.",
}


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it was given. `role`, `seconds` and `to` are those of messages.Command, `ends` those of
    api.CommandRequest.
    """

    id: str
    action: CommandAction
    target: str = ""
    text: str = ""
    role: Role | None = None
    seconds: int = 0
    to: AnnounceTo | None = None
    ends: Mapping[Grant, int | None] = field(default_factory=dict)


def checked(order: Order) -> Order:
    """The order with what it leaves open filled in. Raises Refusal(BAD_REQUEST) for what does not go together."""
    announces = order.action is CommandAction.ANNOUNCE
    given = (
        ("role", order.role is not None, order.action in ROLES),
        ("seconds", bool(order.seconds), order.action is CommandAction.BAN),
        ("to", order.to is not None, announces),
        ("ends", bool(order.ends), order.action is CommandAction.GRANT),
    )
    for name, is_there, belongs in given:
        if is_there and not belongs:
            raise Refusal(ErrorCode.BAD_REQUEST, BELONGS[name], f"Leave out {name}.")
    if order.action in ROLES:
        require_role(order.role)
    if order.action is CommandAction.GRANT and not order.ends:
        remedy = "Give ends, in seconds from now: join, camera, microphone, screen, data."
        raise Refusal(ErrorCode.BAD_REQUEST, "What is to end, and when, is missing.", remedy)
    if order.target == EVERYONE and order.action not in MUTES:
        raise Refusal(ErrorCode.BAD_REQUEST, "Only mutes can be for everyone at once.", "Name one person.")
    if not announces:
        return order
    to = order.to or (AnnounceTo.PERSON if order.target else AnnounceTo.ALL)
    if (to is AnnounceTo.PERSON) is not bool(order.target):
        raise Refusal(
            ErrorCode.BAD_REQUEST,
            "An announcement to one person names them; to all or the hosts it names nobody.",
            "Give target and to=person, or neither.",
        )
    return replace(order, to=to)


def default_target(session_id: str, order: Order) -> str:
    """Whom an order without a target is about, where that is somebody."""
    return order.target or (host_id(session_id) if order.action in MUTES or order.action in RECORDS else "")


def target_of(transaction: Transaction, session_id: str, order: Order, caller: Caller) -> PersonRow | None:
    """Whom the command is about. Raises Refusal(NOT_FOUND, BAD_REQUEST, NO_RIGHT) for what it cannot be about."""
    action = order.action
    if action in FOR_THE_SESSION or order.target == EVERYONE:
        return None
    target = default_target(session_id, order)
    if action is CommandAction.ANNOUNCE and not target:
        return None
    person = transaction.db.get(PersonRow, target) if target else None
    if person is None or person.session_id != session_id:
        raise Refusal(ErrorCode.NOT_FOUND, "There is nobody of that id in this session.", "Look at the list of people.")
    if (action in MUTES or action in RECORDS) and not may(Role(person.role), Right.PUBLISH):
        raise Refusal(
            ErrorCode.BAD_REQUEST, f"{person.name} sends neither sound nor picture.", "Choose somebody on stage."
        )
    _refuse_about_admins(session_id, action, person, caller)
    mine = person.id == caller.person_id
    is_owner = person.id == host_id(session_id)
    if action is CommandAction.KICK and mine:
        raise Refusal(ErrorCode.BAD_REQUEST, "You cannot remove yourself.", "Leave the session instead.")
    if action is CommandAction.BAN and (mine or (is_owner and caller.person_id == OWNER_ID)):
        raise Refusal(ErrorCode.BAD_REQUEST, "You cannot ban yourself.", "Leave the session instead.")
    if action is CommandAction.GRANT:
        _refuse_own_time(person, order, caller)
    if action in ROLES:
        if mine:
            raise Refusal(ErrorCode.BAD_REQUEST, "Nobody changes their own role.", "Ask the owner of the studio.")
        if is_owner:
            raise Refusal(
                ErrorCode.NO_RIGHT, f"{person.name} owns the studio; nobody changes that.", "Choose somebody else."
            )
        refuse_change(action, person, require_role(order.role), caller.role)
    return person


def _refuse_about_admins(session_id: str, action: CommandAction, person: PersonRow, caller: Caller) -> None:
    """Who an admin is, only the owner decides: out of the session too, and back. Raises Refusal(NO_RIGHT).

    And only an admin lets the owner's own host back in.
    """
    if action not in (*OUT, *BACK):
        return
    if caller.role is not Role.OWNER and person.role == Role.ADMIN.value and person.id != caller.person_id:
        words = "removes an admin" if action in OUT else "lets an admin back in"
        raise Refusal(ErrorCode.NO_RIGHT, f"Only the owner of the studio {words}.", "Ask the owner.")
    if caller.role is Role.OWNER and action in BACK and person.id == host_id(session_id):
        raise Refusal(
            ErrorCode.NO_RIGHT,
            "An admin removed the host of this machine; only an admin lets them back in.",
            "Ask an admin. You may leave the session and go on without it.",
        )


def _refuse_own_time(person: PersonRow, order: Order, caller: Caller) -> None:
    """Raises Refusal(BAD_REQUEST, NO_RIGHT): nobody gives themselves time, and only the owner limits an admin's."""
    if person.id == caller.person_id or (person.id == host_id(person.session_id) and caller.role is Role.OWNER):
        raise Refusal(ErrorCode.BAD_REQUEST, "Nobody sets their own time.", "Ask another admin of the session.")
    if person.role == Role.ADMIN.value and caller.role is not Role.OWNER:
        raise Refusal(ErrorCode.NO_RIGHT, "Only the owner of the studio sets an admin's time.", "Ask the owner.")


def everyone_on_stage(transaction: Transaction, session_id: str) -> list[PersonRow]:
    """Everyone who publishes or may publish."""
    roles = [role.value for role in Role if may(role, Right.PUBLISH)]
    query = select(PersonRow).where(
        PersonRow.session_id == session_id, PersonRow.role.in_(roles), ~PersonRow.gone, PersonRow.removed_s == 0
    )
    return list(transaction.db.scalars(query.order_by(PersonRow.id)))


def apply(transaction: Transaction, session_id: str, order: Order, person: PersonRow | None) -> bool:
    """Make it so in the database. False where it was so before."""
    action = order.action
    if action in FOR_THE_SESSION:
        return _apply_to_session(transaction, transaction.db.get_one(SessionRow, session_id), action)
    if action in MUTES:
        muted = everyone_on_stage(transaction, session_id) if person is None else returning.all_of(transaction, person)
        changes = [_mute(each, *MUTES[action]) for each in muted]
        return any(changes)
    if person is None or action is CommandAction.ANNOUNCE or action in RECORDS:
        return True
    return _apply_to_person(transaction, person, order)


def _apply_to_session(transaction: Transaction, session: SessionRow, action: CommandAction) -> bool:
    if action in LOCKS:
        changed = session.locked is not (action is CommandAction.LOCK)
        session.locked = action is CommandAction.LOCK
        return changed
    if action is CommandAction.END:
        return session.why != ENDED and not session.needs_release
    if action is CommandAction.RELEASE:
        return session.needs_release or last_end(transaction, session.id) > 0
    changed = not session.needs_release
    session.needs_release = True
    return changed


def _mute(person: PersonRow, kind: MediaKind, muted: bool) -> bool:
    field = "muted_audio" if kind is MediaKind.AUDIO else "muted_video"
    changed = getattr(person, field) is not muted
    setattr(person, field, muted)
    return changed


def _apply_to_person(transaction: Transaction, person: PersonRow, order: Order) -> bool:
    match order.action:
        case CommandAction.READMIT | CommandAction.UNBAN:
            changed = returning.let_in(transaction, person, kicked=order.action is CommandAction.READMIT)
        case CommandAction.BAN:
            who = returning.here_now(transaction, person)
            changes = [bans.ban(transaction, one, order.seconds) for one in who]
            changed = any(changes)
        case CommandAction.PROMOTE | CommandAction.DEMOTE:
            changed = change_role(transaction, person, require_role(order.role))
        case CommandAction.GRANT:
            who = returning.all_of(transaction, person)
            changes = [_set_ends(transaction, one, order.ends) for one in who]
            changed = any(changes)
        case CommandAction.LOWER_HAND:
            changed = set_hand(transaction, person, up=False)
        case _:
            changes = [_kick(transaction, one) for one in returning.here_now(transaction, person)]
            changed = any(changes)
    return changed


def _kick(transaction: Transaction, person: PersonRow) -> bool:
    changed = person.removed_s == 0
    person.removed_s = person.removed_s or transaction.now_s
    transaction.db.execute(update(TokenRow).where(TokenRow.person_id == person.id).values(dead=True))
    return changed


def _set_ends(transaction: Transaction, person: PersonRow, ends: Mapping[Grant, int | None]) -> bool:
    changed = grant_ends.set_ends(transaction, person, ends)
    without_end = Grant.DATA in ends and ends[Grant.DATA] is None
    lifted = without_end and chat_time.lift(transaction, person)
    return changed or lifted


def links(transaction: Transaction, caller: Caller, person: PersonRow, order: Order) -> str:
    """End the links by which they, or whoever they gave one to, would be what they were. Returns it in words."""
    if order.action is CommandAction.GRANT:
        return _links_of_time(transaction, caller, person, order)
    others = ""
    if order.action in OUT:
        role, why, who = None, f"{person.name} was removed", returning.all_of(transaction, person)
        came = renewal.renew(transaction, caller.sender, who, why, caller.address)
        others = order_words.also_out([one.name for one in returning.here_now(transaction, person)[1:]])
    elif order.action is CommandAction.DEMOTE:
        came, role, why = renewal.end_above(transaction, caller, person), order.role, f"{person.name} was demoted"
    else:
        to_admin = order.action is CommandAction.PROMOTE and order.role is Role.ADMIN
        return renewal.end_reset_of(transaction, caller, person) if to_admin else ""
    ended = renewal.end_made(transaction, caller, renewal.makers(transaction, person), role, why)
    return " ".join(filter(None, (others, came, renewal.made_words(ended))))


def _links_of_time(transaction: Transaction, caller: Caller, person: PersonRow, order: Order) -> str:
    """What becomes of the links of somebody whose time an admin set: at its end they die, as at a kick."""
    left_s = order.ends.get(Grant.JOIN)
    who = returning.all_of(transaction, person)
    if left_s == 0:
        return renewal.renew(transaction, caller.sender, who, f"{person.name}'s time is over", caller.address)
    return renewal.WILL_END if left_s and renewal.good_links_of(transaction, who) else ""


def kept_ends(order: Order) -> str:
    """The ends of an order as they are written down; empty for none."""
    return json.dumps({grant.value: order.ends[grant] for grant in Grant if grant in order.ends}) if order.ends else ""


def ends_of(row: CommandRow) -> dict[Grant, int | None]:
    """The ends that were asked for."""
    return {Grant(grant): left_s for grant, left_s in json.loads(row.ends).items()} if row.ends else {}


@dataclass(frozen=True, slots=True)
class RouterOrder:
    """What the router has to be told for a command."""

    make: Callable[[int], SetMute | SetEnds | EndPublisher | EndPerson | EndTokens]


def router_orders(transaction: Transaction, row: CommandRow) -> list[RouterOrder]:
    """None at all where the router has no part in it."""
    action, session_id, target = CommandAction(row.action), row.session_id, row.target
    if action in MUTES:
        kind, muted = MUTES[action]
        if target == EVERYONE:
            people = everyone_on_stage(transaction, session_id)
        else:
            people = returning.here_now(transaction, transaction.db.get_one(PersonRow, target))
        return [RouterOrder(lambda n, p=one.id: SetMute(n, session_id, p, kind, muted)) for one in people]  # type: ignore[misc]
    if action in (CommandAction.STOP, CommandAction.END):
        return [RouterOrder(lambda n: EndPublisher(n, session_id, EndReason.STOPPED))]
    if action is CommandAction.GRANT:
        who = returning.all_of(transaction, transaction.db.get_one(PersonRow, target))
        each = [(one.id, grant_ends.for_router(transaction, one.id)) for one in who]
        told = [RouterOrder(lambda n, p=id, e=ends: SetEnds(n, session_id, p, e)) for id, ends in each]  # type: ignore[misc]
        over = ends_of(row).get(Grant.JOIN) == 0
        return [*told, *(_end_links(transaction, who) if over else ())]
    if action in ROLES and not may(Role(row.role), Right.PUBLISH):
        return [RouterOrder(lambda n: EndPublisher(n, session_id, EndReason.REVOKED, target))]
    if action not in OUT:
        return []
    out = put_out(transaction, row)
    ended = [RouterOrder(lambda n, p=one.id: EndPerson(n, session_id, p, EndReason.REMOVED)) for one in out]  # type: ignore[misc]
    return [*ended, *_end_links(transaction, out)]


def put_out(transaction: Transaction, row: CommandRow) -> list[PersonRow]:
    """Who is out by a command: whom it is about first, then whoever else they were here; a line may be left of each."""
    if row.action not in OUT:
        return []
    return returning.all_of(transaction, transaction.db.get_one(PersonRow, row.target))


def _end_links(transaction: Transaction, people: list[PersonRow]) -> list[RouterOrder]:
    """Whoever watches by the bare link, without a name, may be the one who is out."""
    dead = renewal.dead_links_of(transaction, people)
    return [RouterOrder(lambda n: EndTokens(n, dead, EndReason.REVOKED))] if dead else []
