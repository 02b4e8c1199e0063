"""A program of known packets: small pictures whose brightness is their number, a beep, encoded once for many tests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from encoders import AudioEncoder, AudioSettings, VideoEncoder, VideoSettings
from studio.media import AudioTrack, Codec, EncodedPacket, VideoTrack, blank_frame

FPS = 30
WIDTH_PX, HEIGHT_PX = 320, 180


@dataclass(frozen=True)
class Program:
    """Tracks and their packets in the order of their time. PTS begin at program frame `first_frame`."""

    video: VideoTrack
    audio: AudioTrack
    packets: tuple[EncodedPacket, ...]

    @property
    def pictures(self) -> int:
        return sum(packet.codec.is_video for packet in self.packets)


def brightness(number: int) -> int:
    """The luma of picture `number`: 25 steps that a decoder tells apart."""
    return 30 + number % 25 * 8


def number_of(luma: float) -> int:
    """The number of a picture of this luma, modulo 25."""
    return round((luma - 30) / 8) % 25


@lru_cache(maxsize=8)
def make_program(
    duration_s: float = 3.0, first_frame: int = 1000, gop: int = 60, bitrate_kbps: int = 300, codec: Codec = Codec.H264
) -> Program:
    """Packets of a show that has been running for `first_frame` pictures; the first one is a keyframe."""
    name = "libx264" if codec is Codec.H264 else "libx265"
    settings = VideoSettings(codec, WIDTH_PX, HEIGHT_PX, FPS, 1, bitrate_kbps, "ultrafast", name=name)
    encoder, sound = VideoEncoder.open(settings), AudioEncoder.open(AudioSettings())
    packets: list[EncodedPacket] = []
    beep = (0.5 * np.sin(2 * np.pi * 1000 * np.arange(1600) / 48_000)).astype(np.float32)
    for index in range(round(duration_s * FPS)):
        number = first_frame + index
        made_ns = number * 1_000_000_000 // FPS
        picture = blank_frame(WIDTH_PX, HEIGHT_PX, (brightness(number), 110, 140))
        packets += encoder.encode(picture, number, index % gop == 0, made_ns)
        samples = np.zeros((1600, 2), np.float32)
        if number % FPS == 0:
            samples[:] = beep[:, None]
        packets += sound.encode(samples, number * 1600, made_ns)
    packets += encoder.flush() + sound.flush()
    return Program(encoder.track, sound.track, tuple(sorted(packets, key=lambda packet: packet.made_ns)))


@lru_cache(maxsize=8)
def make_webrtc_program(duration_s: float = 3.0, gop: int = 15, bitrate_kbps: int = 300) -> Program:
    """The same with Opus in place of AAC, as WHIP takes it: silent sound, stamped with the time at which it is sent."""
    program = make_program(duration_s, gop=gop, bitrate_kbps=bitrate_kbps)
    encoder = AudioEncoder.open(AudioSettings(Codec.OPUS))
    first_ns = program.packets[0].made_ns
    packets = [packet for packet in program.packets if packet.codec.is_video]
    for block in range(int(duration_s * 50)):
        made_ns = first_ns + block * 20_000_000
        packets += encoder.encode(np.zeros((960, 2), np.float32), made_ns * 48 // 1_000_000, made_ns)
    packets.sort(key=lambda packet: packet.made_ns)
    return replace(program, audio=encoder.track, packets=tuple(packets))
