"""Bad input to `stoa`: one clear sentence with its remedy, the exit status as worded, and nothing left running."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from studio.engine.runtime import ring_folder
from tests.fixtures.home import processes_of
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.unit.source.clip_files import write_clip

pytestmark = pytest.mark.timeout(90)
RECORD = ("--record", "show.mp4", "--duration", "1")
CARD = ("--video", "testcard", "--size", "320x180")


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    status: int
    out: str
    error: str

    @property
    def complaint(self) -> str:
        """What is wrong: the last line of standard error."""
        return self.error.strip().splitlines()[-1]


Stoa = Callable[..., Said]


@pytest.fixture
def stoa(stoa_home: Path, tmp_path: Path) -> Stoa:
    """Runs `stoa` in tmp_path without a display and a sound server."""

    def run(*words: str | Path, **environ: str) -> Said:
        hidden = {"DISPLAY", "WAYLAND_DISPLAY", "PULSE_SERVER", "XDG_RUNTIME_DIR"}
        kept = {name: value for name, value in os.environ.items() if name not in hidden}
        ended = subprocess.run(
            [sys.executable, "-P", "-m", "studio", *map(str, words)],
            cwd=tmp_path,
            env={**kept, "STOA_HOME": str(stoa_home), "PULSE_SERVER": "unix:/nowhere", **environ},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Said(ended.returncode, ended.stdout, ended.stderr)

    return run


def assert_told(said: Said, status: int, word: str, home: Path) -> None:
    """One line with a reason and a remedy, this status, and nothing left of it."""
    assert said.status == status, said.error
    assert said.complaint.startswith("stoa"), said.error
    assert re.search(word, said.complaint), said.complaint
    assert re.search(r"[.…] \S.*\.$", said.complaint), f"no remedy: {said.complaint}"
    assert "Traceback" not in said.error
    assert processes_of(home) == []
    folder = ring_folder(home)
    assert list(folder.iterdir()) == []
    folder.rmdir()


BEFORE_ANYTHING_STARTS = {
    "unknown scheme": ("gopher", "live", *CARD, "--to", "gopher://host/x"),
    "no host": ("no host", "live", *CARD, "--to", "rtmp:///live/key"),
    "missing file": ("no file", "live", "--video", "file:/no/such.mp4", *RECORD),
    "a folder": ("is a folder", "live", "--video", "file:/tmp", *RECORD),
    "a playlist": ("playlist", "live", "--video", "file:list.m3u8", *RECORD),
    "missing camera": ("camera", "live", "--video", "camera:not-there", *RECORD),
    "no sound system": ("sound system", "live", *CARD, "--audio", "mic:any", *RECORD),
    "no display": ("display", "live", "--video", "screen:0", *RECORD),
    "no folder": ("no folder", "live", *CARD, "--record", "/no/such/show.mp4"),
    "no kind of file that is written": ("Recordings are MP4", "live", *CARD, "--record", "show.avi"),
    "no encoder": ("no encoder", "live", *CARD, "--encoder", "nosuch", *RECORD),
    "not saved": ("nobody", "live", *CARD, "--to", "saved:nobody"),
    "no window without a display": ("display",),
    "a call of no method": ("no method of the engine", "ctl", "source.delete", "{}"),
    "a call that is no JSON": ("does not take this", "ctl", "source.add", "{spec"),
    "a call of the wrong fields": ("one JSON object of", "ctl", "source.add", '{"path": "testcard"}'),
    "a camera of no host": ("no host", "live", "--video", "rtsp:///", *RECORD),
    "no stream to measure": ("gopher", "sync", "gopher://host/x"),
    "nothing to measure": ("no file", "sync", "/no/such.mp4"),
}


@pytest.mark.parametrize("case", BEFORE_ANYTHING_STARTS)
def test_what_cannot_be_right_is_told_before_anything_starts(
    stoa: Stoa, stoa_home: Path, tmp_path: Path, case: str
) -> None:
    word, *words = BEFORE_ANYTHING_STARTS[case]
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:2,\nhttp://127.0.0.1:9/a.ts\n")
    assert_told(stoa(*words), 2, word, stoa_home)


def test_a_clip_that_is_cut_off_is_told(stoa: Stoa, stoa_home: Path, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "whole.mp4")  # its index stands at its end
    (tmp_path / "cut.mp4").write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    said = stoa("live", "--video", "file:cut.mp4", "--size", "320x180", *RECORD)
    assert_told(said, 1, "cut.mp4", stoa_home)
    assert not (tmp_path / "show.mp4").exists()


def test_a_server_that_is_not_there_is_told(stoa: Stoa, stoa_home: Path, free_port: Callable[[], int]) -> None:
    port = free_port()
    said = stoa("live", *CARD, "--to", f"rtmp://127.0.0.1:{port}/live/key", "--duration", "2", "--json")
    assert_told(said, 1, "Nothing listens", stoa_home)
    [destination] = json.loads(said.out)["destinations"]
    assert (destination["state"], destination["frames"]) == ("reconnecting", 0)
    assert destination["words"] == f"Nothing listens on 127.0.0.1:{port}.", "also where the show ends in another try"


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["whip+http", "rtmp"])
def test_a_server_that_takes_the_connection_and_never_answers_is_told(stoa: Stoa, stoa_home: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        said = stoa("live", *CARD, "--to", f"{scheme}://{place}/live/key", "--duration", "1", "--json")
    assert_told(said, 1, "had not answered", stoa_home)
    [destination] = json.loads(said.out)["destinations"]
    assert destination["state"] == "failed", "it never was live: nothing can be connected again"
    assert destination["words"] == f"{place} had not answered when the show was over."


@pytest.mark.slow
def test_the_reason_of_a_silent_server_is_kept_while_it_is_tried_again(stoa: Stoa, stoa_home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        said = stoa("live", *CARD, "--to", f"whip+http://{place}/live", "--duration", "9", "--json")
    assert_told(said, 1, "takes connections but does not answer", stoa_home)
    [destination] = json.loads(said.out)["destinations"]
    told = f"{place} takes connections but does not answer."
    assert (destination["state"], destination["words"]) == ("reconnecting", told)


def test_a_destination_of_a_show_that_never_began_is_told_so(stoa: Stoa, stoa_home: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no clip" * 100)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        to = f"whip+http://127.0.0.1:{silent.getsockname()[1]}/live"
        said = stoa("live", "--video", "file:broken.mp4", "--size", "320x180", "--to", to, "--json")
    assert_told(said, 1, "broken.mp4", stoa_home)
    [destination] = json.loads(said.out)["destinations"]
    told = "The show was over before it began, so nothing was sent."
    assert (destination["state"], destination["words"], destination["frames"]) == ("failed", told, 0)


@pytest.mark.slow
def test_a_listener_that_never_answers_is_told(stoa: Stoa, stoa_home: Path, free_port: Callable[[], int]) -> None:
    """Also where the show ends in the middle of another try."""
    said = stoa("live", *CARD, "--to", f"srt://127.0.0.1:{free_port()}", "--duration", "4")
    assert_told(said, 1, "No SRT listener", stoa_home)


def test_a_host_without_an_address_is_told(stoa: Stoa, stoa_home: Path) -> None:
    said = stoa("live", *CARD, "--to", "rtmp://no-such-host.invalid/live/key", "--duration", "1")
    assert_told(said, 1, "no-such-host.invalid", stoa_home)


def test_a_server_that_refuses_is_told(stoa: Stoa, stoa_home: Path, nginx_rtmp: NginxRtmp) -> None:
    said = stoa("live", *CARD, "--to", nginx_rtmp.url(application="closed"), "--duration", "3", "--json")
    # nginx says no more than hanging up, so it may be worth another try
    assert_told(said, 1, "hung up|closes the connection as soon as we publish", stoa_home)
    assert json.loads(said.out)["destinations"][0]["state"] == "reconnecting"


def test_broken_settings_are_told_where_they_are_needed(stoa: Stoa, stoa_home: Path) -> None:
    (stoa_home / "settings.json").write_text("{broken")
    assert_told(stoa("live", *CARD, "--to", "saved:x"), 2, "settings.json", stoa_home)
    assert (stoa_home / "settings.json").read_text() == "{broken"


def test_a_port_in_use_is_told(stoa: Stoa, stoa_home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert_told(stoa("serve", "--port", str(port)), 2, str(port), stoa_home)


def test_a_folder_that_cannot_be_written_is_told(stoa: Stoa, stoa_home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = stoa("live", *CARD, *RECORD, STOA_HOME=str(tmp_path / "file"))
    assert_told(said, 2, "cannot be written", stoa_home)


def test_an_engine_that_is_not_there_is_told(stoa: Stoa, stoa_home: Path) -> None:
    assert_told(stoa("ctl", "engine.status"), 1, "No engine", stoa_home)
