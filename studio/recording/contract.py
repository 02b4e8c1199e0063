"""What the engine and the recorder's process say to each other. One recorder writes one file."""

from __future__ import annotations

import msgspec

from studio.media import AudioTrack, EncodedPacket, VideoTrack


class OpenRecording(msgspec.Struct, frozen=True, tag="open"):
    """The first message: the file to make (it must not exist) and the tracks that follow as packets."""

    path: str
    video: VideoTrack | None
    audio: AudioTrack | None


class Chapter(msgspec.Struct, frozen=True, tag="chapter"):
    """Mark the present instant (program time in nanoseconds since the show began) with a title."""

    title: str
    at_ns: int


EngineToRecorder = OpenRecording | EncodedPacket | Chapter


class RecordingStarted(msgspec.Struct, frozen=True, tag="started"):
    """The file exists and holds its first keyframe."""

    path: str


class RecordingStatistics(msgspec.Struct, frozen=True, tag="statistics"):
    """About twice a second; `free_bytes` on the file's disk."""

    frames: int
    bytes: int
    free_bytes: int
    duration_ns: int


class RecordingClosed(msgspec.Struct, frozen=True, tag="closed"):
    """The file is whole and closed as an ordinary MP4. `words` says why where nobody asked (disk full)."""

    path: str
    frames: int
    bytes: int
    words: str = ""
    kind: str = ""


RecorderToEngine = RecordingStarted | RecordingStatistics | RecordingClosed
