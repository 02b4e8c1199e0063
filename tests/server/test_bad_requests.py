"""Bad input over the real server, for everything that its description names: a clear error, and nothing is changed."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import time
from typing import Any
from urllib.parse import quote

import httpx
import jwt
import psutil
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from studio.server.api import JSON_BODY_BYTES, ErrorCode
from studio.server.data_folder import FILE_NAME
from studio.server.event_socket import CONNECTIONS_OF_ONE_PERSON
from tests.fixtures.asked_server import PROXY, ROLES, AskedServer
from tests.fixtures.served_api import Operation, with_value

pytestmark = [pytest.mark.timeout(180), pytest.mark.slow]
JSON = {"Content-Type": "application/json"}
COMMANDS = "/api/v1/sessions/studio/commands"
CHAT = "/api/v1/sessions/studio/chat"
MALFORMED = (b"{", b"", b"\xff\xfe\x00", b"[" * 20_000, b'{"a": 1', b"'", b"NaN", b'{"id": "message-1",}')
WRONG_SHAPES: tuple[Any, ...] = ([], "text", 5, None, True, [{}], {"unknown": 1})
WRONG_TYPES: tuple[Any, ...] = (5, -1, 1e308, ["a"], {"a": "b"}, None, True)
HOSTILE_TEXTS = (
    "'; DROP TABLE event; --",
    '" OR 1=1 --',
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "{{7*7}} ${7*7} #{7*7} %s %n",
    "../../../etc/passwd",
    "a\r\nSet-Cookie: stoa=1",
    "\u202eevil\u0000\u200b",
    "\U0001f469\u200d\U0001f680" * 20,
)
ENDS_SOMETHING = ("/api/v1/leave", "/api/v1/sign-out", "/api/v1/sign-out-everywhere", "/api/v1/end", "/api/v1/share")
"""What takes no body and does what it says whatever is sent, or listens anew."""


def clear(answer: httpx.Response) -> dict[str, Any]:
    """The error's body: a code, a sentence, and what to do about it."""
    assert 400 <= answer.status_code < 500, f"{answer.request.method} {answer.request.url}: {answer.status_code}"
    assert answer.headers["content-type"] == "application/json", answer.headers
    body: dict[str, Any] = answer.json()
    assert set(body) == {"code", "message", "kind", "remedy", "right"}, body
    assert ErrorCode(body["code"]) is not ErrorCode.INTERNAL
    assert body["message"].endswith((".", "!", "?")) and body["remedy"], body
    return body


def with_body(asked: AskedServer) -> list[Operation]:
    found = [each for each in asked.operations if each.body is not None]
    assert len(found) >= 10
    return found


def test_what_is_no_json_or_of_the_wrong_shape_is_refused_and_changes_nothing(asked: AskedServer) -> None:
    before = asked.kept()
    for operation in with_body(asked):
        for role in ("none", "viewer", "admin", "owner"):
            for content in (*MALFORMED, *(json.dumps(shape).encode() for shape in WRONG_SHAPES)):
                if role == "owner" and operation.path == "/api/v1/join" and content == b"null":
                    continue
                answer = asked.ask(
                    operation.method, operation.url(), asked.bearers[role], content=content, headers=JSON
                )
                clear(answer)
    assert asked.kept() == before


def test_a_value_of_the_wrong_type_is_refused_and_changes_nothing(asked: AskedServer) -> None:
    before = asked.kept()
    for operation in with_body(asked):
        for body, places in operation.bodies():
            for place in places:
                for value in WRONG_TYPES:
                    changed = with_value(body, place, value)
                    clear(asked.ask(operation.method, operation.url(), asked.bearers["owner"], json=changed))
    assert asked.kept() == before


@pytest.mark.parametrize("announced", [True, False])
def test_ten_megabytes_are_refused_and_not_kept(asked: AskedServer, announced: bool) -> None:
    before = asked.kept()
    assert asked.server.pair is not None
    process = psutil.Process(asked.server.pair.people.pid)
    resident = process.memory_info().rss
    piece = b"x" * 65536
    for operation in asked.operations:
        if operation.method == "get" or (operation.path in ENDS_SOMETHING and not announced):
            continue
        content: Any = piece * 160 if announced else (piece for _ in range(160))
        bearer = asked.bearers["owner"]
        try:
            body = clear(asked.ask(operation.method, operation.url(), bearer, content=content, headers=JSON))
        except httpx.TransportError:
            continue  # closed while this still sends: that is a refusal too
        assert body["code"] == "too_large", operation.name
    assert asked.kept() == before
    assert process.memory_info().rss - resident < 64e6, "ten megabytes are kept somewhere"
    assert JSON_BODY_BYTES < 10e6


def _tokens(asked: AskedServer) -> dict[str, str]:
    """Tokens that are nobody's, by what is wrong with them."""
    good = asked.bearers["admin"]
    with sqlite3.connect(f"file:{asked.home / 'server' / FILE_NAME}?mode=ro", uri=True) as database:
        key = database.execute("SELECT signing_key FROM server").fetchone()[0]
    claims = jwt.decode(good, options={"verify_signature": False})
    head, body, signature = good.split(".")
    gone = asked.come_in("admin")
    asked.ask("POST", "/api/v1/leave", gone)
    owner = asked.bearers["owner"]
    other = jwt.decode(asked.bearers["viewer"], options={"verify_signature": False})
    return {
        "expired": jwt.encode({**claims, "exp": int(time.time()) - 1}, key),
        "foreign": jwt.encode(claims, b"another server's key, 32 bytes.."),
        "of another issuer": jwt.encode({**claims, "iss": "APIelsewhere"}, key),
        "unsigned": jwt.encode(claims, None, algorithm="none"),
        "of an id that was never given": jwt.encode({**claims, "jti": "t_made_up"}, key),
        "another's grants under one's signature": f"{head}.{asked.bearers['viewer'].split('.')[1]}.{signature}",
        "a changed signature": f"{head}.{body}.{signature[:-4]}AAAA",
        "a cut one": good[:-10],
        "of who has left": gone,
        "half the owner's": owner[: len(owner) // 2],
        "of another id with one's own role": jwt.encode({**other, "jti": claims["jti"]}, b"k" * 32),
        "words": "let me in",
        "long": "a" * 5000,
    }


def test_a_token_that_is_not_good_opens_nothing_and_changes_nothing(asked: AskedServer) -> None:
    tokens = _tokens(asked)
    before = asked.kept()
    lines = len(_refused(asked))
    for words, token in tokens.items():
        for operation in asked.operations:
            if operation.path in ("/api/v1/health", "/api/v1/sign-in", "/api/v1/accounts", "/api/v1/reset"):
                continue  # no bearer is asked for
            if operation.path == "/api/v1/join" or "/static" in operation.path:
                continue
            body = next((made for made, _ in operation.bodies()), None)
            facts = {"json": body} if body is not None else {}
            answer = asked.ask(operation.method, operation.url(), token, **facts)
            assert clear(answer)["code"] in ("not_signed_in", "removed", "bad_request", "too_fast", "not_found"), (
                words,
                operation.name,
                answer.text,
            )
            assert answer.status_code != 404 or "{session}" not in operation.path, (words, operation.name)
        order = {"id": "forged-command-1", "action": "stop"}
        answer = asked.ask("POST", COMMANDS, token, json=order, address="203.0.113.1")
        assert clear(answer)["code"] == "not_signed_in", (words, answer.text)
    assert asked.kept() == before
    assert len(_refused(asked)) > lines, "forged commands were not written down"


def _refused(asked: AskedServer) -> list[dict[str, Any]]:
    found = asked.owner("GET", "/api/v1/sessions/studio/audit?limit=500&outcome=refused")
    entries: list[dict[str, Any]] = found["entries"]
    return entries


def test_a_replayed_or_forged_command_does_nothing_and_is_written_down(asked: AskedServer) -> None:
    admin, other = asked.bearers["admin"], asked.come_in("admin")
    order = {"id": "a-command-given", "action": "announce", "text": "Once.", "to": "all"}
    first = asked.ask("POST", COMMANDS, admin, json=order)
    assert first.status_code == 200 and not first.json()["already"]
    before, lines = asked.kept(), len(_refused(asked))
    again = asked.ask("POST", COMMANDS, admin, json=order)
    assert again.json() == {**first.json(), "already": True}
    for changed, bearer in (
        ({**order, "text": "Twice."}, admin),
        ({"id": order["id"], "action": "stop"}, admin),
        (order, other),
    ):
        answer = asked.ask("POST", COMMANDS, bearer, json=changed, address="203.0.113.2")
        assert clear(answer)["code"] == "id_used"
    forged = {"id": "a-forged-command", "action": "stop"}
    for role in ("none", "viewer", "guest"):
        code = clear(asked.ask("POST", COMMANDS, asked.bearers[role], json=forged, address="203.0.113.2"))["code"]
        assert code == ("not_signed_in" if role == "none" else "no_right"), role
    assert asked.kept() == before
    assert len(_refused(asked)) == lines + 6


def test_sql_and_markup_in_every_text_field_are_refused_or_only_text(asked: AskedServer) -> None:
    tables = set(asked.kept())
    tried = 0
    for operation in asked.operations:
        if operation.path in ENDS_SOMETHING:
            continue
        for text in HOSTILE_TEXTS:
            for role in ("viewer", "admin", "owner"):
                bearer = asked.bearers[role]
                for request in _with_text(operation, text):
                    answer = asked.ask(operation.method, bearer=bearer, **request)
                    tried += 1
                    assert "set-cookie" not in answer.headers or operation.path == "/api/v1/join"
                    assert answer.headers["x-content-type-options"] == "nosniff"
                    if answer.is_success:
                        kind = answer.headers.get("content-type", "")
                        assert "html" not in kind, operation.name
                    else:
                        clear(answer)
    assert tried > 1000
    found = asked.kept()
    assert set(found) == tables and len(found["session"]) == 1
    assert "Traceback" not in asked.log()
    viewer = asked.come_in("viewer")
    for text in HOSTILE_TEXTS[:5]:
        said = asked.ask("POST", CHAT, viewer, json={"id": f"hostile-{hash(text) & 0xFFFFFF:08d}", "text": text})
        assert said.status_code == 200, said.text
        history = asked.ask("GET", CHAT, viewer).json()["messages"]
        assert history[-1]["data"]["text"] == text
        found = asked.ask("GET", CHAT, viewer, params={"search": text}).json()
        assert all(one["data"]["text"] == text for one in found["messages"])


def _with_text(operation: Operation, text: str) -> list[dict[str, Any]]:
    """Requests of this operation in which one text is hostile."""
    found: list[dict[str, Any]] = []
    for parameter in operation.parameters:
        if parameter["in"] == "path":
            found.append({"path": operation.url(**{parameter["name"]: quote(text, safe="")})})
        elif parameter["in"] == "query":
            found.append({"path": operation.url(), "params": {parameter["name"]: text}})
    for body, places in operation.bodies():
        for place in places:
            found.append({"path": operation.url(), "json": with_value(body, place, text)})
    return found


async def test_a_thousand_connections_of_one_address_leave_room_for_the_others(asked: AskedServer) -> None:
    assert asked.server.pair is not None
    process = psutil.Process(asked.server.pair.people.pid)
    resident = process.memory_info().rss
    before = asked.kept()
    bearer, other = asked.bearers["guest"], asked.bearers["viewer"]
    url = asked.server.base.replace("http", "ws") + "/api/v1/sessions/studio/events"
    codes: list[int] = []
    words: set[str] = set()
    opened: list[Any] = []

    async def open_one(far: bool) -> None:
        """By a proxy, from one address far away; or from this machine."""
        headers = {"Authorization": f"Bearer {bearer}"}
        near: dict[str, Any] = {}
        if far:
            headers["X-Forwarded-For"] = "203.0.113.7"
            near["local_addr"] = (PROXY, 0)
        try:
            line = await connect(url, additional_headers=headers, open_timeout=30, compression=None, **near)
            opened.append(line)
            await asyncio.wait_for(line.recv(), 30)
            codes.append(101)
        except InvalidStatus as refused:
            codes.append(refused.response.status_code)
            words.add(json.loads(refused.response.body or b"{}").get("code", ""))
        except ConnectionClosed as closed:
            codes.append(closed.rcvd.code if closed.rcvd else 0)
            words.add(closed.rcvd.reason if closed.rcvd else "")

    async def all_of_them() -> None:
        gate = asyncio.Semaphore(50)

        async def one(number: int) -> None:
            async with gate:
                await open_one(far=number % 2 == 0)

        await asyncio.gather(*(one(number) for number in range(1000)))

    try:
        await all_of_them()
        assert len(codes) == 1000 and codes.count(101) == CONNECTIONS_OF_ONE_PERSON
        assert set(codes) <= {101, 429, 4429}
        assert words <= {"too_many", "Too many connections are open from here."}
        async with httpx.AsyncClient(base_url=asked.server.base, timeout=30) as http:
            me = await http.get("/api/v1/me", headers={"Authorization": f"Bearer {other}"})
        assert me.status_code == 200
        async with connect(url, additional_headers={"Authorization": f"Bearer {other}"}) as line:
            assert "welcome" in str(await asyncio.wait_for(line.recv(), 30))
        assert process.memory_info().rss - resident < 150e6
    finally:
        await asyncio.gather(*(line.close() for line in opened))
    after = asked.kept()
    for table in before.keys() - {"event", "person", "sign_in", "token"}:
        assert after[table] == before[table], table


def test_a_thousand_idle_connections_of_one_address_do_not_shut_the_others_out(asked: AskedServer) -> None:
    assert asked.server.pair is not None
    process = psutil.Process(asked.server.pair.people.pid)
    before = process.num_fds()
    port = int(asked.server.base.rpartition(":")[2])
    held = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(1000)]
    try:
        assert asked.ask("GET", "/api/v1/me", asked.bearers["viewer"]).status_code == 200
    finally:
        for one in held:
            one.close()
    end = time.monotonic() + 30
    while process.num_fds() > before + 20:
        assert time.monotonic() < end, "connections that were closed are kept"
        time.sleep(0.05)
    assert set(ROLES) == set(asked.bearers)
