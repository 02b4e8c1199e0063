"""The calls of a session's client at their end."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from studio.media.errors import ErrorKind, StoaError
from studio.session.calls import SessionCalls


async def test_what_is_under_way_ends_with_the_client_and_no_connection_stays_open() -> None:
    asked, ended = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def asked_and_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.release()
        await reader.read()  # until the client hangs up
        writer.close()
        ended.release()

    server = await asyncio.start_server(asked_and_silent, "127.0.0.1", 0)
    async with server:
        calls = SessionCalls(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        waiting = [asyncio.create_task(calls.call("GET", f"/{number}", msgspec.Raw)) for number in range(4)]
        async with asyncio.timeout(20):
            for _ in waiting:
                await asked.acquire()
            await calls.close()
            answers = await asyncio.gather(*waiting, return_exceptions=True)
            assert all(isinstance(one, StoaError) and one.kind is ErrorKind.UNREACHABLE for one in answers), answers
            for _ in waiting:
                await ended.acquire()
    with pytest.raises(StoaError) as refused:
        await calls.call("GET", "/late", msgspec.Raw)
    assert refused.value.kind is ErrorKind.UNREACHABLE


async def test_who_is_cancelled_is_cancelled_and_the_client_goes_on() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        calls = SessionCalls(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        waiting = asyncio.create_task(calls.call("GET", "/", msgspec.Raw))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await calls.close()
