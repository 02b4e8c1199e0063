"""The encoding when its encoder falls behind: pictures wait, a few where they were drawn, and what is too much is
skipped and counted."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from encoders.settings import VideoSettings
from encoders.video import VideoEncoder
from studio.media import Codec, EncodedPacket, StudioClock, blank_frame
from studio.media.lease import PictureLease
from studio.program.encoding import BACKLOG, UNCOPIED, Encoding
from studio.program.fanout import Fanout, Outlet
from studio.program.keyframes import KeyframeRequests


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
