"""The record and its WebSocket: order, replay of exactly what was missed, and connections that cannot keep up."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from studio.server import event_socket, hub
from studio.server.messages import ChatMessage, CloseCode, EventType, Sender
from studio.server.record import Transaction
from studio.server.rights import Role
from tests.fakes.server_house import OWNER_TOKEN, Guest, Line, Place, running_house


async def texts_until(line: Line, last: str) -> list[str]:
    found: list[str] = []
    while not found or found[-1] != last:
        message = await line.until("chat.message")
        found.append(message["data"]["text"])
    return found


async def say_many(place: Place, first: int, count: int) -> None:
    sender = Sender(id="p_many", name="Many", role=Role.VIEWER)

    def work(transaction: Transaction) -> None:
        for number in range(first, first + count):
            transaction.say("studio", EventType.CHAT_MESSAGE, sender, ChatMessage(text=f"n{number}"))

    await place.house.record.run(work)


async def test_a_message_has_the_pinned_shape_and_reaches_everyone(place: Place) -> None:
    ann, ben = await place.join("Ann"), await place.join("Ben")
    async with ann.socket() as at_ann, ben.socket() as at_ben:
        await at_ann.until("welcome")
        await at_ben.until("welcome")
        id = await at_ann.send("chat.send", text="hello <b>all</b>")
        message = await at_ben.until("chat.message")
        assert list(message) == ["seq", "id", "type", "at", "from", "data"]
        assert message["id"] == id and message["seq"] > 0
        assert message["from"] == {"id": ann.id, "name": "Ann", "role": "viewer"}
        assert message["data"] == ChatMessage(text="hello <b>all</b>").model_dump(mode="json")
        ack = await at_ann.until("ack")
        assert ack["id"] == id and ack["data"] == {"record": message["seq"], "already": False, "held": False}


async def test_who_comes_back_gets_exactly_what_they_missed(place: Place) -> None:
    ann = await place.join("Ann")
    async with ann.socket() as line:
        await line.until("welcome")
        await say_many(place, 0, 3)
        seen = await texts_until(line, "n2")
        last = line.seen[-1]["seq"]
    await say_many(place, 3, 450)
    async with ann.socket(after=last) as line:
        missed = await texts_until(line, "n452")
        await line.until("welcome")
        await say_many(place, 453, 1)
        missed += await texts_until(line, "n453")
        seqs = [message["seq"] for message in line.seen if message["seq"]]
    assert seen + missed == [f"n{number}" for number in range(454)]
    assert seqs == sorted(set(seqs)), "a message came twice or out of order"


async def test_after_zero_is_everything_and_no_after_is_nothing_old(place: Place) -> None:
    ann = await place.join("Ann")
    await say_many(place, 0, 2)
    async with ann.socket(after=0) as line:
        assert await texts_until(line, "n1") == ["n0", "n1"]
    async with ann.socket() as line:
        welcome = await line.next()
        assert welcome["type"] == "welcome" and welcome["seq"] == 0
        assert welcome["data"]["head"] >= 2


@pytest.mark.parametrize("after", [None, 0])
async def test_a_welcome_counts_only_what_was_sent_before_it(
    place: Place, monkeypatch: pytest.MonkeyPatch, after: int | None
) -> None:
    welcomed = event_socket._welcome

    async def said_meanwhile(*what: Any) -> str:
        await say_many(place, 1, 1)
        return await welcomed(*what)

    monkeypatch.setattr(event_socket, "_welcome", said_meanwhile)
    ann = await place.join("Ann")
    await say_many(place, 0, 1)
    async with ann.socket(after=after) as line:
        welcome = await line.until("welcome")
        message = await line.until("chat.message")
        assert message["data"]["text"] == "n1"
        assert welcome["data"]["head"] == message["seq"] - 1, "a client that goes on from there would lose it"


async def test_nothing_is_lost_or_doubled_while_a_replay_meets_new_messages(place: Place) -> None:
    ann = await place.join("Ann")
    await say_many(place, 0, 600)

    async def go_on() -> None:
        for number in range(600, 900, 3):
            await say_many(place, number, 3)

    talking = asyncio.create_task(go_on())
    async with ann.socket(after=0) as line:
        assert await texts_until(line, "n899") == [f"n{number}" for number in range(900)]
    await talking


async def test_a_client_that_cannot_keep_up_loses_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "QUEUE_ENTRIES", 10)
    ann = await place.join("Ann")
    async with ann.socket() as line:
        await line.until("welcome")
        for first in range(0, 900, 90):
            await say_many(place, first, 90)  # handed out at once: more than the queue takes
        assert await texts_until(line, "n899") == [f"n{number}" for number in range(900)]


async def test_the_record_survives_a_restart_of_the_process(tmp_path: Path) -> None:
    async with running_house(tmp_path) as place:
        ann = await place.join("Ann")
        await ann.say("before")
    async with running_house(tmp_path) as place:
        again = Guest(place, ann.bearer, {"id": ann.id, "name": "Ann"})
        await again.say("after")
        async with again.socket(after=0) as line:
            assert await texts_until(line, "after") == ["before", "after"]
        assert (await place.call("GET", "/api/v1/me", OWNER_TOKEN)).status_code == 200


async def test_history_leafs_backwards(place: Place) -> None:
    ann = await place.join("Ann")
    await say_many(place, 0, 25)
    found: list[str] = []
    before = 0
    while True:
        page = (await ann.call("GET", f"/api/v1/sessions/studio/chat?limit=10&before={before}")).json()
        found = [message["data"]["text"] for message in page["messages"]] + found
        if not page["more"]:
            break
        before = page["messages"][0]["seq"]
    assert found == [f"n{number}" for number in range(25)]


async def test_the_status_holds_what_a_page_needs_to_begin(place: Place) -> None:
    ann = await place.join("Ann")
    async with ann.socket() as line:
        await line.until("welcome")
        await ann.say("hello")
        await line.until("chat.message")
        status = (await ann.call("GET", "/api/v1/sessions/studio")).json()
    assert status["seq"] == line.seen[-1]["seq"]
    assert [message["data"]["text"] for message in status["recent"]] == ["hello"]
    assert status["present"] == 1 and [person["name"] for person in status["people"]] == ["Ann"]


async def test_the_same_message_sent_twice_is_one(place: Place) -> None:
    ann = await place.join("Ann")
    first = (await ann.say("hello", id="message-a")).json()
    second = (await ann.say("hello", id="message-a")).json()
    assert (first["seq"], first["already"]) == (second["seq"], False)
    assert second["already"] is True
    other = await ann.say("something else", id="message-a")
    assert (other.status_code, other.json()["code"]) == (409, "id_used")
    ben = await place.join("Ben")
    assert (await ben.say("hello", id="message-a")).json()["already"] is False


async def test_chat_has_limits_of_length_and_speed(place: Place) -> None:
    ann = await place.join("Ann")
    assert (await ann.say("x" * 501)).json()["code"] == "text_bad"
    assert (await ann.say(" \n\t ")).json()["code"] == "text_bad"
    assert (await ann.say("a\x00b\u202ec\n d")).status_code == 200
    assert (await ann.call("GET", "/api/v1/sessions/studio/chat")).json()["messages"][0]["data"]["text"] == "a bc d"
    answers = [await ann.say(f"flood {number}") for number in range(10)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert answers[-1].json()["code"] == "too_fast" and answers[-1].headers["Retry-After"]
    place.clock.forward(1.1)
    assert (await ann.say("patient")).status_code == 200


async def test_a_repeated_message_is_acknowledged_also_beyond_the_flood_limit(place: Place) -> None:
    ann = await place.join("Ann")
    await ann.say("first", id="message-1")
    while (await ann.say("flood")).status_code == 200:
        pass
    again = await ann.say("first", id="message-1")
    assert again.status_code == 200 and again.json()["already"] is True


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("nonsense", "bad_request"),
        ("[" * 5000, "bad_request"),
        ("[]", "bad_request"),
        ('{"type": "chat.message", "id": "message-1", "data": {"text": "forged"}}', "bad_request"),
        ('{"type": "chat.send", "id": "x", "data": {"text": "short id"}}', "bad_request"),
        ('{"type": "chat.send", "id": "message-1", "data": {"text": 7}}', "bad_request"),
        ('{"type": "chat.send", "id": "message-1", "data": {"text": "a", "from": "admin"}}', "bad_request"),
        ('{"type": "command", "id": "message-1", "data": {"action": "stop"}}', "no_right"),
        ('{"type": "command.done", "id": "message-1", "data": {"id": "x", "outcome": "done"}}', "no_right"),
    ],
)
async def test_a_message_that_is_wrong_is_answered_and_changes_nothing(place: Place, text: str, code: str) -> None:
    ann = await place.join("Ann")
    async with ann.socket() as line:
        await line.until("welcome")
        before = (await ann.call("GET", "/api/v1/sessions/studio")).json()["seq"]
        await line.connection.send(text)
        error = await line.until("error")
        assert error["data"]["code"] == code and error["data"]["message"]
        await line.send("ping", id="still-there")
        assert (await line.until("pong"))["id"] == "still-there"
        assert (await ann.call("GET", "/api/v1/sessions/studio")).json()["seq"] == before


async def test_a_client_that_floods_the_socket_is_closed(place: Place) -> None:
    ann = await place.join("Ann")
    async with ann.socket() as line:
        await line.until("welcome")
        for number in range(200):
            await line.connection.send(json.dumps({"type": "ping", "id": f"ping-{number:06d}", "data": {}}))
        assert await line.closed() == 4429


@pytest.mark.parametrize("payload", [b"\x00\xff", "x" * 70_000])
async def test_binary_and_oversized_messages_close_the_connection(place: Place, payload: bytes | str) -> None:
    ann = await place.join("Ann")
    async with ann.socket() as line:
        await line.until("welcome")
        await line.connection.send(payload)
        assert await line.closed() in (1009, 4400)
    assert (await ann.call("GET", "/api/v1/me")).status_code == 200


@pytest.mark.parametrize("after", ["-1", "abc", "1e9", "9" * 40, "٣"])
async def test_a_place_in_the_record_that_is_none_closes_the_connection(place: Place, after: str) -> None:
    ann = await place.join("Ann")
    async with ann.socket(after=after) as line:  # type: ignore[arg-type]
        assert await line.closed() == 4400


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("chat.send", {"text": "late"}),
        ("command", {"action": "announce", "text": "late"}),
        ("command.done", {"id": "command-1", "outcome": "done"}),
    ],
)
@pytest.mark.parametrize(
    ("close", "code"),
    [
        (CloseCode.NOT_SIGNED_IN, "not_signed_in"),
        (CloseCode.REVOKED, "invite_revoked"),
        (CloseCode.RESTART, "database_away"),
    ],
)
async def test_over_a_connection_that_is_being_closed_nothing_more_is_done(
    place: Place, kind: str, data: dict[str, str], close: CloseCode, code: str
) -> None:
    host = await place.host()
    async with host.socket() as line:
        await line.until("welcome")
        (connection,) = place.house.hub.of_person("studio", host.id)
        connection.closing = (close, "It is over.")  # and its last lines are still to be sent
        await line.connection.send(json.dumps({"type": kind, "id": "message-late", "data": data}))
        told = await line.until("error")
        assert (told["id"], told["data"]["code"], told["data"]["message"]) == ("message-late", code, "It is over.")
        assert await line.closed() == close
    assert await host.texts() == []
    assert not [entry for entry in await place.audit() if entry["action"] == "announce"]
