"""The program's picture into H.264 or H.265: no B-frames, keyframes only where the engine puts them, CBR."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import av
import numpy as np
from av.codec.context import Flags, ThreadType
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc

from encoders.parameter_sets import h264_level, h264_profile, parameter_sets, without_parameter_sets
from encoders.registry import VideoEncoderKind, video_encoder_kind
from encoders.settings import VideoSettings
from encoders.software import threads
from studio.media import Codec, EncodedPacket, ErrorKind, StoaError, VideoFrame, VideoTrack, blank_frame

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

RATE_BUFFER_S = 0.6
"""The rate buffer in seconds of the bitrate: a still picture and a cut stay within 6 % of it over any 10 s."""

NO_OWN_KEYFRAMES = 1 << 24


class VideoEncoder:
    """One running encoder. One thread uses it; `encode` frees the interpreter lock while it works."""

    def __init__(self, settings: VideoSettings, kind: VideoEncoderKind, context: VideoCodecContext) -> None:
        self._settings = settings
        self._kind = kind
        self._context = context
        self._made_ns: dict[int, int] = {}
        self._reopen = False
        sets = parameter_sets(context.extradata or b"", settings.codec) or _trial_parameter_sets(kind, settings)
        self._in_band = sets if settings.parameter_sets_in_band else b""
        self.track = VideoTrack(
            codec=settings.codec,
            width_px=settings.width,
            height_px=settings.height,
            fps_num=settings.fps_num,
            fps_den=settings.fps_den,
            extradata=sets,
            bitrate_kbps=settings.bitrate_kbps,
            profile=h264_profile(sets) if settings.codec is Codec.H264 else "main",
            level=h264_level(sets) if settings.codec is Codec.H264 else 0,
        )
        """What the packets belong to. Its bitrate is the one at the start."""

    @classmethod
    def open(cls, settings: VideoSettings) -> VideoEncoder:
        """Start the encoder `settings.name`. Raises StoaError(NOT_SUPPORTED) where it cannot run here."""
        try:
            kind = video_encoder_kind(settings.name)
        except KeyError:
            raise StoaError(
                ErrorKind.BAD_ARGUMENT,
                f"There is no encoder called {settings.name}.",
                remedy="`stoa encoders` lists them.",
            ) from None
        if settings.width % 2 or settings.height % 2 or settings.width < 16 or settings.height < 16:
            raise StoaError(
                ErrorKind.BAD_ARGUMENT,
                f"A picture of {settings.width}x{settings.height} cannot be encoded: both sides must be even and at"
                " least 16.",
            )
        return cls(settings, kind, _open_context(kind, settings))

    @property
    def settings(self) -> VideoSettings:
        """What it was opened with, its bitrate the present one."""
        return self._settings

    def encode(self, frame: VideoFrame, pts: int, keyframe: bool, made_ns: int) -> list[EncodedPacket]:
        """One picture in (its size as in the settings), the packets that are ready out: usually its own.

        `pts` counts frames of the program and only grows; `made_ns` is the studio clock of the program tick. The
        picture may be overwritten once this returns. Raises StoaError(CRASHED) where the encoder gives up.
        """
        packets: list[EncodedPacket] = []
        if self._reopen:
            packets += self._open_anew()
            keyframe = True
        pixel_format = self._kind.pixel_format
        picture = av.VideoFrame.from_numpy_buffer(_as_pixel_format(frame, pixel_format), pixel_format)
        picture.pts = pts
        picture.time_base = self._context.time_base
        picture.pict_type = PictureType.I if keyframe else PictureType.NONE
        picture.color_range = ColorRange.MPEG
        picture.colorspace = Colorspace.ITU709
        picture.color_primaries = ColorPrimaries.BT709
        picture.color_trc = ColorTrc.BT709
        self._made_ns[pts] = made_ns
        return packets + self._packets(picture)

    def set_bitrate(self, kbps: int) -> None:
        """From the next picture on: obeyed within 1 to 2 s. An encoder that cannot begins anew with a keyframe."""
        if kbps == self._settings.bitrate_kbps:
            return
        self._settings = replace(self._settings, bitrate_kbps=kbps)
        if self._kind.live_bitrate:
            _set_rate(self._context, kbps)
        else:
            self._reopen = True

    def flush(self) -> list[EncodedPacket]:
        """What the encoder still holds (nothing with x264 here). No `encode` after it."""
        return self._packets(None)

    def close(self) -> None:
        """Free it. No call after it."""
        self._made_ns.clear()
        del self._context

    def _packets(self, picture: av.VideoFrame | None) -> list[EncodedPacket]:
        try:
            return [self._packet(packet) for packet in self._context.encode(picture)]
        except (av.FFmpegError, ValueError) as cause:
            raise StoaError(
                ErrorKind.CRASHED,
                f"The encoder {self._kind.name} failed: {_said(cause)}.",
                remedy="Another encoder can take over.",
            ) from cause

    def _packet(self, packet: Packet[Stream]) -> EncodedPacket:
        pts = packet.pts or 0
        data = without_parameter_sets(bytes(packet), self._settings.codec)
        if self._in_band and packet.is_keyframe:
            data = self._in_band + data
        return EncodedPacket(self._settings.codec, data, pts, 1, packet.is_keyframe, self._made_ns.pop(pts, 0))

    def _open_anew(self) -> list[EncodedPacket]:
        left = self._packets(None)
        self._context = _open_context(self._kind, self._settings, self.track.level)
        sets = parameter_sets(self._context.extradata or b"", self._settings.codec)
        if sets and sets != self.track.extradata:
            self._in_band = sets
        self._reopen = False
        return left


def _open_context(kind: VideoEncoderKind, settings: VideoSettings, level: int = 0) -> VideoCodecContext:
    try:
        context = cast(VideoCodecContext, av.CodecContext.create(kind.name, "w"))
    except ValueError as cause:
        raise StoaError(
            ErrorKind.NOT_SUPPORTED, f"This build of FFmpeg has no encoder {kind.name}.", permanent=True
        ) from cause
    context.width, context.height = settings.width, settings.height
    context.pix_fmt = kind.pixel_format
    context.time_base = settings.frame_duration_s
    context.framerate = settings.fps
    context.gop_size = NO_OWN_KEYFRAMES
    context.max_b_frames = 0
    context.color_range = ColorRange.MPEG
    context.colorspace = Colorspace.ITU709
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    context.flags |= Flags.global_header | Flags.low_delay | Flags.closed_gop
    if not kind.hardware:
        context.thread_count = threads(settings)
        context.thread_type = ThreadType.SLICE
    if level:
        context.level = level
    _set_rate(context, settings.bitrate_kbps)
    context.options = kind.options(settings)
    try:
        context.open()
    except (av.FFmpegError, ValueError) as cause:
        raise StoaError(
            ErrorKind.NOT_SUPPORTED,
            f"The encoder {kind.name} cannot start here: {_said(cause)}.",
            remedy="Choose another, or `auto`.",
            permanent=True,
        ) from cause
    return context


def _set_rate(context: VideoCodecContext, kbps: int) -> None:
    context.bit_rate = kbps * 1000
    context.max_bit_rate = kbps * 1000
    context.rc_buffer_size = int(kbps * 1000 * RATE_BUFFER_S)


def _trial_parameter_sets(kind: VideoEncoderKind, settings: VideoSettings) -> bytes:
    """For encoders that tell their parameter sets only in the first keyframe: those of a trial picture."""
    context = _open_context(kind, settings)
    frame = blank_frame(settings.width, settings.height)
    for pts in range(8):
        picture = av.VideoFrame.from_numpy_buffer(_as_pixel_format(frame, kind.pixel_format), kind.pixel_format)
        picture.pts = pts
        try:
            for packet in context.encode(picture):
                if sets := parameter_sets(bytes(packet), settings.codec):
                    return sets
        except (av.FFmpegError, ValueError) as cause:
            raise StoaError(
                ErrorKind.NOT_SUPPORTED, f"The encoder {kind.name} cannot encode here: {_said(cause)}.", permanent=True
            ) from cause
    raise StoaError(ErrorKind.NOT_SUPPORTED, f"The encoder {kind.name} gives no parameter sets.", permanent=True)


def _as_pixel_format(frame: VideoFrame, pixel_format: str) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """The picture as the encoder takes it: itself, or a copy with interleaved chroma."""
    if pixel_format == "yuv420p":
        return frame.data
    picture = np.empty_like(frame.data)
    picture[: frame.height_px] = frame.y
    chroma = picture[frame.height_px :].reshape(frame.height_px // 2, frame.width_px // 2, 2)
    chroma[..., 0] = frame.u
    chroma[..., 1] = frame.v
    return picture


def _said(cause: Exception) -> str:
    """What the library last said about it, in one line, without the full stop."""
    log = getattr(cause, "log", None)
    words = log[2] if log else getattr(cause, "strerror", None) or str(cause)
    return " ".join(str(words).split()).rstrip(".")
