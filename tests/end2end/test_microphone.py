"""The microphone on a real sound server: heard, unplugged, moved to another, frozen, killed, and back by itself."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from studio.media import ErrorKind
from studio.source.contract import SourceKind
from studio.source.drift import JUMP_NS
from tests.contract.source_harness import SeenSound, SourceRun, assert_contiguous
from tests.fixtures.pulse import Pulse

TONE_A_HZ, TONE_B_HZ = 440.0, 1000.0


def loudest_hz(sounds: list[SeenSound]) -> float:
    samples = np.concatenate([sound.samples[:, 0] for sound in sounds])
    return float(np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples))))) * 48_000 / len(samples))


def share_of(sounds: list[SeenSound], tone_hz: float) -> float:
    """Amplitude of one tone in the sound, 0 to 1."""
    samples = np.concatenate([sound.samples[:, 0] for sound in sounds])
    turn = np.exp(-2j * np.pi * tone_hz * np.arange(len(samples)) / 48_000)
    return float(2 * abs(np.mean(samples * turn)))


def loudest_share(sounds: list[SeenSound], tone_hz: float) -> float:
    """The amplitude of one tone in the 50 ms where it is loudest: whole periods of all tones that are played here."""
    return max(share_of(sounds[at : at + 5], tone_hz) for at in range(len(sounds) - 4))


def between_leaps(sounds: list[SeenSound]) -> list[list[SeenSound]]:
    """Parted where the instants leap forward by as much as is taken for sound that the machine has lost."""
    parts = [sounds[:1]]
    for sound, later in pairwise(sounds):
        end_ns = sound.pts_ns + len(sound.samples) * 1_000_000_000 // 48_000
        if later.pts_ns - end_ns >= JUMP_NS // 2:
            parts.append([])
        parts[-1].append(later)
    return parts


def heard_since(run: SourceRun, mark: int, tone_hz: float, seconds: float = 0.5) -> Callable[[], bool]:
    """Whether the last `seconds` after sound number `mark` hold the tone."""
    blocks = int(seconds * 100)

    def fact() -> bool:
        new = run.sounds[mark:]
        return len(new) >= blocks and abs(loudest_hz(new[-blocks:]) - tone_hz) < 10

    return fact


@pytest.fixture
def microphones(pulse: Pulse) -> Pulse:
    """Both microphones hear a tone of their own."""
    pulse.play_tone("srcA", TONE_A_HZ)
    pulse.play_tone("srcB", TONE_B_HZ)
    return pulse


def open_microphone(folder: Path, target: str = "srcA") -> SourceRun:
    return SourceRun(folder, SourceKind.MICROPHONE, target, video=False)


def test_each_microphone_is_heard(microphones: Pulse, tmp_path: Path) -> None:
    for name, tone_hz, words in (("srcA", TONE_A_HZ, "MicA"), ("srcB", TONE_B_HZ, "MicB")):
        with open_microphone(tmp_path, name) as run:
            run.wait_for(heard_since(run, 0, tone_hz))
            assert run.opened is not None and run.opened.has_audio and not run.opened.has_video
            assert run.opened.words == f"{words}, 48000 Hz stereo"
            instants = [sound.pts_ns for sound in run.sounds]
            assert instants == sorted(instants)
            assert run.end() == 0


@pytest.mark.alone
def test_its_sound_is_contiguous_and_stamped_at_capture(microphones: Pulse, tmp_path: Path) -> None:
    with open_microphone(tmp_path) as run:
        run.wait_media(sound_s=3.0)
        stood_still = sum(later.at_ns - sound.at_ns > JUMP_NS for sound, later in pairwise(run.sounds))
        stretches = between_leaps(run.sounds)
        assert len(stretches) <= 1 + min(stood_still, 1), "it leaps only where the machine has lost sound"
        for stretch in stretches:
            assert_contiguous(stretch)
        late_ns = [sound.at_ns - sound.pts_ns for sound in run.sounds]
        assert 0 < np.median(late_ns) < 150e6, "a little before it arrives"


@pytest.mark.slow
def test_what_the_computer_plays_is_a_source_too(microphones: Pulse, tmp_path: Path) -> None:
    with open_microphone(tmp_path, "srcB_in.monitor") as run:
        run.wait_for(heard_since(run, 0, TONE_B_HZ))


@pytest.mark.slow
def test_an_unplugged_microphone_never_puts_another_on_air_and_comes_back(microphones: Pulse, tmp_path: Path) -> None:
    with open_microphone(tmp_path) as run:
        run.wait_for(heard_since(run, 0, TONE_A_HZ))
        microphones.unplug("srcA")
        run.wait_for(lambda: bool(run.faults))
        mark = len(run.sounds)
        assert run.faults[0].kind == ErrorKind.LOST and not run.faults[0].permanent
        assert "MicA" in run.faults[0].message and run.faults[0].remedy
        # The sound server has moved the stream to srcB by now: nothing of that may be heard, not one block.
        beats = run.beats
        run.wait_for(lambda: run.beats >= beats + 2)
        run.opened = None
        microphones.plug_in("srcA")
        microphones.play_tone("srcA", 600)
        run.wait_for(heard_since(run, mark, 600))
        assert run.opened is not None
        assert len(run.faults) == 1, "told once"
        assert loudest_share(run.sounds, TONE_B_HZ) < 0.02
        assert run.child.process.poll() is None


@pytest.mark.slow
def test_a_stream_that_someone_moves_is_refused_and_put_right(microphones: Pulse, tmp_path: Path) -> None:
    with open_microphone(tmp_path) as run:
        run.wait_for(heard_since(run, 0, TONE_A_HZ))
        for line in microphones.pactl("list", "short", "source-outputs").splitlines():
            index, _source, _client, driver, *_rest = line.split("\t")
            if "protocol-native" in driver:
                microphones.pactl("move-source-output", index, "srcB")
        run.wait_for(lambda: bool(run.faults))
        assert "another microphone" in run.faults[0].message
        run.wait_for(heard_since(run, len(run.sounds), TONE_A_HZ))
        assert share_of(run.sounds, TONE_B_HZ) < 0.005


@pytest.mark.slow
def test_a_frozen_server_is_told_and_its_backlog_is_not_played(microphones: Pulse, tmp_path: Path) -> None:
    with open_microphone(tmp_path) as run:
        run.wait_for(heard_since(run, 0, TONE_A_HZ))
        microphones.program.freeze()
        try:
            run.wait_for(lambda: bool(run.faults))
            assert "stands still" in run.faults[0].message
            mark = len(run.sounds)
        finally:
            microphones.program.thaw()
        run.wait_for(heard_since(run, mark, TONE_A_HZ))
        instants = [sound.pts_ns for sound in run.sounds]
        assert instants == sorted(instants)
        # Played in real time from there on: nothing of the time that it was frozen is made good.
        fresh = [sound.at_ns - sound.pts_ns for sound in run.sounds[-30:]]
        assert np.median(fresh) < 500e6
        assert run.child.process.poll() is None


@pytest.mark.slow
def test_a_killed_server_is_told_and_it_comes_back(microphones: Pulse, tmp_path: Path) -> None:
    with open_microphone(tmp_path) as run:
        run.wait_for(heard_since(run, 0, TONE_A_HZ))
        microphones.program.kill()
        run.wait_for(lambda: bool(run.faults))
        mark = len(run.sounds)
        microphones.start()
        microphones.play_tone("srcA", TONE_A_HZ)
        run.wait_for(heard_since(run, mark, TONE_A_HZ), 30)


@pytest.mark.slow
def test_a_microphone_that_is_not_there_is_told_and_waited_for(microphones: Pulse, tmp_path: Path) -> None:
    microphones.unplug("srcA")
    with open_microphone(tmp_path) as run:
        run.wait_for(lambda: bool(run.faults))
        assert run.faults[0].kind == ErrorKind.NOT_FOUND
        assert "srcA" in run.faults[0].message and "MicB" in run.faults[0].remedy
        microphones.plug_in("srcA")
        microphones.play_tone("srcA", TONE_A_HZ)
        run.wait_for(heard_since(run, 0, TONE_A_HZ))


def test_no_sound_system_is_one_clear_sentence(
    tmp_path: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SERVER", f"unix:{short_folder}/none")
    with open_microphone(tmp_path, "default") as run:
        run.wait_for(lambda: bool(run.faults))
        assert run.faults[0].kind == ErrorKind.NOT_FOUND
        assert run.faults[0].message == "This computer has no microphone."
        assert "stoa devices" in run.faults[0].remedy


@pytest.mark.slow
def test_a_server_that_is_frozen_from_the_start_is_told(microphones: Pulse, tmp_path: Path) -> None:
    microphones.program.freeze()
    try:
        with open_microphone(tmp_path) as run:
            run.wait_for(lambda: bool(run.faults))
            assert run.faults[0].remedy and not run.faults[0].permanent
    finally:
        microphones.program.thaw()
