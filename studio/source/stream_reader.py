"""Reads a live stream or a grabbed screen with PyAV on a thread of its own, which may block: nobody waits for it.

The thread opens, decodes and closes; the others take what it put into a short queue. When the queue is full the oldest
picture goes (`skipped` counts), never sound.
"""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from urllib.parse import urlsplit

import av

from studio.media import NS_PER_S, Clock

MOST_PICTURES = 3
MOST_SOUNDS = 500
MADE_UP_TIME = frozenset({"mpjpeg", "mjpeg"})
EARLY_S = 0.02
LEAP_S = 10.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """How to open: PyAV's `format`, FFmpeg's `options`, the limits (open, read) in seconds, and what is wanted."""

    format: str | None = None
    options: dict[str, str] = field(default_factory=dict)
    limits_s: tuple[float, float] | None = None
    video: bool = True
    audio: bool = False


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """What was found."""

    has_video: bool
    has_audio: bool
    fps: float
    codec: str
    pixel_aspect: Fraction
    keeps_time: bool = True
    """False where its time stamps are made up (MJPEG says 25 fps, whatever comes)."""


@dataclass(frozen=True, slots=True)
class Received:
    """A decoded picture or block of sound, and when its bytes came."""

    frame: av.VideoFrame | av.AudioFrame
    arrival_ns: int


class StreamReader:
    """One try at one stream. `get` belongs to one thread."""

    def __init__(self, url: str, wanted: StreamOptions, clock: Clock) -> None:
        self._url = url
        self._wanted = wanted
        self._clock = clock
        self._pictures: deque[Received] = deque()
        self._sounds: deque[Received] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self.info: StreamInfo | None = None
        self.failure: Exception | None = None
        self.ended = False
        self.skipped = 0
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)

    def start(self) -> None:
        """Begin to open; returns at once. `info` is set once it is open, `failure` where it could not, or broke."""
        self._thread.start()

    def get(self, limit_s: float) -> Received | None:
        """The oldest sound, else the newest picture; None after `limit_s` without either, or once it has ended."""
        with self._changed:
            self._changed.wait_for(lambda: self._sounds or self._pictures or self.ended, limit_s)
            if self._sounds:
                return self._sounds.popleft()
            return self._pictures.popleft() if self._pictures else None

    def close(self, limit_s: float = 0.5) -> None:
        """Let the thread end and close what it opened; one that is blocked stays behind until its own limit."""
        self._closing = True
        self._thread.join(limit_s)

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        try:
            container = av.open(
                self._url,
                format=self._wanted.format,
                options=dict(self._wanted.options),
                timeout=self._wanted.limits_s,
            )
            with container:
                self._read(container)
        except Exception as failure:
            self.failure = _unknown_host(self._url, failure) or failure
        finally:
            with self._changed:
                self.ended = True
                self._changed.notify_all()

    def _read(self, container: av.container.InputContainer) -> None:
        video = next(iter(container.streams.video), None) if self._wanted.video else None
        audio = next(iter(container.streams.audio), None) if self._wanted.audio else None
        if video is None and audio is None:
            raise NothingWanted
        if video is not None:
            # Frame threads would hold pictures back.
            video.codec_context.thread_type = "SLICE"
        rate = video.average_rate if video is not None else None
        aspect = video.sample_aspect_ratio if video is not None else None
        self.info = StreamInfo(
            has_video=video is not None,
            has_audio=audio is not None,
            fps=float(rate) if rate else 0.0,
            codec=(video or audio).codec_context.name,  # type: ignore[union-attr]
            pixel_aspect=Fraction(aspect.numerator, aspect.denominator) if aspect else Fraction(1),
            keeps_time=container.format.name not in MADE_UP_TIME,
        )
        # A file or its pieces come as fast as the network carries them; what is live comes at its own pace.
        pace = _Pace() if container.duration or container.format.name == "hls" else None
        for packet in container.demux([stream for stream in (video, audio) if stream is not None]):
            if self._closing:
                return
            if not packet.size:
                # The end of the stream. What a decoder still holds is old by now.
                continue
            if pace is not None and packet.pts is not None and packet.time_base is not None:
                self._rest(pace.early_s(float(packet.pts * packet.time_base), self._clock.now_ns()))
            arrival_ns = self._clock.now_ns()
            try:
                frames = packet.decode()
            except av.FFmpegError as damage:
                # A packet lost on the way; the next keyframe mends it.
                log.debug("damaged packet: %s", type(damage).__name__)
                continue
            for frame in frames:
                self._put(frame, arrival_ns)

    def _rest(self, seconds: float) -> None:
        """Rest, but not beyond the end."""
        until_ns = self._clock.now_ns() + int(seconds * NS_PER_S)
        while not self._closing and (left_ns := until_ns - self._clock.now_ns()) > 0:
            self._clock.sleep_until_ns(self._clock.now_ns() + min(left_ns, 100_000_000))

    def _put(self, frame: object, arrival_ns: int) -> None:
        with self._changed:
            if isinstance(frame, av.VideoFrame):
                self._pictures.append(Received(frame, arrival_ns))
                while len(self._pictures) > MOST_PICTURES:
                    self._pictures.popleft()
                    self.skipped += 1
            elif isinstance(frame, av.AudioFrame):
                self._sounds.append(Received(frame, arrival_ns))
                while len(self._sounds) > MOST_SOUNDS:
                    self._sounds.popleft()
            self._changed.notify_all()


class _Pace:
    """How much too early a packet of a file comes, against the first one."""

    def __init__(self) -> None:
        self._zero_s: float | None = None

    def early_s(self, pts_s: float, now_ns: int) -> float:
        """Seconds to wait before it is decoded; 0 where it is due."""
        now_s = now_ns / NS_PER_S
        if self._zero_s is None or abs(self._zero_s + pts_s - now_s) > LEAP_S:
            self._zero_s = now_s - pts_s
        early_s = self._zero_s + pts_s - now_s
        return early_s if early_s > EARLY_S else 0.0


class NothingWanted(Exception):
    """The stream has no picture (and no sound, where that was wanted)."""


OpenStream = Callable[[str, StreamOptions, Clock], StreamReader]


def _unknown_host(url: str, failure: Exception) -> socket.gaierror | None:
    """FFmpeg tells of a name that nobody knows as of any broken line (EIO): ask again, by name."""
    if not isinstance(failure, OSError) or failure.errno != errno.EIO or "://" not in url:
        return None
    try:
        socket.getaddrinfo(urlsplit(url).hostname, None)
    except socket.gaierror as unknown:
        return unknown
    except (ValueError, OSError):
        return None
    return None
