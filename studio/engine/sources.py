"""The engine's sources: opening, replacing on air, losing, removing; their strips in the mixer."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

import msgspec

from studio.control.api import (
    EventType,
    SourceAdd,
    SourceInfo,
    SourceReplace,
    SourceSet,
    StripInfo,
    StripSet,
)
from studio.engine.events import EventLog
from studio.engine.screen_hold import ScreenHold
from studio.engine.show_source import NO_ADDRESS, ShowSource, match_sound, request_of
from studio.engine.turns import OpeningTurns, Turn
from studio.media import Clock, ErrorKind, StoaError
from studio.media.lease import PictureLease
from studio.mixer.mixer import Mixer
from studio.mixer.strip import Strip, StripSettings
from studio.mixer.timeline import SampleTimeline
from studio.process import SupervisedChild, Watchdog
from studio.source.contract import OpenSource, ProgramGrid, Timing
from studio.source.feed import FeedState, FeedStatus, SourceFeed
from studio.source.onair import OnAirSource
from studio.source.spec import SourceSpec, parse_source

OPEN_LIMIT_S = 15.0
GONE_LIMIT_S = 6.0
"""A process that even a kill does not end (a driver that hangs inside the system) keeps others waiting no longer."""
MAX_RENDER_DELAY_MS = 2000.0


class SourceDesk:
    """Belongs to the engine's event loop; `hides` and `picture_of` are the program thread's."""

    def __init__(
        self,
        grid: ProgramGrid,
        size_px: tuple[int, int],
        mixer: Mixer,
        events: EventLog,
        *,
        ring_path: Callable[[], Path],
        clock: Clock,
        on_changed: Callable[[], None],
        log_to: IO[bytes] | int | None,
        watchdog: Watchdog,
    ) -> None:
        """`on_changed` is called whenever what the journal holds has changed."""
        self._grid = grid
        self.size_px = size_px
        self._mixer = mixer
        self._events = events
        self._ring_path = ring_path
        self._clock = clock
        self._on_changed = on_changed
        self._log_to = log_to
        self._watchdog = watchdog
        self._loop = asyncio.get_running_loop()
        self._sources: dict[str, ShowSource] = {}
        self._numbers = itertools.count(1)
        self._waiting: dict[SourceFeed, asyncio.Event] = {}
        self._turns = OpeningTurns()
        self._parting: list[SupervisedChild] = []
        self._closing = False
        self.screens = ScreenHold()
        self.on_lost: Callable[[SourceInfo], None] = lambda info: None

    # -- the program thread ------------------------------------------------------------------------------------------

    def picture_of(self, source_id: str, tick_ns: int, half_tick_ns: int) -> PictureLease | None:
        """The picture of a source for a tick, held for the caller."""
        source = self._sources.get(source_id)
        return source.on_air.picture_at(tick_ns, half_tick_ns) if source is not None else None

    def hides(self, source_id: str) -> bool:
        """Whether a source is kept out of the picture, whatever the scene says."""
        source = self._sources.get(source_id)
        return source is not None and bool(self.screens.of(source.on_air))

    # -- commands ----------------------------------------------------------------------------------------------------

    def open(self, request: SourceAdd, source_id: str = "", strip: StripSettings | None = None) -> str:
        """Begin to open a source of those that a show begins with, all beside each other; returns its id. Raises
        StoaError(BAD_ARGUMENT, BUSY)."""
        source_id = self._place(request, source_id, strip)
        self._get(source_id).on_air.feed.start()
        return source_id

    def _place(self, request: SourceAdd, source_id: str = "", strip: StripSettings | None = None) -> str:
        self._refuse_while_closing()
        spec = parse_source(request.spec)
        if not source_id:
            source_id = next(new for number in self._numbers if (new := f"s{number}") not in self._sources)
        new_strip = Strip(settings=strip or StripSettings(), zero_ns=self._grid.zero_ns)
        feed = self._feed(source_id, spec, request, new_strip.timeline, new_strip)
        name, on_air = request.name or spec.masked, OnAirSource(feed, self._swapped)
        self._admit(ShowSource(source_id, name, spec, request, on_air, new_strip))
        return source_id

    def expect(self, request: SourceAdd, source_id: str, strip: StripSettings | None, status: FeedStatus) -> None:
        """A place for a network camera whose address is not known yet (`request` has no spec): a slate and no sound,
        in scene and mixer as it will be; `status` says in words what it waits for."""
        self._refuse_while_closing()
        new_strip = Strip(settings=strip or StripSettings(), zero_ns=self._grid.zero_ns)
        feed = self._feed(source_id, NO_ADDRESS, request, new_strip.timeline, new_strip)
        feed.status = status
        on_air = OnAirSource(feed, self._swapped)
        self._admit(ShowSource(source_id, request.name, NO_ADDRESS, request, on_air, new_strip))

    def _admit(self, source: ShowSource) -> None:
        self._sources = {**self._sources, source.id: source}
        sounds = source.spec.audio and source.request.audio
        if sounds:
            self._mixer.strips = {**self._mixer.strips, source.id: source.strip}
        self._events.emit(EventType.SOURCE_ADDED, source.info(self.screens))
        if sounds:
            self._events.emit(EventType.STRIP_CHANGED, self.strip_info(source.id))
        self._on_changed()

    @property
    def expected(self) -> dict[str, FeedStatus]:
        """The sources whose address is not known yet, and what they wait for."""
        return {key: item.on_air.feed.status for key, item in self._sources.items() if not item.request.spec}

    def arrive(self, source_id: str, spec: str) -> None:
        """The address of an expected source is known: open it. Raises StoaError(BAD_ARGUMENT, BUSY)."""
        self._refuse_while_closing()
        source = self._get(source_id)
        source.request = msgspec.structs.replace(source.request, spec=spec)
        source.spec = parse_source(spec)
        feed = self._feed(source_id, source.spec, source.request, source.strip.timeline, source.strip)
        source.on_air.replace_with(feed, self._clock.now_ns())
        feed.start()
        self._events.emit(EventType.SOURCE_CHANGED, self.info(source_id))
        self._on_changed()

    def keep_waiting(self, source_id: str, status: FeedStatus) -> None:
        """What an expected source waits for is another now."""
        source = self._get(source_id)
        source.on_air.feed.status = status
        self._events.emit(EventType.SOURCE_CHANGED, self.info(source_id))

    async def add(self, request: SourceAdd) -> str:
        """Open a source once it is its turn and wait until it plays. Raises StoaError with its words where it cannot;
        nothing is left then."""
        self.screens.refuse(parse_source(request.spec))
        source = self._get(source_id := self._place(request))
        feed = source.on_air.feed
        with self._turns.add(source_id) as turn:
            try:
                await self._opened(feed, turn)
            except BaseException:
                if self._sources.get(source_id) is source and source.on_air.newest is feed:
                    self.remove(source_id)
                raise
        return source_id

    async def settled(self, source_id: str) -> int:
        """Wait until a source plays; the instant of its first picture. Raises StoaError where it does not play."""
        await self._wait(feed := self._get(source_id).on_air.feed, asyncio.Event())
        return feed.first_pts_ns

    async def replace(self, request: SourceReplace) -> SourceInfo:
        """Put another device or file in a source's place in its turn. The old one stays until the new one plays, and
        where that cannot (StoaError). A later choice ends this one (CONFLICT), and so does a removal (NOT_FOUND)."""
        self._refuse_while_closing()
        source = self._get(request.id)
        self.screens.refuse(spec := parse_source(request.spec))
        new, timeline = request_of(request), SampleTimeline()
        feed = self._feed(source.id, spec, new, timeline, source.strip)
        with self._turns.choose(source.id) as turn:
            try:
                await self._opened(feed, turn)
            except BaseException:
                self._close(feed)
                raise
        source.spec, source.request, source.name = spec, new, request.name or spec.masked
        source.strip.change_to(timeline)
        if spec.audio and new.audio:
            self._mixer.strips = {**self._mixer.strips, source.id: source.strip}
            self._events.emit(EventType.STRIP_CHANGED, self.strip_info(source.id))
        source.on_air.replace_with(feed, self._clock.now_ns())
        self._events.emit(EventType.SOURCE_REPLACED, info := self.info(source.id))
        self._on_changed()
        return info

    def set(self, request: SourceSet) -> SourceInfo:
        """Name and render delay."""
        source = self._get(request.id)
        if request.render_delay_ms is not None:
            if not 0 <= request.render_delay_ms <= MAX_RENDER_DELAY_MS:
                raise StoaError(ErrorKind.BAD_ARGUMENT, "A render delay is 0 to 2000 ms.", permanent=True)
            source.on_air.render_delay_ns = int(request.render_delay_ms * 1e6)
        if request.name is not None:
            source.name = request.name
        info = self.info(source.id)
        self._events.emit(EventType.SOURCE_CHANGED, info)
        self._on_changed()
        return info

    def remove(self, source_id: str) -> None:
        """Close a source."""
        source = self._get(source_id)
        self._sources = {key: value for key, value in self._sources.items() if key != source_id}
        self._mixer.strips = {key: value for key, value in self._mixer.strips.items() if key != source_id}
        self._turns.forget(source_id)
        self._part_with(source.on_air.feed)
        source.on_air.close()
        self._events.emit(EventType.SOURCE_REMOVED, {"id": source_id})
        self._on_changed()

    def begin_close(self) -> None:
        """From now on nothing is opened or replaced; whoever waits for that is told so."""
        self._closing = True
        self._turns.refuse_all(_closing())
        for settled in self._waiting.values():
            settled.set()

    def close(self) -> None:
        """Close all, at the engine's end or once `begin_close` was called. Blocks."""
        for source in self._sources.values():
            for feed in {source.on_air.feed, source.on_air.newest}:
                self._part_with(feed)
            source.on_air.close()
        for child in self._parting:
            child.join(4.0)

    # -- strips ------------------------------------------------------------------------------------------------------

    def set_strip(self, request: StripSet) -> StripInfo:
        """Change some fields of a strip. Raises StoaError(NOT_FOUND, BAD_ARGUMENT)."""
        self._get(request.source).change_strip(request)
        info = self.strip_info(request.source)
        self._events.emit(EventType.STRIP_CHANGED, info)
        self._on_changed()
        return info

    def strip_info(self, source_id: str) -> StripInfo:
        return self._get(source_id).strip_info()

    def strips(self) -> list[StripInfo]:
        """Of the sources that have sound."""
        return [self.strip_info(source_id) for source_id in self._mixer.strips]

    # -- facts -------------------------------------------------------------------------------------------------------

    @property
    def ids(self) -> list[str]:
        return list(self._sources)

    def has(self, source_id: str) -> bool:
        return source_id in self._sources

    def request(self, source_id: str) -> SourceAdd:
        """What a source was added (or replaced) with, for the journal."""
        return self._get(source_id).named_request

    def info(self, source_id: str) -> SourceInfo:
        """One source as clients see it."""
        return self._get(source_id).info(self.screens)

    def infos(self) -> list[SourceInfo]:
        return [self.info(source_id) for source_id in self._sources]

    def tend(self) -> None:
        """Once a second: each live source's mean picture age goes onto its sound."""
        match_sound(self._sources.values())

    # -- inside ------------------------------------------------------------------------------------------------------

    def _get(self, source_id: str) -> ShowSource:
        try:
            return self._sources[source_id]
        except KeyError:
            raise StoaError(ErrorKind.NOT_FOUND, f"There is no source {source_id!r}.", permanent=True) from None

    def _feed(
        self, source_id: str, spec: SourceSpec, request: SourceAdd, timeline: SampleTimeline, strip: Strip
    ) -> SourceFeed:
        clock = self._clock
        opening = OpenSource(
            kind=spec.kind,
            target=spec.target,
            grid=self._grid,
            max_width_px=self.size_px[0],
            max_height_px=self.size_px[1],
            video=spec.video and request.video,
            audio=spec.audio and request.audio,
            loop=request.loop,
            width_px=request.width_px,
            height_px=request.height_px,
            fps=request.fps,
        )
        feed = SourceFeed(
            source_id,
            opening,
            ring_path=self._ring_path,
            on_change=lambda feed: self._call(self._changed, feed),
            on_sound=lambda samples, pts_ns: strip.push(samples, pts_ns, clock.now_ns(), timeline),
            clock=clock,
            log_to=self._log_to,
        )
        self._watchdog.add(feed.child)
        return feed

    def _part_with(self, feed: SourceFeed) -> None:
        self._watchdog.remove(feed.child)
        self._parting = [*(child for child in self._parting if child.alive), feed.child]

    def _close(self, feed: SourceFeed) -> None:
        self._part_with(feed)
        feed.close()

    def _call(self, function: Callable[[SourceFeed], None], feed: SourceFeed) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, feed)

    def _swapped(self, old: SourceFeed) -> None:
        self._call(self._retire, old)

    def _retire(self, old: SourceFeed) -> None:
        self._close(old)
        if old in self._waiting:
            self._waiting[old].set()
        source = self._sources.get(old.source_id)
        if source is not None:
            self._changed(source.on_air.feed)

    def _refuse_while_closing(self) -> None:
        if self._closing:
            raise _closing()

    async def _opened(self, feed: SourceFeed, turn: Turn) -> None:
        """Open it in its turn and wait until it plays, or another shows in its place. Raises StoaError. Where it does
        not play the turn lasts until its process is gone; the caller closes it."""
        await turn.come()
        feed.start()
        plays = False
        try:
            await self._wait(feed, turn.woken)
            turn.check()
            plays = feed.has_answered
        finally:
            if not plays:
                turn.keep_until(partial(feed.child.join, GONE_LIMIT_S))

    async def _wait(self, feed: SourceFeed, settled: asyncio.Event) -> None:
        settled = self._waiting.setdefault(feed, settled)
        if feed.has_answered:
            settled.set()
        try:
            async with asyncio.timeout(OPEN_LIMIT_S):
                await settled.wait()
        except TimeoutError:
            raise StoaError(ErrorKind.TIMEOUT, feed.status.words or "It did not open within 15 s.") from None
        finally:
            self._waiting.pop(feed, None)
        self._refuse_while_closing()
        if (refusal := feed.refusal) is not None:
            raise refusal

    def _changed(self, feed: SourceFeed) -> None:
        if feed in self._waiting and feed.has_answered:
            self._waiting[feed].set()
        source = self._sources.get(feed.source_id)
        if source is None or source.on_air.feed is not feed:
            return
        source.strip.live = (opened := feed.status.opened) is not None and opened.timing is Timing.LIVE
        info = self.info(feed.source_id)
        match feed.status.state:
            case FeedState.LIVE:
                kind = EventType.SOURCE_RETURNED if source.was_live else EventType.SOURCE_OPENED
                source.was_live = True
            case FeedState.LOST | FeedState.FAILED:
                kind = EventType.SOURCE_LOST
                self.on_lost(info)
            case FeedState.ENDED:
                kind = EventType.SOURCE_ENDED
            case _:
                kind = EventType.SOURCE_CHANGED
        self._events.emit(kind, info)


def _closing() -> StoaError:
    return StoaError(ErrorKind.BUSY, "The program changes its size or rate.", remedy="Try again in a moment.")
