"""An admin's commands: one after the other, each once, on the server first and on the studio second.

    accepted      written down, and so in the database (a kicked token is dead, a stopped session refuses to go live)
    effective     the media router does it too; the command is told to whom it is about, and stands in the audit log
    acknowledged  the studio (or the server, where no studio is connected) has said what became of it

A process that dies between two stages goes on from the one it reached.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select

from studio.media.clock import NS_PER_S, Clock
from studio.server import orders, renewal
from studio.server.admission import Admission
from studio.server.api import Accepted, ErrorCode
from studio.server.caller import SERVER, Caller, no_session
from studio.server.errors import Refusal
from studio.server.hub import Connection, Hub
from studio.server.limits import RateLimit
from studio.server.media_line import MediaLine
from studio.server.messages import (
    CloseCode,
    Command,
    CommandAction,
    CommandDone,
    EventType,
    Notice,
    Outcome,
    Sender,
    SessionState,
)
from studio.server.model import CommandRow, PersonRow, SessionRow
from studio.server.on_air import move, say_state
from studio.server.presence import depart
from studio.server.record import Audience, Record, Transaction
from studio.server.rights import Right, Role
from studio.server.router_pipe import Done
from studio.server.wording import clean_text

ROUTER_LIMIT_S = 2.0
ACKNOWLEDGE_LIMIT_S = 10.0
FAREWELL_LIMIT_S = 3.0


@dataclass(frozen=True, slots=True)
class Order:
    """A command as it was given."""

    id: str
    action: CommandAction
    target: str = ""
    text: str = ""


class CommandDesk:
    """Takes commands and acknowledgements. Belongs to the event loop."""

    def __init__(self, record: Record, hub: Hub, line: MediaLine, admission: Admission, clock: Clock) -> None:
        self._record = record
        self._hub = hub
        self._line = line
        self._admission = admission
        self._clock = clock
        self._turn: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._unanswered: dict[tuple[str, str], int] = {}
        self._farewells: dict[Connection, int] = {}
        self._limit = RateLimit(clock, burst=30, per_s=5.0)

    async def give(self, caller: Caller, session_id: str, order: Order) -> Accepted:
        """Do it: when this returns it holds on the server. Raises Refusal; attempts without the right are audited.

        It is done to its end even where the caller is gone meanwhile.
        """
        return await asyncio.shield(asyncio.ensure_future(self._give(caller, session_id, order)))

    async def _give(self, caller: Caller, session_id: str, order: Order) -> Accepted:
        self._limit.check(caller.person_id, "You give commands faster than they can be done.")
        try:
            caller.require(Right(order.action.value))
            text = clean_text(order.text) if order.text or order.action is CommandAction.ANNOUNCE else ""
        except Refusal as refusal:
            words = refusal.message
            await self._record.run(lambda t: self._audit_refused(t, caller, session_id, order, words))
            raise
        order = Order(order.id, order.action, order.target, text)
        async with self._turn[session_id]:
            row, fresh = await self._record.run(lambda t: self._accept(t, caller, session_id, order))
            if not fresh:
                return Accepted(id=row.id, seq=row.seq, already=True)
            self._admission.forget()
            return await self._carry_out(row)

    async def recover(self) -> None:
        """After a start: go on with what was accepted and did not become effective."""

        def work(transaction: Transaction) -> list[CommandRow]:
            query = select(CommandRow).where(CommandRow.stage == "accepted").order_by(CommandRow.number)
            return list(transaction.db.scalars(query))

        for row in await self._record.run(work):
            async with self._turn[row.session_id]:
                await self._carry_out(row)

    def _audit_refused(
        self, transaction: Transaction, caller: Caller, session_id: str, order: Order, words: str
    ) -> None:
        transaction.audit(
            session_id,
            caller.sender,
            order.action.value,
            outcome=Outcome.REFUSED.value,
            target=order.target,
            command=order.id,
            words=words,
            address=caller.address,
        )

    def _accept(
        self, transaction: Transaction, caller: Caller, session_id: str, order: Order
    ) -> tuple[CommandRow, bool]:
        if transaction.db.get(SessionRow, session_id) is None:
            raise no_session(session_id)
        row = transaction.db.get(CommandRow, (session_id, order.id))
        if row is not None:
            if (row.actor_id, row.action, row.text) != (caller.person_id, order.action.value, order.text):
                raise Refusal(ErrorCode.ID_USED, "Another command has this id.", "Give each command an id of its own.")
            return row, False
        person = orders.target_of(transaction, session_id, order.action, order.target, caller.person_id)
        changed = orders.apply(transaction, session_id, order.action, person)
        words = ""
        if changed and person is not None and order.action is CommandAction.KICK:
            words = renewal.renew(transaction, caller, person)
        number = transaction.db.scalar(select(func.max(CommandRow.number))) or 0
        row = CommandRow(
            session_id=session_id,
            id=order.id,
            number=number + 1,
            action=order.action.value,
            target=person.id if person else "",
            target_name=person.name if person else "",
            text=order.text,
            actor_id=caller.person_id,
            actor_name=caller.name,
            actor_role=caller.role.value,
            address=caller.address,
            stage="accepted",
            seq=0,
            outcome="" if changed else Outcome.ALREADY.value,
            words=words,
        )
        transaction.db.add(row)
        transaction.db.flush()
        return row, True

    async def _carry_out(self, row: CommandRow) -> Accepted:
        for order in await self._record.run(lambda t: orders.router_orders(t, row)):
            if not self._line.up:
                break
            try:
                await self._line.ask(Done, order.make, limit_s=ROUTER_LIMIT_S)
            except Refusal:
                break  # it is gone or hangs and will be ended; its next life is told what the database says
        answers = self._who_answers(row)
        seq = await self._record.run(lambda t: _tell(t, row.session_id, row.id, bool(answers)))
        if answers:
            limit_ns = int(ACKNOWLEDGE_LIMIT_S * NS_PER_S)
            self._unanswered[row.session_id, row.id] = self._clock.now_ns() + limit_ns
        if row.action == CommandAction.KICK.value:
            self._show_out(row, wait=bool(answers))
        return Accepted(id=row.id, seq=seq)

    def _who_answers(self, row: CommandRow) -> list[Connection]:
        """The studio's connections that are expected to acknowledge."""
        if row.outcome == Outcome.ALREADY.value:
            return []
        return [
            connection
            for connection in self._hub.of_session(row.session_id)
            if connection.caller.role is Role.BROADCASTER and row.target in ("", connection.caller.person_id)
        ]

    def _show_out(self, row: CommandRow, *, wait: bool) -> None:
        for connection in self._hub.of_person(row.session_id, row.target):
            connection.expelled = True
            if wait:
                self._farewells[connection] = self._clock.now_ns() + int(FAREWELL_LIMIT_S * NS_PER_S)
            else:
                connection.close(CloseCode.REMOVED, "An admin removed you from this session.")

    async def acknowledge(
        self, caller: Caller, session_id: str, command_id: str, outcome: Outcome, words: str
    ) -> Accepted:
        """The studio says what it did. Raises Refusal(NO_RIGHT, NOT_FOUND)."""
        caller.require(Right.ACKNOWLEDGE)
        answer = await self._record.run(lambda t: _acknowledged(t, caller, session_id, command_id, outcome, words))
        self._unanswered.pop((session_id, command_id), None)
        for connection in [c for c in self._farewells if c.caller.person_id == caller.person_id]:
            del self._farewells[connection]
            connection.close(CloseCode.REMOVED, "An admin removed you from this session.")
        return answer

    async def sweep(self) -> None:
        """Call a few times a second: say what nobody acknowledged, and close on who was asked to leave."""
        now_ns = self._clock.now_ns()
        for connection in [c for c, deadline_ns in self._farewells.items() if now_ns >= deadline_ns]:
            del self._farewells[connection]
            connection.close(CloseCode.REMOVED, "An admin removed you from this session.")
        for key in [key for key, deadline_ns in self._unanswered.items() if now_ns >= deadline_ns]:
            del self._unanswered[key]
            await self._record.run(lambda t, k=key: _unanswered(t, *k))  # type: ignore[misc]


def _tell(transaction: Transaction, session_id: str, command_id: str, answers: bool) -> int:
    """The second stage: the record, the audit log, and where no studio will answer, the end of it."""
    row = transaction.db.get_one(CommandRow, (session_id, command_id))
    action = CommandAction(row.action)
    admin = Sender(id=row.actor_id, name=row.actor_name, role=Role(row.actor_role))
    if row.outcome == Outcome.ALREADY.value:
        row.seq = _done(transaction, row, Outcome.ALREADY, orders.ALREADY, SERVER)
        return row.seq
    holds = " ".join(filter(None, (orders.HOLDS[action], row.words)))
    words = orders.told(action, row.actor_name, row.text)
    command = Command(action=action, target=row.target, target_name=row.target_name, text=row.text, words=words)
    row.seq = transaction.say(
        session_id, EventType.COMMAND, admin, command, audience=_audience(row), person=row.target, id=row.id
    ).seq
    row.stage = "effective"
    _consequences(transaction, row, action, admin, words)
    transaction.audit(
        session_id,
        admin,
        row.action,
        outcome="effective",
        target=row.target,
        target_name=row.target_name,
        command=row.id,
        words=" ".join(filter(None, (holds, row.text))),
        address=row.address,
    )
    if not answers:
        away = " The studio is not connected now and learns of it when it is back."
        on_stage = action in orders.MUTES or action is CommandAction.STOP
        _done(transaction, row, Outcome.DONE, holds + (away if on_stage else ""), SERVER)
    return row.seq


def _audience(row: CommandRow) -> Audience:
    return Audience.PERSON if row.target else Audience.HOSTS


def _consequences(transaction: Transaction, row: CommandRow, action: CommandAction, admin: Sender, words: str) -> None:
    """What everyone else sees of it."""
    if action in orders.MUTES:
        say_state(transaction, row.session_id, "muted" if orders.MUTES[action][1] else "unmuted", admin, row.target)
    elif action is CommandAction.STOP:
        move(transaction, row.session_id, SessionState.ENDED, "stopped", admin)
    elif action is CommandAction.RELEASE:
        move(transaction, row.session_id, SessionState.WAITING, "released", admin)
    elif action is CommandAction.KICK and (person := transaction.db.get(PersonRow, row.target)):
        depart(transaction, person, "removed")
    level: Literal["information", "alarm"] = "alarm"
    if action in orders.LIFTS or action is CommandAction.ANNOUNCE:
        level = "information"
    audience, to = _audience(row), "person" if row.target else "hosts"
    if action is CommandAction.ANNOUNCE:
        words = row.text
        if not row.target:
            audience, to = Audience.ALL, "all"
    notice = Notice.model_validate({"text": words, "level": level, "to": to, "command": row.id})
    transaction.say(row.session_id, EventType.NOTICE, admin, notice, audience=audience, person=row.target)


def _done(transaction: Transaction, row: CommandRow, outcome: Outcome, words: str, by: Sender) -> int:
    """The last stage: what became of it."""
    row.stage = "acknowledged"
    row.outcome = outcome.value
    row.words = words
    data = CommandDone(id=row.id, action=CommandAction(row.action), outcome=outcome, words=words, by=by.id)
    seq = transaction.say(
        row.session_id, EventType.COMMAND_DONE, by, data, audience=_audience(row), person=row.target
    ).seq
    transaction.audit(
        row.session_id,
        by,
        "command.done",
        outcome=outcome.value,
        target=row.target,
        target_name=row.target_name,
        command=row.id,
        words=f"{row.action}: {words}" if words else row.action,
    )
    return seq


def _acknowledged(
    transaction: Transaction, caller: Caller, session_id: str, command_id: str, outcome: Outcome, words: str
) -> Accepted:
    row = transaction.db.get(CommandRow, (session_id, command_id))
    if row is None or (row.target not in ("", caller.person_id) and caller.role is not Role.OWNER):
        raise Refusal(ErrorCode.NOT_FOUND, "There is no such command for you.", "Answer the commands that you got.")
    if row.stage == "acknowledged":
        return Accepted(id=row.id, seq=row.seq, already=True)
    return Accepted(id=row.id, seq=_done(transaction, row, outcome, clean_text(words) if words else "", caller.sender))


def _unanswered(transaction: Transaction, session_id: str, command_id: str) -> None:
    row = transaction.db.get(CommandRow, (session_id, command_id))
    if row is not None and row.stage == "effective":
        holds = orders.HOLDS[CommandAction(row.action)]
        words = f"{holds} The studio has not answered for {ACKNOWLEDGE_LIMIT_S:.0f} s."
        _done(transaction, row, Outcome.FAILED, words, SERVER)
        row.stage = "unanswered"  # a late answer still counts
