"""A role that is taken, and a kick, hold on open lines before the router has answered; so they do in a replay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from studio.server import event_socket
from studio.server.hub import Connection
from studio.server.record import Entry
from studio.server.router_pipe import EndPerson, EndPublisher
from studio.server.signed_in import caller_in
from tests.fakes.server_house import Guest, Place


@asynccontextmanager
async def while_the_router_thinks(
    place: Place, admin: Guest, action: str, about: Guest, **more: str
) -> AsyncIterator[None]:
    """The command is given; what is done inside is done before the router has answered."""
    place.router.deaf = True
    giving = asyncio.create_task(admin.command(action, about.id, **more))
    try:
        async with asyncio.timeout(10):
            while not (orders := place.router.told_of(EndPublisher) + place.router.told_of(EndPerson)):
                await asyncio.sleep(0.005)
        yield
        assert not giving.done(), "the router's answer was waited for"
    finally:
        place.router.deaf = False
        for order in orders:
            place.router._answer(order)
    assert (await giving).status_code == 200


async def test_who_hears_of_another_role_asks_at_once_and_is_answered_by_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of who they were before is remembered any more when the first of them is told."""
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    remembered: dict[str, set[str]] = {}

    def offer(connection: Connection, entry: Entry, frame: bytes = b"") -> None:
        known = place.house.admission._known.values()
        remembered.setdefault(entry.envelope.type, {caller.person_id for caller in known})

    async with ann.socket() as line:
        await line.until("welcome")
        assert "chat_moderate" not in (await ann.call("GET", "/api/v1/me")).json()["rights"]
        assert ann.id in {caller.person_id for caller in place.house.admission._known.values()}
        monkeypatch.setattr(Connection, "offer", offer)
        await eva.command("promote", ann.id, role="director")
    assert remembered["person.changed"] == set()
    assert "chat_moderate" in (await ann.call("GET", "/api/v1/me")).json()["rights"]


async def test_a_demoted_host_reads_and_does_nothing_of_the_team_before_the_router_answers(place: Place) -> None:
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")
    async with bob.socket() as line:
        await line.until("welcome")
        await eva.done("chat.send", text="Team only.", channel="backstage")
        await line.until("chat.message", text="Team only.")
        async with while_the_router_thinks(place, eva, "demote", bob, role="viewer"):
            await line.until("person.changed")
            await eva.done("chat.send", text="Not for Bob.", channel="backstage")
            await eva.done("chat.send", text="For everyone.")
            await line.until("chat.message", text="For everyone.")
            assert "Not for Bob." not in [message["data"].get("text") for message in line.seen]
            await line.send("command", action="lower_hand", target=eva.id, text="")
            assert (await line.until("error"))["data"]["code"] == "no_right"
        await line.until("command", action="demote")


async def test_who_is_kicked_reads_nothing_more_before_the_router_answers_but_learns_of_it(place: Place) -> None:
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    async with ann.socket() as line:
        await line.until("welcome")
        async with while_the_router_thinks(place, eva, "kick", ann):
            await eva.done("chat.send", text="Ann is gone.")
            await line.send("chat.send", text="I am here.")
            assert (await line.until("error"))["data"]["code"] == "removed"
        assert await line.closed() == 4403
    assert "Ann is gone." not in [message["data"].get("text") for message in line.seen]
    assert [message["data"]["action"] for message in line.seen if message["type"] == "command"] == ["kick"]


async def test_a_replay_that_is_under_way_ends_with_the_role(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_socket, "PAGE", 20)
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")
    for number in range(15):
        await eva.done("chat.send", text=f"Team {number}.", channel="backstage")
        place.clock.forward(10)
    begun, go_on = asyncio.Event(), asyncio.Event()
    whole = event_socket._send

    async def slow(socket: object, text: str) -> None:
        if "Team 2." in text and not begun.is_set():
            begun.set()
            await go_on.wait()
        await whole(socket, text)  # type: ignore[arg-type]

    monkeypatch.setattr(event_socket, "_send", slow)
    async with bob.socket(after=0) as line:
        await begun.wait()
        await eva.command("demote", bob.id, role="viewer")
        go_on.set()
        await line.until("welcome")
    texts = [message["data"]["text"] for message in line.seen if message["type"] == "chat.message"]
    assert texts == ["Team 0.", "Team 1.", "Team 2."], "the third was on its way already"


async def test_what_waits_for_a_slow_reader_is_not_sent_after_the_role_is_gone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")
    begun, go_on = asyncio.Event(), asyncio.Event()
    whole = event_socket._send

    async def slow(socket: object, text: str) -> None:
        if "First." in text:
            begun.set()
            await go_on.wait()
        await whole(socket, text)  # type: ignore[arg-type]

    monkeypatch.setattr(event_socket, "_send", slow)
    async with bob.socket() as line:
        await line.until("welcome")
        (connection,) = place.house.hub.of_person("studio", bob.id)
        connection._write_frame = lambda frame: False  # as where the line takes nothing more at once
        await eva.done("chat.send", text="First.")
        await begun.wait()
        await eva.done("chat.send", text="Waits.", channel="backstage")
        await eva.command("demote", bob.id, role="viewer")
        go_on.set()
        await line.until("command", action="demote")
    texts = [message["data"]["text"] for message in line.seen if message["type"] == "chat.message"]
    assert texts == ["First."]


async def test_a_role_that_changes_while_a_line_is_opened_is_the_new_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look at the token came before the change, and is used after it."""
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")
    looked, go_on = asyncio.Event(), asyncio.Event()
    looks = 0
    look = caller_in

    async def slow(*given: object) -> object:
        nonlocal looks
        looks += 1
        found = await look(*given)  # type: ignore[arg-type]
        if looks == 2:
            looked.set()
            await go_on.wait()
        return found

    monkeypatch.setattr(event_socket, "caller_in", slow)
    opening = bob.socket()
    entering = asyncio.create_task(opening.__aenter__())
    await looked.wait()
    await eva.command("demote", bob.id, role="viewer")
    go_on.set()
    line = await entering
    welcome = await line.until("welcome")
    assert welcome["data"]["person"]["role"] == "viewer"
    await opening.__aexit__(None, None, None)
