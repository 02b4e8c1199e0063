"""What a person may do in a session, each thing with an end of its own. Ends are Unix seconds."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec

NO_END_S = 0
"""A grant without an end of its own: it holds as long as the token."""


class Grant(StrEnum):
    """What is granted, and runs out, by itself. `screen` is the shared screen with its sound."""

    JOIN = "join"
    CAMERA = "camera"
    MICROPHONE = "microphone"
    SCREEN = "screen"
    DATA = "data"


class Grants(msgspec.Struct, frozen=True):
    """For each grant: None where it is not given, NO_END_S, or the Unix second from which on it is over.

    Without `join` nothing else counts. `Grants(join=t, camera=t, …)` is one expiry for all, `until` writes it shorter;
    different ends are the finely controlled way.
    """

    join: int | None = None
    camera: int | None = None
    microphone: int | None = None
    screen: int | None = None
    data: int | None = None

    @classmethod
    def until(cls, end_s: int, grants: Iterable[Grant]) -> Grants:
        """These grants, with one expiry for all."""
        return cls(**{grant.value: end_s for grant in grants})

    def end_of(self, grant: Grant) -> int | None:
        """None, NO_END_S or Unix seconds: the end of this grant alone, whatever `join` says."""
        ends = {
            Grant.JOIN: self.join,
            Grant.CAMERA: self.camera,
            Grant.MICROPHONE: self.microphone,
            Grant.SCREEN: self.screen,
            Grant.DATA: self.data,
        }
        return ends[grant]

    def holds(self, grant: Grant, now_s: float) -> bool:
        """Whether this may be done now: it is given and not over, and so is `join`."""
        return _runs(self.join, now_s) and _runs(self.end_of(grant), now_s)


def _runs(end_s: int | None, now_s: float) -> bool:
    return end_s is not None and (end_s == NO_END_S or now_s < end_s)
