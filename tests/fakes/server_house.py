"""A whole people process inside the test: the real application on a real port, with a router and clocks at command."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from argon2 import PasswordHasher
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from studio.server.app import create_app
from studio.server.front import Front
from studio.server.house import House, build
from studio.server.listeners import Listeners
from studio.server.passwords import Passwords
from studio.server.people import follow
from studio.server.router_pipe import (
    Answered,
    DescribeQuality,
    DescribeState,
    Direction,
    Done,
    EndPerson,
    EndPublisher,
    EndReason,
    EndResource,
    EndTokens,
    MediaKind,
    Offer,
    PublisherStarted,
    PublisherStopped,
    Reach,
    ResourceState,
    RouterState,
    SetEnds,
    SetMute,
    Trickle,
    Trickled,
)
from studio.server.sharing import Sharing
from studio.server.tokens import ISSUER, TOKEN_LIFE_S
from studio.token.access import sign
from studio.token.reading import examine
from studio.token.signed import ApiKey

OWNER_TOKEN = "the-owner-of-the-machine"
QUICK = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
"""Passwords are hashed in no time here; what they really cost is tested in test_passwords."""
OFFER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n"
_ids = itertools.count(1)


def fresh_id(what: str = "message") -> str:
    """An id as a client makes it."""
    return f"{what}-{next(_ids):06d}"


def client_of(base: str, **facts: Any) -> httpx.AsyncClient:
    """For plain HTTP: nothing is to be verified, and loading the authorities would take each client 20 ms."""
    return httpx.AsyncClient(base_url=base, **{"timeout": 20, "verify": False, **facts})


class HandClock:
    """Moves when told."""

    def __init__(self) -> None:
        self.ns = 1_000_000_000_000

    def now_ns(self) -> int:
        return self.ns

    def sleep_until_ns(self, instant_ns: int) -> None:
        self.ns = max(self.ns, instant_ns)

    def forward(self, seconds: float) -> None:
        self.ns += int(seconds * 1e9)


class HandWall:
    """The time of day, moved when told."""

    def __init__(self) -> None:
        self.ms = 1_795_220_000_000

    def now_ms(self) -> int:
        return self.ms

    def forward(self, seconds: float) -> None:
        self.ms += int(seconds * 1000)


class ObedientRouter:
    """Says yes to everything, and keeps what it was told. `deaf` makes it silent."""

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.resources: dict[str, Offer] = {}
        self.deaf = False
        self._numbers = itertools.count(1)
        self._house: House | None = None

    def attach(self, house: House) -> None:
        self._house = house
        house.line.up = True

    def send(self, message: msgspec.Struct) -> bool:
        self.told.append(message)
        if not self.deaf:
            asyncio.get_running_loop().call_soon(self._answer, message)
        return True

    def told_of(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.told if isinstance(message, kind)]

    def _answer(self, message: Any) -> None:
        assert self._house is not None
        line = self._house.line
        match message:
            case Offer():
                resource = f"r{next(self._numbers)}"
                self.resources[resource] = message
                line.answered(Answered(message.request, resource, "v=0\r\nanswer", "etag-1"))
            case Trickle():
                line.answered(Trickled(message.request))
            case EndResource() | SetMute() | SetEnds() | EndPublisher() | EndPerson() | EndTokens():
                line.answered(Done(message.request))
            case Reach() | DescribeState() | DescribeQuality():
                pass
            case _:
                raise AssertionError(f"nobody tells the router {message!r}")

    async def publisher_started(self, resource: str) -> None:
        offer = self.resources[resource]
        kinds = (MediaKind.AUDIO, MediaKind.VIDEO)
        await self.say(PublisherStarted(offer.session, resource, offer.person, offer.token, kinds, offer.picture))

    async def publisher_stopped(self, resource: str, why: EndReason) -> None:
        offer = self.resources.pop(resource)
        await self.say(PublisherStopped(offer.session, resource, offer.person, offer.token, why))

    async def say(self, message: msgspec.Struct) -> None:
        assert self._house is not None
        await follow(self._house, message)

    def state(self) -> RouterState:
        kinds = (MediaKind.AUDIO, MediaKind.VIDEO)
        return RouterState(
            tuple(
                ResourceState(
                    resource,
                    offer.direction,
                    offer.session,
                    offer.person,
                    offer.token,
                    True,
                    kinds,
                    picture=offer.picture,
                )
                for resource, offer in self.resources.items()
            )
        )


class Place:
    """The running house, and ways to reach it. `database`: PostgreSQL's URL, or empty for SQLite."""

    database = ""

    def __init__(self, house: House, base: str, router: ObedientRouter, clock: HandClock, wall: HandWall) -> None:
        self.house = house
        self.base = base
        self.router = router
        self.clock = clock
        self.wall = wall
        self.http = self.client()

    def client(self, **facts: Any) -> httpx.AsyncClient:
        """A new one, with cookies and connections of its own."""
        return client_of(self.base, **facts)

    async def call(self, method: str, path: str, bearer: str = "", **more: Any) -> httpx.Response:
        headers = dict(more.pop("headers", {}))
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        async with self.client() as client:
            return await client.request(method, path, headers=headers, **more)

    async def owner(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.call(method, path, OWNER_TOKEN, **more)

    async def invite(self, role: str = "viewer", **more: Any) -> dict[str, Any]:
        answer = await self.owner("POST", "/api/v1/sessions/studio/invites", json={"role": role, **more})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def join(self, name: str, role: str = "viewer") -> Guest:
        invite = await self.invite(role)
        answer = await self.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": name})
        assert answer.status_code == 200, answer.text
        return Guest(self, answer.json()["bearer"], answer.json()["person"], answer.json()["renewal"])

    async def someone(self, name: str, role: str) -> Guest:
        """Of any role but the owner's."""
        if role in ("viewer", "broadcaster", "admin"):
            return await self.join(name, role)
        guest = await self.join(name)
        order = {"id": fresh_id("command"), "action": "promote", "target": guest.id, "role": role}
        answer = await self.owner("POST", "/api/v1/sessions/studio/commands", json=order)
        assert answer.status_code == 200, answer.text
        return guest

    async def host(self) -> Guest:
        answer = await self.owner("POST", "/api/v1/join", json={})
        assert answer.status_code == 200, answer.text
        return Guest(self, answer.json()["bearer"], answer.json()["person"], answer.json()["renewal"])

    async def go_live(self, bearer: str) -> str:
        """Publish; the resource."""
        answer = await self.call(
            "POST", "/whip/studio", bearer, content=OFFER, headers={"Content-Type": "application/sdp"}
        )
        assert answer.status_code == 201, answer.text
        resource = answer.headers["Location"].removeprefix("/media/")
        await self.router.publisher_started(resource)
        return resource

    def renewed(self, bearer: str) -> str:
        """The same token with a later end."""
        key = ApiKey(ISSUER, self.house.admission._key)
        now_s = self.wall.ms // 1000
        claims = examine(bearer, now_s, key).claims
        assert claims is not None
        return sign(msgspec.structs.replace(claims, nbf=now_s, exp=now_s + TOKEN_LIFE_S), key)

    async def audit(self) -> list[dict[str, Any]]:
        answer = await self.owner("GET", "/api/v1/sessions/studio/audit?limit=500")
        found: list[dict[str, Any]] = answer.json()["entries"]
        return found


class Guest:
    """Somebody in the session."""

    def __init__(self, place: Place, bearer: str, person: dict[str, Any], renewal: str = "") -> None:
        self.place = place
        self._bearer = bearer
        self.renewal = renewal
        self._at_ms = place.wall.ms
        self.id: str = person["id"]
        self.name: str = person["name"]

    @property
    def bearer(self) -> str:
        """Good now: as a client renews it in time, so does this, without a word to the server."""
        if self.renewal and self.place.wall.ms - self._at_ms >= TOKEN_LIFE_S * 1000:
            self._bearer, self._at_ms = self.place.renewed(self._bearer), self.place.wall.ms
        return self._bearer

    async def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.place.call(method, path, self.bearer, **more)

    async def command(self, action: str, target: str = "", text: str = "", id: str = "", **more: Any) -> httpx.Response:
        body = {"id": id or fresh_id("command"), "action": action, "target": target, "text": text, **more}
        return await self.call("POST", "/api/v1/sessions/studio/commands", json=body)

    async def say(self, text: str, id: str = "") -> httpx.Response:
        return await self.call("POST", "/api/v1/sessions/studio/chat", json={"id": id or fresh_id(), "text": text})

    async def ask(self, kind: str, id: str = "", **data: Any) -> httpx.Response:
        """A message of the chat, by HTTP."""
        body = {"type": kind, "id": id or fresh_id(), "data": data}
        return await self.call("POST", "/api/v1/sessions/studio/messages", json=body)

    async def done(self, kind: str, id: str = "", **data: Any) -> dict[str, Any]:
        """The same, which must be taken."""
        answer = await self.ask(kind, id, **data)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def texts(self, query: str = "") -> list[str]:
        """What the history tells this person."""
        page = (await self.call("GET", f"/api/v1/sessions/studio/chat?{query}")).json()
        return [message["data"]["text"] for message in page["messages"]]

    async def chat(self) -> dict[str, Any]:
        """What stands beside the messages."""
        found: dict[str, Any] = (await self.call("GET", "/api/v1/sessions/studio")).json()["chat"]
        return found

    @asynccontextmanager
    async def socket(self, after: int | None = None) -> AsyncIterator[Line]:
        query = "" if after is None else f"?after={after}"
        url = self.place.base.replace("http", "ws", 1) + f"/api/v1/sessions/studio/events{query}"
        async with connect(url, additional_headers={"Authorization": f"Bearer {self.bearer}"}) as connection:
            yield Line(connection)


class Line:
    """An open WebSocket, read message by message with a limit."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.seen: list[dict[str, Any]] = []

    async def next(self, limit_s: float = 10.0) -> dict[str, Any]:
        async with asyncio.timeout(limit_s):
            message: dict[str, Any] = json.loads(await self.connection.recv())
        self.seen.append(message)
        return message

    async def until(self, kind: str, limit_s: float = 10.0, **data: Any) -> dict[str, Any]:
        """The next message of this type whose data holds this."""
        async with asyncio.timeout(limit_s):
            while True:
                message = await self.next(limit_s)
                if message["type"] == kind and data.items() <= message["data"].items():
                    return message

    async def closed(self, limit_s: float = 10.0) -> int:
        """The code with which the server closed, once it has."""
        async with asyncio.timeout(limit_s):
            try:
                while True:
                    await self.next(limit_s)
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else 0

    async def done(self, command: str, outcome: str, words: str = "") -> None:
        """The studio acknowledges a command."""
        data = {"id": command, "outcome": outcome, "words": words}
        await self.connection.send(json.dumps({"type": "command.done", "id": fresh_id("done"), "data": data}))

    async def send(self, kind: str, id: str = "", **data: Any) -> str:
        id = id or fresh_id()
        await self.connection.send(json.dumps({"type": kind, "id": id, "data": data}))
        return id


@asynccontextmanager
async def running_house(folder: Path, front: Front | None = None, database: str = "") -> AsyncIterator[Place]:
    """Start it in this event loop, on SQLite in `folder` or PostgreSQL; everything is closed at the end."""
    clock, wall, router = HandClock(), HandWall(), ObedientRouter()
    house = build(folder, OWNER_TOKEN, router.send, clock=clock, wall=wall, database=database)
    house.accounts.passwords = Passwords(QUICK)
    router.attach(house)
    listeners = Listeners(create_app(house))
    sharing = Sharing(listeners, folder, tell_router=house.line.tell, remember=lambda shared: None)
    house.sharing = sharing
    try:
        await house.begin()
        await sharing.open(front or Front(), None)
        place = Place(house, sharing.local_base, router, clock, wall)
        place.database = database
        try:
            yield place
        finally:
            await place.http.aclose()
    finally:
        await listeners.close_all()
        house.close()


__all__ = ["OFFER", "OWNER_TOKEN", "Direction", "Guest", "HandClock", "Line", "Place", "fresh_id", "running_house"]
