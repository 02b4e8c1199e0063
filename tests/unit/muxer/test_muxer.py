"""What is written into each container is what decoders and players find in it."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from studio.media import Codec, ErrorKind, StoaError, VideoTrack
from studio.muxer import Container, Muxer
from tests.fakes.program import FPS, brightness, make_program


def write(path: Path, container: Container, skip: int = 0, **options: object) -> Muxer:
    program = make_program()
    muxer = Muxer(str(path), container, program.video, program.audio, **options)  # type: ignore[arg-type]
    muxer.open()
    for packet in program.packets[skip:]:
        muxer.write(packet)
    muxer.close()
    return muxer


@pytest.mark.parametrize("container", list(Container))
def test_every_picture_is_decoded_at_its_time(tmp_path: Path, container: Container) -> None:
    write(tmp_path / "show", container)
    with av.open(tmp_path / "show") as opened:
        frames = list(opened.decode(video=0))
    assert [round(frame.time * FPS) for frame in frames] == list(range(90))
    lumas = [float(frame.to_ndarray(format="yuv420p")[:180].mean()) for frame in frames]
    assert lumas == pytest.approx([brightness(1000 + number) for number in range(90)], abs=3)


@pytest.mark.parametrize("container", list(Container))
def test_the_container_says_what_the_picture_is(tmp_path: Path, container: Container) -> None:
    write(tmp_path / "show", container)
    with av.open(tmp_path / "show") as opened:
        video, audio = opened.streams.video[0], opened.streams.audio[0]
        assert (video.width, video.height, video.average_rate) == (320, 180, FPS)
        assert (video.color_range, video.colorspace, video.color_primaries, video.color_trc) == (1, 1, 1, 1)
        assert (audio.sample_rate, audio.channels) == (48_000, 2)


@pytest.mark.parametrize("container", list(Container))
def test_sound_stays_with_the_picture(tmp_path: Path, container: Container) -> None:
    write(tmp_path / "show", container)
    with av.open(tmp_path / "show") as opened:
        frames = list(opened.decode(audio=0))
    sound = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    first_beep_s = float(frames[0].time) + np.flatnonzero(np.abs(sound) > 0.1)[0] / 48_000
    # Beeps stand at whole seconds of the program; the container begins at picture 1000.
    assert first_beep_s == pytest.approx(1020 / FPS - 1000 / FPS, abs=0.006)


def test_a_container_begins_at_zero_with_the_first_keyframe_it_sees(tmp_path: Path) -> None:
    program = make_program()
    second = next(i for i, packet in enumerate(program.packets) if packet.codec.is_video and packet.pts == 1005)
    write(tmp_path / "show", Container.FLV, skip=second)
    with av.open(tmp_path / "show") as opened:
        packets = [packet for packet in opened.demux() if packet.pts is not None]
        pictures = [packet for packet in packets if packet.stream.type == "video"]
        first_sound = min(packet.pts * packet.time_base for packet in packets if packet.stream.type == "audio")
    assert pictures[0].is_keyframe and pictures[0].pts == 0 and len(pictures) == 30
    assert all(packet.pts >= 0 for packet in packets)
    assert first_sound < Fraction(1, 20)


def test_filler_is_kept_or_left_out(tmp_path: Path) -> None:
    kept = write(tmp_path / "kept", Container.FLV)
    bare = write(tmp_path / "bare", Container.FLV, keep_filler=False)
    assert bare.bytes < kept.bytes * 0.75
    with av.open(tmp_path / "bare") as opened:
        assert sum(1 for _ in opened.decode(video=0)) == 90


def test_hevc_goes_into_mp4_and_mpegts(tmp_path: Path) -> None:
    program = make_program(0.5, codec=Codec.H265)
    for container in (Container.MP4, Container.MPEGTS):
        muxer = Muxer(str(tmp_path / "show"), container, program.video, program.audio)
        muxer.open()
        for packet in program.packets:
            muxer.write(packet)
        muxer.close()
        with av.open(tmp_path / "show") as opened:
            assert sum(1 for _ in opened.decode(video=0)) == 15


def test_sound_alone_and_picture_alone(tmp_path: Path) -> None:
    program = make_program()
    for video, audio in ((program.video, None), (None, program.audio)):
        muxer = Muxer(str(tmp_path / "show"), Container.MP4, video, audio)
        muxer.open()
        written = sum(muxer.write(packet) for packet in program.packets)
        muxer.close()
        with av.open(tmp_path / "show") as opened:
            assert len(opened.streams) == 1
            assert sum(packet.pts is not None for packet in opened.demux()) == written > 0


def test_a_picture_does_not_wait_for_sound() -> None:
    program = make_program()
    sink = io.BytesIO()
    muxer = Muxer(sink, Container.MPEGTS, program.video, program.audio)
    muxer.open()
    pictures = [packet for packet in program.packets if packet.codec.is_video]
    for number, packet in enumerate(pictures):
        muxer.write(packet)
        if number > 2:
            assert sink.tell() > sum(len(earlier.data) for earlier in pictures[:number])
    muxer.close()


def test_a_track_without_parameter_sets_is_refused() -> None:
    track = make_program().video
    bare = VideoTrack(track.codec, 320, 180, 30, 1, b"", 300)
    with pytest.raises(StoaError) as caught:
        Muxer(io.BytesIO(), Container.FLV, bare, None)
    assert caught.value.kind is ErrorKind.BAD_DATA
