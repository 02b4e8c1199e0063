"""Nobody without an invite keeps others out: half-sent requests end, and each client has so many connections."""

from __future__ import annotations

import asyncio
import logging

import pytest

from studio.server import connections, listeners
from studio.server.connections import KEPT_FOR_THIS_MACHINE, OF_ONE_CLIENT, OTHER_FILES, Connections
from tests.fakes.server_house import HandClock, Place

WHOLE = b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


async def opened(place: Place) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(place.base.rpartition(":")[2]))


async def answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


@pytest.mark.parametrize("half", [b"G", WHOLE[:-2]])
async def test_a_second_request_that_is_half_sent_is_not_waited_for(
    place: Place, monkeypatch: pytest.MonkeyPatch, half: bytes
) -> None:
    reader, writer = await opened(place)
    writer.write(WHOLE)
    assert (await answer(reader)).startswith(b"HTTP/1.1 200")
    monkeypatch.setattr(listeners, "REQUEST_LIMIT_S", 0.2)
    writer.write(half)
    async with asyncio.timeout(10):
        assert await reader.read() == b""
    writer.close()


async def test_a_connection_with_whole_requests_goes_on(place: Place) -> None:
    reader, writer = await opened(place)
    for _ in range(3):
        writer.write(WHOLE[:20])
        await asyncio.sleep(0)
        writer.write(WHOLE[20:])
        assert (await answer(reader)).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_who_has_too_many_connections_is_turned_away_until_one_closes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "OF_ONE_CLIENT", 2)
    monkeypatch.setattr(connections, "trusted", lambda address: False)
    ann = await place.join("Ann")
    async with ann.socket() as line:
        await line.until("welcome")  # a WebSocket is one of them
        reader, writer = await opened(place)
        writer.write(WHOLE)
        assert (await answer(reader)).startswith(b"HTTP/1.1 200")
        beyond, its_writer = await opened(place)
        async with asyncio.timeout(10):
            assert (await answer(beyond)).startswith(b"HTTP/1.1 503")
        its_writer.close()
        writer.close()
    async with asyncio.timeout(10):
        while True:
            reader, writer = await opened(place)
            writer.write(WHOLE)
            said = await answer(reader)
            writer.close()
            if said.startswith(b"HTTP/1.1 200"):
                break


def test_one_client_gets_its_share_and_this_machine_always_gets_in() -> None:
    counted = Connections(1024)
    assert counted.limit == 1024 - OTHER_FILES
    assert [counted.admit("192.0.2.1") for _ in range(OF_ONE_CLIENT + 1)].count(True) == OF_ONE_CLIENT
    number = 0
    while counted.admit(f"198.51.100.{number % 250}"):
        number += 1
    assert counted.total == counted.limit - KEPT_FOR_THIS_MACHINE
    assert all(counted.admit("127.0.0.1") for _ in range(KEPT_FOR_THIS_MACHINE))
    assert not counted.admit("127.0.0.1")
    counted.gone("192.0.2.1")
    assert counted.admit("127.0.0.1")


def test_a_subscriber_of_ipv6_is_one_client() -> None:
    counted = Connections(4096)
    assert [counted.admit(f"2001:db8::{number:x}") for number in range(150)].count(True) == OF_ONE_CLIENT


def test_refusals_are_told_once_in_a_while_with_their_number(caplog: pytest.LogCaptureFixture) -> None:
    clock = HandClock()
    counted = Connections(0, clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(500):
            counted.admit("192.0.2.1")
        clock.forward(11)
        counted.admit("192.0.2.1")
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2 and told[1].startswith(f"{500 - 1 - counted.limit + KEPT_FOR_THIS_MACHINE + 1} ")
