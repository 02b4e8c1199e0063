"""The program's sound into AAC or Opus: packets stamped in program samples."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import Flags

from encoders.registry import AudioEncoderKind, audio_encoder_kind
from encoders.settings import AudioSettings
from studio.media import CHANNELS, SAMPLE_RATE_HZ, AudioTrack, EncodedPacket, ErrorKind, StoaError, samples_to_ns

if TYPE_CHECKING:
    import numpy.typing as npt
    from av.packet import Packet
    from av.stream import Stream


class AudioEncoder:
    """One running encoder. One thread uses it.

    Encoders begin with some samples of their own (priming: AAC 1024, Opus 312). The PTS of a packet is the program
    sample that a decoder gives for it; packets from before the first sample are dropped.
    """

    def __init__(self, settings: AudioSettings, kind: AudioEncoderKind, context: AudioCodecContext) -> None:
        self._kind = kind
        self._context = context
        self._pending: npt.NDArray[np.float32] = np.empty((0, CHANNELS), np.float32)
        self._first_pts: int | None = None
        self._fed = 0
        self._made_zero_ns: int | None = None
        self.track = AudioTrack(
            codec=settings.codec,
            extradata=context.extradata or b"",
            bitrate_kbps=settings.bitrate_kbps,
            frame_samples=kind.frame_samples,
        )

    @classmethod
    def open(cls, settings: AudioSettings) -> AudioEncoder:
        """Start it. Raises StoaError(NOT_SUPPORTED)."""
        kind = audio_encoder_kind(settings.codec)
        try:
            context = cast(AudioCodecContext, av.CodecContext.create(kind.name, "w"))
            context.sample_rate = SAMPLE_RATE_HZ
            context.layout = "stereo"
            context.format = kind.sample_format
            context.bit_rate = settings.bitrate_kbps * 1000
            context.time_base = Fraction(1, SAMPLE_RATE_HZ)
            context.flags |= Flags.global_header
            if kind.name == "libopus":
                context.options = {"application": "audio", "frame_duration": "20", "vbr": "constrained"}
            context.open()
        except (av.FFmpegError, ValueError) as cause:
            raise StoaError(
                ErrorKind.NOT_SUPPORTED, f"The encoder {kind.name} cannot start here: {cause}.", permanent=True
            ) from cause
        return cls(settings, kind, context)

    def encode(
        self, samples: npt.NDArray[np.float32], pts_samples: int, made_ns: int | None = None
    ) -> list[EncodedPacket]:
        """Sound in, float32 of shape (n, 2) for any n; the packets that are ready out.

        `pts_samples` is the program sample of the first one; blocks follow each other without gap (ValueError).
        `made_ns` is the studio clock at program sample `pts_samples`; without it packets carry program time.
        """
        if self._first_pts is None:
            self._first_pts = pts_samples
        expected = self._first_pts + self._fed + len(self._pending)
        if pts_samples != expected:
            raise ValueError(f"sound goes on at sample {expected}, not {pts_samples}")
        if made_ns is not None:
            self._made_zero_ns = made_ns - samples_to_ns(pts_samples)
        pending = np.concatenate((self._pending, samples)) if len(self._pending) else samples
        size = self._kind.frame_samples
        whole = len(pending) - len(pending) % size
        packets: list[EncodedPacket] = []
        for start in range(0, whole, size):
            packets += self._frame(pending[start : start + size])
        self._pending = pending[whole:].copy()
        return packets

    def flush(self) -> list[EncodedPacket]:
        """The rest, the last packet filled up with silence. No `encode` after it."""
        packets: list[EncodedPacket] = []
        if len(self._pending):
            size = self._kind.frame_samples
            packets += self._frame(np.pad(self._pending, ((0, size - len(self._pending)), (0, 0))))
            self._pending = self._pending[:0]
        return packets + self._packets(None)

    def close(self) -> None:
        """Free it. No call after it."""
        del self._context

    def _frame(self, samples: npt.NDArray[np.float32]) -> list[EncodedPacket]:
        if self._kind.sample_format == "fltp":
            array = np.ascontiguousarray(samples.T)
        else:
            array = np.ascontiguousarray(samples).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(array, self._kind.sample_format, "stereo")
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.time_base = Fraction(1, SAMPLE_RATE_HZ)
        frame.pts = self._fed
        self._fed += len(samples)
        return self._packets(frame)

    def _packets(self, frame: av.AudioFrame | None) -> list[EncodedPacket]:
        try:
            encoded = self._context.encode(frame)
        except (av.FFmpegError, ValueError) as cause:
            raise StoaError(ErrorKind.CRASHED, f"The encoder {self._kind.name} failed: {cause}.") from cause
        return [self._packet(packet) for packet in encoded if packet.pts is not None and packet.pts >= 0]

    def _packet(self, packet: Packet[Stream]) -> EncodedPacket:
        pts = (self._first_pts or 0) + (packet.pts or 0)
        made_ns = samples_to_ns(pts) + (self._made_zero_ns or 0)
        return EncodedPacket(self._kind.codec, bytes(packet), pts, self._kind.frame_samples, True, made_ns)
