"""x264 as the program uses it: keyframes where asked, a constant rate, one packet for each picture."""

from __future__ import annotations

from itertools import pairwise

import av
import numpy as np
import pytest

from encoders import VideoEncoder, VideoSettings
from encoders.parameter_sets import parameter_sets
from encoders.software import threads
from studio.media import Codec, EncodedPacket, ErrorKind, StoaError, VideoFrame, blank_frame
from studio.media.annexb import H264_FILLER, H264_PPS, H264_SPS, h264_type, nal_units, without_filler

SMALL = VideoSettings(width=320, height=180, bitrate_kbps=400)
NOISE = [np.random.default_rng(seed).integers(16, 235, (270, 320), dtype=np.uint8) for seed in range(8)]


def noise(number: int) -> VideoFrame:
    return VideoFrame(NOISE[number // 15 % 8], 320, 180, 0, 0)


def encode(encoder: VideoEncoder, numbers: range, keyframes: set[int], *, still: bool = False) -> list[EncodedPacket]:
    still_frame = blank_frame(320, 180, (90, 100, 160))
    packets = []
    for number in numbers:
        picture = still_frame if still else noise(number)
        packets += encoder.encode(picture, number, number in keyframes, number * 1000)
    return packets


def kbps(packets: list[EncodedPacket], fps: int = 30) -> float:
    return sum(len(packet.data) for packet in packets) * 8 / 1000 / (len(packets) / fps)


@pytest.mark.parametrize("profile", ["constrained baseline", "high"])
def test_each_picture_gives_its_packet_at_once_and_keyframes_come_only_when_asked(profile: str) -> None:
    encoder = VideoEncoder.open(VideoSettings(width=320, height=180, bitrate_kbps=400, profile=profile))
    for number in range(90):
        (packet,) = encoder.encode(noise(number), number, number in {0, 31, 60}, number + 7)
        assert (packet.pts, packet.made_ns) == (number, number + 7)
        assert packet.keyframe == (number in {0, 31, 60})
    assert encoder.flush() == []
    assert (encoder.track.profile, encoder.track.level) == (profile, 13)


def test_parameter_sets_are_in_the_extradata_and_not_in_the_packets() -> None:
    encoder = VideoEncoder.open(SMALL)
    packets = encode(encoder, range(4), {0, 2})
    assert [h264_type(unit) for unit in nal_units(encoder.track.extradata)] == [H264_SPS, H264_PPS]
    assert not any(h264_type(unit) in {H264_SPS, H264_PPS} for packet in packets for unit in nal_units(packet.data))


def test_a_replacing_encoder_carries_its_parameter_sets_in_each_keyframe() -> None:
    encoder = VideoEncoder.open(VideoSettings(width=320, height=180, parameter_sets_in_band=True))
    packets = encode(encoder, range(4), {0, 2})
    for packet in packets:
        assert parameter_sets(packet.data, Codec.H264) == (encoder.track.extradata if packet.keyframe else b"")


def test_the_rate_is_constant_on_a_still_picture_and_after_a_cut_to_noise() -> None:
    encoder = VideoEncoder.open(SMALL)
    grid = set(range(0, 900, 60))
    packets = encode(encoder, range(0, 450), grid, still=True) + encode(encoder, range(450, 900), grid)
    sizes = np.array([len(packet.data) for packet in packets])
    windows_kbps = np.convolve(sizes, np.ones(300), "valid") * 8 / 10 / 1000
    assert 0.9 * 400 < windows_kbps.min() <= windows_kbps.max() < 1.1 * 400
    assert any(h264_type(unit) == H264_FILLER for unit in nal_units(packets[100].data))
    assert len(without_filler(packets[100].data)) < len(packets[100].data) / 4


def test_a_running_encoder_takes_a_new_bitrate_without_a_new_keyframe() -> None:
    encoder = VideoEncoder.open(SMALL)
    encode(encoder, range(0, 60), {0})
    encoder.set_bitrate(1200)
    up = encode(encoder, range(60, 240), set())
    encoder.set_bitrate(300)
    down = encode(encoder, range(240, 420), set())
    assert not any(packet.keyframe for packet in up + down)
    assert kbps(up[60:]) == pytest.approx(1200, rel=0.1)
    assert kbps(down[60:]) == pytest.approx(300, rel=0.1)
    assert encoder.settings.bitrate_kbps == 300


def test_an_encoder_that_cannot_change_its_bitrate_begins_anew_with_a_keyframe() -> None:
    settings = VideoSettings(Codec.H265, 320, 180, bitrate_kbps=800, name="libx265")
    encoder = VideoEncoder.open(settings)
    first = encode(encoder, range(5), {0})
    encoder.set_bitrate(200)
    second = encode(encoder, range(5, 10), set()) + encoder.flush()
    assert [packet.pts for packet in first + second] == list(range(10))
    assert [packet.pts for packet in first + second if packet.keyframe] == [0, 5]


def test_what_comes_out_is_bt709_limited_and_looks_like_what_went_in() -> None:
    encoder = VideoEncoder.open(SMALL)
    drawn = blank_frame(320, 180, (120, 90, 170))
    decoder = av.CodecContext.create("h264", "r")
    (packet,) = encoder.encode(drawn, 0, True, 0)
    frames = decoder.decode(av.Packet(encoder.track.extradata + packet.data)) + decoder.decode(None)
    (frame,) = frames
    assert (frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc) == (1, 1, 1, 1)
    decoded = frame.to_ndarray(format="yuv420p")
    assert np.abs(decoded.astype(int) - drawn.data.astype(int)).max() <= 3


def test_the_picture_may_be_overwritten_after_the_call() -> None:
    encoder = VideoEncoder.open(SMALL)
    frame = blank_frame(320, 180, (200, 128, 128))
    (packet,) = encoder.encode(frame, 0, True, 0)
    frame.data[:] = 16
    decoder = av.CodecContext.create("h264", "r")
    (decoded,) = decoder.decode(av.Packet(encoder.track.extradata + packet.data)) + decoder.decode(None)
    assert decoded.to_ndarray(format="yuv420p")[:180].mean() == pytest.approx(200, abs=3)


def test_pts_grow_by_one_at_a_rate_that_is_no_whole_number() -> None:
    encoder = VideoEncoder.open(VideoSettings(width=320, height=180, fps_num=30000, fps_den=1001))
    packets = encode(encoder, range(10), {0})
    assert all(later.pts - earlier.pts == 1 for earlier, later in pairwise(packets))
    assert encoder.track.time_base.denominator == 30000


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (VideoSettings(name="mpeg9"), ErrorKind.BAD_ARGUMENT),
        (VideoSettings(width=321, height=180), ErrorKind.BAD_ARGUMENT),
        (VideoSettings(name="h264_videotoolbox"), ErrorKind.NOT_SUPPORTED),
    ],
)
def test_what_cannot_be_opened_is_told_in_a_sentence(settings: VideoSettings, kind: ErrorKind) -> None:
    with pytest.raises(StoaError) as caught:
        VideoEncoder.open(settings)
    assert caught.value.kind is kind
    assert caught.value.message.endswith(".")


def test_one_thread_is_enough_until_the_picture_is_large() -> None:
    assert threads(VideoSettings(width=1280, height=720), cores=8) == 1
    assert threads(VideoSettings(width=1920, height=1080, fps_num=60), cores=8) > 1
    assert threads(VideoSettings(width=3840, height=2160, fps_num=60, preset="slow"), cores=4) == 4
