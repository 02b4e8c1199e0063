"""One recording: packets into an MP4 that is readable at every moment and ordinary once it is closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import IO, cast

import av

from studio.media import NS_PER_S, AudioTrack, EncodedPacket, ErrorKind, StoaError, VideoTrack
from studio.muxer import Container, Muxer
from studio.recording.file import RecordingFile, is_full

FRAGMENT_US = 500_000
RESERVE_BYTES = 16 * 1024 * 1024
INDEX_BYTES_A_PACKET = 24
_BUFFER_BYTES = 4 * 1024 * 1024
_FLAGS = "hybrid_fragmented+delay_moov"
"""The second writes the index with the first fragment: only then is it known, and said there, that the sound begins up
to 21 ms after the first picture of a file that is begun on air."""


@dataclass(frozen=True, slots=True)
class Closing:
    """How a recording ended. `words` and `kind` are empty where it was asked to."""

    frames: int
    bytes: int
    words: str = ""
    kind: str = ""


class RecordingWriter:
    """The file and its muxer. One thread uses it.

    Fragments of 0.5 s are written as they come, so that a killed recorder loses less than a second;
    `hybrid_fragmented` then turns the file into an ordinary MP4 in place. That needs room for the index at the end:
    `is_nearly_full` tells when to close.
    """

    def __init__(
        self, path: Path, video: VideoTrack | None, audio: AudioTrack | None, *, reserve_bytes: int = RESERVE_BYTES
    ) -> None:
        """Raises StoaError as RecordingFile does, and NO_SPACE where less than the reserve is left."""
        self._file = RecordingFile(path)
        self._reserve_bytes = reserve_bytes
        self._video = video
        self._packets = 0
        self._chapters: list[tuple[int, str]] = []
        self.frames = 0
        self.duration_s = Fraction(0)
        try:
            if self.is_nearly_full():
                raise StoaError(
                    ErrorKind.NO_SPACE,
                    f"There are only {self.free_bytes // 1_000_000} MB left in {path.parent}.",
                    remedy="Free space or choose another folder.",
                )
            self._muxer = Muxer(
                cast(IO[bytes], self._file),
                Container.MP4,
                video,
                audio,
                options={"movflags": _FLAGS, "frag_duration": str(FRAGMENT_US)},
                buffer_bytes=_BUFFER_BYTES,
                keep_filler=False,
            )
            self._muxer.open()
        except BaseException:
            self._file.close()
            path.unlink(missing_ok=True)
            raise

    @property
    def bytes(self) -> int:
        """What is on disk."""
        return self._file.bytes

    @property
    def free_bytes(self) -> int:
        return self._file.free_bytes

    @property
    def holds_pictures(self) -> bool:
        """Whether the first keyframe is in the file."""
        return self._packets > 0 and self.bytes > 0

    def is_nearly_full(self) -> bool:
        """Whether what is left on the disk is needed for closing in order."""
        return self.free_bytes < self._reserve_bytes + INDEX_BYTES_A_PACKET * self._packets

    def write(self, packet: EncodedPacket) -> None:
        """Raises OSError where the disk refuses; the file is then whole up to its last fragment."""
        try:
            written = self._muxer.write(packet)
        except av.FFmpegError as cause:
            raise self._file.failed or OSError(cause.errno, cause.strerror) from cause
        if not written:
            return
        self._file.mark()
        self._packets += 1
        self.frames += packet.codec.is_video or self._video is None
        self.duration_s = max(self.duration_s, self._muxer.timeline.seconds(packet))

    def mark_chapter(self, title: str, at_ns: int) -> None:
        """A title at an instant of program time."""
        self._chapters.append((at_ns, title))

    def close(self, words: str = "", kind: str = "") -> Closing:
        """Close in place as an ordinary MP4; where the disk refuses, leave the fragments, which play as well."""
        closing = Closing(self.frames, 0, words, kind)
        if self._file.failed is None:
            self._set_chapters()
        try:
            self._muxer.close()
        except (av.FFmpegError, OSError) as cause:
            failed = self._file.failed or OSError(getattr(cause, "errno", 0), str(cause))
            if not words:
                kind, words = (ErrorKind.NO_SPACE, DISK_FULL) if is_full(failed) else (ErrorKind.LOST, DISK_LOST)
                closing = replace(closing, words=words, kind=kind)
        finally:
            size = self._file.bytes
            self._file.close()
        return replace(closing, bytes=size)

    def _set_chapters(self) -> None:
        start_ns = self._muxer.timeline.start_s * NS_PER_S
        end_ms = int(self.duration_s * 1000)
        begins = [(max(0, int((at_ns - start_ns) / 1_000_000)), title) for at_ns, title in sorted(self._chapters)]
        begins = [(at_ms, title) for at_ms, title in begins if at_ms < end_ms]
        ends = [at_ms for at_ms, _ in begins[1:]] + [end_ms]
        if begins:
            chapters = [(at_ms, end, title) for (at_ms, title), end in zip(begins, ends, strict=True)]
            self._muxer.set_chapters(chapters)


DISK_FULL = "The disk is full: the recording was closed and can be played up to here."
DISK_LOST = "The disk no longer takes the recording: it can be played up to here."
TOO_SLOW = "The disk is too slow for the recording: it was closed and can be played up to here."
