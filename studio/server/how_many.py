"""Numbers of things in a sentence."""

from __future__ import annotations


def how_many(count: int, noun: str) -> str:
    """1 file, 3 files."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
