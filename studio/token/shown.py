"""How what stands in a token is shown: foreign text cannot move a terminal's cursor or hide behind its own length."""

from __future__ import annotations

from datetime import UTC, datetime

LONGEST_SHOWN = 200
LAST_S = 253_402_300_799
"""The last second that has a date: the end of the year 9999."""


def shown(text: str) -> str:
    """`text` with everything that is not printable escaped, and cut where it is long."""
    cut = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in cut
    )


def instant(at_s: float) -> str:
    """A moment (Unix seconds, 0 to LAST_S) in UTC, to the second."""
    return datetime.fromtimestamp(int(at_s), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def span(seconds: float) -> str:
    """A length of time in its two largest units, like `2 h 5 min`; never negative."""
    left = max(0, int(seconds))
    parts = []
    for size_s, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size_s)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts[:2]) or "0 s"
