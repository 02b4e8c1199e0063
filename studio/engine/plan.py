"""`stoa live` inside the engine: one show by plan, from the first picture to the report."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from studio.control.api import Placement, SourceAdd
from studio.destination.contract import DestinationState
from studio.engine.contract import DestinationReport, RecordingReport, ShowPlan, ShowReport
from studio.engine.destinations import Destination
from studio.engine.endings import ending
from studio.engine.engine import Engine
from studio.engine.opening import StoppedMeanwhile
from studio.media import StoaError
from studio.recording.place import free_name
from studio.source.spec import parse_source

REPORT_EVERY_S = 1.0
CONNECT_GRACE_S, RESUMED_GRACE_S = 3.0, 1.0
"""How long the first picture waits for destinations that still connect: each of them gets the show from its beginning,
and one that does not answer holds the others up no longer than this."""
RESUMED_SOURCES_S = 2.0


def planned_sources(video: str, audio: str) -> list[SourceAdd]:
    """The sources of a plan: one where picture and sound come from the same file, card or network camera.

    Without `audio` a file gives its own sound, all else silence.
    """
    picture = parse_source(video)
    if audio in ("", "silence"):
        own = audio == "" and video.startswith(("file:", "rtsp", "http"))
        return [SourceAdd(video, audio=own)]
    together = audio == video or (video == "testcard" and audio == "tone")
    if together and picture.audio:
        return [SourceAdd(video)]
    return [SourceAdd(video, audio=False), SourceAdd(audio, video=False)]


class PlannedShow:
    """Runs one plan; belongs to the engine's event loop."""

    def __init__(self, engine: Engine, plan: ShowPlan, report: Callable[[ShowReport], object]) -> None:
        self._engine = engine
        self._plan = plan
        self._report = report
        self._over = asyncio.Event()
        self._began_ns = 0
        self._last = (0, 0)
        self._encoder_name = ""
        self._before: dict[str, DestinationState] = {}

    def end(self) -> None:
        """Finish in order (the loop's thread)."""
        self._over.set()
        self._engine.show.give_up()

    async def run(self, *, resumed: bool) -> None:
        """From the first source to the last report."""
        try:
            await self._begin(resumed)
        except StoaError as error:
            self._report(self._state(over=True, refused=error))
            return
        await self._engine_loop()
        for destination in self._engine.destinations.all.values():
            self._before[destination.id] = destination.state.state
        encoder = self._encoder()
        duration_s = self._duration_s()
        await self._engine.off_air(recording_too=True)
        self._report(self._state(over=True, encoder=encoder, duration_s=duration_s))

    async def _begin(self, resumed: bool) -> None:
        engine, plan = self._engine, self._plan
        requests = planned_sources(plan.video, plan.audio)
        ids = [engine.sources.open(request) for request in requests]
        engine.scene.set([Placement(ids[0])])
        for item in plan.destinations:
            engine.destinations.add(item.address, destination_id=item.id, ca_file=item.ca_file)
        engine.show.held = True
        # Destinations connect while the sources open.
        for destination in engine.destinations.all.values():
            destination.was_live = resumed
        try:
            async with engine.going:
                if plan.destinations:
                    await engine.go_live()
                if plan.record_path:
                    path = plan.record_path
                    await engine.recordings.start(str(free_name(Path(path))) if resumed else path)
        except StoppedMeanwhile:
            self._over.set()
            return
        opening = [asyncio.ensure_future(engine.sources.settled(source_id)) for source_id in ids]
        grace_s = RESUMED_GRACE_S if resumed else CONNECT_GRACE_S
        connecting = asyncio.ensure_future(engine.destinations.answered(grace_s))
        over = asyncio.ensure_future(self._over.wait())
        playing = asyncio.ensure_future(self._first_instant(opening, resumed))
        try:
            waiting: list[asyncio.Future[Any]] = [playing, over]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if self._over.is_set():
                return
            first_ns = await playing
            await asyncio.wait([connecting, over], return_when=asyncio.FIRST_COMPLETED)
            if self._over.is_set():
                return
        finally:
            for task in (*opening, playing, connecting, over):
                task.cancel()
        shape = engine.show.shape
        if plan.duration_s > 0:
            loop = asyncio.get_running_loop()
            engine.clockwork.stop_after_frames = max(1, round(plan.duration_s * shape.fps_num / shape.fps_den))
            engine.clockwork.on_stop_after = partial(loop.call_soon_threadsafe, self._over.set)
        engine.show.roll(first_ns - engine.clockwork.half_tick_ns)
        encoding = engine.show.encoding
        self._began_ns = encoding.start_ns if encoding else engine.clock.now_ns()

    async def _first_instant(self, opening: Sequence[asyncio.Future[int]], resumed: bool) -> int:
        """Of the first source's first picture, once all sources play. Raises StoaError where one does not, but in a
        show that was on air before: that goes on without sources that are not back soon."""
        if not resumed:
            return (await asyncio.gather(*opening))[0]
        await asyncio.wait(opening, timeout=RESUMED_SOURCES_S)
        first = opening[0]
        return first.result() if first.done() and first.exception() is None else self._engine.clock.now_ns()

    async def _engine_loop(self) -> None:
        while not self._over.is_set():
            try:
                async with asyncio.timeout(REPORT_EVERY_S):
                    await self._over.wait()
            except TimeoutError:
                self._report(self._state())
                if self._nobody_left():
                    self._over.set()

    def _nobody_left(self) -> bool:
        """Every destination was refused for good, and nothing is recorded."""
        destinations = self._engine.destinations.all.values()
        refused = all(item.state.state is DestinationState.FAILED and item.state.permanent for item in destinations)
        return refused and not self._engine.recordings.active

    def _encoder(self) -> str:
        encoding = self._engine.show.encoding
        if encoding is not None:
            self._encoder_name = encoding.encoder_name
        return self._encoder_name

    def _duration_s(self) -> float:
        """Of program time; a show that was to end by itself never counts more than was asked for."""
        passed_s = max(0.0, (self._engine.clock.now_ns() - self._began_ns) / 1e9) if self._began_ns else 0.0
        return min(passed_s, self._plan.duration_s) if self._plan.duration_s else passed_s

    def _state(
        self,
        *,
        over: bool = False,
        refused: StoaError | None = None,
        encoder: str | None = None,
        duration_s: float | None = None,
    ) -> ShowReport:
        engine = self._engine
        encoding = engine.show.encoding
        encoded, at_ns = (encoding.encoded if encoding else 0), engine.clock.now_ns()
        last_encoded, last_ns = self._last
        fps = (encoded - last_encoded) * 1e9 / (at_ns - last_ns) if last_ns else 0.0
        self._last = (encoded, at_ns)
        recordings = [
            RecordingReport(item.path, item.frames, item.bytes, item.words, bool(item.kind))
            for item in engine.recordings.files
        ]
        if engine.recordings.active:
            info = engine.recordings.info()
            recordings.append(RecordingReport(info.path, info.frames, info.bytes))
        return ShowReport(
            destinations=[self._destination(item, over=over) for item in engine.destinations.all.values()],
            recordings=recordings,
            encoder=self._encoder() if encoder is None else encoder,
            lagged=engine.lagged,
            lagged_at_ns=list(engine.clockwork.counters.lagged_at_ns),
            skipped=engine.show.skipped,
            first_packet_ms=engine.show.first_packet_ms,
            duration_s=self._duration_s() if duration_s is None else duration_s,
            fps=max(0.0, fps),
            over=over,
            refused=str(refused) if refused else "",
            refused_kind=refused.kind.value if refused else "",
            notices=[notice.words for notice in engine.notices.all],
        )

    def _destination(self, destination: Destination, *, over: bool) -> DestinationReport:
        info = self._engine.destinations.info(destination)
        state, words, remedy = str(info.state), info.words, destination.state.remedy
        if over:
            last = self._before.get(destination.id, destination.state.state)
            state, words, remedy = ending(destination, last, began=bool(self._began_ns))
        return DestinationReport(
            id=info.id,
            url=info.url,
            protocol=info.protocol,
            state=state,
            frames=info.frames,
            bytes=info.bytes,
            dropped=info.dropped,
            reconnects=info.reconnects,
            words=words,
            bitrate_kbps=info.bitrate_kbps,
            remedy=remedy,
        )
