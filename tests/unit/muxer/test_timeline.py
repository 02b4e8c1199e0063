"""Timestamps of a container: zero at its first keyframe, picture and sound together."""

from __future__ import annotations

from fractions import Fraction

from studio.media import AudioTrack, Codec, EncodedPacket, VideoTrack
from studio.muxer import Timeline

VIDEO = VideoTrack(Codec.H264, 320, 180, 30_000, 1001, b"", 300)
AUDIO = AudioTrack(Codec.AAC, b"", 128, 1024)


def picture(pts: int, keyframe: bool = False) -> EncodedPacket:
    return EncodedPacket(Codec.H264, b"", pts, 1, keyframe, 0)


def sound(pts: int) -> EncodedPacket:
    return EncodedPacket(Codec.AAC, b"", pts, 1024, True, 0)


def test_nothing_is_placed_before_the_first_keyframe() -> None:
    timeline = Timeline(VIDEO, AUDIO)
    assert timeline.place(picture(9)) is None
    assert timeline.place(sound(20_000)) is None
    assert not timeline.started
    assert timeline.place(picture(10, keyframe=True)) == 0
    assert timeline.started


def test_sound_is_moved_by_the_same_time_as_the_picture() -> None:
    timeline = Timeline(VIDEO, AUDIO)
    timeline.place(picture(30_000, keyframe=True))
    start_samples = 1001 * 48_000
    assert timeline.place(sound(start_samples - 1)) is None
    assert timeline.place(sound(start_samples)) == 0
    assert timeline.place(sound(start_samples + 4800)) == 4800
    assert timeline.place(picture(30_030)) == 30


def test_rounding_never_grows_over_a_day() -> None:
    timeline = Timeline(VIDEO, AUDIO)
    timeline.place(picture(1, keyframe=True))
    day = 30_000 * 86_400 // 1001
    placed = timeline.place(sound(round((1 + day) * VIDEO.time_base * 48_000)))
    assert placed is not None
    assert abs(placed - day * VIDEO.time_base * 48_000) <= 1


def test_without_a_picture_sound_begins_it() -> None:
    timeline = Timeline(None, AUDIO)
    assert timeline.place(sound(4096)) == 0
    assert timeline.place(sound(5120)) == 1024
    assert timeline.seconds(sound(5120)) == Fraction(2048, 48_000)
