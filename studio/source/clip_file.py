"""A media file as a clip reads it: one picture stream, one sound stream, each decoded in its own order, and rewound."""

from __future__ import annotations

import logging
from collections import deque
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.stream import Discard, Disposition

from studio.media import ErrorKind, StoaError
from studio.source.playlist import refuse_playlist

FORMATS = (
    "aac,ac3,aiff,alac,amr,ape,asf,au,avi,caf,dv,eac3,flac,flv,gxf,h264,hevc,ivf,loas,m4v,matroska,webm,mjpeg,"
    "mov,mp4,m4a,3gp,3g2,mj2,mp3,mpc,mpeg,mpegts,mpegvideo,mxf,nut,obu,ogg,rm,tta,vc1,vvc,w64,wav,wtv,wv,yuv4mpegpipe,"
    "apng,gif,ico,image2,jpegxl_anim,webp_anim,"
    "bmp_pipe,dds_pipe,dpx_pipe,exr_pipe,gem_pipe,gif_pipe,hdr_pipe,j2k_pipe,jpeg_pipe,jpegls_pipe,jpegxl_pipe,"
    "pam_pipe,pbm_pipe,pcx_pipe,pfm_pipe,pgm_pipe,phm_pipe,pictor_pipe,png_pipe,ppm_pipe,psd_pipe,qdraw_pipe,qoi_pipe,"
    "sgi_pipe,sunrast_pipe,tiff_pipe,webp_pipe,xbm_pipe,xpm_pipe,xwd_pipe"
)
"""What FFmpeg may take a file for: containers and streams that hold what they show. Playlists and whatever else names
other places (hls, dash, concat, sdp, imf, …) are not among them."""
PROTOCOLS = "file"
"""And a file that is opened may lead to no network address."""
REACH_BYTES = 32 * 1024 * 1024
REACH_S = 20
"""How far one stream is read ahead of the other to find the other's next packet."""
ONE_THREAD_PIXELS_S = 1920 * 1080 * 30
"""Up to this rate one thread decodes in time, and costs a fifth less than several."""
log = logging.getLogger(__name__)


def _refused(path: Path, cause: Exception) -> StoaError:
    name = path.name
    if isinstance(cause, FileNotFoundError):
        return StoaError(ErrorKind.NOT_FOUND, f"There is no file “{name}”.", remedy="Check the path.", permanent=True)
    if isinstance(cause, PermissionError):
        return StoaError(
            ErrorKind.DENIED, f"The file “{name}” may not be read.", remedy="Change its permissions.", permanent=True
        )
    return StoaError(
        ErrorKind.BAD_DATA,
        f"The file “{name}” is no picture or sound that can be read, or it is cut off.",
        remedy="Try to play it elsewhere, or convert it.",
        permanent=True,
    )


def check_file(target: str) -> Path:
    """The file of a target. Raises StoaError for what cannot be a media file: NOT_FOUND, BAD_ARGUMENT, BAD_DATA,
    NOT_SUPPORTED (a playlist)."""
    path = Path(target)
    try:
        size_bytes = path.stat().st_size
    except OSError as cause:
        raise _refused(path, cause) from cause
    if path.is_dir():
        raise StoaError(ErrorKind.BAD_ARGUMENT, f"“{path.name or path}” is a folder, not a file.", permanent=True)
    if size_bytes == 0:
        raise StoaError(
            ErrorKind.BAD_DATA, f"The file “{path.name}” is empty.", remedy="Choose another file.", permanent=True
        )
    refuse_playlist(path)
    return path


def open_container(path: Path) -> av.container.InputContainer:
    """Open a local file; what is in it may name no other place. Raises StoaError."""
    try:
        container = av.open(f"file:{path}", "r", options={"protocol_whitelist": PROTOCOLS, "format_whitelist": FORMATS})
    except (OSError, ValueError, av.FFmpegError) as cause:
        raise _refused(path, cause) from cause
    return container


class ClipFile:
    """One open file, read over and over. One thread.

    `next_picture` and `next_sound` give decoded frames in order. None means that the pass is over for that stream where
    `is_over`, else that its next packet lies too far on in the file to be waited for.
    """

    def __init__(self, target: str, *, video: bool, audio: bool) -> None:
        """Raises StoaError where the file cannot be played."""
        self.path = check_file(target)
        self._want_video, self._want_audio = video, audio
        self._first_pts: dict[int, int | None] = {}
        self.bad_packets = 0
        self._open()

    @property
    def frame_rate(self) -> Fraction | None:
        """Pictures a second as the file says; None where it does not."""
        if self.video is None:
            return None
        rate = self.video.average_rate or self.video.guessed_rate
        return Fraction(rate.numerator, rate.denominator) if rate else None

    @property
    def pixel_aspect(self) -> Fraction | None:
        """Width of a pixel against its height as the file says; None where it does not."""
        aspect = self.video.sample_aspect_ratio if self.video is not None else None
        return Fraction(aspect.numerator, aspect.denominator) if aspect else None

    @property
    def codec_name(self) -> str:
        """What the picture is coded in, as FFmpeg calls it."""
        return self.video.codec_context.name if self.video is not None else ""

    @property
    def duration_ns(self) -> int:
        """As the file says; 0 where it does not."""
        return (self._container.duration or 0) * 1000

    @property
    def held_s(self) -> float | None:
        """How many seconds are there of a file that is cut off behind its index; None where nothing says that it is."""
        size_bytes = self._container.size or 0
        held = [_held_s(stream, size_bytes) for stream in self._streams() if size_bytes]
        return min((seconds for seconds in held if seconds is not None), default=None)

    def next_picture(self) -> av.VideoFrame | None:
        """The next decoded picture."""
        frame = self._next(self.video)
        assert frame is None or isinstance(frame, av.VideoFrame)
        return frame

    def next_sound(self) -> av.AudioFrame | None:
        """The next decoded piece of sound."""
        frame = self._next(self.audio)
        assert frame is None or isinstance(frame, av.AudioFrame)
        return frame

    def is_over(self, stream: av.VideoStream | av.AudioStream | None) -> bool:
        """Whether this pass has nothing more of a stream."""
        return stream is None or (self._read_all and not self._packets[stream.index] and not self._frames[stream.index])

    def rewind(self) -> None:
        """Begin again at the start. Raises StoaError where the file cannot be read any more."""
        if not self._seek_start():
            self._container.close()
            self._open()

    def close(self) -> None:
        """Let the file go."""
        self._container.close()

    # ------------------------------------------------------------ inside

    def _open(self) -> None:
        self._container = open_container(self.path)
        streams = self._container.streams
        pictures = [stream for stream in streams.video if not stream.disposition & Disposition.attached_pic]
        self.video = pictures[0] if pictures and self._want_video else None
        self.audio = streams.audio[0] if streams.audio and self._want_audio else None
        if self.video is None and self.audio is None:
            raise self._nothing_wanted(bool(pictures), bool(streams.audio))
        if self.video is not None:
            context = self.video.codec_context
            rate = self.frame_rate or Fraction(30)
            if context.width * context.height * rate <= ONE_THREAD_PIXELS_S:
                context.thread_count = 1
            else:
                context.thread_type = "AUTO"
        for stream in streams:
            if stream not in (self.video, self.audio):
                stream.discard = Discard.all
        self._begin()

    def _nothing_wanted(self, has_picture: bool, has_sound: bool) -> StoaError:
        name = self.path.name
        if not has_picture and not has_sound:
            words, remedy = f"The file “{name}” has neither picture nor sound.", "Choose another file."
        else:
            missing = "sound" if has_picture else "picture"
            words, remedy = f"The file “{name}” has no {missing}.", f"Choose another source for the {missing}."
        return StoaError(ErrorKind.NOT_SUPPORTED, words, remedy=remedy, permanent=True)

    def _begin(self) -> None:
        chosen = self._streams()
        self._demuxer = self._container.demux(*chosen)
        self._packets: dict[int, deque[av.Packet[Any]]] = {stream.index: deque() for stream in chosen}
        self._frames: dict[int, deque[av.VideoFrame | av.AudioFrame]] = {stream.index: deque() for stream in chosen}
        self._read_all = False

    def _seek_start(self) -> bool:
        """Back to the very first packets, also those that only prime a decoder; False where that is not to be had.

        Seeking to time 0 would skip them, and the sound would fade in 10 ms late in every pass but the first.
        """
        begins = [
            (pts * stream.time_base, pts, stream.index)
            for stream in self._streams()
            if (pts := self._first_pts.get(stream.index)) is not None and stream.time_base
        ]
        if not begins:
            return False
        _, pts, index = min(begins)
        try:
            self._container.seek(pts, stream=self._container.streams[index])
        except (OSError, av.FFmpegError):
            return False
        self._begin()
        return all(
            self._read_to(stream.index) and self._packets[stream.index][0].pts == self._first_pts[stream.index]
            for stream in self._streams()
            if stream.index in self._first_pts
        )

    def _streams(self) -> list[av.VideoStream | av.AudioStream]:
        return [stream for stream in (self.video, self.audio) if stream is not None]

    def _next(self, stream: av.VideoStream | av.AudioStream | None) -> av.VideoFrame | av.AudioFrame | None:
        if stream is None:
            return None
        frames = self._frames[stream.index]
        while not frames:
            if not self._read_to(stream.index):
                return None
            packet = self._packets[stream.index].popleft()
            try:
                frames.extend(packet.decode())
            except av.EOFError:
                pass  # drained before: a truncated file can end twice
            except (av.FFmpegError, ValueError):
                self._note_bad_packet()
        return frames.popleft()

    def _read_to(self, index: int) -> bool:
        """Read on until the stream has a packet waiting; False at the end or beyond reach."""
        while not self._packets[index]:
            if self._read_all or self._is_far():
                return False
            try:
                packet = next(self._demuxer)
            except StopIteration:
                self._read_all = True
            except (av.FFmpegError, OSError):
                # A damaged end: what is decoded so far is the clip.
                self._note_bad_packet()
                self._read_all = True
            else:
                of = packet.stream.index  # `stream_index` is 0 for the empty packets that end each stream
                self._first_pts.setdefault(of, packet.pts)
                self._packets[of].append(packet)
        return True

    def _is_far(self) -> bool:
        for queue in self._packets.values():
            if len(queue) < 2:
                continue
            first, last = queue[0], queue[-1]
            if first.dts is not None and last.dts is not None and (last.dts - first.dts) * last.time_base > REACH_S:
                return True
            if len(queue) % 64 == 0 and sum(packet.size for packet in queue) > REACH_BYTES:
                return True
        return False

    def _note_bad_packet(self) -> None:
        self.bad_packets += 1
        if self.bad_packets in (1, 10, 100, 1000):
            log.warning("%d damaged packets so far", self.bad_packets)


def _held_s(stream: av.VideoStream | av.AudioStream, size_bytes: int) -> float | None:
    """The time of the first packet that the index names and the file no longer has."""
    index = stream.index_entries
    if not len(index) or index[len(index) - 1].pos + index[len(index) - 1].size <= size_bytes:
        return None
    low, high = 0, len(index) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if index[middle].pos + index[middle].size > size_bytes else (middle + 1, high)
    return float(index[low].timestamp * stream.time_base) if stream.time_base else 0.0
