"""The engine's recording: a supervised recorder; where one dies, the next begins a new file and the host is told."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

import msgspec

from studio.control.api import EventType, Problem, RecordingInfo
from studio.engine.events import EventLog
from studio.engine.show import Show
from studio.media import Clock, Codec, ErrorKind, OverflowPolicy, PacketQueue, StoaError
from studio.process import ChildPlan, Fault, Loss, SupervisedChild, Watchdog
from studio.program.encoding import Encoding
from studio.program.fanout import Outlet
from studio.recording.contract import (
    Chapter,
    OpenRecording,
    RecorderToEngine,
    RecordingClosed,
    RecordingStarted,
    RecordingStatistics,
)
from studio.recording.place import check_recording_path, free_name

QUEUE_MS, QUEUE_BYTES = 20_000, 128 * 1024 * 1024
END_LIMIT_S = 10.0
OUTLET = "recording"


class RecordingDesk:
    """Belongs to the engine's event loop. One recording at a time; Its end is told once for each file."""

    def __init__(
        self,
        show: Show,
        events: EventLog,
        watchdog: Watchdog,
        library: Path,
        *,
        clock: Clock,
        notice: Callable[[str, str], object],
        on_changed: Callable[[], None],
        log_to: IO[bytes] | int | None,
    ) -> None:
        self._show = show
        self._events = events
        self._watchdog = watchdog
        self._library = library
        self._clock = clock
        self._notice = notice
        self._on_changed = on_changed
        self._log_to = log_to
        self._loop = asyncio.get_running_loop()
        self._child: SupervisedChild | None = None
        self._told_by: SupervisedChild | None = None
        """The recorder of the newest recording, until the next begins: what it says last counts too."""
        self._path = Path()
        self._first_path = Path()
        self._lives = 0
        self._statistics = RecordingStatistics(0, 0, 0, 0)
        self._problem: Problem | None = None
        self._closed: RecordingClosed | None = None
        self._refused_packets = False
        self._files: dict[str, RecordingClosed] = {}
        self.failed = False
        self.has_begun = False
        """The newest recording's file holds a picture."""
        self._settled = asyncio.Event()

    @property
    def active(self) -> bool:
        return self._child is not None

    @property
    def files(self) -> list[RecordingClosed]:
        """Every file of this engine's life that is over, in the order of their beginning."""
        return list(self._files.values())

    @property
    def path(self) -> str:
        """The file as it was asked for (a recorder that died is followed by one with a number in its name)."""
        return str(self._first_path) if self.active else ""

    async def start(self, path: str = "") -> RecordingInfo:
        """Begin a file: `path`, or one of the library named by date and time.

        Raises StoaError: CONFLICT where one runs or the file exists, DENIED or NOT_FOUND for its folder; what
        `Show.prepare` says where there is no encoder for it.
        """
        self._refuse_second()
        file = Path(path).absolute() if path else self._in_library()
        check_recording_path(file)
        await self._show.prepare(OUTLET, webrtc=False)
        self._refuse_second()
        self._path = self._first_path = file
        encoding = self._show.require(webrtc=False)
        self._problem = self._closed = None
        self.has_begun = False
        self._settled.clear()
        self._statistics = RecordingStatistics(0, 0, 0, 0)
        self._lives = 0
        plan = ChildPlan(
            kind="recorder",
            incoming=RecorderToEngine,
            opening=lambda: self._opening(encoding),
            on_message=lambda message: self._post(self._on_message, child, message),
            on_lost=lambda loss: self._post(self._on_loss, child, loss),
            packets=lambda: PacketQueue(limit_ms=QUEUE_MS, limit_bytes=QUEUE_BYTES, policy=OverflowPolicy.REFUSE),
            end_limit_s=END_LIMIT_S,
        )
        child = SupervisedChild(plan, log_to=self._log_to, clock=self._clock)
        self._child = self._told_by = child
        self._watchdog.add(child)
        child.start()

        def put(packet: object) -> bool:
            kept = child.send_packet(packet)  # type: ignore[arg-type]
            queue = child.packet_queue
            if not kept and queue is not None and queue.refused and not self._refused_packets:
                self._refused_packets = True
                self._post(self._overflowed, child)
            return kept

        self._show.take(Outlet(OUTLET, frozenset({self._show.video_codec, Codec.AAC}), put))
        self._on_changed()
        return self.info()

    async def stop(self) -> RecordingInfo:
        """Close the file in place. Harmless where none runs."""
        child = self._child
        if child is None:
            return self.info()
        self._show.leave(OUTLET)
        await asyncio.to_thread(child.end)
        self._watchdog.remove(child)
        await asyncio.sleep(0)
        if self._child is child:
            self._child = None
            self._settled.set()
        if self._closed is None and self._told_by is child:
            self._on_message(
                child,
                RecordingClosed(
                    str(self._path), self._statistics.frames, self._statistics.bytes, "The recorder did not close it."
                ),
            )
        self._on_changed()
        return self.info()

    async def begun(self, limit_s: float) -> RecordingInfo:
        """Wait until the file holds a picture, or the recording is over, or the limit is; what is so then."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._settled.wait()
        return self.info()

    def mark_chapter(self, title: str, at_ns: int) -> None:
        """A chapter at an instant of the studio clock."""
        encoding = self._show.encoding
        if self._child is not None and encoding is not None:
            self._child.send(Chapter(title, max(0, at_ns - encoding.start_ns)))

    def info(self) -> RecordingInfo:
        statistics = self._statistics
        return RecordingInfo(
            active=self._child is not None,
            path=str(self._path) if self._path != Path() else "",
            frames=statistics.frames,
            bytes=statistics.bytes,
            duration_s=statistics.duration_ns / 1e9,
            free_bytes=statistics.free_bytes,
            problem=self._problem,
            pid=self._child.pid or 0 if self._child else 0,
        )

    async def status(self) -> RecordingInfo:
        """The same, and what room the library's disk has while nothing is recorded."""
        info = self.info()
        if info.active:
            return info
        return msgspec.structs.replace(info, free_bytes=await asyncio.to_thread(_free_bytes, self._library))

    # -- inside ------------------------------------------------------------------------------------------------------

    def _refuse_second(self) -> None:
        if self._child is not None:
            raise StoaError(ErrorKind.CONFLICT, "A recording is running already.", remedy="Stop it first.")

    def _in_library(self) -> Path:
        self._library.mkdir(parents=True, exist_ok=True)
        return free_name(self._library / time.strftime("Stoa %Y-%m-%d %H-%M-%S.mp4"))

    def _opening(self, encoding: Encoding) -> Iterable[msgspec.Struct]:
        self._lives += 1
        if self._lives > 1:
            self._path = free_name(self._first_path)
        self._show.keyframes.ask("recording: a new file begins")
        yield OpenRecording(str(self._path), encoding.video_track, encoding.audio_track(Codec.AAC))

    def _post(self, function: Callable[..., None], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)

    def _on_message(self, child: SupervisedChild, message: RecorderToEngine | Fault) -> None:
        if child is not self._told_by:  # the last words of an earlier recording's
            if isinstance(message, RecordingClosed):
                self._keep(message)
            return
        match message:
            case RecordingStarted():
                self._show.mark_first_packet()
                self.has_begun = True
                self._settled.set()
                self._events.emit(EventType.RECORDING_STARTED, self.info())
            case RecordingStatistics():
                self._statistics = message
            case RecordingClosed():
                self._closed = message
                self._keep(message)
                self._statistics = msgspec.structs.replace(self._statistics, frames=message.frames, bytes=message.bytes)
                if message.kind:
                    self._fail(Fault(message.kind, message.words))
                self._events.emit(EventType.RECORDING_CLOSED, self.info())
            case Fault():
                self._fail(message)

    def _keep(self, closed: RecordingClosed) -> None:
        """A file is over. Why it failed outlives what its recorder says of it afterwards."""
        before = self._files.get(closed.path)
        if before is not None and before.kind:
            closed = msgspec.structs.replace(closed, words=before.words, kind=before.kind)
        self._files[closed.path] = closed

    def _fail(self, fault: Fault) -> None:
        """The recording is over, the show goes on."""
        self.failed = True
        statistics = self._statistics
        self._keep(RecordingClosed(str(self._path), statistics.frames, statistics.bytes, fault.message, fault.kind))
        self._problem = Problem(fault.kind, fault.message, fault.remedy, fault.permanent)
        self._notice(f"The recording stopped: {fault.message}", fault.remedy)
        self._settled.set()
        child, self._child = self._child, None
        if child is not None:
            self._show.leave(OUTLET)
            self._watchdog.remove(child)
            child.end(wait=False)
        self._on_changed()

    def _on_loss(self, child: SupervisedChild, loss: Loss) -> None:
        if self._child is not child:
            return
        self._keep(
            RecordingClosed(str(self._path), self._statistics.frames, self._statistics.bytes, "The recorder was lost.")
        )
        self._notice(
            f"The recorder was lost ({loss.words}); {self._path.name} is kept, and a new file goes on.",
            "",
        )

    def _overflowed(self, child: SupervisedChild) -> None:
        self._refused_packets = False
        if self._child is not child:
            return
        self._fail(Fault(ErrorKind.NO_SPACE, "The disk is too slow for the recording."))


def _free_bytes(folder: Path) -> int:
    """What the disk of `folder` (which may not be made yet) has left; 0 where it does not say."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0
