"""The show as the window knows it: the engine's snapshot, kept true by its events; the one way to call the engine.

Everything here lives on the window's thread and never blocks it.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import TYPE_CHECKING, Any

import msgspec
from PySide6.QtCore import QObject, Signal

from studio.control import api
from studio.control.api import EventType
from studio.media import ErrorKind, StoaError
from studio.media.clock import NS_PER_S, StudioClock

if TYPE_CHECKING:
    from studio.control.client import ControlClient
    from studio.control.follow import Attached, Detached

_LOG = logging.getLogger(__name__)

type Stream = Callable[[], AsyncIterator[Attached | api.Event | Detached]]


class Show(QObject):
    """Signals are facts; read the attributes after one. `do` starts a call and tells its refusal by `refused`."""

    attached = Signal(bool)  # True: another engine than before (it was started again)
    detached = Signal()
    sources_changed = Signal()
    scene_changed = Signal()
    strips_changed = Signal()
    strip_changed = Signal(str)
    headphones_changed = Signal()
    destinations_changed = Signal()
    program_changed = Signal()
    recording_changed = Signal()
    session_changed = Signal()
    notices_changed = Signal()
    told = Signal(object)
    refused = Signal(object)

    def __init__(self, stream: Stream | None = None) -> None:
        """`stream` yields what `studio.control.follow.follow` does, which it is where none is given."""
        super().__init__()
        self._stream = stream
        self._tasks: set[asyncio.Task[Any]] = set()
        self._over = False
        self._choices: dict[str, int] = {}
        self.client: ControlClient | None = None
        self.status: api.EngineStatus | None = None
        self.sources: dict[str, api.SourceInfo] = {}
        self.placements: list[api.Placement] = []
        self.strips: dict[str, api.StripInfo] = {}
        self.destinations: dict[str, api.DestinationInfo] = {}
        self.program: api.ProgramInfo | None = None
        self.recording = api.RecordingInfo(False)
        self.session = api.SessionInfo(False)
        self.notices: dict[str, api.Notice] = {}
        self.headphones = api.HeadphonesInfo()
        self._clock = StudioClock()

    # -- calling -----------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Follow the engine from now on; needs the running loop."""
        self.start(self._follow())

    def start(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run `work` on the window's loop; what it raises is logged, a StoaError told by `refused`."""
        if self._over:
            work.close()
            return
        task = asyncio.get_event_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finished)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, StoaError):
            self.refused.emit(error)
        else:
            _LOG.error("a task of the window failed", exc_info=error)

    async def call(self, method: str, params: msgspec.Struct | None = None) -> Any:
        """One call of the control API; raises StoaError."""
        if self.client is None or self.client.closed:
            raise StoaError(
                ErrorKind.LOST, "The engine is not there at present.", remedy="It is started again by itself."
            )
        return await self.client.call(method, params)

    def do(self, method: str, params: msgspec.Struct | None = None) -> None:
        """Call without waiting for the answer: what changes comes as an event, a refusal by `refused`."""
        self.start(self.call(method, params))

    async def replace_source(self, params: api.SourceReplace) -> None:
        """Choose something else for a source. Raises StoaError, but where the same person has chosen anew meanwhile:
        that choice answers for itself."""
        number = self._choices[params.id] = self._choices.get(params.id, 0) + 1
        try:
            await self.call("source.replace", params)
        except StoaError as error:
            if error.kind is not ErrorKind.CONFLICT or self._choices[params.id] == number:
                raise

    async def end(self) -> None:
        """Stop following and drop every call that still waits; `start` does nothing from now on."""
        self._over = True
        for task in list(self._tasks):
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.gather(*(t for t in self._tasks if t is not asyncio.current_task()), return_exceptions=True)

    # -- what is asked often -----------------------------------------------------------------------------------------

    @property
    def live(self) -> bool:
        return self.program is not None and self.program.live

    @property
    def is_attached(self) -> bool:
        return self.client is not None

    def on_air_s(self) -> float:
        """Seconds since Go live."""
        if self.program is None or not self.program.live:
            return 0.0
        return max(0.0, (self._clock.now_ns() - self.program.live_since_ns) / NS_PER_S)

    def placement(self, placement_id: str) -> api.Placement | None:
        """The placement of this identity, None where it is gone."""
        return next((one for one in self.placements if one.id == placement_id), None)

    def source_name(self, source_id: str) -> str:
        source = self.sources.get(source_id)
        return source.name if source is not None else source_id

    # -- following ---------------------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        # The network's libraries load in a thread and after the first paint: they would take half as long as all else.
        following = await asyncio.to_thread(importlib.import_module, "studio.control.follow")
        Attached, Detached = following.Attached, following.Detached
        async for fact in (self._stream or following.follow)():
            if isinstance(fact, Attached):
                self.client = fact.client
                self._take_status(fact.status)
                self.attached.emit(fact.restarted)
            elif isinstance(fact, Detached):
                self.client = None
                self.detached.emit()
            elif isinstance(fact, api.Event):
                self._take_event(fact)

    def _take_status(self, status: api.EngineStatus) -> None:
        self.status = status
        self.sources = {source.id: source for source in status.sources}
        self.placements = sorted(status.placements, key=lambda one: one.order)
        self.strips = {strip.source: strip for strip in status.strips}
        self.destinations = {one.id: one for one in status.destinations}
        self.program, self.recording, self.session = status.program, status.recording, status.session
        self.notices = {notice.id: notice for notice in status.notices}
        self.headphones = status.headphones
        for changed in (
            self.program_changed,
            self.sources_changed,
            self.scene_changed,
            self.strips_changed,
            self.headphones_changed,
            self.destinations_changed,
            self.recording_changed,
            self.session_changed,
            self.notices_changed,
        ):
            changed.emit()

    def _take_event(self, event: api.Event) -> None:
        try:
            self._apply(event)
        except (msgspec.ValidationError, KeyError) as error:
            _LOG.warning("an event %s that this window does not understand: %s", event.type, error)
        self.told.emit(event)

    def _apply(self, event: api.Event) -> None:
        noun = event.type.partition(".")[0]
        if event.type is EventType.SOURCE_REMOVED:
            self.sources.pop(event.data["id"], None)
            if self.strips.pop(event.data["id"], None) is not None:
                self.strips_changed.emit()
            self.sources_changed.emit()
        elif noun == "source":
            source = msgspec.convert(event.data, api.SourceInfo)
            self.sources[source.id] = source
            self.sources_changed.emit()
        elif noun == "scene":
            self.placements = sorted(msgspec.convert(event.data, api.SceneInfo).placements, key=lambda one: one.order)
            self.scene_changed.emit()
        elif noun == "strip":
            self._take_strip(msgspec.convert(event.data, api.StripInfo))
        elif noun == "headphones":
            self.headphones = msgspec.convert(event.data, api.HeadphonesInfo)
            self.headphones_changed.emit()
        elif event.type is EventType.DESTINATION_REMOVED:
            self.destinations.pop(event.data["id"], None)
            self.destinations_changed.emit()
        elif noun == "destination":
            destination = msgspec.convert(event.data, api.DestinationInfo)
            self.destinations[destination.id] = destination
            self.destinations_changed.emit()
        elif noun == "program":
            self.program = msgspec.convert(event.data, api.ProgramInfo)
            self.program_changed.emit()
        elif noun == "recording":
            self.take_recording(msgspec.convert(event.data, api.RecordingInfo))
        elif noun == "session":
            self.session = msgspec.convert(event.data, api.SessionInfo)
            self.session_changed.emit()
        elif event.type is EventType.NOTICE_CLEARED:
            self.notices.pop(event.data["id"], None)
            self.notices_changed.emit()
        elif event.type is EventType.NOTICE_RAISED:
            notice = msgspec.convert(event.data, api.Notice)
            self.notices[notice.id] = notice
            self.notices_changed.emit()

    def _take_strip(self, strip: api.StripInfo) -> None:
        new = strip.source not in self.strips
        self.strips[strip.source] = strip
        if new:
            self.strips_changed.emit()
        else:
            self.strip_changed.emit(strip.source)

    def take_destinations(self, found: api.DestinationList) -> None:
        """The polled figures of all destinations."""
        self.destinations = {one.id: one for one in found.destinations}
        self.destinations_changed.emit()

    def take_recording(self, recording: api.RecordingInfo) -> None:
        """The polled or told state of the recording."""
        self.recording = recording
        self.recording_changed.emit()
