"""Until when somebody may not write in the chat. Work inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from studio.server.api import ErrorCode
from studio.server.caller import Caller
from studio.server.chat_messages import ChatMute, ChatMuted
from studio.server.errors import Refusal
from studio.server.messages import EventType
from studio.server.model import PersonRow
from studio.server.record import Audience, Transaction
from studio.server.rights import Right, Role, may
from studio.server.visitors import first_came, neighbours, selves
from studio.server.wall import iso


@dataclass(frozen=True, slots=True)
class Muted:
    """`until_s`: Unix seconds. `neighbour`: they came after somebody was muted who is probably the same one."""

    until_s: int
    neighbour: bool


def muted(transaction: Transaction, session_id: str, person_id: str) -> Muted | None:
    """What keeps this person from writing now."""
    now_s = transaction.now_s
    anybody = select(PersonRow.id).where(PersonRow.session_id == session_id, PersonRow.chat_muted_s > now_s).limit(1)
    if transaction.db.scalar(anybody) is None:
        return None
    mine = selves(transaction, session_id, person_id)
    until_s, said_at = transaction.db.execute(
        select(func.max(PersonRow.chat_muted_s), func.max(PersonRow.chat_muted_at)).where(PersonRow.id.in_(mine))
    ).one()
    if until_s and until_s > now_s:
        return Muted(until_s, neighbour=False)
    other_s = transaction.db.scalar(
        select(func.max(PersonRow.chat_muted_s)).where(
            PersonRow.id.in_(neighbours(transaction, session_id, person_id)),
            PersonRow.chat_muted_s > now_s,
            PersonRow.chat_muted_at < first_came(transaction, session_id, person_id),
            PersonRow.chat_muted_at > (said_at or ""),
        )
    )
    return Muted(other_s, neighbour=True) if other_s else None


def still_muted(transaction: Transaction, session_id: str, caller: Caller) -> None:
    """Raises Refusal(MUTED) for whom a moderator muted, and for who has probably come back under another name."""
    if may(caller.role, Right.CHAT_BACKSTAGE):
        return
    found = muted(transaction, session_id, caller.person_id)
    if found is None:
        return
    at = f"{iso(found.until_s * 1000)[11:16]} UTC"
    left_s = found.until_s - transaction.now_s
    if not found.neighbour:
        words, remedy = "A moderator has muted you in the chat.", f"You can write again at {at}."
    else:
        words = "Somebody who came from your network by this link is muted, and so is who comes from there after that."
        remedy = f"You can write at {at}, or before: sign in with an account, or ask a moderator to unmute you."
    raise Refusal(ErrorCode.MUTED, words, remedy, retry_after_s=left_s)


def mute(transaction: Transaction, caller: Caller, session_id: str, message: ChatMute) -> int:
    """For `seconds` the person may not write, whoever else they become; 0 lifts it.

    Raises Refusal(NOT_FOUND, BAD_REQUEST).
    """
    data = message.data
    person = transaction.db.get(PersonRow, data.person)
    if person is None or person.session_id != session_id:
        raise Refusal(ErrorCode.NOT_FOUND, "There is nobody of that id in this session.", "Look at the list of people.")
    if may(Role(person.role), Right.CHAT_MODERATE):
        raise Refusal(
            ErrorCode.BAD_REQUEST, f"{person.name} runs this session with you.", "Mute somebody of the audience."
        )
    if not data.seconds and muted(transaction, session_id, person.id) is None:
        return 0
    until_s = transaction.now_s + data.seconds if data.seconds else 0
    mine = selves(transaction, session_id, person.id)
    same_one = [
        person,
        *transaction.db.scalars(select(PersonRow).where(PersonRow.id.in_(mine), PersonRow.id != person.id)),
    ]
    since = min((each.chat_muted_at for each in same_one if each.chat_muted_s > transaction.now_s), default="")
    for each in same_one:
        each.chat_muted_s = 0
    person.chat_muted_s = until_s
    person.chat_muted_at = (since if data.seconds else "") or transaction.at
    transaction.audit(
        session_id,
        caller.sender,
        "chat.mute" if data.seconds else "chat.unmute",
        target=person.id,
        target_name=person.name,
        words=f"For {data.seconds} s." if data.seconds else "",
        address=caller.address,
    )
    told = [each for each in same_one if each is person or not each.gone]
    seqs = [_tell(transaction, caller, each, message, message.id if each is person else "") for each in told]
    return seqs[0]


def _tell(transaction: Transaction, caller: Caller, person: PersonRow, message: ChatMute, id: str) -> int:
    seconds = message.data.seconds
    until = iso((transaction.now_s + seconds) * 1000) if seconds else ""
    return transaction.say(
        person.session_id,
        EventType.CHAT_MUTED,
        caller.sender,
        ChatMuted(person=person.id, name=person.name, seconds=seconds, until=until),
        audience=Audience.MODERATORS,
        person=person.id,
        id=id,
    ).seq
