"""The microphone's states with a pretended sound system: what nobody vouches for is not sent, losses are told once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from studio.device import Microphone
from studio.media import ErrorKind, StoaError
from studio.source.contract import Sound, SourceKind
from studio.source.microphone import MicrophoneSource, Parts
from studio.source.sound_capture import Captured, SoundCapture
from tests.unit.source.live_engine import FakeEngine

MICROPHONE = Microphone("srcA", "MicA", "", "portaudio:MicA", 1, 48_000)
LEVEL_RIGHT, LEVEL_WRONG = 0.25, 0.75


@dataclass
class SoundSystem:
    """What is plugged in, what is heard, and since when the server vouches for it. One script step for each block.

    Steps: "block" (10 ms of the right microphone), "other" (of another one), "nothing" (0.1 s without any).
    """

    engine: FakeEngine
    script: Callable[[SoundSystem], Iterator[str]] = lambda system: iter(())
    present: bool = True
    wrong: bool = False
    vouches: bool = True
    frozen_at_ns: int = 0
    opened: int = 0
    refusal: StoaError | None = None
    _vouched_ns: int = 0
    closed: list[bool] = field(default_factory=list)

    def play(self) -> None:
        self.steps = self.script(self)
        parts = Parts(
            choose=lambda target: MICROPHONE,
            guard=lambda microphone, clock: Guard(self),
            capture=lambda *_: cast(SoundCapture, Capture(self)),
        )
        request = self.engine.request(SourceKind.MICROPHONE, "srcA")
        MicrophoneSource(self.engine.outlet, request, parts).play()

    @property
    def levels(self) -> list[float]:
        """The loudest sample of each block that was sent."""
        sent = [message for message in self.engine.sent if isinstance(message, Sound)]
        return [float(np.abs(np.frombuffer(sound.samples, np.float32)).max()) for sound in sent]


class Guard:
    def __init__(self, system: SoundSystem) -> None:
        self._system = system

    def place(self) -> str:
        return MICROPHONE.place

    def is_present(self) -> bool:
        return self._system.present

    def proven_ns(self) -> int:
        system = self._system
        if system.vouches:
            system._vouched_ns = system.engine.clock.at_ns
        return system._vouched_ns

    def hears_wrong(self) -> bool:
        return self._system.wrong

    def answered_ns(self) -> int:
        return self._system.frozen_at_ns or self._system.engine.clock.at_ns

    def forget(self) -> None:
        self._system._vouched_ns = 0
        self._system.wrong = False

    def refresh(self) -> None:
        pass

    def stop(self) -> None:
        pass


class Capture:
    finished = False
    rate_hz = 48_000
    channels = 1

    def __init__(self, system: SoundSystem) -> None:
        self._system = system

    def open(self) -> None:
        if self._system.refusal is not None:
            raise self._system.refusal
        self._system.opened += 1

    def get(self, limit_s: float) -> Captured | None:
        step = next(self._system.steps, "nothing")
        clock = self._system.engine.clock
        if step == "nothing":
            clock.move(limit_s)
            return None
        clock.move(0.01)
        level = LEVEL_WRONG if step == "other" else LEVEL_RIGHT
        tone = level * np.sin(np.arange(480) * 2 * np.pi / 48)
        return Captured(tone.astype(np.float32)[:, None], clock.at_ns - 10_000_000, clock.at_ns)

    def close(self) -> bool:
        self._system.closed.append(True)
        return True


@pytest.fixture
def system(tmp_path: Path) -> SoundSystem:
    return SoundSystem(FakeEngine(tmp_path, 10.0))


def blocks(count: int, step: str = "block") -> Iterator[str]:
    for _ in range(count):
        yield step


def test_it_is_heard_and_says_what_it_is(system: SoundSystem) -> None:
    system.script = lambda system: blocks(140)
    system.play()
    assert [said.words for said in system.engine.opened] == ["MicA, 48000 Hz mono"]
    assert 80 < len(system.levels) <= 100, "the first 0.4 s show that the stream has come to the present"


def test_not_one_sample_of_another_microphone_is_sent_however_late_the_news_of_it_comes(system: SoundSystem) -> None:
    def script(system: SoundSystem) -> Iterator[str]:
        yield from blocks(100)
        # The server has moved the stream; the guard cannot vouch any more, and knows why only later.
        system.vouches = False
        yield from blocks(30, "other")
        system.wrong = True
        yield "other"
        system.wrong, system.vouches = False, True
        yield from blocks(2000)

    system.script = script
    system.play()
    assert max(system.levels) < LEVEL_RIGHT * 1.2
    assert "another microphone" in system.engine.faults[0].message
    assert system.opened == 2 and len(system.engine.opened) == 2, "and it came back"


def test_what_nobody_ever_vouches_for_is_given_up(system: SoundSystem) -> None:
    system.vouches = False
    system.script = lambda system: blocks(10_000)
    system.play()
    assert system.levels == [] and system.engine.opened == []
    assert [fault.kind for fault in system.engine.faults] == [ErrorKind.LOST]
    assert system.opened > 1, "but tried again"


def test_silence_of_the_device_is_told_within_a_second_and_once(system: SoundSystem) -> None:
    told_after_s: list[float] = []

    def script(system: SoundSystem) -> Iterator[str]:
        yield from blocks(50)
        silent_ns = system.engine.clock.at_ns
        while not system.engine.faults:
            yield "nothing"
        told_after_s.append((system.engine.clock.at_ns - silent_ns) / 1e9)
        yield from blocks(2000)

    system.script = script
    system.play()
    assert told_after_s[0] < 1.0
    assert len(system.engine.faults) == 1 and "gives no sound" in system.engine.faults[0].message
    assert len(system.engine.opened) == 2 and system.opened == 1, "the same stream went on"


def test_each_silence_is_told(system: SoundSystem) -> None:
    def script(system: SoundSystem) -> Iterator[str]:
        for _ in range(3):
            yield from blocks(100)
            yield from blocks(15, "nothing")
        yield from blocks(2000)

    system.script = script
    system.play()
    assert len(system.engine.faults) == 3


def test_a_silent_stream_is_opened_again_unless_the_whole_system_stands_still(system: SoundSystem) -> None:
    system.script = lambda system: blocks(50)
    system.play()
    again = system.opened
    assert again > 1

    frozen = SoundSystem(FakeEngine(system.engine._folder, 10.0))

    def script(frozen: SoundSystem) -> Iterator[str]:
        yield from blocks(50)
        frozen.frozen_at_ns = frozen.engine.clock.at_ns

    frozen.script = script
    frozen.play()
    assert frozen.opened == 1, "closing and opening would hang, too"


def test_an_unplugged_one_is_told_once_and_waited_for(system: SoundSystem) -> None:
    def script(system: SoundSystem) -> Iterator[str]:
        yield from blocks(50)
        system.present = False
        yield from blocks(50)

    system.script = script
    system.play()
    assert [fault.message for fault in system.engine.faults] == ["The microphone MicA was unplugged."]
    assert system.closed == [True]


def test_one_that_is_in_use_is_told_once_and_tried_again(system: SoundSystem) -> None:
    system.refusal = StoaError(ErrorKind.BUSY, "It is in use.", remedy="Close it.")
    system.play()
    assert [fault.kind for fault in system.engine.faults] == [ErrorKind.BUSY]


def test_a_permanent_refusal_ends_it(system: SoundSystem) -> None:
    system.refusal = StoaError(ErrorKind.NOT_SUPPORTED, "No library.", remedy="Install it.", permanent=True)
    with pytest.raises(StoaError) as refusal:
        system.play()
    assert refusal.value.permanent
