"""What a protocol does for the runner: one connection, from its beginning to its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from studio.destination.contract import OpenDestination
from studio.media import EncodedPacket


@dataclass(frozen=True, slots=True)
class Measures:
    """What a connection knows about its network, since it was made. Zeros where the protocol cannot tell.

    `loss` is the share of packets lost (0 to 1) lately, `retransmitted` counts packets sent again, `dropped` counts
    pictures that the protocol itself gave up, `buffered_ms` what it has taken and not sent yet.
    """

    rtt_ms: float = 0.0
    loss: float = 0.0
    retransmitted: int = 0
    dropped: int = 0
    buffered_ms: float = 0.0


class Connection(Protocol):
    """One try to reach a destination. The runner's thread calls everything, in the order connect, write…, close.

    Where a connection needs a loop of its own (asyncio), it runs it in a thread of its own behind these calls.
    """

    connect_limit_s: float
    """The longest that `connect` may take; the owner is told, and ends the process where it takes longer."""
    write_limit_s: float
    """The same for `write` and `close`."""

    def connect(self) -> None:
        """Block until the other side takes packets.

        Raises StoaError in words for a person: UNREACHABLE, REFUSED, TIMEOUT, TLS, DENIED, BAD_ARGUMENT … `permanent`
        where the same try cannot succeed (wrong key, wrong passphrase, key in use): the runner decides what that means.
        """

    def write(self, packet: EncodedPacket) -> None:
        """Send one packet. The first video packet of a connection is a keyframe; sound may come before it.

        It may block for `write_limit_s`: packets then queue up, and video is dropped up to the next keyframe. Raises
        StoaError (LOST, TIMEOUT …) where the connection is gone.
        """

    def check(self) -> None:
        """Called about four times a second between packets: raises StoaError where the connection is gone."""

    def measures(self) -> Measures:
        """The latest figures; called about twice a second, does not block."""

    def close(self) -> None:
        """End it, in order where it still stands. Never raises; called once, also after `connect` failed."""


type WantKeyframe = Callable[[str], None]
"""Called from any thread with a reason, where a receiver asks for a keyframe (PLI)."""

type MakeConnection = Callable[[OpenDestination, WantKeyframe], Connection]
"""Makes a connection that has not begun yet; must not block. Raises StoaError where the options cannot be right."""
