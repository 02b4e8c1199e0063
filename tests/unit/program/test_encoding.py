"""The encoding when its encoder falls behind: pictures wait, a few where they were drawn, and what is too much is
skipped and counted."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from encoders.audio import AudioEncoder
from encoders.settings import VideoSettings
from encoders.video import VideoEncoder
from studio.media import Codec, EncodedPacket, ErrorKind, StoaError, StudioClock, blank_frame
from studio.media.lease import PictureLease
from studio.mixer.mixer import Mixed
from studio.program.encoding import BACKLOG, UNCOPIED, Encoding
from studio.program.fanout import Fanout, Outlet
from studio.program.keyframes import KeyframeRequests
from tests.fixtures.waiting import until


class Studio:
    """An encoding whose encoder waits at a gate."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gate, self.busy = threading.Event(), threading.Event()
        encode = VideoEncoder.encode

        def gated(encoder: VideoEncoder, *arguments: object) -> list[EncodedPacket]:
            self.busy.set()
            assert self.gate.wait(20)
            return encode(encoder, *arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(VideoEncoder, "encode", gated)
        self.packets: list[EncodedPacket] = []
        fanout = Fanout()
        fanout.add(Outlet("test", frozenset({Codec.H264}), lambda packet: self.packets.append(packet) or True))
        self.given_back: list[int] = []
        self.encoding = Encoding(
            VideoSettings(Codec.H264, 64, 64, 30, 1, 100, "ultrafast", name="libx264"),
            64,
            fanout,
            KeyframeRequests(),
            clock=StudioClock(),
            zero_ns=0,
            on_keyframe=lambda reasons: None,
            on_replaced=lambda old, new, words: None,
            on_failed=lambda error: None,
        )
        self.encoding.opened.result(10)
        self.encoding.start_at(0)

    def draw(self, number: int) -> None:
        lease = PictureLease(blank_frame(64, 64), lambda: self.given_back.append(number))
        self.encoding.picture(lease, number, number)


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    made = Studio(monkeypatch)
    yield made
    made.gate.set()
    made.encoding.close()


def test_a_moment_without_the_processor_costs_no_picture(studio: Studio) -> None:
    studio.draw(0)
    assert studio.busy.wait(10)
    for number in range(1, BACKLOG + 1):
        studio.draw(number)
    assert studio.encoding.skipped == 0
    assert studio.given_back == list(range(UNCOPIED + 1, BACKLOG + 1)), "only a few places of the source are held"
    studio.gate.set()
    studio.encoding.close()
    assert [packet.pts for packet in studio.packets] == list(range(BACKLOG + 1))


def test_what_is_too_much_is_skipped_counted_and_given_back(studio: Studio) -> None:
    studio.draw(0)
    assert studio.busy.wait(10)
    for number in range(1, BACKLOG + 4):
        studio.draw(number)
    assert studio.encoding.skipped == 3
    studio.gate.set()
    studio.encoding.close()
    assert sorted(studio.given_back) == list(range(BACKLOG + 4))
    assert len(studio.packets) == BACKLOG + 1


class Failing:
    """An encoding of which one encoder fails as often as it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, encoder: type, failures: int) -> None:
        self.left, encode = failures, encoder.encode

        def failing(itself: object, *arguments: object) -> list[EncodedPacket]:
            if self.left:
                self.left -= 1
                raise StoaError(ErrorKind.CRASHED, "It failed.")
            return encode(itself, *arguments)  # type: ignore[no-any-return]

        monkeypatch.setattr(encoder, "encode", failing)
        self.told: list[StoaError] = []
        self.replaced: list[str] = []
        self.packets: list[EncodedPacket] = []
        fanout = Fanout()
        both = frozenset({Codec.H264, Codec.AAC})
        fanout.add(Outlet("test", both, lambda packet: self.packets.append(packet) or True))
        self.encoding = Encoding(
            VideoSettings(Codec.H264, 64, 64, 30, 1, 100, "ultrafast", name="libx264"),
            64,
            fanout,
            KeyframeRequests(),
            clock=StudioClock(),
            zero_ns=0,
            on_keyframe=lambda reasons: None,
            on_replaced=lambda old, new, words: self.replaced.append(new),
            on_failed=self.told.append,
        )
        self.encoding.opened.result(10)
        self.encoding.start_at(0)
        self.encoding.audio_track(Codec.AAC)

    def give(self, frames: int) -> None:
        for number in range(frames):
            self.encoding.picture(PictureLease(blank_frame(64, 64)), number, number)
            until(lambda: not self.encoding._work, 10, "the picture to be taken")


def test_an_encoder_that_fails_once_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Failing(monkeypatch, VideoEncoder, 1)
    one.give(5)
    one.encoding.close()
    assert one.replaced == ["libx264"] and not one.told
    pictures = [packet for packet in one.packets if packet.codec is Codec.H264]
    assert [packet.pts for packet in pictures] == [1, 2, 3, 4]


@pytest.mark.parametrize("encoder", [VideoEncoder, AudioEncoder])
def test_an_encoder_that_fails_for_good_is_told_once_and_nothing_piles_up(
    monkeypatch: pytest.MonkeyPatch, encoder: type
) -> None:
    one = Failing(monkeypatch, encoder, 1000)
    for number in range(20):
        one.give(3)
        one.encoding.sound(Mixed(number * 480, np.zeros((480, 2), np.float32)))
    until(lambda: bool(one.told), 10, "the failure to be told")
    one.give(3)
    one.encoding.sound(Mixed(20 * 480, np.zeros((480, 2), np.float32)))
    assert not one.encoding._work and len(one.told) == 1
    one.encoding.close()
