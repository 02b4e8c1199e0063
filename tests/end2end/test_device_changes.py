"""The devices of a real sound server and display: listed by a fresh process, and their coming and going noticed."""

from __future__ import annotations

import json

import pytest

from studio.device import DeviceKind, DeviceWatch, enumerate_all
from studio.process import Watchdog
from tests.fixtures.pulse import Pulse
from tests.fixtures.waiting import until


def names() -> list[str]:
    return [one.name for one in enumerate_all([DeviceKind.MICROPHONES]).microphones if not one.is_monitor]


def test_microphones_and_what_the_computer_plays_are_listed_anew_each_time(pulse: Pulse) -> None:
    found = enumerate_all()
    assert {one.id for one in found.microphones if not one.is_monitor} == {"srcA", "srcB"}
    assert {one.id for one in found.system_sounds} == {"speaker.monitor", "srcA_in.monitor", "srcB_in.monitor"}
    assert [one.id for one in found.headphones if one.default] == ["speaker"]
    assert all(one.identity and one.name for one in found.microphones)
    assert found.obstacle(DeviceKind.MICROPHONES) is None
    pulse.unplug("srcA")
    assert names() == ["MicB"]
    pulse.plug_in("srcA")
    assert sorted(names()) == ["MicA", "MicB"]


def test_a_frozen_sound_server_costs_its_own_list_only(pulse: Pulse) -> None:
    before = enumerate_all()
    assert before.obstacle(DeviceKind.MICROPHONES) is None
    pulse.program.freeze()
    found = enumerate_all(limit_s=3)
    pulse.program.thaw()
    obstacle = found.obstacle(DeviceKind.MICROPHONES)
    assert obstacle is not None and obstacle.words and obstacle.remedy
    assert found.microphones == []
    for other in (DeviceKind.CAMERAS, DeviceKind.SCREENS, DeviceKind.WINDOWS):
        assert found.obstacle(other) == before.obstacle(other), "nothing else is kept from being listed"


def test_changes_are_told(pulse: Pulse) -> None:
    told: list[list[DeviceKind]] = []
    watchdog = Watchdog()
    watch = DeviceWatch(told.append, watchdog)
    watch.start()
    try:
        until(lambda: told, 15, "the sound server is there")
        told.clear()
        pulse.unplug("srcB")
        until(lambda: any(DeviceKind.MICROPHONES in kinds for kinds in told), 10, "unplugged")
        told.clear()
        pulse.plug_in("srcB")
        until(lambda: any(DeviceKind.MICROPHONES in kinds for kinds in told), 10, "plugged in")
        told.clear()
        pulse.program.kill()
        until(lambda: told, 10, "the server is gone")
    finally:
        watch.end()


@pytest.mark.parametrize("missing", ["PULSE_SERVER"])
def test_without_a_sound_system_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setenv(missing, "unix:/nonexistent/native")
    found = enumerate_all([DeviceKind.MICROPHONES])
    words = json.dumps([obstacle.words for obstacle in found.obstacles])
    assert "sound" in words and all(obstacle.remedy for obstacle in found.obstacles)
