"""The recorder never drops silently: a disk that cannot keep up ends the recording, and its owner is told."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

import av
import msgspec
import pytest

from studio.media import ErrorKind
from studio.recording import recorder as module
from studio.recording.contract import OpenRecording, RecordingClosed
from studio.recording.recorder import Recorder
from studio.recording.writer import TOO_SLOW, RecordingWriter
from tests.fakes.program import make_program
from tests.fixtures.waiting import until


class Owner:
    """Keeps what the recorder says."""

    def __init__(self) -> None:
        self.said: list[msgspec.Struct] = []

    def send(self, message: msgspec.Struct) -> bool:
        self.said.append(message)
        return True

    def beat(self, limit_s: float = 3.0) -> None: ...

    def fault(self, error: Exception) -> None:
        raise error


def test_a_disk_that_cannot_keep_up_closes_the_recording_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, begun = threading.Event(), threading.Event()

    class SlowWriter(RecordingWriter):
        def write(self, packet: Any) -> None:
            begun.set()
            ready.wait(10)
            super().write(packet)

    monkeypatch.setattr(module, "RecordingWriter", SlowWriter)
    monkeypatch.setattr(module, "QUEUE_MS", 1_000)
    program, owner, recorder = make_program(), Owner(), Recorder()
    thread = threading.Thread(target=recorder.run, args=(cast(Any, owner),), daemon=True)
    thread.start()
    recorder.take(OpenRecording(str(tmp_path / "show.mp4"), program.video, program.audio))
    recorder.take(program.packets[0])
    until(begun.is_set, 5, "the disk is asked for the first packet")
    for packet in program.packets[1:]:
        recorder.take(packet)
    ready.set()
    thread.join(10)
    closed = next(said for said in owner.said if isinstance(said, RecordingClosed))
    assert (closed.words, closed.kind) == (TOO_SLOW, ErrorKind.TIMEOUT)
    with av.open(tmp_path / "show.mp4") as opened:
        pictures = sum(1 for _ in opened.decode(video=0))
    assert 30 <= pictures == closed.frames < 90
