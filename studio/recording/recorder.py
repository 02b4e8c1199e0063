"""The child "recorder": packets from the engine into one file.

The link's thread queues packets; the main thread writes. The queue never drops: where the disk cannot keep up, the
recording is closed and the engine told so.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from pathlib import Path

from studio.media import (
    NS_PER_S,
    Clock,
    EncodedPacket,
    ErrorKind,
    OverflowPolicy,
    PacketQueue,
    StoaError,
    StudioClock,
)
from studio.process import ChildLink, ChildPipes
from studio.recording.contract import (
    Chapter,
    EngineToRecorder,
    OpenRecording,
    RecordingClosed,
    RecordingStarted,
    RecordingStatistics,
)
from studio.recording.file import is_full
from studio.recording.writer import DISK_FULL, DISK_LOST, TOO_SLOW, Closing, RecordingWriter

QUEUE_MS = 8_000
QUEUE_BYTES = 64 * 1024 * 1024
REPORT_EVERY_NS = 500_000_000
GRACE_S = 8.0
SLOW_DISK_S = 10.0

log = logging.getLogger(__name__)


class Recorder:
    """The recording and what is said about it. `take` is called on the link's thread, `run` on the main thread."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or StudioClock()
        self._queue = PacketQueue(limit_ms=QUEUE_MS, limit_bytes=QUEUE_BYTES, policy=OverflowPolicy.REFUSE)
        self._opened = threading.Event()
        self._opening: OpenRecording | None = None
        self._chapters: list[Chapter] = []
        self._too_slow = False
        self._started = False
        self._reported_ns = 0

    def take(self, message: OpenRecording | EncodedPacket | Chapter) -> None:
        """What the engine says."""
        if isinstance(message, EncodedPacket):
            if not self._queue.put(message) and not self._queue.closed:
                self._too_slow = True
                self._queue.close()
        elif isinstance(message, Chapter):
            self._chapters.append(message)
        else:
            self._opening = message
            self._opened.set()

    def stop(self) -> None:
        """No more packets: write the rest and close."""
        self._queue.close()
        self._opened.set()

    def run(self, link: ChildLink[OpenRecording | EncodedPacket | Chapter]) -> None:
        """Until the engine ends it, or the disk does."""
        self._opened.wait()
        opening = self._opening
        if opening is None:
            return
        try:
            writer = RecordingWriter(Path(opening.path), opening.video, opening.audio)
        except StoaError as error:
            link.fault(error)
            return
        closing = self._record(writer, opening, link)
        if not closing.frames:  # the show never began: an empty file would only puzzle people
            Path(opening.path).unlink(missing_ok=True)
            closing = replace(closing, bytes=0)
        log.info("closed after %d pictures, %d bytes %s", closing.frames, closing.bytes, closing.words)
        link.send(RecordingClosed(opening.path, closing.frames, closing.bytes, closing.words, closing.kind))

    def _record(
        self,
        writer: RecordingWriter,
        opening: OpenRecording,
        link: ChildLink[OpenRecording | EncodedPacket | Chapter],
    ) -> Closing:
        words, kind = "", ""
        link.beat(SLOW_DISK_S)
        try:
            while not (self._queue.closed and not self._queue.queued_bytes):
                packet = self._queue.get(0.25)
                if packet is not None:
                    writer.write(packet)
                if self._report(writer, opening, link) and writer.is_nearly_full():
                    words, kind = DISK_FULL, ErrorKind.NO_SPACE
                    break
        except OSError as cause:
            log.warning("the disk refused: %s", cause)
            words, kind = (DISK_FULL, ErrorKind.NO_SPACE) if is_full(cause) else (DISK_LOST, ErrorKind.LOST)
        if self._too_slow and not words:
            words, kind = TOO_SLOW, ErrorKind.TIMEOUT
        self._queue.close()
        link.beat(SLOW_DISK_S)
        for chapter in self._chapters:
            writer.mark_chapter(chapter.title, chapter.at_ns)
        return writer.close(words, kind)

    def _report(
        self,
        writer: RecordingWriter,
        opening: OpenRecording,
        link: ChildLink[OpenRecording | EncodedPacket | Chapter],
    ) -> bool:
        """About twice a second; tells whether it was time."""
        now_ns = self._clock.now_ns()
        if now_ns - self._reported_ns < REPORT_EVERY_NS:
            return False
        self._reported_ns = now_ns
        link.beat(SLOW_DISK_S)
        if not self._started and writer.holds_pictures:
            self._started = True
            link.send(RecordingStarted(opening.path))
        duration_ns = int(writer.duration_s * NS_PER_S)
        link.send(RecordingStatistics(writer.frames, writer.bytes, writer.free_bytes, duration_ns))
        return True


def run(pipes: ChildPipes) -> None:
    """The child's life."""
    logging.getLogger("libav").setLevel(logging.CRITICAL)
    recorder = Recorder()
    link: ChildLink[OpenRecording | EncodedPacket | Chapter] = ChildLink(
        pipes, EngineToRecorder, recorder.take, on_stop=recorder.stop, grace_s=GRACE_S
    )
    link.start()
    recorder.run(link)
