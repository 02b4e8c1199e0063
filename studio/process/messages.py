"""What every child and its owner may say to each other, beside the messages of its kind."""

from __future__ import annotations

import msgspec


class Heartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """Child to owner: alive, and will speak again within `limit_s` (a longer one before something that may take
    long).
    """

    limit_s: float = 3.0


class End(msgspec.Struct, frozen=True, tag="end"):
    """Owner to child: finish in order (close files and connections) and exit with status 0."""


class Fault(msgspec.Struct, frozen=True, tag="fault"):
    """Child to owner: a StoaError in transit; the child goes on or exits, as its kind says."""

    kind: str
    message: str
    remedy: str = ""
    permanent: bool = False
