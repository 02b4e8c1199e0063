"""The engine: every room of the studio wired to the control API."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import IO

import msgspec

from encoders.findings import Findings
from studio import __version__
from studio.control.api import EngineStatus, Event, EventType, SessionInfo, SourceAdd, SourceSet, Subscribed
from studio.engine.contract import DestinationSecret
from studio.engine.destinations import Destination, DestinationDesk
from studio.engine.document import DocumentWriter
from studio.engine.events import EventLog
from studio.engine.headphones import Headphones
from studio.engine.journal import VERSION, Journal, JournalDestination, JournalSource
from studio.engine.notices import NoticeBoard
from studio.engine.opening import StoppedMeanwhile
from studio.engine.overload import Overload
from studio.engine.preview_server import PreviewServer
from studio.engine.probe import Probing
from studio.engine.recordings import OUTLET as RECORDING
from studio.engine.recordings import RecordingDesk
from studio.engine.runtime import RuntimeFolder
from studio.engine.scenes import SceneDesk
from studio.engine.show import ProgramShape, Show
from studio.engine.sources import SourceDesk
from studio.inhibitor.wakefulness import Wakefulness
from studio.media import Clock, StoaError
from studio.mixer.mixer import Mixer
from studio.mixer.strip import StripSettings
from studio.process import Watchdog
from studio.program.clockwork import Clockwork
from studio.scene.compositor import Compositor
from studio.source.contract import ProgramGrid
from studio.source.feed import FeedState, FeedStatus

SHOW = "show"
"""Waits for the encoder in the name of all destinations."""
UNKNOWN = FeedStatus(FeedState.OPENING, "Its address, with its password, is not known yet.")


class Engine:
    """One engine. Everything here belongs to its event loop; make it inside one."""

    def __init__(
        self,
        home: Path,
        shape: ProgramShape,
        *,
        clock: Clock,
        started_ns: int,
        keep_secret: Callable[[str, DestinationSecret | None], None],
        log_to: IO[bytes] | int | None,
        journal_name: str = "journal",
        adoptable: bool = False,
    ) -> None:
        self.home = home
        self.clock = clock
        self.started_ns = started_ns
        self.keep_secret = keep_secret
        self._log_to = log_to
        self._journaling = False
        self._journal_due = False
        self.runtime = RuntimeFolder(home, adoptable=adoptable)
        self.events = EventLog(clock)
        self.notices = NoticeBoard(self.events, clock)
        self.watchdog = Watchdog()
        self.findings = Findings(home / "encoders.json")
        self.journal = DocumentWriter(home / journal_name)
        self.on_kept: Callable[[Journal], None] = lambda journal: None
        self.probing = Probing(self.findings)
        self._cpu = (time.monotonic(), time.process_time())
        self.cpu_percent = 0.0
        self._lagged_before = self._ticks_before = 0
        self._overload = Overload()
        self.session_name = ""
        self.going = asyncio.Lock()
        """Held by whoever starts or stops something: one after the other. An admin's stop does not wait for it."""
        self._draining: set[asyncio.Task[None]] = set()
        self.wakefulness = Wakefulness()
        self._build(shape)
        self.headphones = Headphones(
            clock, self.watchdog, lambda info: self.events.emit(EventType.HEADPHONES_CHANGED, info), log_to
        )
        self.clockwork.on_sound = self.headphones.hear
        self.preview = PreviewServer(lambda: self.compositor.size_px, self.runtime.ring_path)

    def _build(self, shape: ProgramShape) -> None:
        """Everything that depends on the program's size and rate."""
        shape.check()
        grid = ProgramGrid(self.clock.now_ns(), shape.fps_num, shape.fps_den)
        size_px = (shape.width_px, shape.height_px)
        self.compositor = Compositor(*size_px)
        self.mixer = Mixer(grid.zero_ns)
        self.sources = SourceDesk(
            grid,
            size_px,
            self.mixer,
            self.events,
            ring_path=self.runtime.ring_path,
            clock=self.clock,
            on_changed=self.changed,
            log_to=self._log_to,
            watchdog=self.watchdog,
        )
        self.clockwork = Clockwork(grid, self.compositor, self.mixer, self.sources.picture_of, self.clock)
        self.compositor.hides = self.sources.hides
        self.clockwork.on_picture = lambda lease, tick_ns: self.preview.offer(lease, tick_ns)
        self.show = Show(
            shape,
            self.clockwork,
            self.events,
            clock=self.clock,
            started_ns=self.started_ns,
            findings=self.findings,
            notice=self.notices.post,
            on_changed=self.changed,
        )
        self.scene = SceneDesk(self.compositor, self.sources.has, self.events, self.changed)
        self.destinations = DestinationDesk(
            self.show,
            self.events,
            self.watchdog,
            clock=self.clock,
            keep_secret=self.keep_secret,
            on_changed=self.changed,
            log_to=self._log_to,
        )
        self.recordings = RecordingDesk(
            self.show,
            self.events,
            self.watchdog,
            self.home / "library",
            clock=self.clock,
            notice=self.notices.post,
            on_changed=self.changed,
            log_to=self._log_to,
        )
        self.show.webrtc_expected = lambda: any(
            destination.enabled and destination.url.protocol == "whip" for destination in self.destinations.all.values()
        )

    def start(self) -> None:
        """Let the clock tick."""
        self.watchdog.start()
        self.clockwork.start()

    # -- on and off the air ------------------------------------------------------------------------------------------

    async def go_live(self, only: Collection[str] | None = None) -> None:
        """Start all enabled destinations (or those of `only`). One that the show's encoding does not suit fails by
        itself, in words; raises StoaError where that leaves none, and StoppedMeanwhile where `off_air` came first."""
        refusal: StoaError | None = None
        wanted = self._waiting_to_start(only)
        if wanted:
            try:
                await self.show.prepare(SHOW, webrtc=any(item.url.protocol == "whip" for item in wanted))
            except StoppedMeanwhile:
                raise
            except StoaError as error:
                for destination in wanted:
                    self.destinations.refuse(destination, error)
                raise
        for destination in self._waiting_to_start(only):
            try:
                self.destinations.start(destination.id)
            except StoaError as error:
                refusal = error
                self.destinations.refuse(destination, error)
        if refusal is not None and not self.destinations.running:
            raise refusal
        if not self.show.live:
            self.show.set_live(True)

    def _waiting_to_start(self, only: Collection[str] | None) -> list[Destination]:
        return [
            item
            for item in self.destinations.all.values()
            if not item.running and (item.enabled if only is None else item.id in only)
        ]

    async def start_destination(self, destination_id: str) -> None:
        """Connect one, or try again at once where it runs. Raises StoaError."""
        destination = self.destinations.get(destination_id)
        if not destination.running:
            await self.show.prepare(destination_id, webrtc=destination.url.protocol == "whip")
        self.destinations.start(destination_id)
        if not self.show.live:
            self.show.set_live(True)

    def give_up_going_live(self) -> None:
        """What waits for the encoder in order to go on air is not started."""
        self.show.give_up(SHOW, *self.destinations.all)

    async def off_air(self, *, recording_too: bool = False) -> None:
        """Stop all destinations (and the recording); the encoding ends with the last taker."""
        self.give_up_going_live()
        if recording_too:
            self.show.give_up(RECORDING)
        keeps = self.recordings.active and not recording_too
        if not keeps:
            await self.show.drain()
        await asyncio.gather(self.destinations.stop_all(), *([self.recordings.stop()] if recording_too else []))
        await self.show.drain_unused()
        if self.show.live and not self.destinations.running:
            self.show.set_live(False)

    async def stop_recording(self) -> None:
        """Close the recording; the encoding ends with it where nothing else takes it."""
        self.show.give_up(RECORDING)
        if not self.destinations.running:
            await self.show.drain()
        await self.recordings.stop()

    async def reshape(self, shape: ProgramShape) -> None:
        """Another size or rate (nothing is on air): sources are opened anew, the scene stays, and so does what an
        admin ordered."""
        self.sources.begin_close()
        await asyncio.to_thread(self.clockwork.stop)
        await asyncio.to_thread(self.sources.close)
        # Nothing is awaited from here on: no command meets half of the old and half of the new.
        journal = self._journal()
        requests = {source_id: self.sources.request(source_id) for source_id in self.sources.ids}
        expected = self.sources.expected
        destinations, show, screens = self.destinations, self.show, self.sources.screens
        self._lagged_before += self.clockwork.counters.lagged
        self._ticks_before += self.clockwork.counters.ticks
        self._journaling, before = False, self._journaling
        self._build(shape)
        self.sources.screens = screens
        self.destinations.all = destinations.all
        self.show.follow_on(show)
        self.restore(journal, requests, expected)
        self._journaling = before
        self.clockwork.on_sound = self.headphones.hear
        self.clockwork.start()
        self.changed()

    def restore(
        self,
        journal: Journal,
        requests: dict[str, SourceAdd] | None = None,
        expected: dict[str, FeedStatus] | None = None,
    ) -> None:
        """Sources, strips and scene as the journal has them. A source whose address nobody knows yet is `expected`."""
        strips = {strip.source: strip for strip in journal.strips}
        for source in journal.sources:
            request = (requests or {}).get(source.id, source.request)
            strip = strips.get(source.id)
            settings = (
                StripSettings(strip.gain_db, strip.mute, strip.solo, strip.pan, strip.sync_offset_ms, strip.monitor)
                if strip
                else None
            )
            try:
                if request.spec:
                    self.sources.open(request, source.id, settings)
                else:
                    self.sources.expect(request, source.id, settings, (expected or {}).get(source.id, UNKNOWN))
                if source.render_delay_ms:
                    self.sources.set(SourceSet(source.id, render_delay_ms=source.render_delay_ms))
            except StoaError as error:
                self.notices.post(f"“{request.name}” could not be taken over: {error.message}", error.remedy)
        try:
            self.scene.set([item for item in journal.placements if self.sources.has(item.source)])
        except StoaError as error:
            self.notices.post(f"The scene could not be taken over: {error.message}", error.remedy)

    async def close(self, *, keep_journal: bool) -> None:
        """Everything in order: the air, the recording, the sources, the names."""
        self.probing.stop()
        await self.off_air(recording_too=True)
        self._journaling = False
        await asyncio.to_thread(self.clockwork.stop)
        await asyncio.to_thread(self.sources.close)
        self.preview.close()
        self.headphones.close()
        self.watchdog.stop()
        await asyncio.to_thread(self.wakefulness.close)
        await asyncio.to_thread(self.probing.join)
        self.journal.close(remove=not keep_journal)
        self.runtime.close()

    # -- facts -------------------------------------------------------------------------------------------------------

    def tend(self) -> None:
        """Once a second."""
        self._mind_sleep()
        self.sources.tend()
        self.destinations.tend()
        if slow := self._overload.look(self.clock.now_ns(), self.ticks, self.lagged + self.show.skipped):
            self.events.emit(EventType.ENGINE_OVERLOADED, {"due": slow[0], "lost": slow[1]})
        if self.show.unused and not self._draining:  # a recording that failed was the last taker
            draining = asyncio.create_task(self.show.drain_unused())
            self._draining.add(draining)
            draining.add_done_callback(self._draining.discard)
        now = (time.monotonic(), time.process_time())
        before, self._cpu = self._cpu, now
        if now[0] > before[0]:
            self.cpu_percent = 100 * (now[1] - before[1]) / (now[0] - before[0])

    def _mind_sleep(self) -> None:
        """The machine stays awake from the first of going live and recording to the end of the last."""
        self.wakefulness.want(self.show.live or self.recordings.active)

    @property
    def lagged(self) -> int:
        return self._lagged_before + self.clockwork.counters.lagged

    @property
    def ticks(self) -> int:
        return self._ticks_before + self.clockwork.counters.ticks

    def status(self, session: SessionInfo) -> EngineStatus:
        return EngineStatus(
            version=__version__,
            pid=os.getpid(),
            now_ns=self.clock.now_ns(),
            started_ns=self.started_ns,
            seq=self.events.seq,
            program=self.show.info(),
            sources=self.sources.infos(),
            placements=self.scene.placements,
            strips=self.sources.strips(),
            destinations=self.destinations.infos(),
            recording=self.recordings.info(),
            session=session,
            notices=self.notices.all,
            headphones=self.headphones.info,
        )

    def follow(
        self, after: int, listener: Callable[[Event], None]
    ) -> tuple[Subscribed, list[Event], Callable[[], None]]:
        """For the control server: events from here on."""
        events, gap = self.events.after(after)
        return Subscribed(self.events.seq, gap), events, self.events.listen(listener)

    # -- the journal -------------------------------------------------------------------------------------------------

    def begin_journal(self) -> None:
        """From now on every change is kept."""
        self._journaling = True
        self.changed()

    def changed(self) -> None:
        """Something that the journal holds has changed; it is written once the present turn of the loop is over."""
        self._mind_sleep()
        if self._journaling and not self._journal_due:
            self._journal_due = True
            asyncio.get_running_loop().call_soon(self._keep_journal)

    def _keep_journal(self) -> None:
        self._journal_due = False
        if self._journaling:
            journal = self._journal()
            self.journal.keep(journal)
            self.on_kept(journal)

    def _journal(self) -> Journal:
        sources = []
        for source_id in self.sources.ids:
            request, info = self.sources.request(source_id), self.sources.info(source_id)
            if request.spec != info.spec:  # it holds a password: the launcher keeps that
                self.keep_secret(f"source:{source_id}", DestinationSecret(request.spec))
                request = msgspec.structs.replace(request, spec="")
            sources.append(JournalSource(source_id, request, info.render_delay_ms))
        return Journal(
            version=VERSION,
            pid=os.getpid(),
            shape=self.show.shape,
            sources=sources,
            placements=self.scene.placements,
            strips=self.sources.strips(),
            destinations=[
                JournalDestination(
                    item.id, item.name, item.enabled, item.saved, item.running, item.was_live, item.ca_file
                )
                for item in self.destinations.all.values()
            ],
            live=self.show.live,
            live_since_ns=self.show.live_since_ns,
            recording=self.recordings.path,
            session=self.session_name,
            muted_audio_by=self.show.muted_audio_by,
            muted_video_by=self.show.muted_video_by,
            refused=self.show.refused,
            screens_held=self.sources.screens.words,
        )
