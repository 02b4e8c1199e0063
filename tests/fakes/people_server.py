"""The session server as the pages see it, in memory and at a test's command: typed by studio.server.api and .messages.

It has what the real one cannot be brought to at will: any state, any person, any answer, a line that breaks. What the
pages do with the real server is shown in tests/end2end.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from studio.media.errors import ErrorKind
from studio.server.account_api import AccountList
from studio.server.api import (
    AuditEntry,
    AuditList,
    ErrorBody,
    ErrorCode,
    History,
    Invite,
    InviteList,
    JoinAnswer,
    Me,
    PeopleList,
    Person,
    SessionStatus,
)
from studio.server.messages import (
    ChatMessage,
    CommandDone,
    Envelope,
    EventType,
    Notice,
    Presence,
    Sender,
    SessionState,
    StateChange,
    Welcome,
)
from studio.server.rights import Role, rights_of

WEB = Path(__file__).parents[2] / "resources" / "web"
COOKIE = "stoa_fake"
SERVER = Sender(id="server", name="Stoa", role=None)
STRICT = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; media-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)


def refuse(status: int, code: ErrorCode, message: str, remedy: str = "", retry_s: int = 0) -> JSONResponse:
    body = ErrorBody(code=code, message=message, kind=ErrorKind.REFUSED, remedy=remedy)
    return JSONResponse(body.model_dump(mode="json"), status, {"Retry-After": str(retry_s)} if retry_s else None)


@dataclass
class FakePeople:
    """The server's memory. Tests change it directly, and `tell` what changed."""

    title: str = "Weekly Q&A"
    me: Person | None = None
    my_role: Role = Role.VIEWER
    people: list[Person] = field(default_factory=list)
    record: list[Envelope] = field(default_factory=list)
    audit: list[AuditEntry] = field(default_factory=list)
    invites: list[Invite] = field(default_factory=list)
    state: StateChange = field(
        default_factory=lambda: StateChange(
            state=SessionState.WAITING,
            since="2026-11-20T20:00:00.000Z",
            why="new",
            words="The show has not begun yet.",
            needs_release=False,
            muted_audio=False,
            muted_video=False,
        )
    )
    commands: list[dict[str, Any]] = field(default_factory=list)
    posted: list[tuple[str, Any]] = field(default_factory=list)
    sockets: list[WebSocket] = field(default_factory=list)
    afters: list[int] = field(default_factory=list)
    join_refusal: JSONResponse | None = None
    status_refusal: JSONResponse | None = None
    audit_refusal: JSONResponse | None = None
    sign_out_refusal: JSONResponse | None = None
    whep_answer: Response | None = None
    send_refusal: dict[str, str] | None = None
    swallow_sends: bool = False
    line_is_down: bool = False
    stale: bool = False
    recent: int = 50
    now: str = ""
    seen_ids: dict[str, int] = field(default_factory=dict)

    @property
    def seq(self) -> int:
        return self.record[-1].seq if self.record else 0

    def person(self, name: str, role: Role = Role.VIEWER, **facts: Any) -> Person:
        """Somebody who is here from now on."""
        id = f"p{len(self.people):08d}"
        person = Person(id=id, name=name, role=role, present=True, since="2026-11-20T20:01:00.000Z", **facts)
        self.people.append(person)
        return person

    def sender(self, person: Person) -> Sender:
        return Sender(id=person.id, name=person.name, role=person.role)

    def write(self, type: EventType, sender: Sender, data: Any, id: str = "") -> Envelope:
        """Into the record, without telling anybody."""
        seq = self.seq + 1
        minute, second = divmod(seq // 3, 60)
        at = f"2026-11-20T20:{minute % 60:02d}:{second:02d}.000Z"
        envelope = Envelope(
            seq=seq, id=id or f"id{seq:08d}", type=type, at=at, sender=sender, data=data.model_dump(mode="json")
        )
        self.record.append(envelope)
        return envelope

    async def tell(self, type: EventType, sender: Sender, data: Any, id: str = "") -> Envelope:
        """Into the record and to all who are connected."""
        envelope = self.write(type, sender, data, id)
        for socket in list(self.sockets):
            await socket.send_text(envelope.model_dump_json())
        return envelope

    async def say(self, person: Person, text: str) -> Envelope:
        return await self.tell(EventType.CHAT_MESSAGE, self.sender(person), ChatMessage(text=text))

    async def notice(
        self, text: str, level: Any = "information", to: Any = "all", by: Person | None = None
    ) -> Envelope:
        sender = self.sender(by) if by else SERVER
        return await self.tell(EventType.NOTICE, sender, Notice(text=text, level=level, to=to))

    async def become(self, state: SessionState, words: str = "", **facts: Any) -> None:
        self.state = self.state.model_copy(update={"state": state, "words": words, **facts})
        await self.tell(EventType.SESSION_STATE, SERVER, self.state)

    async def left(self, person: Person, why: str = "left") -> None:
        self.people[self.people.index(person)] = person.model_copy(
            update={"present": False, "removed": why == "removed"}
        )
        presence = Presence(person=self.sender(person), present=self.present, why=why)
        await self.tell(EventType.PRESENCE_LEFT, self.sender(person), presence)

    async def done(self, command: dict[str, Any], outcome: Any, words: str, by: str = "server") -> None:
        data = CommandDone(id=command["id"], action=command["data"]["action"], outcome=outcome, words=words, by=by)
        await self.tell(EventType.COMMAND_DONE, SERVER, data)

    async def hang_up(self, code: int = 1012, reason: str = "") -> None:
        for socket in list(self.sockets):
            await socket.close(code, reason)

    @property
    def present(self) -> int:
        return sum(person.present for person in self.people)

    def status(self) -> SessionStatus:
        names = ("state", "words", "since", "needs_release", "muted_audio", "muted_video", "locked")
        recent = [e for e in self.record if e.type in (EventType.CHAT_MESSAGE, EventType.NOTICE)][-self.recent :]
        return SessionStatus(
            id="studio", title=self.title, present=self.present, watching=3, people=tuple(self.people),
            recent=tuple(recent), seq=self.seq, now=self.now,
            **{name: getattr(self.state, name) for name in names},
        )  # fmt: skip

    def welcome(self) -> Envelope:
        assert self.me is not None
        data = Welcome(
            head=self.seq, person=self.sender(self.me), present=self.present, watching=3, state=self.state
        ).model_dump(mode="json")
        return Envelope(seq=0, id="welcome", type=EventType.WELCOME, at=self.state.since, sender=SERVER, data=data)

    def answer(self, type: EventType, id: str, data: dict[str, Any]) -> str:
        envelope = Envelope(seq=0, id=id, type=type, at=self.state.since, sender=SERVER, data=data)
        return envelope.model_dump_json()

    async def took(self, socket: WebSocket, message: dict[str, Any]) -> None:
        """A message of the page."""
        if message["type"] == "ping":
            return await socket.send_text(self.answer(EventType.PONG, message["id"], {}))
        if message["type"] == "chat.typing":
            return await socket.send_text(self.answer(EventType.ACK, message["id"], {"record": 0, "already": False}))
        self.posted.append((message["type"], message))
        if self.swallow_sends:
            return None
        if self.send_refusal:
            return await socket.send_text(self.answer(EventType.ERROR, message["id"], self.send_refusal))
        already = message["id"] in self.seen_ids
        if not already:
            assert self.me is not None
            if message["type"] == "chat.send":
                said = ChatMessage(text=message["data"]["text"])
                sent = await self.tell(EventType.CHAT_MESSAGE, self.sender(self.me), said, message["id"])
                self.seen_ids[message["id"]] = sent.seq
            else:
                self.commands.append(message)
                self.seen_ids[message["id"]] = 0
        ack = {"record": self.seen_ids[message["id"]], "already": already}
        return await socket.send_text(self.answer(EventType.ACK, message["id"], ack))


def application(fake: FakePeople) -> FastAPI:
    """The paths of studio.server.api that the pages use, under the strictest policy that a server could send."""
    app = FastAPI()

    @app.middleware("http")
    async def policy(request: Request, answer: Any) -> Any:
        response = await answer(request)
        response.headers["Content-Security-Policy"] = STRICT
        response.headers["Cache-Control"] = "no-store"
        return response

    def who(request: Request) -> Me | None:
        if fake.me is None or fake.stale or request.cookies.get(COOKIE) != fake.me.id:
            return None
        return Me(session="studio", person=fake.me, rights=rights_of(fake.me.role))

    def stranger() -> JSONResponse:
        return refuse(401, ErrorCode.NOT_SIGNED_IN, "You are not signed in here.", "Open your invite link again.")

    @app.post("/api/v1/join")
    async def join(request: Request) -> Response:
        body = await request.json()
        fake.posted.append(("join", body))
        if fake.join_refusal is not None:
            return fake.join_refusal
        fake.me = fake.person(body["name"], fake.my_role)
        answer = JoinAnswer(session="studio", person=fake.me, rights=rights_of(fake.me.role), expires="")
        response = JSONResponse(answer.model_dump(mode="json"))
        response.set_cookie(COOKIE, fake.me.id, httponly=True, samesite="strict")
        return response

    @app.post("/api/v1/renew")
    async def renew() -> Any:
        """Of somebody who is here: `stale` is over."""
        if fake.me is None:
            return stranger()
        fake.posted.append(("renew", None))
        fake.stale = False
        return JoinAnswer(
            session="studio", person=fake.me, rights=rights_of(fake.me.role), expires="", lasts_s=600
        ).model_dump(mode="json")

    @app.post("/api/v1/leave")
    async def leave() -> Any:
        fake.posted.append(("leave", None))
        fake.me = None
        return {"changed": True}

    @app.post("/api/v1/sign-out")
    async def sign_out() -> Any:
        return fake.sign_out_refusal or stranger()

    @app.get("/api/v1/me")
    async def me(request: Request) -> Any:
        return who(request) or stranger()

    @app.get("/api/v1/sessions/studio")
    async def status(request: Request) -> Any:
        return fake.status_refusal or (fake.status() if who(request) else stranger())

    @app.get("/api/v1/sessions/studio/people")
    async def people(request: Request) -> Any:
        return PeopleList(people=tuple(fake.people), present=fake.present, watching=3) if who(request) else stranger()

    @app.get("/api/v1/sessions/studio/chat")
    async def history(before: int, limit: int = 50) -> History:
        older = [e for e in fake.record if e.type is EventType.CHAT_MESSAGE and e.seq < before]
        return History(messages=tuple(older[-limit:]), more=len(older) > limit)

    @app.get("/api/v1/sessions/studio/audit")
    async def audit(request: Request, after: int = 0, limit: int = 200) -> Any:
        query = {name: value for name, value in request.query_params.items() if name not in ("after", "limit")}
        fake.posted.append(("audit", query))
        if fake.audit_refusal is not None:
            return fake.audit_refusal
        person, outcome = query.get("person", "").lower(), query.get("outcome", "")
        kind = query.get("action", "")
        fit = [e for e in fake.audit if person in e.actor_name.lower() and (not outcome or e.outcome == outcome)]
        fit = [e for e in fit if not kind or f"{e.action}.".startswith(f"{kind}.")]
        later = [entry for entry in fit if entry.number > after]
        return AuditList(entries=tuple(later[:limit]), more=len(later) > limit)

    @app.get("/api/v1/sessions/studio/audit.csv")
    async def audit_csv(request: Request) -> Response:
        fake.posted.append(("audit.csv", dict(request.query_params)))
        return fake.audit_refusal or Response("number,at\r\n1,now\r\n", media_type="text/csv")

    @app.get("/api/v1/accounts")
    async def accounts() -> AccountList:
        return AccountList(accounts=())

    @app.get("/api/v1/sessions/studio/invites")
    async def invites() -> InviteList:
        return InviteList(invites=tuple(fake.invites))

    @app.post("/api/v1/sessions/studio/invites")
    async def invite(request: Request) -> Invite:
        body = await request.json()
        made = Invite(
            id=f"i{len(fake.invites)}", role=body["role"], session="studio", label=body.get("label", ""),
            link="http://127.0.0.1:8787/watch/studio#i=dGhpcyBpcyBhbiBpbnZpdGU", invite="dGhpcyBpcyBhbiBpbnZpdGU",
            uses=0, used=0, created=fake.state.since, expires=None, revoked=False,
        )  # fmt: skip
        fake.invites.append(made)
        return made

    @app.delete("/api/v1/sessions/studio/invites/{id}")
    async def revoke(id: str) -> Any:
        fake.invites = [i.model_copy(update={"revoked": True}) if i.id == id else i for i in fake.invites]
        return {"changed": True}

    @app.post("/whep/studio")
    async def whep() -> Response:
        fake.posted.append(("whep", None))
        return fake.whep_answer or refuse(503, ErrorCode.MEDIA_AWAY, "The picture is away.", "It comes back.", 1)

    @app.websocket("/api/v1/sessions/studio/events")
    async def events(socket: WebSocket, after: int | None = None) -> None:
        if fake.line_is_down or fake.me is None:
            return await socket.close()
        await socket.accept()
        fake.afters.append(after if after is not None else -1)
        for envelope in [e for e in fake.record if after is not None and e.seq > after]:
            await socket.send_text(envelope.model_dump_json())
        await socket.send_text(fake.welcome().model_dump_json())
        fake.sockets.append(socket)
        try:
            while True:
                await fake.took(socket, json.loads(await socket.receive_text()))
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            fake.sockets.remove(socket)

    app.get("/watch/{session}")(lambda session: FileResponse(WEB / "watch.html"))
    app.get("/admin")(lambda: FileResponse(WEB / "admin.html"))
    app.mount("/static", StaticFiles(directory=WEB))
    return app


@asynccontextmanager
async def serving(fake: FakePeople) -> AsyncIterator[str]:
    """Serves it on a free port of the loopback, in this loop; gives `http://127.0.0.1:PORT`."""
    config = uvicorn.Config(application(fake), port=0, log_level="warning", ws="websockets-sansio", lifespan="off")
    server = uvicorn.Server(config)
    server.capture_signals = _no_signals  # type: ignore[method-assign]
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await fake.hang_up(1001)
        server.force_exit = server.should_exit = True
        await task


@contextmanager
def _no_signals() -> Iterator[None]:
    """The test process keeps its own signal handlers."""
    yield
