"""Reads a recording or stream once and notes of each picture and sound only what the measurement needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import av
import numpy as np
from av.video.frame import PictureType

from studio.media import ErrorKind, StoaError
from studio.media.authorities import trusted_authorities
from studio.media.strip import StripMark, read_strip
from studio.monitor.sync_onsets import luma_grid
from studio.source.card import BARS, bar_middle
from studio.source.clip_file import check_file, open_container

if TYPE_CHECKING:
    import numpy.typing as npt

OPEN_LIMIT_S = 10.0
STREAM_S = 15.0
FILE_S = 600.0
"""How much of a stream, and of a file, is measured where nobody says how much."""
BARS_EVERY = 15
SCHEMES = ("rtmp", "rtmps", "rtsp", "rtsps", "http", "https", "udp", "tcp")
PLANAR_8BIT = ("yuv420p", "yuvj420p")


@dataclass(slots=True)
class Observations:
    """What was seen and heard, in the order of presentation; times in seconds of the recording's own clock."""

    width_px: int = 0
    height_px: int = 0
    picture_codec: str = ""
    sound_codec: str = ""
    colour: str = ""
    picture_times_s: list[float] = field(default_factory=list)
    grids: list[npt.NDArray[np.uint8]] = field(default_factory=list)
    marks: list[StripMark | None] = field(default_factory=list)
    b_frames: int = 0
    bars: list[list[tuple[int, int, int]]] = field(default_factory=list)
    packet_times_s: list[float] = field(default_factory=list)
    packet_sizes: list[int] = field(default_factory=list)
    packet_pts_s: list[float] = field(default_factory=list)
    keyframe_times_s: list[float] = field(default_factory=list)
    sound_rate_hz: int = 0
    sound_bytes: int = 0
    sound_pieces: list[npt.NDArray[np.float32]] = field(default_factory=list)
    sound_times_s: list[float] = field(default_factory=list)
    damaged_packets: int = 0


def is_url(what: str) -> bool:
    """Whether it names a stream and not a file."""
    return "://" in what


def masked(what: str) -> str:
    """The name of a file, or scheme and host of a URL: never a key or password."""
    if not is_url(what):
        return what
    parts = urlsplit(what)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}/…"


def _open(what: str) -> av.container.InputContainer:
    if not is_url(what):
        return open_container(check_file(what))
    scheme = urlsplit(what).scheme
    if scheme not in SCHEMES:
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            f"{scheme[:20]}:// is no stream that can be measured.",
            remedy=f"Give a file, or a URL that begins with one of {', '.join(f'{known}://' for known in SCHEMES)}.",
            permanent=True,
        )
    options = {"ca_file": trusted_authorities(), "tls_verify": "1"}
    secure = scheme in ("https", "rtmps", "rtsps")
    try:
        return av.open(what, "r", options=options if secure else {}, timeout=(OPEN_LIMIT_S, OPEN_LIMIT_S))
    except (OSError, ValueError, av.FFmpegError) as cause:
        raise StoaError(
            ErrorKind.UNREACHABLE,
            f"{masked(what)} does not answer with a stream.",
            remedy="Check the address, and that something is published there.",
        ) from cause


def observe(what: str, limit_s: float | None = None) -> Observations:
    """Read `limit_s` of a file or URL (where None: ten minutes of a file, 15 s of a URL). Raises StoaError."""
    if limit_s is None:
        limit_s = STREAM_S if is_url(what) else FILE_S
    seen = Observations()
    with _open(what) as container:
        video = container.streams.video[0] if container.streams.video else None
        audio = container.streams.audio[0] if container.streams.audio else None
        if video is None:
            raise StoaError(ErrorKind.NOT_SUPPORTED, f"{masked(what)} has no picture to measure by.", permanent=True)
        video.thread_type = "AUTO"
        seen.picture_codec = video.codec_context.name
        seen.sound_codec = audio.codec_context.name if audio is not None else ""
        wanted = [stream for stream in (video, audio) if stream is not None]
        try:
            for packet in container.demux(*wanted):
                _take_packet(seen, packet, packet.stream is video)
                if seen.picture_times_s and _span_s(seen) >= limit_s:
                    break
        except (av.FFmpegError, OSError) as cause:
            if not seen.picture_times_s:
                raise StoaError(ErrorKind.LOST, f"{masked(what)} broke off before the first picture.") from cause
    return seen


def _span_s(seen: Observations) -> float:
    return seen.picture_times_s[-1] - seen.picture_times_s[0]


def _take_packet(seen: Observations, packet: av.Packet[Any], is_picture: bool) -> None:
    if packet.size and packet.dts is not None and packet.time_base is not None:
        if is_picture:
            pts = packet.pts if packet.pts is not None else packet.dts
            seen.packet_times_s.append(float(packet.dts * packet.time_base))
            seen.packet_pts_s.append(float(pts * packet.time_base))
            seen.packet_sizes.append(packet.size)
            if packet.is_keyframe:
                seen.keyframe_times_s.append(float(pts * packet.time_base))
        else:
            seen.sound_bytes += packet.size
    try:
        frames = packet.decode()
    except av.EOFError:
        return
    except (av.FFmpegError, ValueError):
        seen.damaged_packets += 1
        return
    for frame in frames:
        if isinstance(frame, av.VideoFrame):
            _take_picture(seen, frame)
        elif isinstance(frame, av.AudioFrame):
            _take_sound(seen, frame)


def _take_picture(seen: Observations, frame: av.VideoFrame) -> None:
    if frame.pts is None or frame.time_base is None:
        return
    if not seen.picture_times_s:
        seen.colour = f"matrix {int(frame.colorspace)}, range {int(frame.color_range)}"
    seen.width_px, seen.height_px = frame.width, frame.height
    seen.picture_times_s.append(float(frame.pts * frame.time_base))
    seen.b_frames += frame.pict_type == PictureType.B
    if frame.format.name not in PLANAR_8BIT:
        frame = frame.reformat(format="yuv420p")
    luma = _plane(frame, 0)
    seen.grids.append(luma_grid(luma))
    mark = read_strip(luma)
    seen.marks.append(mark)
    if mark is not None and len(seen.marks) % BARS_EVERY == 1:
        seen.bars.append(_bars(frame))


def _plane(frame: av.VideoFrame, index: int) -> npt.NDArray[np.uint8]:
    plane = frame.planes[index]
    rows = np.frombuffer(plane, np.uint8, plane.height * plane.line_size).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def _bars(frame: av.VideoFrame) -> list[tuple[int, int, int]]:
    luma, blue, red = (_plane(frame, index) for index in range(3))
    colours = []
    for index in range(len(BARS)):
        box = bar_middle(index, frame.width, frame.height)
        half = slice(box.top // 2, box.bottom // 2), slice(box.left // 2, box.right // 2)
        parts = luma[box.rows, box.columns], blue[half], red[half]
        colours.append((round(parts[0].mean()), round(parts[1].mean()), round(parts[2].mean())))
    return colours


def _take_sound(seen: Observations, frame: av.AudioFrame) -> None:
    if frame.pts is None or frame.time_base is None:
        return
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    scale = 1.0 if samples.dtype.kind == "f" else float(1 << (8 * samples.dtype.itemsize - 1))
    seen.sound_rate_hz = frame.sample_rate
    seen.sound_pieces.append(samples.astype(np.float32).mean(axis=0) / np.float32(scale))
    seen.sound_times_s.append(float(frame.pts * frame.time_base))
