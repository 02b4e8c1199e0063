"""The microphones of the tests: two sources with names, heard apart, unplugged and plugged in again."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from tests.fixtures.programs import find_program
from tests.fixtures.pulse import RATE_HZ, Pulse


def hear(pulse: Pulse, source: str, duration_s: float = 1.0) -> np.ndarray:
    """Mono float samples of `source`."""
    command = [find_program("parec", "pulseaudio-utils"), f"--device={source}", f"--rate={RATE_HZ}", "--channels=1"]
    with subprocess.Popen(
        [*command, "--format=float32le", "--latency-msec=20"], env=pulse.environ(), stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        data = process.stdout.read(int(duration_s * RATE_HZ) * 4)
        process.terminate()
    return np.frombuffer(data, np.float32)


def loudest_hz(samples: np.ndarray) -> float:
    tail = samples[len(samples) // 2 :]
    return float(np.argmax(np.abs(np.fft.rfft(tail))) * RATE_HZ / len(tail))


@pytest.mark.slow
def test_each_microphone_hears_its_own_tone(pulse: Pulse) -> None:
    pulse.play_tone("srcA", 440)
    pulse.play_tone("srcB", 1000)
    assert abs(loudest_hz(hear(pulse, "srcA", 2)) - 440) < 5
    assert abs(loudest_hz(hear(pulse, "srcB", 2)) - 1000) < 5


def test_a_microphone_is_unplugged_and_returns(pulse: Pulse) -> None:
    def names() -> set[str]:
        return {line.split("\t")[1] for line in pulse.pactl("list", "short", "sources").splitlines()}

    assert {"srcA", "srcB"} <= names()
    pulse.unplug("srcA")
    assert "srcA" not in names()
    pulse.plug_in("srcA")
    assert "srcA" in names()


def test_a_killed_server_comes_back_with_both(pulse: Pulse) -> None:
    pulse.program.kill()
    pulse.start()
    assert "MicB" in pulse.pactl("list", "sources")
