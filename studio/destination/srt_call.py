"""Calling an SRT host at each of its addresses, in the order of the system's resolver (usually IPv6 first).

One after the other, never at once: a host that listens on both families would see the same stream key twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from studio.destination.srt_socket import SrtOptions, SrtSocket
from studio.media import ErrorKind, StoaError

LAST_LIMIT_S = 3.0
"""For the last address, and for an only one."""
EARLIER_LIMIT_S = 1.5
"""For each before it: two round trips of a satellite; all of them together get no longer than the last."""
CALL_LIMIT_S = 2 * LAST_LIMIT_S
"""The longest that `call` may take, however many addresses there are."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A connection that stands, where it was made, and how long that took."""

    socket: SrtSocket
    address: str
    took_s: float


def limits_s(count: int) -> list[float]:
    """How long each of `count` addresses may take to answer."""
    earlier_s = min(EARLIER_LIMIT_S, LAST_LIMIT_S / (count - 1)) if count > 1 else 0.0
    return [earlier_s] * (count - 1) + [LAST_LIMIT_S]


def in_order(addresses: Sequence[str], answered_before: str) -> list[str]:
    """The resolver's order, each address once; what answered the last time comes first, so that a return is quick."""
    once = list(dict.fromkeys(addresses))
    return sorted(once, key=lambda address: address != answered_before)


def call(
    host: str,
    port: int,
    addresses: Sequence[str],
    options: SrtOptions,
    make: Callable[[SrtOptions], SrtSocket] = SrtSocket,
) -> Answered:
    """Blocks for up to CALL_LIMIT_S. `options.connect_limit_s` is set for each address.

    Raises StoaError: UNREACHABLE where none answers; the first refusal (REFUSED, DENIED) as it is, since that is an
    answer; NOT_SUPPORTED, BAD_ARGUMENT.
    """
    silent: list[StoaError] = []
    for address, limit_s in zip(addresses, limits_s(len(addresses)), strict=True):
        socket = make(replace(options, connect_limit_s=limit_s))
        begin_s = time.monotonic()
        try:
            socket.connect(address, port)
        except StoaError as error:
            socket.close()
            if error.kind is not ErrorKind.UNREACHABLE:
                raise
            silent.append(error)
        else:
            return Answered(socket, address, time.monotonic() - begin_s)
    if len(silent) == 1:
        raise silent[0]
    raise StoaError(
        ErrorKind.UNREACHABLE,
        f"No SRT listener answers at {host}:{port} (UDP), at none of {', '.join(addresses)}.",
        remedy=silent[-1].remedy,
    )
