"""Signs of life of what was adopted: a call that only a loop that turns can answer. For the launcher's own threads."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from studio.control.address import EngineAddress, running_engines
from studio.control.client import ControlClient
from studio.media import ErrorKind, StoaError
from studio.session import running_server


def ask_engine(run_folder: Path, pid: int, limit_s: float) -> None:
    """Returns once the engine has answered. Raises StoaError: TIMEOUT, or UNREACHABLE where nobody listens."""
    address = next((found for found in running_engines(run_folder) if found.pid == pid), None)
    if address is None:
        raise StoaError(ErrorKind.UNREACHABLE, f"The engine with process id {pid} tells no address.")
    try:
        asyncio.run(asyncio.wait_for(_status(address), limit_s))
    except TimeoutError as cause:
        raise StoaError(ErrorKind.TIMEOUT, f"The engine did not answer within {limit_s:g} s.") from cause


async def _status(address: EngineAddress) -> None:
    client = await ControlClient.connect(address)
    try:
        await client.call("engine.status")
    finally:
        await client.close()


def ask_server(run_folder: Path, pid: int, limit_s: float) -> None:
    """The same for the session server with its owner's process id `pid`."""
    address = running_server(run_folder)
    if address.pid != pid:
        raise StoaError(ErrorKind.UNREACHABLE, f"The session server with process id {pid} tells no address.")
    try:
        # Only whether it answers: its certificate, where it has one, is not what is asked about.
        httpx.get(f"{address.url}/api/v1/health", timeout=limit_s, trust_env=False, verify=False)
    except httpx.TimeoutException as cause:
        raise StoaError(ErrorKind.TIMEOUT, f"The session server did not answer within {limit_s:g} s.") from cause
    except httpx.HTTPError as cause:
        raise StoaError(ErrorKind.UNREACHABLE, "The session server does not answer.") from cause
