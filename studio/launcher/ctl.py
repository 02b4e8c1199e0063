"""`stoa ctl METHOD [JSON]`: one call of the control API, its result as JSON on standard output."""

from __future__ import annotations

import asyncio
import sys

from studio.control.address import EngineAddress, the_engine
from studio.control.client import ControlClient, read_params


def ctl(method: str, params: str, pid: int | None) -> int:
    """Returns the exit status 0. Raises StoaError: what cannot be right, no engine, or what the engine refused."""
    read_params(method, params)
    address = the_engine(pid)
    sys.stdout.write(asyncio.run(_call(address, method, params)) + "\n")
    return 0


async def _call(address: EngineAddress, method: str, params: str) -> str:
    client = await ControlClient.connect(address)
    try:
        return await client.call_json(method, params)
    finally:
        await client.close()
