"""Who counts as one client: an IPv4 address however it is written, an IPv6 subscriber's /64; and the flood of one."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from studio.server import connections, routes_people
from studio.server.caller import Caller
from studio.server.connections import OF_ONE_CLIENT, client_of, trusted
from studio.server.guard import REQUESTS_OF_ONE_ADDRESS, Guard, Message, Receive, Scope, Send
from studio.server.hub import Connection, Hub
from studio.server.rights import Role
from tests.fakes.server_house import Place


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:c000:201", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::1"),
        ("", ""),
        ("no address", "no address"),
    ],
)
def test_an_address_counts_for_its_client(address: str, client: str) -> None:
    assert client_of(address) == client


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("::ffff:192.0.2.1", False)],
)
def test_this_machine_is_known_in_every_form(address: str, is_ours: bool) -> None:
    assert trusted(address) is is_ours


def test_the_lines_of_a_subscriber_are_counted_together() -> None:
    hub = Hub()
    lines = [
        Connection(Caller("p", "P", Role.VIEWER, "studio", "t", address=f"2001:db8::{number:x}")) for number in range(9)
    ]
    for line in lines:
        hub.add(line)
    assert hub.from_address("2001:db8::ffff") == 9 and hub.from_address("2001:db8:0:1::") == 0
    hub.remove(lines[0])
    assert hub.from_address("2001:db8::1") == 8


class AnyDoor:
    """Lets everybody to the limits."""

    def goes_by(self, host: str) -> bool:
        return True

    def outside(self, scope: Scope) -> Scope:
        return scope

    def admit(self, address: str) -> bool:
        return True

    def gone(self, address: str) -> None: ...


async def test_running_requests_of_a_subscriber_are_limited_together() -> None:
    go_on = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await go_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    guard, statuses = Guard(app, AnyDoor()), list[int]()

    async def ask(number: int) -> None:
        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        async def receive() -> Message:
            return {"type": "http.request"}

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/api/v1/health",
            "scheme": "http",
            "headers": [(b"host", b"x")],
        }
        await guard({**scope, "client": (f"2001:db8::{number:x}", 1)}, receive, send)

    asking = [asyncio.create_task(ask(number)) for number in range(REQUESTS_OF_ONE_ADDRESS + 3)]
    async with asyncio.timeout(10):
        while len(statuses) < 3:
            await asyncio.sleep(0.005)
    go_on.set()
    await asyncio.gather(*asking)
    assert statuses[:3] == [429] * 3 and statuses.count(200) == REQUESTS_OF_ONE_ADDRESS


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_joins_of_a_subscriber_are_limited_together(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    number = 0

    def address(_request: object) -> str:
        nonlocal number
        number += 1
        return f"2001:db8::{number:x}"

    monkeypatch.setattr(routes_people, "address_of", address)
    answers = [await place.call("POST", "/api/v1/join", json={"invite": "wrong", "name": "Ann"}) for _ in range(25)]
    codes = [answer.json()["code"] for answer in answers]
    assert codes[:20] == ["invite_unknown"] * 20 and set(codes[20:]) == {"too_fast"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_thousand_connections_from_one_address_are_refused_in_words_and_harm_nobody(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "trusted", lambda address: False)
    ann = await place.join("Ann")
    port = int(place.base.rpartition(":")[2])

    async def call() -> tuple[bytes, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        try:
            return await reader.read(4096), writer
        except OSError:  # the other side closed before it read us
            return b"", writer

    async def close(writer: asyncio.StreamWriter) -> None:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async with ann.socket() as line, asyncio.timeout(60):
        await line.until("welcome")
        answers = [found for _ in range(10) for found in await asyncio.gather(*(call() for _ in range(100)))]
        said = [answer for answer, _ in answers]
        good = sum(answer.startswith(b"HTTP/1.1 200") for answer in said)
        refused = [answer for answer in said if answer.startswith(b"HTTP/1.1 503")]
        assert good < OF_ONE_CLIENT and good + len(refused) > 990
        assert all(b"Retry-After" in answer and answer.rstrip().endswith(b".") for answer in refused)
        await line.send("ping")
        await line.until("pong")
        await asyncio.gather(*(close(writer) for _, writer in answers))
        status = b""
        while status != b"HTTP/1.1 200":
            answer, writer = await call()
            status = answer[:12]
            await close(writer)
