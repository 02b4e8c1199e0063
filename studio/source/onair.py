"""A source on air: the feed that shows now, and the one that takes its place as soon as it has a picture."""

from __future__ import annotations

import threading
from collections.abc import Callable

from studio.media.lease import PictureLease
from studio.source.delay import RenderDelay
from studio.source.feed import FeedState, SourceFeed

UNSEEN_NS = 500_000_000


class OnAirSource:
    """What a placement shows. `picture_at` belongs to the program thread; `replace_with` and `close` to the engine.

    `on_swapped(old)` is called for each feed that is shown no more, or never was since a newer one came first: on the
    program thread, or the engine's.
    """

    def __init__(self, feed: SourceFeed, on_swapped: Callable[[SourceFeed], None]) -> None:
        self.feed = feed
        self._on_swapped = on_swapped
        self._next: SourceFeed | None = None
        self._changing = threading.Lock()
        self._delay: RenderDelay | None = None
        self._afresh = False
        self.render_delay_ns = 0
        self._asked_ns = 0

    @property
    def newest(self) -> SourceFeed:
        """The feed that was chosen last: it shows, or does so with its next picture that is due."""
        return self._next or self.feed

    def replace_with(self, feed: SourceFeed, now_ns: int) -> None:
        """Change over without a gap: the old picture stays until the new feed has one that is due. Where nobody looks
        (it is in no scene, or has no picture), at once."""
        opened = feed.status.opened
        at_once = now_ns - self._asked_ns > UNSEEN_NS or opened is None or not opened.has_video
        with self._changing:
            over = [self._next] if self._next is not None else []
            if at_once:
                over.append(self.feed)
                self.feed, self._next = feed, None
                self._afresh = True
            else:
                self._next = feed
        for old in over:
            self._on_swapped(old)

    def picture_at(self, tick_ns: int, half_tick_ns: int) -> PictureLease | None:
        """The picture of a tick, held for the caller."""
        following, self._asked_ns = self._next, tick_ns
        if following is not None:
            lease = following.picture_at(tick_ns, half_tick_ns)
            if lease is not None and (old := self._swap(following)) is not None:
                self._on_swapped(old)
                return self._delayed(lease, tick_ns)
            if lease is not None:
                lease.release()
            elif following.status.state is FeedState.FAILED:
                self._give_up(following)
        return self._delayed(self.feed.picture_at(tick_ns, half_tick_ns), tick_ns)

    def _swap(self, following: SourceFeed) -> SourceFeed | None:
        """`following` shows from now on: returns what showed before, or None where it was itself replaced meanwhile."""
        with self._changing:
            if self._next is not following:
                return None
            old, self.feed, self._next = self.feed, following, None
            return old

    def _give_up(self, following: SourceFeed) -> None:
        with self._changing:
            if self._next is not following:
                return
            self._next = None
        self._on_swapped(following)

    def _delayed(self, lease: PictureLease | None, tick_ns: int) -> PictureLease | None:
        if self._afresh:
            self._afresh, self._delay = False, None  # what nobody looked at any more is not shown late either
        if self.render_delay_ns <= 0:
            self._delay = None
            return lease
        if self._delay is None:
            self._delay = RenderDelay()
        return self._delay.through(lease, tick_ns, self.render_delay_ns)

    def close(self) -> None:
        """End both feeds."""
        with self._changing:
            feeds = [self.feed, *([self._next] if self._next is not None else [])]
            self._next = None
        for feed in feeds:
            feed.close()
