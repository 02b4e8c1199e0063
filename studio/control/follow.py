"""Staying attached to the studio's engine: over lost connections, and over an engine that was started again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from studio.control.address import EngineAddress, running_engines
from studio.control.api import EngineStatus, Event
from studio.control.client import ControlClient
from studio.media import ErrorKind, StoaError

RETRY_S = 0.2


@dataclass(frozen=True, slots=True)
class Attached:
    """Connected. `status` is everything as it is now; events newer than it follow.

    `restarted`: it is another engine than the one attached before.
    """

    client: ControlClient
    status: EngineStatus
    restarted: bool


@dataclass(frozen=True, slots=True)
class Detached:
    """Not connected: `error` says why, None at the first look. Attached comes as soon as an engine answers."""

    error: StoaError | None


def newest_engine() -> EngineAddress | None:
    """The engine that was started last, if any."""
    engines = running_engines()
    return engines[0] if engines else None


async def follow(
    find: Callable[[], EngineAddress | None] = newest_engine, *, retry_s: float = RETRY_S
) -> AsyncIterator[Attached | Event | Detached]:
    """Attach, yield events, attach again, until the caller stops. `find` is called in a thread.

    `Attached` comes with a snapshot each time. After a lost connection to the same engine the events that were missed
    follow it, in order and without repeat (as far as the engine still has them); they end at what the snapshot tells.
    """
    known_pid, seq = 0, 0
    told = False
    while True:
        client: ControlClient | None = None
        try:
            address = await asyncio.to_thread(find)
            if address is None:
                if not told:
                    told = True
                    yield Detached(None)
                await asyncio.sleep(retry_s)
                continue
            client = await ControlClient.connect(address)
            status: EngineStatus = await client.call("engine.status")
            same = address.pid == known_pid
            restarted = not same and known_pid != 0
            if not same:
                known_pid, seq = address.pid, status.seq
            told = False
            yield Attached(client, status, restarted)
            await client.subscribe(seq)
            while (event := await client.next_event()) is not None:
                if event.seq > seq:
                    seq = event.seq
                    yield event
            told = True
            yield Detached(StoaError(ErrorKind.LOST, "The engine is gone.", remedy="It is started again by itself."))
            await asyncio.sleep(retry_s)
        except StoaError as error:
            if not told:
                told = True
                yield Detached(error)
            await asyncio.sleep(retry_s)
        finally:
            if client is not None:
                await client.close()
