"""What a person may do and until when: their role's grants, each cut short where an admin gave it an end.

The ends are Unix seconds on this server's clock. They only take away: nobody may more than their role. Work inside a
transaction.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, select

from studio.server.api import ErrorCode
from studio.server.errors import Refusal
from studio.server.grant_model import GrantEndRow
from studio.server.model import PersonRow
from studio.server.record import Transaction
from studio.server.rights import Right, Role, may
from studio.server.router_pipe import GrantEnds, Picture
from studio.token.grants import NO_END_S, Grant, Grants

WARNED_S = (60, 10)
"""So long before the end the person and the admins are told."""
PUBLISHED = (Grant.CAMERA, Grant.MICROPHONE, Grant.SCREEN)
ASK = "Ask an admin of the session for more time."
LONGEST_S = 366 * 86400
_OVER = {
    Grant.JOIN: "Your time in this session is over.",
    Grant.CAMERA: "Your time to send a picture is over.",
    Grant.MICROPHONE: "Your time to speak is over.",
    Grant.SCREEN: "Your time to share a screen is over.",
    Grant.DATA: "Your time to write here is over.",
}


def of_role(role: Role) -> tuple[Grant, ...]:
    """What the role alone grants."""
    publishes = PUBLISHED if may(role, Right.PUBLISH) else ()
    return (Grant.JOIN, *publishes, *((Grant.DATA,) if may(role, Right.CHAT) else ()))


def ends_of(transaction: Transaction, person_id: str) -> dict[Grant, int]:
    """The ends that were set, past ones too."""
    query = select(GrantEndRow).where(GrantEndRow.person_id == person_id, GrantEndRow.ends_s != NO_END_S)
    rows = transaction.db.scalars(query)
    return {Grant(row.grant): row.ends_s for row in rows}


def ends_in(transaction: Transaction, session_id: str) -> dict[str, dict[Grant, int]]:
    """Those of everyone in a session, by person."""
    query = select(GrantEndRow).join(PersonRow, PersonRow.id == GrantEndRow.person_id)
    found: dict[str, dict[Grant, int]] = {}
    for row in transaction.db.scalars(query.where(PersonRow.session_id == session_id, GrantEndRow.ends_s != NO_END_S)):
        found.setdefault(row.person_id, {})[Grant(row.grant)] = row.ends_s
    return found


def grants_of(transaction: Transaction, person: PersonRow) -> Grants:
    """Exactly what this person is granted now: what a token of theirs says."""
    ends = ends_of(transaction, person.id)
    return Grants(**{grant.value: ends.get(grant, NO_END_S) for grant in of_role(Role(person.role))})


def join_end_s(transaction: Transaction, person_id: str) -> int:
    """When the person's time here is over, 0 for never."""
    row = transaction.db.get(GrantEndRow, (person_id, Grant.JOIN.value))
    return row.ends_s if row else 0


def time_over(grant: Grant) -> Refusal:
    """The words for somebody whose grant has run out."""
    return Refusal(ErrorCode.TIME_OVER, _OVER[grant], ASK)


def require(transaction: Transaction, person_id: str, grant: Grant) -> None:
    """Raises Refusal(TIME_OVER) where this grant of the person, or their time here, is over."""
    ends = ends_of(transaction, person_id)
    for each in (Grant.JOIN, grant):
        if each in ends and transaction.now_s >= ends[each]:
            raise time_over(each)


def require_something_to_send(transaction: Transaction, person_id: str) -> None:
    """Raises Refusal(TIME_OVER) where neither sound nor any picture of the person would be forwarded."""
    ends = ends_of(transaction, person_id)
    require(transaction, person_id, Grant.JOIN)
    if all(transaction.now_s >= ends.get(grant, LONGEST_S + transaction.now_s) for grant in PUBLISHED):
        raise Refusal(ErrorCode.TIME_OVER, "Your time to send sound and picture is over.", ASK)


def picture_counted(transaction: Transaction, person_id: str, said: Picture, before: Picture | None) -> Picture:
    """What a picture that is offered counts as. Raises Refusal(TIME_OVER).

    Nobody gets around the end of their camera by another word for it: where `camera` has an end and `screen` has none,
    a screen is one that they were sending before (`before`: what was on air last, None for nothing).
    """
    if said is Picture.CAMERA or before is Picture.SCREEN:
        return said
    ends = ends_of(transaction, person_id)
    if Grant.CAMERA not in ends or Grant.SCREEN in ends:
        return said
    if transaction.now_s >= ends[Grant.CAMERA]:
        words = f"{_OVER[Grant.CAMERA]} It holds for a shared screen too, since that has no end of its own."
        raise Refusal(ErrorCode.TIME_OVER, words, "Ask an admin to set a time for your shared screen.")
    return Picture.CAMERA


def over_of(transaction: Transaction, person_id: str) -> tuple[bool, bool]:
    """Whether the person's sound and their camera's picture are over."""
    ends = ends_of(transaction, person_id)
    audio, video = (ends.get(grant) for grant in (Grant.MICROPHONE, Grant.CAMERA))
    return (
        audio is not None and transaction.now_s >= audio,
        video is not None and transaction.now_s >= video,
    )


def for_router(transaction: Transaction, person_id: str) -> GrantEnds:
    """The ends as the media router takes them."""
    ends = {grant: end_s * 1000 for grant, end_s in ends_of(transaction, person_id).items()}
    return GrantEnds(
        join_ms=ends.get(Grant.JOIN, 0),
        microphone_ms=ends.get(Grant.MICROPHONE, 0),
        camera_ms=ends.get(Grant.CAMERA, 0),
        screen_ms=ends.get(Grant.SCREEN, 0),
    )


def set_ends(transaction: Transaction, person: PersonRow, seconds: Mapping[Grant, int | None]) -> bool:
    """Let these grants end in so many seconds from now: 0 at once, None never. False where all of it was so before.

    A warning whose moment has passed by the new end already is not said: the change itself is told.
    """
    before = ends_of(transaction, person.id)
    for grant, left_s in seconds.items():
        ended = delete(GrantEndRow).where(GrantEndRow.person_id == person.id, GrantEndRow.grant == grant.value)
        transaction.db.execute(ended if left_s is not None else ended.where(GrantEndRow.ends_s != NO_END_S))
        if left_s is not None:
            passed = sum(left_s <= warned_s for warned_s in WARNED_S)
            transaction.db.add(
                GrantEndRow(person_id=person.id, grant=grant.value, ends_s=transaction.now_s + left_s, told=passed)
            )
    transaction.db.flush()
    return before != ends_of(transaction, person.id)


def said_of(transaction: Transaction, person_id: str, grant: Grant) -> bool:
    """Whether an admin said of this person themself until when they have the grant, be it without an end."""
    return transaction.db.get(GrantEndRow, (person_id, grant.value)) is not None


def say_without_end(transaction: Transaction, person_id: str, grant: Grant) -> None:
    """Keep that an admin said so of somebody for whom an end of others would hold."""
    told = len(WARNED_S) + 1
    transaction.db.add(GrantEndRow(person_id=person_id, grant=grant.value, ends_s=NO_END_S, told=told))
    transaction.db.flush()


def take_over(transaction: Transaction, earlier: frozenset[str], person: PersonRow) -> None:
    """The ends of these persons, past ones too, are this new one's: the earliest where they differ.

    That there is none was said of one of them goes over too, where no other has an end.
    """
    query = select(GrantEndRow).where(GrantEndRow.person_id.in_(earlier))
    taken: dict[str, GrantEndRow] = {}
    earliest = (GrantEndRow.ends_s == NO_END_S, GrantEndRow.ends_s, GrantEndRow.told.desc())
    for row in transaction.db.scalars(query.order_by(*earliest)):
        taken.setdefault(row.grant, row)
    for row in taken.values():
        transaction.db.add(GrantEndRow(person_id=person.id, grant=row.grant, ends_s=row.ends_s, told=row.told))
    transaction.db.flush()
