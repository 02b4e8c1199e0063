"""The file of a recording: ordinary once closed, playable at every moment before, never torn by a full disk."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from pathlib import Path

import av
import numpy as np
import pytest

from studio.media import ErrorKind, StoaError
from studio.recording import file as file_module
from studio.recording.file import RecordingFile
from studio.recording.writer import DISK_FULL, RecordingWriter
from tests.fakes.mp4 import top_boxes
from tests.fakes.program import FPS, brightness, make_program


def record(path: Path, count: int | None = None, **options: int) -> RecordingWriter:
    program = make_program()
    writer = RecordingWriter(path, program.video, program.audio, **options)
    for packet in program.packets[:count]:
        writer.write(packet)
    return writer


def decoded(path: Path) -> list[float]:
    """Mean luma of every picture of a file."""
    with av.open(path) as opened:
        return [float(frame.to_ndarray(format="yuv420p")[:180].mean()) for frame in opened.decode(video=0)]


def test_a_closed_recording_is_an_ordinary_mp4_with_every_picture(tmp_path: Path) -> None:
    writer = record(tmp_path / "show.mp4")
    closing = writer.close()
    assert (closing.frames, closing.bytes, closing.words) == (90, (tmp_path / "show.mp4").stat().st_size, "")
    assert writer.duration_s * FPS >= 90
    assert "moof" not in top_boxes(tmp_path / "show.mp4") and top_boxes(tmp_path / "show.mp4")[-1] == "moov"
    lumas = decoded(tmp_path / "show.mp4")
    assert lumas == pytest.approx([brightness(1000 + number) for number in range(90)], abs=3)


def test_an_open_recording_is_readable_up_to_its_last_fragment(tmp_path: Path) -> None:
    writer = record(tmp_path / "show.mp4")
    shutil.copy(tmp_path / "show.mp4", tmp_path / "killed.mp4")
    assert "moof" in top_boxes(tmp_path / "killed.mp4")
    assert 90 - len(decoded(tmp_path / "killed.mp4")) <= 15
    writer.close()


def test_a_file_begun_on_air_keeps_sound_and_picture_together(tmp_path: Path) -> None:
    """Its first sound comes some milliseconds after its first picture: also in what a killed recorder leaves."""
    program = make_program(3.0, gop=15)
    late = [packet for packet in program.packets if packet.made_ns >= 1015 * 1_000_000_000 // FPS]
    sounds = [packet.pts * program.audio.time_base for packet in late if not packet.codec.is_video]
    assert late[0].codec.is_video and late[0].keyframe
    due_s = float(sounds[0] - late[0].pts * program.video.time_base)
    assert 0.005 < due_s < 0.02
    writer = RecordingWriter(tmp_path / "show.mp4", program.video, program.audio)
    for packet in late:
        writer.write(packet)
    shutil.copy(tmp_path / "show.mp4", tmp_path / "killed.mp4")
    writer.close()
    for name in ("killed.mp4", "show.mp4"):
        with av.open(tmp_path / name) as opened:
            begins = {}
            for frame in opened.decode(video=0, audio=0):
                begins.setdefault(type(frame), frame.time)
        assert begins == {av.VideoFrame: 0.0, av.AudioFrame: pytest.approx(due_s, abs=0.0005)}, name


def test_filler_is_not_recorded(tmp_path: Path) -> None:
    record(tmp_path / "show.mp4").close()
    program = make_program()
    assert (tmp_path / "show.mp4").stat().st_size < sum(len(packet.data) for packet in program.packets) * 0.75


def test_colours_are_told_by_the_file(tmp_path: Path) -> None:
    record(tmp_path / "show.mp4").close()
    assert b"colrnclx\x00\x01\x00\x01\x00\x01\x00" in (tmp_path / "show.mp4").read_bytes()


def test_chapters_stand_at_their_instants_of_the_program(tmp_path: Path) -> None:
    writer = record(tmp_path / "show.mp4")
    start_ns = 1000 * 1_000_000_000 // FPS
    writer.mark_chapter("muted", start_ns + 1_000_000_000)
    writer.mark_chapter("begin", start_ns - 5_000_000_000)
    writer.mark_chapter("after the end", start_ns + 60_000_000_000)
    writer.close()
    with av.open(tmp_path / "show.mp4") as opened:
        chapters = [(c["start"] * c["time_base"], c["metadata"]["title"]) for c in opened.chapters()]
    assert [(pytest.approx(float(at), abs=0.002), title) for at, title in chapters] == [(0.0, "begin"), (1.0, "muted")]


def test_an_existing_file_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "show.mp4").write_text("mine")
    with pytest.raises(StoaError) as caught:
        record(tmp_path / "show.mp4")
    assert caught.value.kind is ErrorKind.CONFLICT and "exists already" in caught.value.message
    assert (tmp_path / "show.mp4").read_text() == "mine"


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoaError) as caught:
        record(tmp_path / "nowhere" / "show.mp4")
    assert caught.value.kind is ErrorKind.NOT_FOUND and str(tmp_path / "nowhere") in caught.value.message


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.EACCES, ErrorKind.DENIED), (errno.EROFS, ErrorKind.DENIED), (errno.ENOSPC, ErrorKind.NO_SPACE)],
)
def test_a_folder_that_takes_no_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: ErrorKind
) -> None:
    def refuse(*arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(file_module.os, "open", refuse)
    with pytest.raises(StoaError) as caught:
        record(tmp_path / "show.mp4")
    assert caught.value.kind is kind and str(tmp_path) in caught.value.message


def test_a_disk_with_less_than_the_reserve_is_refused_and_no_file_left(tmp_path: Path) -> None:
    with pytest.raises(StoaError) as caught:
        record(tmp_path / "show.mp4", reserve_bytes=1 << 60)
    assert caught.value.kind is ErrorKind.NO_SPACE
    assert list(tmp_path.iterdir()) == []


def test_others_may_read_a_recording_and_not_change_it(tmp_path: Path) -> None:
    record(tmp_path / "show.mp4").close()
    assert stat.S_IMODE((tmp_path / "show.mp4").stat().st_mode) & 0o133 == 0


class FullDisk:
    """Takes so many bytes, then nothing."""

    def __init__(self, raw: object, room: int) -> None:
        self.raw, self.room = raw, room

    def write(self, data: memoryview) -> int:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = min(len(data), self.room)
        self.room -= count
        return self.raw.write(data[:count])  # type: ignore[attr-defined, no-any-return]

    def __getattr__(self, name: str) -> object:
        return getattr(self.raw, name)


def test_a_disk_that_fills_up_in_the_middle_of_a_fragment_leaves_a_playable_file(tmp_path: Path) -> None:
    program = make_program()
    writer = RecordingWriter(tmp_path / "show.mp4", program.video, program.audio)
    recording: RecordingFile = writer._file
    recording._raw = FullDisk(recording._raw, 24_000)  # type: ignore[assignment]
    packets = iter(program.packets)
    with pytest.raises(OSError, match="No space left") as caught:
        all(writer.write(packet) is None for packet in packets)
    assert caught.value.errno == errno.ENOSPC
    closing = writer.close()
    assert closing.words == DISK_FULL and closing.kind == ErrorKind.NO_SPACE
    assert closing.bytes == (tmp_path / "show.mp4").stat().st_size <= 24_000
    lumas = decoded(tmp_path / "show.mp4")
    assert len(lumas) >= 15
    assert lumas == pytest.approx([brightness(1000 + number) for number in range(len(lumas))], abs=3)


def test_a_disk_that_fills_up_while_closing_leaves_the_fragments(tmp_path: Path) -> None:
    writer = record(tmp_path / "show.mp4")
    recording: RecordingFile = writer._file
    recording._raw = FullDisk(recording._raw, 100)  # type: ignore[assignment]
    closing = writer.close()
    assert closing.words == DISK_FULL
    assert len(decoded(tmp_path / "show.mp4")) >= 75


def test_after_a_failed_write_the_file_takes_nothing_even_where_there_is_room_again(tmp_path: Path) -> None:
    program = make_program()
    writer = RecordingWriter(tmp_path / "show.mp4", program.video, program.audio)
    recording: RecordingFile = writer._file
    disk = FullDisk(recording._raw, 24_000)
    recording._raw = disk  # type: ignore[assignment]
    packets = iter(program.packets)
    with pytest.raises(OSError, match="No space left"):
        all(writer.write(packet) is None for packet in packets)
    left = (tmp_path / "show.mp4").read_bytes()
    disk.room = 1_000_000
    with pytest.raises(OSError, match="No space left"):
        recording.write(b"more")
    writer.close()
    assert (tmp_path / "show.mp4").read_bytes() == left


def test_the_sound_of_the_file_has_no_gap(tmp_path: Path) -> None:
    record(tmp_path / "show.mp4").close()
    with av.open(tmp_path / "show.mp4") as opened:
        pts = [packet.pts for packet in opened.demux(audio=0) if packet.pts is not None]
    assert set(np.diff(pts)) == {1024}
