"""One container being written: header, packets in, trailer."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from typing import IO, TYPE_CHECKING

import av
from av.rational import AVRational

from studio.media import SAMPLE_RATE_HZ, AudioTrack, Codec, EncodedPacket, VideoTrack
from studio.media.annexb import without_filler
from studio.muxer.streams import add_audio_stream, add_video_stream
from studio.muxer.timeline import Timeline

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.video.stream import VideoStream


class Container(StrEnum):
    """The containers that are written, by FFmpeg's names."""

    FLV = "flv"
    MP4 = "mp4"
    MPEGTS = "mpegts"


AUDIO_TIME_BASE = Fraction(1, SAMPLE_RATE_HZ)

# Without the first a picture waits until the sound has caught up (or for 10 s, where there is none).
_AT_ONCE = {"max_interleave_delta": "1", "flush_packets": "1"}


class Muxer:
    """Writes packets into a file, a connection, or an object with `write`. One thread uses it.

    Errors of the container or of the connection are PyAV's (`av.FFmpegError`): only the caller knows the words for
    them. The interpreter lock is free while it connects and writes.
    """

    def __init__(
        self,
        target: str | IO[bytes],
        container: Container,
        video: VideoTrack | None,
        audio: AudioTrack | None,
        *,
        options: dict[str, str] | None = None,
        open_limit_s: float | None = None,
        write_limit_s: float | None = None,
        keep_filler: bool = True,
        buffer_bytes: int = 32_768,
    ) -> None:
        """Nothing is opened yet. `options` are FFmpeg's, of container and protocol.

        `open_limit_s` and `write_limit_s` bound connecting and each write where the target is a connection. Without
        `keep_filler` filler NAL units are left out. `buffer_bytes` is the largest piece that `target.write` gets.
        """
        self._output = av.open(
            target,
            "w",
            format=container.value,
            container_options=_AT_ONCE | (options or {}),
            timeout=(open_limit_s, write_limit_s),
            buffer_size=buffer_bytes,
        )
        self._keep_filler = keep_filler
        self._video_base = video.time_base if video else Fraction(1)
        self._video: VideoStream | None = add_video_stream(self._output, video) if video else None
        self._audio: AudioStream | None = add_audio_stream(self._output, audio) if audio else None
        self.timeline = Timeline(video, audio)
        self.bytes = 0
        """Payload of all packets written."""

    @property
    def metadata(self) -> dict[str, str]:
        """The container's tags, to be set before `open`."""
        return self._output.metadata

    def set_chapters(self, chapters: list[tuple[int, int, str]]) -> None:
        """(start, end, title) in milliseconds of this container, to be set before `close`."""
        base = AVRational(1, 1000)
        self._output.set_chapters(
            [
                {"id": number, "start": start, "end": end, "time_base": base, "metadata": {"title": title}}
                for number, (start, end, title) in enumerate(chapters)
            ]
        )

    def open(self) -> None:
        """Connect (or make the file) and write the header."""
        self._output.start_encoding()

    def write(self, packet: EncodedPacket) -> bool:
        """Write one packet; False where it was left out (no such stream, or before the first keyframe)."""
        stream = self._video if packet.codec.is_video else self._audio
        if stream is None:
            return False
        pts = self.timeline.place(packet)
        if pts is None:
            return False
        data = packet.data if self._keep_filler else without_filler(packet.data, h265=packet.codec is Codec.H265)
        muxed = av.Packet(data)
        muxed.stream = stream
        muxed.time_base = self._video_base if packet.codec.is_video else AUDIO_TIME_BASE
        muxed.pts = muxed.dts = pts
        muxed.duration = packet.duration
        muxed.is_keyframe = packet.keyframe
        self._output.mux_one(muxed)
        self.bytes += len(data)
        return True

    def close(self) -> None:
        """Write the trailer and let go. Harmless where `open` failed; may raise what `write` raises."""
        self._output.close()
