"""A server that ends a connection as soon as the stream begins and says no word: nginx's `deny publish`, and others.

Once it may be a server that starts again, is full, or cannot ask whoever knows the keys. Again and again on a first
connection it is most often a refusal. It is told so and tried on all the same: only a refusal that a server has spoken
is final (DESIGN.md, Faults), a guess must not end a show that a try would have saved.
"""

from __future__ import annotations

from studio.media import ErrorKind, StoaError

TAKEN_FOR_REFUSAL = 3


class HungUp(StoaError):
    """One such end."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(ErrorKind.REFUSED, message, remedy=remedy)


def turned_away() -> StoaError:
    """The words for the third such end in a row, before the destination has ever been live."""
    return StoaError(
        ErrorKind.REFUSED,
        "The server closes the connection as soon as we publish, each time: most often it refuses this stream key or "
        "this address.",
        remedy="Check the stream key, and whether the server lets this machine publish. It is tried on by itself.",
    )
