"""An admin's commands: one after the other, each once, on the server first and on the studio second.

    accepted      written down, and so in the database (a kicked token is dead, a stopped session refuses to go live)
    effective     the media router does it too; the command is told to whom it is about, and stands in the audit log
    acknowledged  the studio (or the server, where no studio is connected) has said what became of it

A process that dies between two stages goes on from the one it reached.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from dataclasses import replace
from functools import partial

from sqlalchemy import func, select

from studio.media.clock import NS_PER_S, Clock
from studio.server import orders
from studio.server.admission import Admission
from studio.server.api import Accepted, ErrorCode
from studio.server.as_now import as_now
from studio.server.bans import BansEnd
from studio.server.caller import Caller, no_session
from studio.server.command_record import acknowledged, tell, unanswered
from studio.server.connections import client_of
from studio.server.errors import Refusal
from studio.server.grant_watch import GrantWatch
from studio.server.hub import Connection, Hub
from studio.server.limits import RateLimit
from studio.server.media_line import MediaLine
from studio.server.messages import EVERYONE, CloseCode, CommandAction, Outcome, Sender
from studio.server.mishap import in_short
from studio.server.model import CommandRow, SessionRow
from studio.server.orders import Order
from studio.server.record import Record, Transaction
from studio.server.rights import Right, Role
from studio.server.router_pipe import Done
from studio.server.wording import clean_text

ROUTER_LIMIT_S = 2.0
ACKNOWLEDGE_LIMIT_S = 10.0
FAREWELL_LIMIT_S = 3.0
REPLAYS_TOLD_EVERY_S = 60
GIVEN_AGAIN = "Given again with the id that it had: it was done once, and not again."
SHOWN_OUT = "An admin removed you from this session."
STRANGER = Sender(id="", name="", role=None)
log = logging.getLogger(__name__)


class CommandDesk:
    """Takes commands and acknowledgements. Belongs to the event loop."""

    def __init__(
        self,
        record: Record,
        hub: Hub,
        line: MediaLine,
        admission: Admission,
        clock: Clock,
        bans: BansEnd,
        grants: GrantWatch,
    ) -> None:
        self._record = record
        self._hub = hub
        self._line = line
        self._admission = admission
        self._clock = clock
        self._bans = bans
        self._grants = grants
        self._turn: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._unanswered: dict[tuple[str, str], int] = {}
        self._farewells: dict[Connection, int] = {}
        self._limit = RateLimit(clock, burst=30, per_s=5.0)
        self._forgeries = RateLimit(clock, burst=20, per_s=0.5)
        self._replays = RateLimit(clock, burst=1, per_s=1 / REPLAYS_TOLD_EVERY_S)
        self._mishaps = self._recovered = 0

    @property
    def unfinished(self) -> bool:
        """Whether a command may have been accepted and stopped there: `recover` goes on with it."""
        return self._mishaps != self._recovered

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
            order = orders.checked(replace(order, text=text))
            async with self._turn[session_id]:
                if self.unfinished:
                    await self._go_on(session_id)  # in order
                row, fresh = await self._record.run(lambda t: _accept(t, caller, session_id, order))
                if not fresh and row.stage != "accepted":
                    await self._given_again(caller, session_id, order)
                    return Accepted(id=row.id, seq=row.seq, already=True)
                return await self._carry_out(row)
        except Refusal as refusal:
            if refusal.code is ErrorCode.DATABASE_AWAY:
                self._mishaps += 1  # it may have been lost after the commit
            else:
                await self.refused(caller.sender, session_id, order, caller.address, refusal.message)
            raise
        except Exception:
            self._mishaps += 1
            raise

    async def refused(self, by: Sender, session_id: str, order: Order, address: str, words: str) -> None:
        """Write down a command that was refused, whoever gave it; a flood from one address is cut short."""
        await self._write_down(by, session_id, order, address, words, Outcome.REFUSED)

    async def _given_again(self, caller: Caller, session_id: str, order: Order) -> None:
        """Write down the replay of a command by who gave it, which has no effect; once for many that come together."""
        if self._replays.wait_s(f"{session_id} {order.id}") > 0:
            return
        await self._write_down(caller.sender, session_id, order, caller.address, GIVEN_AGAIN, Outcome.ALREADY)

    async def _write_down(
        self, by: Sender, session_id: str, order: Order, address: str, words: str, outcome: Outcome
    ) -> None:
        if self._forgeries.wait_s(client_of(address)) > 0:
            return

        def work(transaction: Transaction) -> None:
            transaction.audit(
                session_id[:64],
                by,
                order.action.value,
                outcome=outcome.value,
                target=order.target,
                command=order.id,
                words=words,
                address=address,
            )

        await self._record.run(work)

    async def stranger(self, session_id: str, order: Order, address: str, words: str) -> None:
        """As `refused`, of somebody whose token is dead or none of ours."""
        await self.refused(STRANGER, session_id, order, address, words)

    async def recover(self) -> None:
        """After a start, and when the database is back: go on with what was accepted and did not become effective.

        Who has not answered to what did has the whole time again. Raises Refusal(DATABASE_AWAY).
        """

        def work(transaction: Transaction) -> tuple[list[str], list[tuple[str, str]]]:
            query = select(CommandRow.session_id).where(CommandRow.stage == "accepted").distinct()
            told = select(CommandRow.session_id, CommandRow.id).where(CommandRow.stage == "effective")
            return list(transaction.db.scalars(query)), [(row[0], row[1]) for row in transaction.db.execute(told)]

        mishaps, finished = self._mishaps, True
        halfway, waited_for = await self._record.run(work)
        limit_ns = self._clock.now_ns() + int(ACKNOWLEDGE_LIMIT_S * NS_PER_S)
        for key in waited_for:
            self._unanswered.setdefault(key, limit_ns)
        for session_id in halfway:
            async with self._turn[session_id]:
                finished &= await self._go_on(session_id)
        if finished:
            self._recovered = mishaps
        else:
            self._mishaps += 1

    async def _go_on(self, session_id: str) -> bool:
        """Carry out, in the session's turn, what stopped half way. False where something of it still does not go."""

        def work(transaction: Transaction) -> list[CommandRow]:
            query = select(CommandRow).where(CommandRow.session_id == session_id, CommandRow.stage == "accepted")
            return list(transaction.db.scalars(query.order_by(CommandRow.number)))

        finished = True
        for row in await self._record.run(work):
            try:
                await self._carry_out(row)
            except Exception as error:
                if isinstance(error, Refusal) and error.code is ErrorCode.DATABASE_AWAY:
                    raise
                log.error("a command (%s) could not be carried out: %s", row.action, in_short(error))
                finished = False
        return finished

    async def _carry_out(self, row: CommandRow) -> Accepted:
        self._admission.forget()
        others: list[str] = []
        if row.action in orders.OUT:
            self._hub.bar(row.session_id, row.target)  # the router may take its time
            others = await self._record.run(lambda t: [one.id for one in orders.put_out(t, row)[1:]])
            for person_id in others:
                self._hub.bar(row.session_id, person_id)
        await asyncio.gather(*map(self._ask_router, await self._record.run(lambda t: orders.router_orders(t, row))))
        if row.action in (CommandAction.BAN, CommandAction.UNBAN, CommandAction.READMIT):
            await self._bans.begin()
        elif row.action == CommandAction.GRANT:
            await self._grants.changed(row.session_id, row.target)
        answers = self._who_answers(row)
        seq = await self._record.run(lambda t: tell(t, row.session_id, row.id, bool(answers)))
        if answers:
            limit_ns = int(ACKNOWLEDGE_LIMIT_S * NS_PER_S)
            self._unanswered[row.session_id, row.id] = self._clock.now_ns() + limit_ns
        if row.action in orders.OUT:
            self._show_out(row, others, wait=bool(answers))
        return Accepted(id=row.id, seq=seq)

    async def _ask_router(self, order: orders.RouterOrder) -> None:
        """All of a command's orders leave at once, in their order: a router that stalls is waited for once."""
        try:
            await self._line.ask(Done, order.make, limit_s=ROUTER_LIMIT_S)
        except Refusal:
            return  # it does it late; or it is ended, and its next life is told what the database says

    def _who_answers(self, row: CommandRow) -> list[Connection]:
        """The studio's connections that are expected to acknowledge; a host's page is none."""
        if row.outcome == Outcome.ALREADY.value or row.action in orders.BY_THE_SERVER:
            return []
        return [
            connection
            for connection in self._hub.of_session(row.session_id)
            if connection.caller.role is Role.BROADCASTER
            and not connection.is_page
            and row.target in ("", EVERYONE, connection.caller.person_id)
        ]

    def _show_out(self, row: CommandRow, others: list[str], *, wait: bool) -> None:
        """`others`: whoever else they are here, who is told nothing more. `wait`: for the studio's word."""
        for person_id in others:
            for connection in self._hub.of_person(row.session_id, person_id):
                connection.expelled = True
                connection.close(CloseCode.REMOVED, SHOWN_OUT)
        for connection in self._hub.of_person(row.session_id, row.target):
            connection.expelled = True
            if wait:
                self._farewells[connection] = self._clock.now_ns() + int(FAREWELL_LIMIT_S * NS_PER_S)
            else:
                connection.close(CloseCode.REMOVED, SHOWN_OUT)

    async def acknowledge(
        self, caller: Caller, session_id: str, command_id: str, outcome: Outcome, words: str
    ) -> Accepted:
        """The studio says what it did. Raises Refusal(NO_RIGHT, NOT_FOUND)."""
        caller.require(Right.ACKNOWLEDGE)
        answer = await self._record.run(lambda t: acknowledged(t, caller, session_id, command_id, outcome, words))
        self._unanswered.pop((session_id, command_id), None)
        for connection in [c for c in self._farewells if c.caller.person_id == caller.person_id]:
            del self._farewells[connection]
            connection.close(CloseCode.REMOVED, SHOWN_OUT)
        return answer

    async def sweep(self) -> None:
        """Call a few times a second: say what nobody acknowledged, and close on who was asked to leave."""
        now_ns = self._clock.now_ns()
        for connection in [c for c, deadline_ns in self._farewells.items() if now_ns >= deadline_ns]:
            del self._farewells[connection]
            connection.close(CloseCode.REMOVED, SHOWN_OUT)
        for key in [key for key, deadline_ns in self._unanswered.items() if now_ns >= deadline_ns]:
            session_id, command_id = key
            work = partial(unanswered, session_id=session_id, command_id=command_id, limit_s=ACKNOWLEDGE_LIMIT_S)
            await self._record.run(work)
            self._unanswered.pop(key, None)


def _accept(transaction: Transaction, caller: Caller, session_id: str, order: Order) -> tuple[CommandRow, bool]:
    """The first stage: written down, and so in the database. False where it had been taken before."""
    if transaction.db.get(SessionRow, session_id) is None:
        raise no_session(session_id)
    as_now(transaction, caller).require(Right(order.action.value))
    row = transaction.db.get(CommandRow, (session_id, order.id))
    if row is not None:
        if _body(row) != _given(session_id, order) or row.actor_id != caller.person_id:
            raise Refusal(ErrorCode.ID_USED, "Another command has this id.", "Give each command an id of its own.")
        return row, False
    person = orders.target_of(transaction, session_id, order, caller)
    changed = orders.apply(transaction, session_id, order, person)
    words = orders.links(transaction, caller, person, order) if changed and person is not None else ""
    everyone = order.target == EVERYONE
    number = transaction.db.scalar(select(func.max(CommandRow.number))) or 0
    row = CommandRow(
        session_id=session_id,
        id=order.id,
        number=number + 1,
        action=order.action.value,
        target=person.id if person else EVERYONE if everyone else "",
        target_name=person.name if person else "everyone" if everyone else "",
        text=order.text,
        role=order.role.value if order.role else "",
        seconds=order.seconds,
        audience=order.to.value if order.to else "",
        ends=orders.kept_ends(order),
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


def _body(row: CommandRow) -> tuple[str, str, str, str, int, str, str]:
    return row.action, row.target, row.text, row.role, row.seconds, row.audience, row.ends


def _given(session_id: str, order: Order) -> tuple[str, str, str, str, int, str, str]:
    role, to = order.role.value if order.role else "", order.to.value if order.to else ""
    target = "" if order.action in orders.FOR_THE_SESSION else orders.default_target(session_id, order)
    return order.action.value, target, order.text, role, order.seconds, to, orders.kept_ends(order)
