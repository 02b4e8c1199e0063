"""Monitoring: the program is heard on the headphones that were chosen, and only there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from studio.control.api import HeadphonesInfo, HeadphonesSet
from tests.fixtures.live_show import SMALL, StartShow
from tests.fixtures.programs import find_program
from tests.fixtures.pulse import RATE_HZ, Pulse
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.timeout(120), pytest.mark.alone]


def heard(pulse: Pulse, sink: str, seconds: float = 1.5) -> float:
    """The highest sample that was played there in a while."""
    command = [find_program("parec", "pulseaudio-utils"), f"--device={sink}.monitor", "--format=float32le"]
    command += [f"--rate={RATE_HZ}", "--channels=2", "--latency-msec=20"]
    with subprocess.Popen(command, env=pulse.environ(), stdout=subprocess.PIPE) as recorder:
        assert recorder.stdout is not None
        data = recorder.stdout.read(int(seconds * RATE_HZ) * 8)
        recorder.kill()
    return float(np.abs(np.frombuffer(data, np.float32)).max())


def test_the_program_is_heard_on_the_chosen_headphones(start_show: StartShow, pulse: Pulse, tmp_path: Path) -> None:
    pulse.pactl("load-module", "module-null-sink", "sink_name=phones", f"rate={RATE_HZ}")
    show = start_show("--video", "testcard", "--audio", "tone", *SMALL, "--record", tmp_path / "show.mp4")
    devices = show.call("device.list").headphones
    assert {device.id for device in devices} >= {"phones", "speaker"}
    show.call("headphones.set", HeadphonesSet("phones"))
    until(lambda: heard(pulse, "phones") > 0.05, 40, "the beep on the headphones")
    info = show.status().headphones
    assert (info.device, info.state) == ("phones", "playing") and info.name
    assert heard(pulse, "speaker") == 0, "nobody else hears it"
    show.call("headphones.set", HeadphonesSet("phones", volume_db=-20))
    until(lambda: 0.002 < heard(pulse, "phones") < 0.1, 40, "the beep to be quieter")
    show.call("headphones.set", HeadphonesSet(None))
    until(lambda: heard(pulse, "phones") == 0, 40, "silence")
    until(lambda: show.status().headphones == HeadphonesInfo(), 10, "the engine says so")


def test_headphones_that_are_not_there_are_told_in_words(start_show: StartShow, pulse: Pulse, tmp_path: Path) -> None:
    show = start_show("--video", "testcard", *SMALL, "--record", tmp_path / "show.mp4")
    show.call("headphones.set", HeadphonesSet("no-such-headphones"))
    until(lambda: show.status().headphones.state == "failed", 40, "the failure to be told")
    told = show.status().headphones
    assert told.device == "no-such-headphones" and "not plugged in" in told.words and told.problem is not None
