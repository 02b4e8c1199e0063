"""Does an encoder work here? Asked by encoding real pictures, in a process of its own: a driver can hang or crash."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import av
import msgspec
import numpy as np
from av.video.codeccontext import VideoCodecContext

from encoders.audio import AudioEncoder
from encoders.registry import AUDIO_ENCODERS, is_listed, video_encoder_kind
from encoders.settings import AudioSettings, VideoSettings
from encoders.video import VideoEncoder
from studio.media import BLOCK_SAMPLES, CHANNELS, Codec, EncodedPacket, StoaError, VideoFrame, blank_frame

WIDTH_PX, HEIGHT_PX, FPS, BITRATE_KBPS = 640, 360, 30, 1000
PICTURES = 30
KEYFRAMES = frozenset({0, 17})


class ProbeResult(msgspec.Struct, frozen=True, tag="probed"):
    """What one trial found. `listed`: this build of FFmpeg has it; `why` is empty where it works."""

    name: str
    listed: bool
    works: bool
    why: str = ""


def probe(name: str) -> ProbeResult:
    """Encode a second with the encoder `name`, and decode it again. Call it in a child with a time limit."""
    if not is_listed(name):
        return ProbeResult(name, False, False, "not in this build of FFmpeg")
    av.logging.set_level(av.logging.ERROR)
    try:
        audio = next((kind.codec for kind in AUDIO_ENCODERS if kind.name == name), None)
        why = _probe_audio(audio) if audio else _probe_video(name)
    except StoaError as error:
        why = error.message
    return ProbeResult(name, True, not why, why)


def rehearse(settings: VideoSettings) -> ProbeResult:
    """Open an encoder as a show is about to, and encode one picture. Call it in a child with a time limit."""
    av.logging.set_level(av.logging.ERROR)
    name = settings.name
    try:
        encoder = VideoEncoder.open(settings)
        packets = encoder.encode(blank_frame(settings.width, settings.height), 0, True, 0) + encoder.flush()
        encoder.close()
    except StoaError as error:
        return ProbeResult(name, is_listed(name), False, error.message)
    return ProbeResult(name, True, bool(packets), "" if packets else f"The encoder {name} gave no packet.")


def _probe_video(name: str) -> str:
    kind = video_encoder_kind(name)
    settings = VideoSettings(
        kind.codec, WIDTH_PX, HEIGHT_PX, FPS, 1, BITRATE_KBPS, "veryfast", "constrained baseline", name
    )
    encoder = VideoEncoder.open(settings)
    packets: list[EncodedPacket] = []
    for number in range(PICTURES):
        packets += encoder.encode(_picture(number), number, number in KEYFRAMES, number)
    packets += encoder.flush()
    encoder.close()
    if [packet.pts for packet in packets] != list(range(PICTURES)):
        return f"it gave {len(packets)} packets for {PICTURES} pictures, or not in their order"
    keyframes = {packet.pts for packet in packets if packet.keyframe}
    if keyframes != KEYFRAMES:
        return f"keyframes came at {sorted(keyframes)}, asked for at {sorted(KEYFRAMES)}"
    pictures = _decode(kind.codec, encoder.track.extradata, packets)
    return "" if pictures == PICTURES else f"{pictures} of {PICTURES} pictures could be decoded again"


def _picture(number: int) -> VideoFrame:
    """A gradient that moves, so that there is something to encode."""
    rows = np.arange(HEIGHT_PX * 3 // 2, dtype=np.uint16)[:, None]
    columns = np.arange(WIDTH_PX, dtype=np.uint16)[None, :]
    data = (16 + (rows + columns + 4 * number) % 200).astype(np.uint8)
    return VideoFrame(data, WIDTH_PX, HEIGHT_PX, 0, 0)


def _decode(codec: Codec, extradata: bytes, packets: list[EncodedPacket]) -> int:
    decoder = cast(VideoCodecContext, av.CodecContext.create(codec.value, "r"))
    pictures = 0
    try:
        for packet in packets:
            encoded = av.Packet((extradata if packet.keyframe else b"") + packet.data)
            encoded.pts = packet.pts
            encoded.time_base = Fraction(1, FPS)
            pictures += sum(_is_like(frame) for frame in decoder.decode(encoded))
        pictures += sum(_is_like(frame) for frame in decoder.decode(None))
    except av.FFmpegError:
        return pictures
    return pictures


def _is_like(frame: av.VideoFrame) -> bool:
    """Whether a decoded picture is roughly the one that went in."""
    decoded = frame.to_ndarray(format="yuv420p")[:HEIGHT_PX].astype(np.int16)
    drawn = _picture(frame.pts or 0).y.astype(np.int16)
    return decoded.shape == drawn.shape and float(np.abs(decoded - drawn).mean()) < 16.0


def _probe_audio(codec: Codec) -> str:
    encoder = AudioEncoder.open(AudioSettings(codec))
    blocks = 50
    instants = np.arange(blocks * BLOCK_SAMPLES) / 48_000
    tone = np.repeat(np.sin(2 * np.pi * 1000 * instants).astype(np.float32)[:, None] * 0.25, CHANNELS, axis=1)
    packets: list[EncodedPacket] = []
    for block in range(blocks):
        start = block * BLOCK_SAMPLES
        packets += encoder.encode(tone[start : start + BLOCK_SAMPLES], start)
    packets += encoder.flush()
    encoder.close()
    samples = sum(packet.duration for packet in packets)
    return "" if samples >= blocks * BLOCK_SAMPLES - 2048 else f"it gave {samples} samples for {blocks * BLOCK_SAMPLES}"
