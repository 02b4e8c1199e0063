"""Grants and their ends in words: what an admin set, and what is about to be over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from studio.server.wall import iso
from studio.token.grants import Grant

NAMES = {
    Grant.JOIN: "time in the session",
    Grant.CAMERA: "camera",
    Grant.MICROPHONE: "microphone",
    Grant.SCREEN: "shared screen",
    Grant.DATA: "chat",
}
_UNITS = ((3600, "hour"), (60, "minute"), (1, "second"))


def names_of(grants: Iterable[Grant]) -> str:
    """`camera and microphone`, in the order of the list."""
    chosen = frozenset(grants)
    names = [NAMES[grant] for grant in Grant if grant in chosen]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""


def length(seconds: int) -> str:
    """`1 hour 30 minutes`: whole units, none that is zero."""
    parts = []
    for unit_s, name in _UNITS:
        count, seconds = divmod(seconds, unit_s)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    return " ".join(parts)


def set_words(seconds: Mapping[Grant, int | None]) -> str:
    """`camera and microphone end in 10 minutes; chat without an end`."""
    groups: dict[int | None, list[Grant]] = {}
    for grant in Grant:
        if grant in seconds:
            groups.setdefault(seconds[grant], []).append(grant)
    return "; ".join(f"{names_of(grants)} {_until(left_s, len(grants))}" for left_s, grants in groups.items())


def _until(left_s: int | None, count: int) -> str:
    verb = "ends" if count == 1 else "end"
    return "without an end" if left_s is None else f"{verb} in {length(left_s)}" if left_s else f"{verb} now"


def told(grants: tuple[Grant, ...], name: str, ends_s: int, left_s: int) -> tuple[str, str]:
    """What is over now, or soon, to the person and to the admins."""
    verb = "is" if len(grants) == 1 else "are"
    what = names_of(grants)
    if left_s <= 0:
        consequence = "You can come back once an admin gives you more." if Grant.JOIN in grants else "The rest goes on."
        return f"Your {what} {verb} over. {consequence}", f"{name}: {what} {verb} over."
    until = f"{'ends' if len(grants) == 1 else 'end'} in {length(left_s)}, at {iso(ends_s * 1000)[11:19]} UTC."
    return f"Your {what} {until}", f"{name}: {what} {until}"
