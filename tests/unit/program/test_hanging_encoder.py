"""A hardware encoder that does not come back from a call on air: software goes on in another thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from encoders.settings import VideoSettings
from encoders.video import VideoEncoder
from studio.media import Codec, EncodedPacket, StoaError, VideoFrame, blank_frame
from studio.media.lease import PictureLease
from studio.mixer.mixer import Mixed
from studio.program import call_watch
from studio.program.encoding import BACKLOG, Encoding
from studio.program.fanout import Fanout, Outlet
from studio.program.keyframes import KeyframeRequests
from tests.fakes.server_house import HandClock
from tests.fixtures.waiting import until

HARDWARE = "h264_nvenc"
FRAME_NS = 1_000_000_000 // 30
SAMPLES = 1600
HANGS_AT = 5
LIMIT_FRAMES = call_watch.CALL_LIMIT_NS // FRAME_NS + 1


class Driver:
    """Stands for the hardware's driver: it hangs at one picture, or while it is flushed, until it is let go."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.hangs_at, self.hangs_in_flush, self.fails_late = -1, False, False
        self.hanging, self.gate = threading.Event(), threading.Event()
        self.late: list[EncodedPacket] = []
        self.stuck: threading.Thread | None = None
        self.inner: set[int] = set()
        open_really, encode, flush = VideoEncoder.open, VideoEncoder.encode, VideoEncoder.flush

        def opened(settings: VideoSettings) -> VideoEncoder:
            encoder = open_really(replace(settings, name="libx264"))
            if settings.name == HARDWARE:
                self.inner.add(id(encoder))
            return encoder

        def encoded(
            encoder: VideoEncoder, frame: VideoFrame, pts: int, keyframe: bool, made: int
        ) -> list[EncodedPacket]:
            if id(encoder) in self.inner and pts == self.hangs_at:
                self.hang()
                self.late = encode(encoder, frame, pts, keyframe, made)
                return self.late
            return encode(encoder, frame, pts, keyframe, made)

        def flushed(encoder: VideoEncoder) -> list[EncodedPacket]:
            if id(encoder) in self.inner and self.hangs_in_flush:
                self.hang()
            return flush(encoder)

        monkeypatch.setattr(VideoEncoder, "open", opened)
        monkeypatch.setattr(VideoEncoder, "encode", encoded)
        monkeypatch.setattr(VideoEncoder, "flush", flushed)

    def hang(self) -> None:
        self.stuck = threading.current_thread()
        self.hanging.set()
        assert self.gate.wait(30)
        if self.fails_late:
            raise StoaError("crashed", "It failed.")  # type: ignore[arg-type]

    def let_go(self) -> None:
        """The call comes back after all, and its thread ends."""
        self.gate.set()
        assert self.stuck is not None
        self.stuck.join(10)
        assert not self.stuck.is_alive()


class Air:
    """An encoding on air, driven tick by tick."""

    def __init__(self, name: str) -> None:
        self.clock = HandClock()
        self.packets: list[EncodedPacket] = []
        self.replaced: list[tuple[str, str, str]] = []
        self.failed: list[StoaError] = []
        self.keyframes: list[str] = []
        self.given_back: list[int] = []
        self.shown: list[PictureLease] = []
        self.frame = 0
        fanout = Fanout()
        both = frozenset({Codec.H264, Codec.AAC})
        fanout.add(Outlet("test", both, lambda packet: self.packets.append(packet) or True))
        self.encoding = Encoding(
            VideoSettings(Codec.H264, 64, 64, 30, 1, 100, "ultrafast", name=name),
            64,
            fanout,
            KeyframeRequests(),
            clock=self.clock,
            zero_ns=0,
            on_keyframe=self.keyframes.extend,
            on_replaced=lambda old, new, words: self.replaced.append((old, new, words)),
            on_failed=self.failed.append,
        )
        self.encoding.opened.result(10)
        self.encoding.start_at(0)
        self.encoding.audio_track(Codec.AAC)

    def tick(self, count: int = 1, *, keeps_up: bool = True) -> None:
        """So many frames on the clock, with their sound; `keeps_up`: the encoder takes each before the next."""
        for _ in range(count):
            self.clock.ns += FRAME_NS
            number = self.frame
            lease = PictureLease(blank_frame(64, 64), lambda number=number: self.given_back.append(number))
            self.shown.append(lease)
            self.encoding.picture(lease.hold(), number * FRAME_NS, number)
            self.encoding.sound(Mixed(number * SAMPLES, np.zeros((SAMPLES, 2), np.float32)))
            self.frame += 1
            if keeps_up:
                until(lambda: not self.encoding._work, 10, "what was given to be taken")

    def pictures(self) -> list[EncodedPacket]:
        return [packet for packet in self.packets if packet.codec is Codec.H264]

    def check_whole(self) -> None:
        """Pictures in order, none twice; the sound without a gap; no picture's place given back while it is shown
        still, and every one afterwards."""
        numbers = [packet.pts for packet in self.pictures()]
        assert numbers == sorted(set(numbers))
        sound = [packet.pts for packet in self.packets if packet.codec is Codec.AAC]
        assert sound == list(range(sound[0], sound[0] + 1024 * len(sound), 1024))
        assert sound[-1] + 1024 >= self.frame * SAMPLES
        assert not self.given_back
        while self.shown:
            self.shown.pop().release()
        assert sorted(self.given_back) == list(range(self.frame))
        self.given_back.clear()
        assert not self.failed


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    monkeypatch.setattr(call_watch, "left_behind", [])
    monkeypatch.setattr("studio.program.encoding.left_behind", call_watch.left_behind)
    made = Driver(monkeypatch)
    yield made
    made.gate.set()


def hang_on_air(driver: Driver) -> Air:
    """On air, and the driver hangs with its sixth picture."""
    driver.hangs_at = HANGS_AT
    air = Air(HARDWARE)
    air.tick(HANGS_AT)
    air.tick(keeps_up=False)
    assert driver.hanging.wait(10)
    return air


def over_the_limit(air: Air) -> None:
    """The rest of the second, and until software has taken over all that waited: the next picture finds a place."""
    before = len(air.pictures())
    air.tick(LIMIT_FRAMES - 25 + 2, keeps_up=False)
    until(lambda: len(air.pictures()) > before and not air.encoding._work, 10, "software to go on")


@pytest.mark.parametrize("comes_back", ["never", "with packets", "with an error"])
def test_software_goes_on_with_a_keyframe_and_what_comes_late_is_thrown_away(driver: Driver, comes_back: str) -> None:
    driver.fails_late = comes_back == "with an error"
    air = hang_on_air(driver)
    air.tick(25, keeps_up=False)
    assert not air.replaced and [packet.pts for packet in air.pictures()] == list(range(HANGS_AT))
    over_the_limit(air)
    assert [(old, new) for old, new, _ in air.replaced] == [(HARDWARE, "libx264")]
    assert "1 s" in air.replaced[0][2] and air.encoding.encoder_name == "libx264"
    after = air.pictures()[HANGS_AT:]
    assert after[0].keyframe and after[0].pts == HANGS_AT + 1
    air.tick(3)
    if comes_back != "never":
        driver.let_go()
        assert bool(driver.late) is (comes_back == "with packets")
    air.tick(3)
    air.encoding.close()
    air.check_whole()
    numbers = [packet.pts for packet in air.pictures()]
    assert HANGS_AT not in numbers and numbers[-6:] == list(range(air.frame - 6, air.frame))
    assert air.encoding.encoded == len(numbers)
    assert air.encoding.skipped == air.frame - len(numbers) - 1, "all but the picture that hung: they found no place"
    assert len(call_watch.left_behind) == 1, "it is never freed"


def test_a_machine_that_stands_still_replaces_nothing(driver: Driver) -> None:
    air = hang_on_air(driver)
    air.clock.forward(30)
    for _ in range(300):  # the program catches up
        air.clock.ns -= FRAME_NS
        air.tick(keeps_up=False)
    driver.gate.set()
    until(lambda: not air.encoding._work, 10, "it goes on")
    air.tick(3)
    air.encoding.close()
    assert not air.replaced and not call_watch.left_behind
    assert HANGS_AT in [packet.pts for packet in air.pictures()]
    air.check_whole()


def test_software_is_never_left_behind(monkeypatch: pytest.MonkeyPatch, driver: Driver) -> None:
    gate, busy, encode = threading.Event(), threading.Event(), VideoEncoder.encode

    def slow(encoder: VideoEncoder, *arguments: object) -> list[EncodedPacket]:
        busy.set()
        assert gate.wait(20)
        return encode(encoder, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(VideoEncoder, "encode", slow)
    air = Air("libx264")
    air.tick(keeps_up=False)
    assert busy.wait(10)
    air.tick(90, keeps_up=False)
    gate.set()
    air.encoding.close()
    assert not air.replaced and [packet.pts for packet in air.pictures()][:3] == [0, 1, 2]
    air.check_whole()


@pytest.fixture
def moving_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who closes has no ticks: each look at the clock is a frame later."""

    def later(clock: HandClock) -> int:
        clock.ns += FRAME_NS
        return clock.ns

    monkeypatch.setattr(HandClock, "now_ns", later)


def test_what_waits_is_not_lost_where_it_ends_while_the_driver_hangs(driver: Driver, moving_clock: None) -> None:
    air = hang_on_air(driver)
    air.tick(BACKLOG - 5, keeps_up=False)
    assert not air.replaced
    air.encoding.close()
    assert not air.encoding._thread.is_alive(), "the end did not wait for the driver"
    numbers = [packet.pts for packet in air.pictures()]
    assert numbers == [number for number in range(air.frame) if number != HANGS_AT]
    air.check_whole()
    driver.let_go()
    assert [packet.pts for packet in air.pictures()] == numbers


def test_a_driver_that_hangs_in_its_last_call_costs_no_sound(driver: Driver, moving_clock: None) -> None:
    driver.hangs_in_flush = True
    air = Air(HARDWARE)
    air.tick(10)
    air.encoding.close()
    assert driver.hanging.is_set() and not air.encoding._thread.is_alive()
    assert [packet.pts for packet in air.pictures()] == list(range(10))
    air.check_whole()
    driver.let_go()
    assert not air.failed and [packet.pts for packet in air.pictures()] == list(range(10))
