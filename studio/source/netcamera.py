"""A network camera (RTSP, HTTP MJPEG) or any stream over HTTP: one process, one connection, back by itself.

FFmpeg may block in a read for as long as its limit, twice as long with RTSP: the thread that reads is never waited for.
A stream that gives nothing is told as lost after a second and a half, and is connected to anew.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass

import av
import av.error
import numpy as np

from studio.media import NS_PER_MS, NS_PER_S, ErrorKind, StoaError
from studio.media.authorities import trusted_authorities
from studio.process import Backoff, ChildPipes
from studio.source.contract import Opened, OpenSource, Timing
from studio.source.drift import DriftCorrector
from studio.source.live_pictures import LivePictures
from studio.source.loss import Loss
from studio.source.outlet import Outlet, run_source
from studio.source.spec import mask_url
from studio.source.stream_clock import StreamClock
from studio.source.stream_reader import NothingWanted, OpenStream, Received, StreamInfo, StreamOptions, StreamReader

OPEN_LIMIT_S = 5.0
READ_LIMIT_S = 2.0
OPEN_LIMIT_NS = 12 * NS_PER_S
"""RTSP takes a connection, four requests and the first keyframe."""
SILENT_NS = 1_500 * NS_PER_MS
GIVE_UP_NS = 6 * NS_PER_S
GET_S = 0.1
RETRIES_S = (0.25, 0.5, 1.0, 2.0)


@dataclass(slots=True)
class Parts:
    """What a network camera is made of; tests put their own in."""

    reader: OpenStream = StreamReader
    backoff: Callable[[], Backoff] = lambda: Backoff(RETRIES_S)


def run(pipes: ChildPipes) -> None:
    """The child's life."""
    run_source(pipes, lambda outlet, request: NetworkCameraSource(outlet, request).play())


class NetworkCameraSource:
    """One stream of one process. `play` returns at the end, or raises what cannot be mended by trying again."""

    def __init__(self, outlet: Outlet, request: OpenSource, parts: Parts | None = None) -> None:
        self._outlet = outlet
        self._clock = outlet.clock
        self._parts = parts or Parts()
        self._url = request.target
        self._shown_url = mask_url(request.target)
        self._video, self._audio = request.video, request.audio
        self._pictures = LivePictures(outlet, request.max_width_px, request.max_height_px)
        self._backoff = self._parts.backoff()
        self._ever_live = False
        self._loss = Loss(outlet)

    def play(self) -> None:
        while not self._outlet.stopping.is_set():
            began_ns = self._clock.now_ns()
            error = self._live_once()
            if error is None:
                return
            if error.permanent and not self._ever_live:
                raise error
            self._loss.tell(error)
            self._rest(self._backoff.after_failure(self._clock.now_ns() - began_ns))

    def _rest(self, seconds: float) -> None:
        until_ns = self._clock.now_ns() + int(seconds * NS_PER_S)
        while self._clock.now_ns() < until_ns and not self._outlet.stopping.wait(GET_S):
            self._outlet.beat()

    def _live_once(self) -> StoaError | None:
        """One connection: why it ended, None at the end of the source."""
        reader = self._parts.reader(self._url, stream_options(self._url, self._video, self._audio), self._clock)
        reader.start()
        try:
            info = self._await_info(reader)
            if info is None:
                return None if self._outlet.stopping.is_set() else self._why(reader)
            return self._pass_on(reader, info)
        finally:
            reader.close(0.2)

    def _await_info(self, reader: StreamReader) -> StreamInfo | None:
        began_ns = self._clock.now_ns()
        while not self._outlet.stopping.is_set() and not reader.ended:
            self._outlet.beat()
            if reader.info is not None or self._clock.now_ns() - began_ns > OPEN_LIMIT_NS:
                return reader.info
            self._outlet.stopping.wait(0.02)
        return reader.info

    def _pass_on(self, reader: StreamReader, info: StreamInfo) -> StoaError | None:
        sound = _Sound(self._outlet) if info.has_audio else None
        clock = StreamClock()
        self._begin(info)
        silent_ns = max(SILENT_NS, int(3 * NS_PER_S / info.fps) if info.fps else 0)
        seen_ns = self._clock.now_ns()
        shown, returned = False, 0
        while not self._outlet.stopping.is_set():
            self._outlet.beat()
            received = reader.get(GET_S)
            now_ns = self._clock.now_ns()
            if received is None and reader.ended:
                return self._why(reader)
            if now_ns - seen_ns > (silent_ns if shown else OPEN_LIMIT_NS):
                self._loss.tell(self._silent())
                if now_ns - seen_ns > GIVE_UP_NS:
                    return self._silent()
            if received is None:
                continue
            is_picture = isinstance(received.frame, av.VideoFrame)
            if is_picture or not info.has_video:
                # Sound that goes on does not hide that the pictures stopped.
                if self._loss.lasts and shown:
                    # One alone is what a failing read still had in its buffer.
                    returned += 1
                    if returned < 2:
                        continue
                    self._begin(info)
                returned, seen_ns = 0, now_ns
                self._loss.over()
                shown = self._ever_live = True
            stamp_ns = clock.instant_ns(_seconds(received) if info.keeps_time else None, received.arrival_ns)
            if isinstance(received.frame, av.VideoFrame):
                if not self._pictures.show(received.frame, stamp_ns):
                    return None
            elif sound is not None:
                sound.send(received.frame, stamp_ns)
        return None

    def _begin(self, info: StreamInfo) -> None:
        if info.has_video:
            self._pictures.begin(lambda width, height: self._opened(info, width, height), info.pixel_aspect)
        else:
            self._outlet.opened(self._opened(info, 0, 0))

    def _opened(self, info: StreamInfo, width_px: int, height_px: int) -> Opened:
        size = f"{width_px}x{height_px}, " if info.has_video else ""
        sound = " with sound" if info.has_audio and info.has_video else ""
        return Opened(
            has_video=info.has_video,
            has_audio=info.has_audio,
            timing=Timing.LIVE,
            words=f"{self._shown_url}: {size}{info.codec}{sound}",
            width_px=width_px,
            height_px=height_px,
            fps=info.fps,
        )

    # ------------------------------------------------------------ words

    def _silent(self) -> StoaError:
        return StoaError(
            ErrorKind.LOST,
            f"{self._shown_url} sends nothing any more.",
            remedy="It is connected to anew by itself. Check the camera and the network.",
        )

    def _why(self, reader: StreamReader) -> StoaError:
        if reader.failure is None and reader.ended:
            remedy = "It is connected to anew by itself."
            return StoaError(ErrorKind.LOST, f"The stream {self._shown_url} ended.", remedy=remedy)
        if reader.failure is None:
            return self._late()
        return stream_error(reader.failure, self._shown_url)

    def _late(self) -> StoaError:
        return StoaError(
            ErrorKind.TIMEOUT,
            f"{self._shown_url} did not answer in time.",
            remedy="Check the address, the camera and the network: it is tried again.",
        )


class _Sound:
    """The sound of a stream: any layout and format to stereo floats, then onto the studio clock."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._resampler: av.AudioResampler | None = None
        self._corrector: DriftCorrector | None = None
        self._rate_hz = 0

    def send(self, frame: av.AudioFrame, stamp_ns: int) -> None:
        if self._resampler is None or self._corrector is None or frame.sample_rate != self._rate_hz:
            self._rate_hz = frame.sample_rate
            self._resampler = av.AudioResampler(format="flt", layout="stereo", rate=self._rate_hz)
            self._corrector = DriftCorrector(self._rate_hz, 2)
        frame.pts = None
        for ready in self._resampler.resample(frame):
            samples = ready.to_ndarray().reshape(-1, 2).astype(np.float32, copy=False)
            # Packets come in bundles: only a hole in the stream's own time is a hole.
            end_ns = stamp_ns + len(samples) * NS_PER_S // self._rate_hz
            for block in self._corrector.feed(samples, stamp_ns, end_ns):
                self._outlet.sound(block.samples, block.pts_ns)
            stamp_ns = end_ns
        self._outlet.drift_ppm = self._corrector.drift_ppm


def stream_options(url: str, video: bool, audio: bool) -> StreamOptions:
    """FFmpeg's options for a live stream: little delay, no file protocol, certificates verified."""
    options = {
        "fflags": "nobuffer",
        "flags": "low_delay",
        "probesize": "500000",
        "analyzeduration": "500000",
        "protocol_whitelist": "http,https,httpproxy,tls,tcp,udp,rtp,rtsp,rtsps,crypto",
    }
    scheme = url.partition(":")[0].lower()
    if scheme.startswith("rtsp"):
        # Over the one connection where the camera can: works through firewalls, and no packet is lost.
        options["rtsp_flags"] = "prefer_tcp"
    if scheme in ("https", "rtsps"):
        options |= {"ca_file": trusted_authorities(), "tls_verify": "1"}
    return StreamOptions(None, options, (OPEN_LIMIT_S, READ_LIMIT_S), video=video, audio=audio)


def stream_error(failure: Exception, shown_url: str) -> StoaError:
    """PyAV's failure in plain words. Its own text is never used: it may hold the URL with its password."""
    check = "Check the address, the camera and the network: it is tried again."
    match failure:
        case NothingWanted():
            return StoaError(
                ErrorKind.BAD_DATA, f"{shown_url} has no pictures.", remedy="Give the address of a video stream."
            )
        case av.error.HTTPUnauthorizedError() | av.error.HTTPForbiddenError() | PermissionError():
            return StoaError(
                ErrorKind.DENIED,
                f"{shown_url} refuses: the user name or password is wrong or missing.",
                remedy="Write them into the address: rtsp://NAME:PASSWORD@HOST/PATH.",
                permanent=True,
            )
        case av.error.HTTPNotFoundError():
            return StoaError(
                ErrorKind.NOT_FOUND,
                f"The camera has no stream at {shown_url}.",
                remedy="Check the path: the camera's manual names it.",
                permanent=True,
            )
        case socket.gaierror():
            return StoaError(
                ErrorKind.UNREACHABLE,
                f"The host of {shown_url} cannot be found.",
                remedy="Check the name, and the network connection: it is tried again.",
            )
        case ConnectionRefusedError():
            return StoaError(ErrorKind.UNREACHABLE, f"Nothing answers at {shown_url}.", remedy=check)
        case TimeoutError() | av.error.ExitError():
            return StoaError(ErrorKind.TIMEOUT, f"{shown_url} did not answer in time.", remedy=check)
        case av.error.InvalidDataError():
            return StoaError(
                ErrorKind.BAD_DATA,
                f"What {shown_url} sends is no stream that Stoa can read.",
                remedy="Give the address of an RTSP, MJPEG, MPEG-TS, HLS or MP4 stream.",
            )
    return StoaError(ErrorKind.UNREACHABLE, f"The stream {shown_url} cannot be read.", remedy=check)


def _seconds(received: Received) -> float | None:
    frame = received.frame
    return None if frame.pts is None or frame.time_base is None else float(frame.pts * frame.time_base)
