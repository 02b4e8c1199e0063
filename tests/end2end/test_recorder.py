"""The recorder as a process: killed, asked to end, its disk full, its owner gone; what it leaves is decoded."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from studio.media import ErrorKind
from studio.process import Fault
from studio.recording.contract import (
    Chapter,
    OpenRecording,
    RecorderToEngine,
    RecordingClosed,
    RecordingStarted,
    RecordingStatistics,
)
from tests.fakes.child import DrivenChild
from tests.fakes.mp4 import top_boxes
from tests.fakes.program import make_program

StartRecorder = Callable[[Path], DrivenChild]


@pytest.fixture
def start_recorder(tmp_path: Path) -> Iterator[StartRecorder]:
    """Starts a recorder that has been told to record a program into a file."""
    running: list[DrivenChild] = []

    def start(path: Path) -> DrivenChild:
        child = DrivenChild("recorder", RecorderToEngine, tmp_path / f"recorder-{len(running)}.log")
        running.append(child)
        program = make_program(6.0)
        child.send(OpenRecording(str(path), program.video, program.audio))
        return child

    yield start
    for child in running:
        child.close()


def pictures(path: Path) -> int:
    with av.open(path) as opened:
        return sum(1 for _ in opened.decode(video=0))


def test_killed_it_has_lost_less_than_a_second(start_recorder: StartRecorder, tmp_path: Path) -> None:
    recorder = start_recorder(tmp_path / "show.mp4")
    recorder.send(*make_program(6.0).packets)
    recorder.wait_for(RecordingStarted)
    recorder.wait_for(RecordingStatistics, lambda said: said.frames == 180)
    recorder.kill()
    assert 180 - 30 < pictures(tmp_path / "show.mp4") <= 180


def test_asked_to_end_it_writes_everything_and_closes(start_recorder: StartRecorder, tmp_path: Path) -> None:
    recorder = start_recorder(tmp_path / "show.mp4")
    recorder.send(*make_program(6.0).packets, Chapter("muted", 1000 * 1_000_000_000 // 30))
    assert recorder.end() == 0
    closed = recorder.wait_for(RecordingClosed)
    assert (closed.frames, closed.words) == (180, "")
    assert closed.bytes == (tmp_path / "show.mp4").stat().st_size
    assert pictures(tmp_path / "show.mp4") == 180
    with av.open(tmp_path / "show.mp4") as opened:
        assert [chapter["metadata"]["title"] for chapter in opened.chapters()] == ["muted"]


def test_when_its_owner_is_gone_it_closes_the_file_and_ends(start_recorder: StartRecorder, tmp_path: Path) -> None:
    recorder = start_recorder(tmp_path / "show.mp4")
    recorder.send(*make_program(6.0).packets)
    recorder.child.link.close_writer()
    assert recorder.child.wait(10) == 0
    assert pictures(tmp_path / "show.mp4") == 180
    assert "moof" not in top_boxes(tmp_path / "show.mp4")


def test_a_file_that_exists_is_told_and_the_recorder_ends(start_recorder: StartRecorder, tmp_path: Path) -> None:
    (tmp_path / "show.mp4").write_text("mine")
    recorder = start_recorder(tmp_path / "show.mp4")
    assert recorder.wait_for(Fault).kind == ErrorKind.CONFLICT
    assert recorder.child.wait(10) == 0
    assert (tmp_path / "show.mp4").read_text() == "mine"


def test_a_limit_on_the_file_closes_it_playable(start_recorder: StartRecorder, tmp_path: Path) -> None:
    recorder = start_recorder(tmp_path / "show.mp4")
    recorder.wait_for(RecordingStatistics)
    resource.prlimit(recorder.child.pid, resource.RLIMIT_FSIZE, (60_000, 60_000))
    recorder.send(*make_program(6.0).packets)
    closed = recorder.wait_for(RecordingClosed)
    assert closed.kind == ErrorKind.NO_SPACE and "full" in closed.words
    assert recorder.child.wait(10) == 0
    assert 30 < pictures(tmp_path / "show.mp4") < 180


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 18 MB, of which a recorder leaves 16 for closing in order."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=18m", "tmpfs", folder], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)  # a recorder of a test that failed still writes there


def test_a_disk_that_fills_up_closes_the_recording_as_an_ordinary_file(
    start_recorder: StartRecorder, small_disk: Path
) -> None:
    recorder = start_recorder(small_disk / "show.mp4")
    recorder.wait_for(RecordingStatistics)
    (small_disk / "others").write_bytes(bytes(2_500_000))
    recorder.send(*make_program(6.0).packets)
    closed = recorder.wait_for(RecordingClosed)
    assert closed.kind == ErrorKind.NO_SPACE and "can be played" in closed.words
    assert recorder.child.wait(10) == 0
    assert "moof" not in top_boxes(small_disk / "show.mp4")
    assert pictures(small_disk / "show.mp4") == closed.frames > 0
