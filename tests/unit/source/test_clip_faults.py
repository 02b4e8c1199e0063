"""Clips that cannot be played, or not to the end: a sentence that helps, or as much as is there."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from studio.media import ErrorKind, StoaError
from studio.source.clip_file import FORMATS, PROTOCOLS, open_container
from tests.unit.source.clip_files import write_clip
from tests.unit.source.test_clip import number, run


def refused(folder: Path, target: Path, **options: Any) -> tuple[ErrorKind, str]:
    engine = run(folder, target, **options)
    assert len(engine.faults) == 1 and engine.opened is None and engine.faults[0].permanent
    return engine.faults[0].kind, str(engine.faults[0])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    kind, words = refused(tmp_path, tmp_path / "nothing.mp4")
    assert kind is ErrorKind.NOT_FOUND and "nothing.mp4" in words and str(tmp_path) not in words


def test_an_empty_file_a_folder_and_what_is_no_media_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "notes.mp4").write_text("Dear diary, nothing of this is a film. " * 200)
    assert "empty" in refused(tmp_path, tmp_path / "empty.mp4")[1]
    assert "folder" in refused(tmp_path, tmp_path)[1]
    kind, words = refused(tmp_path, tmp_path / "notes.mp4")
    assert kind is ErrorKind.BAD_DATA and "notes.mp4" in words


def test_a_file_without_what_is_wanted_says_so(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.wav", video=False, sound_s=0.5, sound_codec="pcm_s16le")
    assert "no picture" in refused(tmp_path, clip, audio=False)[1]
    silent = write_clip(tmp_path / "clip.mp4", count=3, sound_layout=None)
    assert "no sound" in refused(tmp_path, silent, video=False)[1]


def test_a_truncated_clip_plays_to_where_it_is_cut(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", count=60, options={"preset": "ultrafast", "crf": "8", "g": "10"})
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) // 2])
    engine = run(tmp_path, clip, keep=number, loop=False, run_s=5)
    shown = [picture.kept for picture in engine.pictures]
    assert not engine.faults and 15 < len(shown) < 60
    assert shown[:15] == list(range(15))
    engine.assert_sound_contiguous()


def test_a_clip_that_is_cut_off_behind_its_index_says_how_much_is_there(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", count=60, container_options={"movflags": "faststart"})
    whole = run(tmp_path, clip, run_s=0.5)
    assert whole.opened is not None and "cut off" not in whole.opened.words
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    engine = run(tmp_path, clip, keep=number, loop=False, run_s=5)
    assert engine.opened is not None
    told = re.search(r"cut off: (\d\.\d) s of 2\.4 s are there$", engine.opened.words)
    assert told is not None, engine.opened.words
    last = max(picture.kept for picture in engine.pictures)
    assert abs(float(told[1]) - last / 25) < 0.2


@pytest.mark.parametrize(("suffix", "options"), [("mp4", {"movflags": "faststart"}), ("ts", {}), ("flv", {})])
def test_a_truncated_clip_loops_over_what_is_there(tmp_path: Path, suffix: str, options: dict[str, str]) -> None:
    clip = write_clip(tmp_path / f"clip.{suffix}", count=60, container_options=options)
    data = clip.read_bytes()
    clip.write_bytes(data[: len(data) * 6 // 10])
    engine = run(tmp_path, clip, keep=number, run_s=5)
    assert not engine.faults and len(engine.pictures) > 90
    shown = [picture.kept for picture in engine.pictures if picture.kept is not None]
    assert shown.count(0) >= 2 and shown.count(5) >= 2
    assert (np.diff([picture.pts_ns for picture in engine.pictures]) > 0).all()
    engine.assert_sound_contiguous()


def test_time_that_goes_back_in_a_file_never_goes_back_on_air(tmp_path: Path) -> None:
    first = write_clip(tmp_path / "a.ts", count=20, sound_layout=None)
    second = write_clip(tmp_path / "b.ts", count=20, sound_layout=None)
    joined = tmp_path / "joined.ts"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    engine = run(tmp_path, joined, run_s=4)
    assert (np.diff([picture.pts_ns for picture in engine.pictures]) > 0).all()
    assert len(engine.pictures) > 30


def test_a_clip_without_its_index_is_refused(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", count=20)
    clip.write_bytes(clip.read_bytes()[:4000])
    kind, words = refused(tmp_path, clip)
    assert kind is ErrorKind.BAD_DATA and "cut off" in words


PLAYLISTS = {
    "list.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n#EXT-X-ENDLIST\n",
    "film.mp4": "\ufeff#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}\n",
    "film.mkv": "ffconcat version 1.0\nfile '{url}'\n",
    "film.avi": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n",
    "film.xml": '<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{url}</BaseURL></MPD>\n',
    "old.pls": "[playlist]\nFile1={url}\n",
}


@pytest.fixture
def door() -> Iterator[socket.socket]:
    """A place on the network that what is in a file must not reach."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


def write_playlist(folder: Path, name: str, door: socket.socket) -> Path:
    path = folder / name
    path.write_text(PLAYLISTS[name].format(url=f"http://127.0.0.1:{door.getsockname()[1]}/a.ts"))
    return path


def nobody_knocked(door: socket.socket) -> bool:
    try:
        door.accept()
    except BlockingIOError:
        return True
    return False


@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_playlist_is_no_clip(tmp_path: Path, door: socket.socket, name: str) -> None:
    kind, words = refused(tmp_path, write_playlist(tmp_path, name, door))
    assert kind is ErrorKind.NOT_SUPPORTED and f"“{name}” is a playlist" in words and "Choose the file" in words
    assert nobody_knocked(door)


@pytest.mark.parametrize("name", PLAYLISTS)
def test_what_reads_files_opens_no_playlist_even_if_nobody_had_looked(
    tmp_path: Path, door: socket.socket, name: str
) -> None:
    with pytest.raises(StoaError) as unreadable:
        open_container(write_playlist(tmp_path, name, door))
    assert unreadable.value.permanent and nobody_knocked(door)


def test_only_formats_that_hold_what_they_show_are_read() -> None:
    allowed = FORMATS.split(",")
    assert len(allowed) == len(set(allowed))
    known = {name for every in av.formats_available for name in every.split(",")}
    assert {"mov", "matroska", "mpegts", "avi", "flv", "ogg", "wav", "mp3", "flac", "image2", "png_pipe"} <= known
    leading_out = {"hls", "dash", "concat", "sdp", "rtsp", "rtp", "imf", "lavfi", "applehttp", "bluray", "rist", "sap"}
    assert leading_out.isdisjoint(allowed) and PROTOCOLS == "file"
