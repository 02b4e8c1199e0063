"""`stoa ctl METHOD [JSON]`: one call of the control API, its result as JSON on standard output."""

from __future__ import annotations

import asyncio
import sys

import msgspec

from studio.control.address import the_engine
from studio.control.api import METHODS
from studio.control.client import ControlClient
from studio.media.errors import ErrorKind, StoaError


def ctl(method: str, params: str, pid: int | None) -> int:
    """Returns the exit status: 0, or 1 where the engine refused. Raises StoaError for what cannot be right."""
    known = METHODS.get(method)
    if known is None:
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            f"There is no method {method}.",
            remedy=f"Methods are {', '.join(METHODS)}.",
            permanent=True,
        )
    try:
        given = msgspec.json.decode(params, type=known.params)
    except msgspec.DecodeError as cause:
        raise StoaError(ErrorKind.BAD_ARGUMENT, f"{method} does not take this: {cause}.", permanent=True) from cause
    result = asyncio.run(_call(method, given, pid))
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
    return 0


async def _call(method: str, params: msgspec.Struct, pid: int | None) -> msgspec.Struct:
    client = await ControlClient.connect(the_engine(pid))
    try:
        return await client.call(method, params)
    finally:
        await client.close()
