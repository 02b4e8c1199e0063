"""Whose grants are over: kept here so that they end on time also where the people process is not there.

Ends are Unix milliseconds on the machine's clock, as people set them; it is looked at with every turn of the timer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from studio.server.router_pipe import GrantEnds, Picture

NO_ENDS = GrantEnds()


class GrantClock:
    """The ends of the people who have something open. `now_ms`: the time of day."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._ends: dict[tuple[str, str], GrantEnds] = {}

    def keep(self, session: str, person: str, ends: GrantEnds) -> bool:
        """From now on. False where it was so before."""
        before = self._ends.pop((session, person), NO_ENDS)
        if ends != NO_ENDS:
            self._ends[session, person] = ends
        return before != ends

    def forget(self, session: str, person: str) -> None:
        """They have nothing open any more; the next offer says the ends again."""
        self._ends.pop((session, person), None)

    def limited(self) -> Iterator[tuple[str, str]]:
        """Who has ends, past ones too."""
        yield from list(self._ends)

    def is_out(self, session: str, person: str) -> bool:
        """Whether they may not take part any more."""
        return self._over(self._ends.get((session, person), NO_ENDS).join_ms)

    def over(self, session: str, person: str, picture: Picture) -> set[str]:
        """Which kinds of tracks are not forwarded: `audio`, `video`."""
        ends = self._ends.get((session, person), NO_ENDS)
        video_ms = ends.screen_ms if picture is Picture.SCREEN else ends.camera_ms
        return {kind for kind, end_ms in (("audio", ends.microphone_ms), ("video", video_ms)) if self._over(end_ms)}

    def _over(self, end_ms: int) -> bool:
        return 0 < end_ms <= self._now_ms()
