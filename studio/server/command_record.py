"""What a command leaves behind: told to whom it is about, seen by everyone, audited, acknowledged. In a transaction."""

from __future__ import annotations

from studio.server import grant_ends, grant_words, order_words, orders
from studio.server.api import Accepted, ErrorCode
from studio.server.caller import SERVER, Caller
from studio.server.endings import heard
from studio.server.errors import Refusal
from studio.server.messages import (
    EVERYONE,
    AnnounceTo,
    Command,
    CommandAction,
    CommandDone,
    EventType,
    Notice,
    Outcome,
    Sender,
    SessionState,
)
from studio.server.model import CommandRow, PersonRow
from studio.server.on_air import move, say_state
from studio.server.presence import depart
from studio.server.record import Audience, Transaction
from studio.server.right_words import sentence_start
from studio.server.rights import Right, Role
from studio.server.wording import clean_text
from studio.token.grants import Grant

AWAY = " The studio is not connected now and learns of it when it is back."
CALM = (
    *orders.LOCKS,
    *orders.RECORDS,
    CommandAction.UNMUTE_AUDIO,
    CommandAction.UNMUTE_VIDEO,
    CommandAction.RELEASE,
    CommandAction.READMIT,
    CommandAction.UNBAN,
    CommandAction.PROMOTE,
    CommandAction.LOWER_HAND,
    CommandAction.GRANT,
    CommandAction.ANNOUNCE,
)
"""What takes nothing away: told without alarm."""
STATES = {
    CommandAction.STOP: (SessionState.ENDED, "stopped"),
    CommandAction.END: (SessionState.ENDED, "ended"),
    CommandAction.RELEASE: (SessionState.WAITING, "released"),
}


def tell(transaction: Transaction, session_id: str, command_id: str, answers: bool) -> int:
    """The second stage: the record, the audit log, and where no studio will answer, the end of it. Returns its seq."""
    row = transaction.db.get_one(CommandRow, (session_id, command_id))
    action = CommandAction(row.action)
    admin = Sender(id=row.actor_id, name=row.actor_name, role=Role(row.actor_role))
    if row.outcome == Outcome.ALREADY.value:
        _write_down(transaction, row, admin, Outcome.ALREADY.value)
        row.seq = done(transaction, row, Outcome.ALREADY, order_words.ALREADY, SERVER)
        return row.seq
    if action in orders.RECORDS and not answers:
        _write_down(transaction, row, admin, Outcome.FAILED.value)
        row.seq = done(transaction, row, Outcome.FAILED, order_words.NO_STUDIO, SERVER)
        return row.seq
    holds = " ".join(filter(None, (holds_of(row), row.words)))
    ends = grant_words.set_words(orders.ends_of(row))
    words = order_words.told(action, row.actor_name, row.text, role=row.role, seconds=row.seconds, ends=ends)
    command = Command(
        action=action,
        target=row.target,
        target_name=row.target_name,
        text=row.text,
        words=words,
        role=Role(row.role) if row.role else None,
        seconds=row.seconds,
        to=AnnounceTo(row.audience) if row.audience else None,
        ends=_ends_now(transaction, row),
    )
    row.seq = transaction.say(
        session_id, EventType.COMMAND, admin, command, audience=audience_of(row), person=row.target, id=row.id
    ).seq
    row.stage = "effective"
    _consequences(transaction, row, action, admin, words)
    _write_down(transaction, row, admin, row.stage, " ".join(filter(None, (holds, row.text))))
    if not answers:
        on_stage = action in orders.MUTES or action in (CommandAction.STOP, CommandAction.END)
        done(transaction, row, Outcome.DONE, holds + (AWAY if on_stage else ""), SERVER)
    return row.seq


def _write_down(transaction: Transaction, row: CommandRow, admin: Sender, outcome: str, words: str = "") -> None:
    """Who gave which command to whom, in the audit log; what became of it is a line of its own."""
    transaction.audit(
        row.session_id,
        admin,
        row.action,
        outcome=outcome,
        target=row.target,
        target_name=row.target_name,
        command=row.id,
        words=words,
        address=row.address,
    )


def holds_of(row: CommandRow) -> str:
    """What is so now by this command."""
    ends = grant_words.set_words(orders.ends_of(row))
    return order_words.holds(
        CommandAction(row.action), target=row.target, role=row.role, seconds=row.seconds, to=row.audience, ends=ends
    )


def _ends_now(transaction: Transaction, row: CommandRow) -> dict[Grant, int]:
    """When what a command set is over; 0 for never."""
    ends = grant_ends.ends_of(transaction, row.target) if row.ends else {}
    return {grant: ends.get(grant, 0) for grant in orders.ends_of(row)}


def audience_of(row: CommandRow) -> Audience:
    """Who sees the command, beside the admins: whom it is about, or the hosts and directors."""
    if row.action in orders.RECORDS:
        return Audience.HOSTS
    return Audience.PERSON if row.target not in ("", EVERYONE) else Audience.HOSTS


def _consequences(transaction: Transaction, row: CommandRow, action: CommandAction, admin: Sender, words: str) -> None:
    """What everyone else sees of it."""
    if action in orders.MUTES:
        publisher = "" if row.target == EVERYONE else row.target
        say_state(transaction, row.session_id, "muted" if orders.MUTES[action][1] else "unmuted", admin, publisher)
    elif action in orders.LOCKS:
        say_state(transaction, row.session_id, f"{action.value}ed", admin)
    elif action in STATES:
        move(transaction, row.session_id, *STATES[action], admin)
    for person in orders.put_out(transaction, row):
        depart(transaction, person, "removed")
    audience = audience_of(row)
    to = AnnounceTo.PERSON if audience is Audience.PERSON else AnnounceTo.HOSTS
    if action is CommandAction.ANNOUNCE:
        words, to = row.text, AnnounceTo(row.audience)
        audience = Audience(row.audience)
    level = "information" if action in CALM else "alarm"
    notice = Notice.model_validate({"text": words, "level": level, "to": to.value, "command": row.id})
    transaction.say(row.session_id, EventType.NOTICE, admin, notice, audience=audience, person=row.target)


def done(transaction: Transaction, row: CommandRow, outcome: Outcome, words: str, by: Sender) -> int:
    """The last stage: what became of it."""
    row.stage = "acknowledged"
    row.outcome = outcome.value
    row.words = words
    data = CommandDone(id=row.id, action=CommandAction(row.action), outcome=outcome, words=words, by=by.id)
    # who gave it sees the end of it; the owner looks at the session as its host
    by_hosts = row.actor_role in (Role.OWNER.value, Role.DIRECTOR.value, Role.BROADCASTER.value)
    audience = Audience.HOSTS if by_hosts else audience_of(row)
    seq = transaction.say(row.session_id, EventType.COMMAND_DONE, by, data, audience=audience, person=row.target).seq
    transaction.audit(
        row.session_id,
        by,
        "command.done",
        outcome=outcome.value,
        target=row.target,
        target_name=row.target_name,
        command=row.id,
        words=": ".join(filter(None, (sentence_start(Right(row.action)), words))),
    )
    return seq


def acknowledged(
    transaction: Transaction, caller: Caller, session_id: str, command_id: str, outcome: Outcome, words: str
) -> Accepted:
    """A studio's word on a command. Raises Refusal(NOT_FOUND).

    The first word counts, but a failure is told also after it: of several studios that were asked, the one on air may
    answer last.
    """
    row = transaction.db.get(CommandRow, (session_id, command_id))
    mine = row is not None and row.target in ("", EVERYONE, caller.person_id)
    if row is None or not (mine or caller.role is Role.OWNER):
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such command for you.", "Answer the commands that you got.")
    person = transaction.db.get(PersonRow, caller.person_id)
    if row.action == CommandAction.END and person is not None and outcome in (Outcome.DONE, Outcome.ALREADY):
        heard(transaction, person)
    fails_after_all = outcome is Outcome.FAILED and row.outcome in (Outcome.DONE.value, Outcome.ALREADY.value)
    if row.stage == "acknowledged" and not (fails_after_all and row.target in ("", EVERYONE)):
        return Accepted(id=row.id, seq=row.seq, already=True)
    return Accepted(id=row.id, seq=done(transaction, row, outcome, clean_text(words) if words else "", caller.sender))


def unanswered(transaction: Transaction, session_id: str, command_id: str, limit_s: float) -> None:
    """No studio has said a word; a late one still counts."""
    row = transaction.db.get(CommandRow, (session_id, command_id))
    if row is not None and row.stage == "effective":
        done(
            transaction,
            row,
            Outcome.FAILED,
            f"{holds_of(row)} The studio has not answered for {limit_s:.0f} s.",
            SERVER,
        )
        row.stage = "unanswered"
