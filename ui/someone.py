"""A person of the session as the window shows them: made from what the server tells."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from studio.session import Person
from ui import words
from ui.room import Someone

GRANTS = {"camera": "camera", "microphone": "microphone", "screen": "shared screen", "data": "chat", "join": "here"}


def someone_of(one: Person, mine: str, now_s: float) -> Someone:
    """`mine`: the id of the person at the window. `now_s`: the server's time, in seconds of the epoch."""
    return Someone(
        one.id,
        one.name,
        one.role,
        present=one.present,
        me=one.id == mine,
        muted_audio=one.muted_audio,
        muted_video=one.muted_video,
        publishing=bool(one.publishing),
        hand=bool(one.hand_s),
        hand_s=one.hand_s,
        since=words.clock(one.since) if one.present else "",
        device=one.device,
        streams=one.publishing,
        removed=one.removed,
        banned=one.banned,
        ban_ends=words.clock(one.ban_ends),
        ends=ends_words(one.ends, now_s),
        times=times_words(one.ends, now_s),
    )


def ends_words(ends: Mapping[str, int], now_s: float) -> tuple[str, ...]:
    """What of their grants has an end: camera until 14:05, chat over."""
    return tuple(f"{GRANTS[grant]} {told}" for grant, told in times_words(ends, now_s))


def times_words(ends: Mapping[str, int], now_s: float) -> tuple[tuple[str, str], ...]:
    """The grants that have an end, each with when it is: until 14:05, or over."""
    return tuple(
        (grant, "over" if ends[grant] <= now_s else f"until {_clock(ends[grant])}")
        for grant in GRANTS
        if ends.get(grant)
    )


def _clock(at_s: int) -> str:
    return words.clock(datetime.fromtimestamp(at_s, UTC).isoformat())
