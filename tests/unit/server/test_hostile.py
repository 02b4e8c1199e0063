"""Input that means no good: refused with a clear error, and nothing is changed by it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from studio.server import event_socket, guard, listeners
from studio.server.limits import RateLimit
from studio.server.router_pipe import EndResource, Offer
from tests.fakes.server_house import OFFER, Place, fresh_id

CHAT = "/api/v1/sessions/studio/chat"


async def seq(place: Place) -> int:
    found: int = (await place.owner("GET", "/api/v1/sessions/studio")).json()["seq"]
    return found


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (CHAT, b"{"),
        (CHAT, b""),
        (CHAT, b"[]"),
        (CHAT, b'"text"'),
        (CHAT, b"\xff\xfe\x00"),
        (CHAT, b"[" * 20_000),
        (CHAT, b'{"id": "message-1"}'),
        (CHAT, b'{"id": "message-1", "text": 5}'),
        (CHAT, b'{"id": "message-1", "text": ["a"]}'),
        (CHAT, b'{"id": "message-1", "text": "a", "role": "admin"}'),
        (CHAT, b'{"id": "../../etc", "text": "a"}'),
        ("/api/v1/join", b'{"invite": {"a": 1}, "name": "Ann"}'),
        ("/api/v1/join", b'{"invite": "x", "name": "Ann", "role": "admin"}'),
        ("/api/v1/sessions/studio/commands", b'{"id": "command-1", "action": "promote"}'),
        ("/api/v1/sessions/studio/invites", b'{"role": "owner"}'),
        ("/api/v1/sessions/studio/invites", b'{"role": "viewer", "uses": "many"}'),
        ("/api/v1/sessions/studio/invites", b'{"role": "viewer", "uses": -1}'),
        ("/api/v1/share", b'{"address": 5}'),
        ("/api/v1/share", b'{"address": "0.0.0.0", "port": 70000}'),
        ("/api/v1/share", b'{"address": "8.8.8.8"}'),
    ],
)
async def test_a_body_that_is_wrong_is_refused_in_words(place: Place, path: str, content: bytes) -> None:
    before = await seq(place)
    answer = await place.owner("POST", path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 403, 409), answer.text
    body = answer.json()
    assert set(body) == {"code", "message", "kind", "remedy", "right"} and body["message"].endswith(".")
    assert await seq(place) == before


@pytest.mark.parametrize("chunked", [False, True])
async def test_ten_megabytes_are_refused_without_being_kept(place: Place, chunked: bool) -> None:
    async def pieces() -> Any:
        for _ in range(160):
            yield b"x" * 65536

    content = pieces() if chunked else b"x" * 10_485_760
    refused = {"code": "too_large"}
    with contextlib.suppress(httpx.TransportError):  # closed while the client still sends: that is a refusal too
        refused = (await place.owner("POST", CHAT, content=content)).json()
    assert refused["code"] == "too_large"
    assert (await place.owner("GET", "/api/v1/health")).status_code == 200


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "'; DROP TABLE event; --", "{{7*7}}", "a\r\nSet-Cookie: x"]
)
async def test_markup_and_sql_are_only_text(place: Place, text: str) -> None:
    ann = await place.join(text[:40])
    await ann.say(text)
    history = await ann.call("GET", CHAT)
    assert history.json()["messages"][0]["data"]["text"] == " ".join(text.split())
    assert history.headers["content-type"] == "application/json"
    assert "set-cookie" not in history.headers


@pytest.mark.parametrize("path", ["/watch/studio", "/admin", "/static/watch.js", "/api/v1/health", "/nothing"])
async def test_every_answer_carries_the_headers_that_protect_it(place: Place, path: str) -> None:
    headers = (await place.call("GET", path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "http:" not in policy and "*" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/static/../pyproject.toml",
        "/static/..%2f..%2fpyproject.toml",
        "/static/%2e%2e/__init__.py",
        "/static//etc/passwd",
    ],
)
async def test_static_files_never_leave_their_folder(place: Place, path: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(place.base.rpartition(":")[2]))
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize("name", ["a" * 5000 + ".js", "a" * 201 + ".js", "a%00b.js", "a" * 190 + "/watch.js"])
async def test_a_name_that_no_file_can_have_is_not_there(place: Place, name: str) -> None:
    answer = await place.call("GET", f"/static/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_the_socket_is_for_the_servers_own_pages(place: Place) -> None:
    ann = await place.join("Ann")
    url = place.base.replace("http", "ws") + "/api/v1/sessions/studio/events"
    headers = {"Authorization": f"Bearer {ann.bearer}", "Origin": "http://evil.example"}
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, additional_headers=headers)
    assert refused.value.response.status_code == 403


async def test_a_cookie_without_an_origin_opens_no_socket(place: Place) -> None:
    invite = await place.invite()
    own = {"Origin": place.base}
    joined = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "Ann"}, headers=own)
    url = place.base.replace("http", "ws") + "/api/v1/sessions/studio/events"
    cookie = {"Cookie": joined.headers["set-cookie"].split(";")[0]}
    async with connect(url, additional_headers=cookie) as refused:
        await refused.wait_closed()
    assert refused.close_code == 4400
    async with connect(url, additional_headers={**cookie, **own}) as opened:
        assert "welcome" in str(await opened.recv())


async def test_one_person_has_a_limited_number_of_connections(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_socket, "CONNECTIONS_OF_ONE_PERSON", 2)
    ann, ben = await place.join("Ann"), await place.join("Ben")
    async with ann.socket() as one, ann.socket() as two:
        await one.until("welcome")
        await two.until("welcome")
        async with ann.socket() as three, ben.socket() as other:
            assert await three.closed() == 4429
            await other.until("welcome")


async def test_one_address_has_a_limited_number_of_connections(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_socket, "CONNECTIONS_OF_ONE_ADDRESS", 1)
    ann, ben = await place.join("Ann"), await place.join("Ben")
    async with ann.socket() as one:
        await one.until("welcome")
        async with ben.socket() as two:
            assert await two.closed() == 4429


async def test_a_connection_that_brings_no_request_is_closed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "REQUEST_LIMIT_S", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(place.base.rpartition(":")[2]))
    writer.write(b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()


async def test_a_body_that_never_ends_is_not_waited_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_LIMIT_S", 0.2)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(place.base.rpartition(":")[2]))
    writer.write(b"POST /api/v1/join HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
    async with asyncio.timeout(10):
        assert (await reader.read()).startswith(b"HTTP/1.1 408")
    writer.close()


async def test_too_many_requests_of_one_address_at_once_are_refused(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "REQUESTS_OF_ONE_ADDRESS", 0)
    answer = await place.call("GET", "/api/v1/health")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many")


async def test_commands_are_given_at_a_humans_pace(place: Place) -> None:
    eva = await place.join("Eva", "admin")
    await place.host()
    codes = {(await eva.command("mute_audio", id=fresh_id("command"))).status_code for _ in range(40)}
    assert codes == {200, 429}


async def test_unknown_paths_and_methods_are_answered_in_words(place: Place) -> None:
    for method, path, status in (
        ("GET", "/api/v2/health", 404),
        ("PUT", "/api/v1/join", 405),
        ("GET", "/api/v1/sessions/other", 404),
        ("GET", "/docs", 404),
        ("DELETE", "/api/v1/sessions/studio/invites/i_none", 404),
    ):
        answer = await place.owner(method, path)
        assert answer.status_code == status and answer.json()["message"], (method, path)


async def test_the_description_of_the_api_is_served(place: Place) -> None:
    described = (await place.call("GET", "/openapi.json")).json()
    for path in ("/api/v1/join", "/api/v1/sessions/{session}/commands", "/whip/{session}", "/media/{resource}"):
        assert path in described["paths"]


async def test_a_player_with_a_bare_link_takes_one_turn_and_nothing_that_was_answered_is_torn_down(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place.house, "joins", RateLimit(place.clock, burst=3, per_s=1.0))
    invite = (await place.invite())["invite"]
    sdp = {"Content-Type": "application/sdp"}
    found = [(await place.call("POST", "/whep/studio", invite, content=OFFER, headers=sdp)).status_code for _ in "abcd"]
    assert found == [201, 201, 201, 429]
    assert len(place.router.told_of(Offer)) == 3 and place.router.told_of(EndResource) == []
