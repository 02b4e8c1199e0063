"""`stoa ctl METHOD [JSON]`: one call of the control API, its result as JSON on standard output."""

from __future__ import annotations

import asyncio
import sys

import msgspec

from studio.control.address import EngineAddress, the_engine
from studio.control.client import ControlClient, read_params
from studio.destination.url import mask_url
from studio.media.command_words import warn_of_secret
from studio.media.errors import ErrorKind, StoaError
from studio.media.mask import MASK

SECRETS = ("secret", "sign_in", "bearer", "password")


def ctl(method: str, params: str, pid: int | None) -> int:
    """Returns the exit status 0. Raises StoaError: what cannot be right, no engine, or what the engine refused.

    `params` is JSON, or "-" for what stands on standard input.
    """
    if params == "-":
        params = _read_input()
    elif _carries_secret(params):
        warn_of_secret("stoa ctl", "a password or key in an argument", "- reads the JSON from standard input instead")
    read_params(method, params)
    address = the_engine(pid)
    sys.stdout.write(asyncio.run(_call(address, method, params)) + "\n")
    return 0


def _read_input() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as cause:
        words, remedy = "Standard input is no text.", "Write the JSON in UTF-8."
        raise StoaError(ErrorKind.BAD_ARGUMENT, words, remedy=remedy, permanent=True) from cause


def _carries_secret(params: str) -> bool:
    """Whether a secret or an address with one stands in it, at any depth."""
    try:
        return _has_secret(msgspec.json.decode(params))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False  # nothing will be made of it


def _has_secret(value: object, name: str = "") -> bool:
    if isinstance(value, dict):
        return any(_has_secret(one, str(key)) for key, one in value.items())
    if isinstance(value, list):
        return any(_has_secret(one, name) for one in value)
    if not isinstance(value, str):
        return False
    return bool(value) and (name in SECRETS or ("://" in value and MASK in mask_url(value) and MASK not in value))


async def _call(address: EngineAddress, method: str, params: str) -> str:
    client = await ControlClient.connect(address)
    try:
        return await client.call_json(method, params)
    finally:
        await client.close()
