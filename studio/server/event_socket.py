"""The session's WebSocket: replay of what was missed, then what happens, and what the client has to say."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from studio.server.api import Accepted, ErrorCode
from studio.server.caller import SERVER, Caller
from studio.server.endings import came_anew
from studio.server.errors import Refusal
from studio.server.guard import bad_origin, foreign_origin
from studio.server.house import House
from studio.server.hub import Connection
from studio.server.limits import RateLimit
from studio.server.messages import (
    CLIENT_MESSAGE,
    Ack,
    AnyChatMessage,
    CloseCode,
    CommandSend,
    DoneSend,
    Envelope,
    EventType,
    Ping,
    Welcome,
)
from studio.server.model import SessionRow
from studio.server.on_air import state_of
from studio.server.orders import Order
from studio.server.presence import present_count
from studio.server.record import Transaction, line_of
from studio.server.rights import Right, may
from studio.server.shared_frames import frame_writer
from studio.server.signed_in import caller_in, house_of
from studio.server.wall import iso

router = APIRouter()
PAGE = 200
SEND_LIMIT_S = 20.0
CONNECTIONS_OF_ONE_PERSON = 16
CONNECTIONS_OF_ONE_ADDRESS = 600
_CLOSE = {
    ErrorCode.NOT_SIGNED_IN: CloseCode.NOT_SIGNED_IN,
    ErrorCode.REMOVED: CloseCode.REMOVED,
    ErrorCode.TIME_OVER: CloseCode.TIME_OVER,
    ErrorCode.INVITE_REVOKED: CloseCode.REVOKED,
    ErrorCode.NOT_FOUND: CloseCode.NOT_FOUND,
    ErrorCode.TOO_MANY: CloseCode.TOO_MANY,
    ErrorCode.DATABASE_AWAY: CloseCode.RESTART,
}
_MEANT = dict.fromkeys(CloseCode, ErrorCode.DATABASE_AWAY) | {close: code for code, close in _CLOSE.items()}
"""What is told to who still says something: of a server that ends, that it is away."""


class _Ended(Exception):
    """The server closes this connection."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@router.websocket("/api/v1/sessions/{session}/events")
async def events(socket: WebSocket, session: str) -> None:
    """See `studio.server.messages`."""
    house = house_of(socket)
    if foreign_origin(socket.scope):
        refusal = bad_origin()
        await socket.close(CloseCode.BAD_MESSAGE, refusal.message)  # before accept: answered with 403
        return
    try:
        caller = await caller_in(socket, session)
        after = _place(socket.query_params.get("after"))
        _require_room(house, caller)
    except Refusal as refusal:
        await socket.accept()
        await socket.close(_CLOSE.get(refusal.code, CloseCode.BAD_MESSAGE), _short(refusal.message))
        return
    connection = Connection(caller, frame_writer(socket.scope), is_page="origin" in socket.headers)
    house.hub.add(connection)
    try:
        await socket.accept()
        again = await caller_in(socket, session)  # who was kicked since the first look is told so
        if connection.caller is caller:  # else the hub has heard of something newer meanwhile
            connection.caller = replace(caller, role=again.role)
        house.quality.devices.seen(session, caller.person_id, socket.headers.get("user-agent", ""))
        if await house.presence.came(caller):
            house.admission.forget()
        try:
            if after is None and may(again.role, Right.PUBLISH):
                await house.record.run(lambda transaction: came_anew(transaction, caller.person_id))
            await _serve(socket, house, connection, after)
        finally:
            house.presence.went(caller)
    except Refusal as refusal:
        await _close(socket, _CLOSE.get(refusal.code, CloseCode.BAD_MESSAGE), refusal.message)
    except _Ended as ended:
        await _close(socket, ended.code, ended.reason)
    finally:
        house.hub.remove(connection)


def _place(after: str | None) -> int | None:
    if after is None:
        return None
    if not after.isascii() or not after.isdecimal() or len(after) > 15:
        raise Refusal(ErrorCode.BAD_REQUEST, "after must be a number.", "Send the highest seq that you have seen.")
    return int(after)


def _require_room(house: House, caller: Caller) -> None:
    mine = sum(1 for _ in house.hub.of_person(caller.session_id, caller.person_id))
    if mine >= CONNECTIONS_OF_ONE_PERSON or house.hub.from_address(caller.address) >= CONNECTIONS_OF_ONE_ADDRESS:
        raise Refusal(ErrorCode.TOO_MANY, "Too many connections are open from here.", "Close some of them.")


def _short(reason: str) -> str:
    """A close reason has at most 123 bytes."""
    return reason.encode()[:123].decode(errors="ignore")


async def _close(socket: WebSocket, code: CloseCode, reason: str) -> None:
    with contextlib.suppress(RuntimeError, WebSocketDisconnect, OSError):
        await socket.close(code, _short(reason))


async def _serve(socket: WebSocket, house: House, connection: Connection, after: int | None) -> None:
    """Until either side ends it: one task reads, one writes."""
    reading = asyncio.create_task(_read(socket, house, connection))
    writing = asyncio.create_task(_write(socket, house, connection, after))
    try:
        done, _ = await asyncio.wait({reading, writing}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            with contextlib.suppress(WebSocketDisconnect):
                task.result()
    finally:
        for task in (reading, writing):
            task.cancel()
        await asyncio.gather(reading, writing, return_exceptions=True)


# Writing


async def _send(socket: WebSocket, line: str) -> None:
    try:
        async with asyncio.timeout(SEND_LIMIT_S):
            await socket.send_text(line)
    except TimeoutError:
        raise _Ended(CloseCode.TOO_SLOW, "This connection does not keep up.") from None
    except (RuntimeError, OSError) as cause:
        raise WebSocketDisconnect from cause


async def _replay(socket: WebSocket, house: House, connection: Connection) -> None:
    """Send what of the record is later than `connection.sent`, until the queue takes over."""
    session = connection.caller.session_id
    while True:
        connection.begin_replay()
        entries, last = await house.record.after(session, connection.sent, connection.caller, PAGE)
        for entry in entries:
            if connection.may_read(entry):  # the role may be another since the page was read
                await _send(socket, entry.text)
        full, connection.sent = last - connection.sent >= PAGE, last
        if not full and not connection.behind:
            return


async def _write(socket: WebSocket, house: House, connection: Connection, after: int | None) -> None:
    session = connection.caller.session_id
    head = await house.record.run(lambda transaction: transaction.head(session))
    connection.sent = head if after is None else min(after, head)
    await _replay(socket, house, connection)
    await _send(socket, await _welcome(house, connection.caller, connection.sent))
    while True:
        if connection.behind:
            await _replay(socket, house, connection)
        lines, entries = connection.take()
        for line in lines:
            await _send(socket, line)
        for entry in entries:
            if entry.envelope.seq > connection.sent:
                if connection.may_read(entry):
                    await _send(socket, entry.text)
                connection.sent = entry.envelope.seq
        if connection.closing:
            raise _Ended(*connection.closing)
        if not lines and not entries and not connection.behind:
            await connection.wait()


def _direct(house: House, kind: EventType, id: str, data: BaseModel) -> str:
    at = iso(house.wall.now_ms())
    return line_of(Envelope(seq=0, id=id, type=kind, at=at, sender=SERVER, data=data.model_dump(mode="json")))


async def _welcome(house: House, caller: Caller, sent: int) -> str:
    def work(transaction: Transaction) -> Welcome:
        session = transaction.db.scalar(select(SessionRow).where(SessionRow.id == caller.session_id))
        assert session is not None
        stage = house.on_air.on_stage(session.id)
        return Welcome(
            head=sent,
            person=caller.sender,
            present=present_count(transaction.db, session.id),
            watching=house.on_air.watching(session.id),
            state=state_of(transaction, session, stage.person if stage else ""),
        )

    return _direct(house, EventType.WELCOME, "welcome", await house.record.run(work))


# Reading


async def _read(socket: WebSocket, house: House, connection: Connection) -> None:
    limit = RateLimit(house.clock, burst=60, per_s=20.0, capacity=1)
    while True:
        message = await socket.receive()
        if message["type"] != "websocket.receive":
            return
        text = message.get("text")
        if text is None:
            raise _Ended(CloseCode.BAD_MESSAGE, "Messages are text in JSON.")
        if limit.wait_s("") > 0:
            raise _Ended(CloseCode.TOO_MANY, "Too many messages at once.")
        if not connection.answer(await _answer(house, connection, text)):
            raise _Ended(CloseCode.TOO_SLOW, "Answers are not read.")


async def _answer(house: House, connection: Connection, text: str) -> str:
    """Do what a message asks; the line to answer with."""
    try:
        message = CLIENT_MESSAGE.validate_json(text)
    except ValidationError:
        refusal = Refusal(
            ErrorCode.BAD_REQUEST, "This message is not one that the server knows.", "See its description."
        )
        return _direct(house, EventType.ERROR, _id_of(text), refusal.body())
    if isinstance(message, Ping):
        return _direct(house, EventType.PONG, message.id, message.data)
    try:
        accepted = await _take(house, connection, message)
    except Refusal as refusal:
        return _direct(house, EventType.ERROR, message.id, refusal.body())
    ack = Ack(record=accepted.seq, already=accepted.already, held=accepted.held)
    return _direct(house, EventType.ACK, message.id, ack)


def _id_of(text: str) -> str:
    """The id of a message that could not be read otherwise, so that its sender knows which it was."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    id = found.get("id") if isinstance(found, dict) else None
    return id[:64] if isinstance(id, str) else ""


async def _take(house: House, connection: Connection, message: AnyChatMessage | CommandSend | DoneSend) -> Accepted:
    caller = connection.caller
    session = caller.session_id
    if isinstance(message, DoneSend):
        _still_open(connection)
        data = message.data
        return await house.commands.acknowledge(caller, session, data.id, data.outcome, data.words)
    if connection.barred or connection.expelled:
        if isinstance(message, CommandSend):
            words = "Given by somebody who had been removed."
            await house.commands.refused(caller.sender, session, _order_of(message), caller.address, words)
        raise Refusal(ErrorCode.REMOVED, "An admin removed you from this session.", "Ask to be invited again.")
    _still_open(connection)
    if isinstance(message, CommandSend):
        return await house.commands.give(caller, session, _order_of(message))
    return await house.chat.take(caller, session, message)


def _still_open(connection: Connection) -> None:
    """Raises Refusal: who signed out or lost their invite does nothing more while the last lines are sent."""
    if connection.closing:
        code, reason = connection.closing
        raise Refusal(_MEANT[code], reason, "Connect again.")


def _order_of(message: CommandSend) -> Order:
    data = message.data
    return Order(message.id, data.action, data.target, data.text, data.role, data.seconds, data.to, data.ends)
