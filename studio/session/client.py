"""The client of one session: joins, stays connected, and gets every message exactly once."""

from __future__ import annotations

import asyncio
import random
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from studio.media.errors import ErrorKind, StoaError
from studio.session.address import FIRST_SESSION, OwnerAddress, SessionLink, running_server
from studio.session.agent import USER_AGENT
from studio.session.calls import SessionCalls, SessionError, trust, unreachable
from studio.session.desk import SessionDesk
from studio.session.messages import (
    DATA_OF,
    Accepted,
    ChatDecided,
    ChatDeleted,
    ChatHeld,
    ChatMessage,
    ChatMuted,
    ChatPinned,
    ChatReaction,
    ChatRules,
    Command,
    CommandDone,
    Envelope,
    GrantTold,
    Hand,
    JoinAnswer,
    Me,
    Notice,
    PersonChange,
    Poll,
    Presence,
    QualityTold,
    Sender,
    StateChange,
    Typing,
    Welcome,
)

RETRY_S = (0.25, 0.25, 0.5, 0.5, 0.5, 0.5, 1.0, 2.0, 5.0)
"""Often while a server that died may be starting again, which takes a second or two."""
RENEWED_AT = 0.5
RENEW_AGAIN_S = 10.0
OPEN_LIMIT_S = 10.0
MESSAGE_BYTES = 1 << 20
_FOR_GOOD = {4401: "not_signed_in", 4403: "removed", 4404: "not_found", 4410: "invite_revoked", 4411: "time_over"}
Data = (
    ChatMessage
    | ChatDeleted
    | ChatReaction
    | ChatPinned
    | ChatRules
    | ChatHeld
    | ChatDecided
    | ChatMuted
    | Hand
    | Poll
    | Typing
    | QualityTold
    | Presence
    | PersonChange
    | StateChange
    | Notice
    | GrantTold
    | Command
    | CommandDone
    | Welcome
)


class LineState(StrEnum):
    """How the client stands with the server."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LineChange:
    """The line to the server changed. `words` says why, for a person; `code` is the server's word for a refusal.

    After REFUSED nothing more comes: the tokens are dead (kicked, the invite taken back) until joined anew.
    """

    state: LineState
    words: str = ""
    code: str = ""
    retry_in_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """A message of the session's record (seq > 0), or the welcome that ends each replay, or typing (both seq 0)."""

    seq: int
    id: str
    type: str
    at: str
    sender: Sender
    data: Data


def event_of(envelope: Envelope) -> SessionEvent | None:
    """The typed message; None for a type that this studio does not know, or data that is not of its type."""
    kind = DATA_OF.get(envelope.type)
    if kind is None:
        return None
    try:
        data = msgspec.convert(envelope.data, kind)
    except msgspec.ValidationError:
        return None
    return SessionEvent(envelope.seq, envelope.id, envelope.type, envelope.at, envelope.sender, data)


class SessionClient(SessionDesk):
    """Joined to one session. Belongs to one event loop; never blocks it.

    `seq` is the highest place of the record that was seen: a client made anew with it gets what came since.
    """

    def __init__(
        self,
        base: str,
        session: str,
        *,
        bearer: str,
        owner_token: str = "",
        me: Me | None = None,
        context: ssl.SSLContext | None = None,
        run_folder: Path | None = None,
        seq: int | None = None,
        renewal: str = "",
        lasts_s: float = 0.0,
    ) -> None:
        super().__init__(SessionCalls(base, bearer, context=context), session, owner_token)
        self._calls.renewed_by(self._renew_or_not)
        self._renewal = renewal
        self._lasts_s = lasts_s
        self.on_renewed: Callable[[], object] = lambda: None
        self._context = context
        self._run_folder = run_folder
        self.me = me
        self.seq = seq
        self._line: ClientConnection | None = None

    @classmethod
    async def join(cls, link: SessionLink, name: str, *, ca_file: Path | None = None) -> SessionClient:
        """Come in by an invite. Raises SessionError (name_taken, invite_spent, …), StoaError."""
        context = await asyncio.to_thread(trust, ca_file) if link.base.startswith("https") else None
        body = {"invite": link.invite, "name": name, "session": link.session}
        answer = await _join(SessionCalls(link.base, context=context), body)
        return cls._joined(link.base, answer, context=context)

    @classmethod
    async def join_as_owner(
        cls, name: str = "", *, session: str = FIRST_SESSION, run_folder: Path | None = None
    ) -> SessionClient:
        """Come in as the host of this machine's own server. Raises StoaError(NOT_FOUND) where none runs."""
        owner = await asyncio.to_thread(running_server, run_folder)
        answer = await _join(SessionCalls(owner.url, owner.token), {"name": name, "session": session})
        return cls._joined(owner.url, answer, owner_token=owner.token, run_folder=run_folder)

    @classmethod
    async def join_by_account(
        cls, base: str, sign_in: str, session: str, name: str = "", *, context: ssl.SSLContext | None = None
    ) -> SessionClient:
        """Come in as the person of the account whose sign-in this bearer is (`studio.session.sign_in`).

        Raises SessionError (not_signed_in, removed, session_locked, …), StoaError."""
        answer = await _join(SessionCalls(base, sign_in, context=context), {"name": name, "session": session})
        return cls._joined(base, answer, context=context)

    @classmethod
    def _joined(
        cls,
        base: str,
        answer: JoinAnswer,
        *,
        owner_token: str = "",
        context: ssl.SSLContext | None = None,
        run_folder: Path | None = None,
    ) -> SessionClient:
        return cls(
            base,
            answer.session,
            bearer=answer.bearer or "",
            owner_token=owner_token,
            me=_me(answer),
            context=context,
            run_folder=run_folder,
            renewal=answer.renewal or "",
            lasts_s=answer.lasts_s,
        )

    @property
    def base(self) -> str:
        return self._calls.base

    @property
    def bearer(self) -> str:
        """This person's token; also the one for WHIP. A secret."""
        return self._calls.bearer

    @property
    def whip_url(self) -> str:
        """Where the studio sends its programme, as a destination's URL."""
        return f"whip+{self.base}/whip/{self.session}"

    async def renew(self) -> None:
        """A fresh token in place of this one; nothing that is open notices. Raises SessionError, StoaError.

        `events` does it by itself, in time. `on_renewed` is called afterwards.
        """
        body = {"renewal": self._renewal} if self._renewal else {}
        calls = self._calls.as_other("" if self._renewal else self._calls.bearer)
        try:
            answer = await calls.call("POST", "/api/v1/renew", JoinAnswer, body)
        finally:
            await calls.close()
        self._calls.bearer = answer.bearer or self._calls.bearer
        self._renewal = answer.renewal or self._renewal
        self._lasts_s = answer.lasts_s
        self.me = _me(answer)
        self.on_renewed()

    async def _renew_or_not(self) -> bool:
        """Whether there is a fresh token now; False where there will be none.

        Raises StoaError where it failed for the moment only (no route, a busy server): later it may be had.
        """
        if not self._renewal:
            return False
        try:
            await self.renew()
        except StoaError as refused:
            if not refused.permanent:
                raise
            return False
        return True

    async def _keep_fresh(self) -> None:
        """Renew at half of each token's life, and again soon where the server is away."""
        while True:
            await asyncio.sleep(self._lasts_s * RENEWED_AT * random.uniform(0.8, 1.2))
            try:
                await self.renew()
            except SessionError as refused:
                if refused.permanent:
                    return  # the line says it
                self._lasts_s = RENEW_AGAIN_S
            except StoaError:
                self._lasts_s = RENEW_AGAIN_S

    async def events(self) -> AsyncIterator[SessionEvent | LineChange]:
        """Everything that happens, each message once and in order, through every loss of the line.

        Without a `seq` given before, it begins with what happens from now on. Ends after LineChange(REFUSED).
        """
        if not self._lasts_s:  # of a token that was brought along nobody knows how old it is
            self._lasts_s = RENEW_AGAIN_S
        renewing = asyncio.create_task(self._keep_fresh())
        try:
            async for event in self._events():
                yield event
        finally:
            renewing.cancel()

    async def _events(self) -> AsyncIterator[SessionEvent | LineChange]:
        failures = 0
        yield LineChange(LineState.CONNECTING)
        while True:
            words, code = "", ""
            try:
                async with self._open() as connection:
                    self._line = connection
                    async for event in self._read(connection):
                        if isinstance(event.data, Welcome):
                            failures = 0
                            yield LineChange(LineState.CONNECTED)
                        yield event
            except ConnectionClosed as closed:
                words, code = _why(closed)
            except StoaError as error:
                words = str(error)
                code = error.code if isinstance(error, SessionError) and error.permanent else ""
            if code == _FOR_GOOD[4401]:
                try:
                    if await self._renew_or_not():
                        continue
                except StoaError as for_the_moment:
                    words, code = str(for_the_moment), ""
            if code:
                yield LineChange(LineState.REFUSED, words, code)
                return
            delay_s = RETRY_S[min(failures, len(RETRY_S) - 1)] * random.uniform(0.8, 1.2)
            failures += 1
            yield LineChange(LineState.RECONNECTING, words, retry_in_s=delay_s)
            await asyncio.sleep(delay_s)
            await self._find_again()

    def _open(self) -> _Opening:
        after = "" if self.seq is None else f"?after={self.seq}"
        url = self.base.replace("http", "ws", 1) + f"/api/v1/sessions/{self.session}/events{after}"
        return _Opening(url, self._calls.bearer, self._context, self.base)

    async def _read(self, connection: ClientConnection) -> AsyncIterator[SessionEvent]:
        decoder = msgspec.json.Decoder(Envelope)
        async for text in connection:
            try:
                envelope = decoder.decode(text)
            except msgspec.DecodeError:
                continue  # a newer server's message that this studio cannot know
            if envelope.seq > 0:
                if self.seq is not None and envelope.seq <= self.seq:
                    continue
                self.seq = envelope.seq
            event = event_of(envelope)
            if event is None:
                continue
            if isinstance(event.data, Welcome) and (self.seq is None or self.seq < event.data.head):
                self.seq = event.data.head
            yield event

    async def acknowledge(self, command: str, outcome: str, words: str = "") -> Accepted:
        """As SessionDesk has it. Who was kicked has a dead token and says it on the line that is still open."""
        try:
            return await super().acknowledge(command, outcome, words)
        except SessionError as refused:
            if refused.code != "removed" or self._line is None:
                raise
        done = {"id": command, "outcome": outcome, "words": words}
        message = {"type": "command.done", "id": secrets.token_urlsafe(12), "data": done}
        try:
            await self._line.send(msgspec.json.encode(message).decode())
        except ConnectionClosed as cause:
            raise unreachable(self.base, cause) from cause
        return Accepted(command, 0)

    async def _find_again(self) -> None:
        """The machine's own server may have come back at another port with another owner's token."""
        if self._owner is self._calls:  # in somebody else's session, by a link or an account
            return
        try:
            owner = await asyncio.to_thread(running_server, self._run_folder)
        except StoaError:
            return
        self._move(owner)

    def _move(self, owner: OwnerAddress) -> None:
        self._calls.base = self._owner.base = owner.url
        self._owner.bearer = owner.token


class _Opening:
    """Opens the WebSocket, with failures in words."""

    def __init__(self, url: str, bearer: str, context: ssl.SSLContext | None, base: str) -> None:
        self._base = base
        self._connecting = connect(
            url,
            additional_headers={"Authorization": f"Bearer {bearer}"},
            user_agent_header=USER_AGENT,
            ssl=context if url.startswith("wss") else None,
            proxy=None,
            open_timeout=OPEN_LIMIT_S,
            max_size=MESSAGE_BYTES,
            compression=None,
        )
        self._connection: ClientConnection | None = None

    async def __aenter__(self) -> ClientConnection:
        try:
            self._connection = await self._connecting
        except (OSError, TimeoutError, WebSocketException) as cause:
            raise unreachable(self._base, cause) from cause
        return self._connection

    async def __aexit__(self, *_about: object) -> None:
        if self._connection is not None:
            await self._connection.close()


def _why(closed: ConnectionClosed) -> tuple[str, str]:
    """Why the line ended, and the server's word where it is for good."""
    frame = closed.rcvd
    if frame is None:
        return "The line to the session server was lost.", ""
    code = _FOR_GOOD.get(frame.code, "")
    return frame.reason or "The session server closed the line.", code


async def _join(calls: SessionCalls, body: dict[str, str]) -> JoinAnswer:
    try:
        answer = await calls.call("POST", "/api/v1/join", JoinAnswer, body)
    finally:
        await calls.close()
    if not answer.bearer:
        raise StoaError(ErrorKind.BAD_DATA, "The session server gave no token.", remedy="Try again.")
    return answer


def _me(answer: JoinAnswer) -> Me:
    return Me(answer.session, answer.person, answer.rights)
