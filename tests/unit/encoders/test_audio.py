"""AAC and Opus: where a beep goes in, it comes out, whatever the blocks and the encoder's own delay."""

from __future__ import annotations

from itertools import pairwise

import av
import numpy as np
import pytest

from encoders import AudioEncoder, AudioSettings
from studio.media import Codec, EncodedPacket, samples_to_ns

START = 48_000
BEEP_AT = START + 20_000


def beep() -> np.ndarray:
    sound = np.zeros((48_000, 2), np.float32)
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(4800) / 48_000)
    sound[BEEP_AT - START : BEEP_AT - START + 4800] = tone[:, None]
    return sound


def encode(encoder: AudioEncoder, sound: np.ndarray, block: int) -> list[EncodedPacket]:
    packets = []
    for at in range(0, len(sound), block):
        packets += encoder.encode(sound[at : at + block], START + at)
    return packets + encoder.flush()


def decoded_onset(codec: Codec, extradata: bytes, packets: list[EncodedPacket]) -> int:
    """The program sample at which the decoded sound first exceeds a tenth of the beep."""
    decoder = av.CodecContext.create("aac" if codec is Codec.AAC else "libopus", "r")
    if codec is Codec.AAC:
        decoder.extradata = extradata
    decoder.sample_rate = 48_000
    decoder.layout = "stereo"
    for packet in packets:
        encoded = av.Packet(packet.data)
        encoded.pts = packet.pts
        for frame in decoder.decode(encoded):
            sound = np.abs(frame.to_ndarray())
            mono = sound[0] if sound.shape[0] == 2 else sound[0, ::2]
            loud = np.flatnonzero(mono > (0.05 if mono.dtype.kind == "f" else 0.05 * 32768))
            if len(loud):
                return packet.pts + int(loud[0])
    raise AssertionError("no beep came out")


@pytest.mark.parametrize("block", [480, 960, 1440, 4800])
@pytest.mark.parametrize("codec", [Codec.AAC, Codec.OPUS])
def test_a_beep_comes_out_where_it_went_in(codec: Codec, block: int) -> None:
    encoder = AudioEncoder.open(AudioSettings(codec))
    packets = encode(encoder, beep(), block)
    onset = decoded_onset(codec, encoder.track.extradata, packets)
    assert abs(onset - BEEP_AT) < 240


@pytest.mark.parametrize(("codec", "length"), [(Codec.AAC, 1024), (Codec.OPUS, 960)])
def test_packets_follow_each_other_and_carry_their_time(codec: Codec, length: int) -> None:
    encoder = AudioEncoder.open(AudioSettings(codec))
    packets = encode(encoder, beep(), 480)
    assert encoder.track.frame_samples == length
    assert all(packet.duration == length and packet.keyframe for packet in packets)
    assert START <= packets[0].pts < START + length
    assert all(later.pts - earlier.pts == length for earlier, later in pairwise(packets))
    assert all(packet.made_ns == samples_to_ns(packet.pts) for packet in packets)


def test_the_studio_clock_goes_along_where_it_is_given() -> None:
    encoder = AudioEncoder.open(AudioSettings(Codec.OPUS))
    packets = []
    for block in range(8):
        packets += encoder.encode(np.zeros((480, 2), np.float32), block * 480, 5_000_000_000 + block * 10_000_000)
    assert [packet.made_ns for packet in packets] == [5_000_000_000 + samples_to_ns(packet.pts) for packet in packets]


def test_a_gap_is_an_error_of_the_caller() -> None:
    encoder = AudioEncoder.open(AudioSettings())
    encoder.encode(np.zeros((480, 2), np.float32), 0)
    with pytest.raises(ValueError, match="sample 480, not 960"):
        encoder.encode(np.zeros((480, 2), np.float32), 960)


def test_the_bitrate_is_what_was_asked() -> None:
    sound = np.random.default_rng(3).normal(0, 0.1, (96_000, 2)).astype(np.float32)
    for codec in (Codec.AAC, Codec.OPUS):
        packets = encode(AudioEncoder.open(AudioSettings(codec, 96)), sound, 960)
        assert sum(len(packet.data) for packet in packets) * 8 / 2000 == pytest.approx(96, rel=0.1)
