"""What cannot be right is told before anything starts, in one sentence with a remedy."""

from __future__ import annotations

import io
import os
from fractions import Fraction
from pathlib import Path

import pytest

from studio.launcher.arguments import parse_live
from studio.launcher.commands import run
from studio.media import StoaError

CARD = ("--video", "testcard", "--audio", "tone")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOA_HOME", str(tmp_path / "home"))


def test_the_defaults_are_those_of_the_contract() -> None:
    given = parse_live([*CARD, "--to", "rtmp://127.0.0.1/live/key"])
    assert (given.width_px, given.height_px, given.fps) == (1280, 720, 30)
    assert (given.video_kbps, given.audio_kbps, given.preset, given.encoder) == (2500, 128, "veryfast", "auto")


@pytest.mark.parametrize(
    ("text", "fps"), [("29.97", Fraction(30000, 1001)), ("24000/1001", Fraction(24000, 1001)), ("50", Fraction(50))]
)
def test_frame_rates_are_exact(text: str, fps: Fraction) -> None:
    assert parse_live([*CARD, "--to", "rtmp://127.0.0.1/live/key", "--fps", text]).fps == fps


@pytest.mark.parametrize(("text", "kbps"), [("2500k", 2500), ("2.5M", 2500), ("800000", 800)])
def test_bitrates_have_units(text: str, kbps: int) -> None:
    assert parse_live([*CARD, "--to", "rtmp://127.0.0.1/live/key", "--video-bitrate", text]).video_kbps == kbps


BAD = {
    "nowhere to send": [*CARD],
    "unknown scheme": [*CARD, "--to", "gopher://127.0.0.1/x"],
    "no host": [*CARD, "--to", "rtmp:///live/key"],
    "no such file": ["--video", "file:/no/such/clip.mp4", "--to", "rtmp://127.0.0.1/live/key"],
    "no such source": ["--video", "hologram:1", "--to", "rtmp://127.0.0.1/live/key"],
    "sound as picture": ["--video", "tone", "--to", "rtmp://127.0.0.1/live/key"],
    "size of 0": [*CARD, "--to", "rtmp://127.0.0.1/live/key", "--size", "0x0"],
    "odd size": [*CARD, "--to", "rtmp://127.0.0.1/live/key", "--size", "641x360"],
    "size that H.264 does not know": [*CARD, "--to", "rtmp://127.0.0.1/live/key", "--size", "7680x7680"],
    "twice the same": [*CARD, "--to", "rtmp://127.0.0.1/live/key", "--to", "rtmp://127.0.0.1/live/key"],
    "no size": [*CARD, "--to", "rtmp://127.0.0.1/live/key", "--size", "big"],
    "no rate": [*CARD, "--to", "rtmp://127.0.0.1/live/key", "--fps", "1/0"],
    "no bitrate": [*CARD, "--to", "rtmp://127.0.0.1/live/key", "--video-bitrate", "fast"],
    "tiny bitrate": [*CARD, "--to", "rtmp://127.0.0.1/live/key", "--video-bitrate", "1k"],
    "no duration": [*CARD, "--to", "rtmp://127.0.0.1/live/key", "--duration", "-5"],
    "a duration of 0": [*CARD, "--to", "rtmp://127.0.0.1/live/key", "--duration", "0"],
    "no folder": [*CARD, "--record", "/no/such/folder/show.mp4"],
    "folder that takes no file": [*CARD, "--record", "/proc/show.mp4"],
    "recording that is no MP4": [*CARD, "--record", "/tmp/show.avi"],
    "name that cannot be": [*CARD, "--record", f"/tmp/{'x' * 300}.mp4"],
    "no camera in the environment": ["--video", "env:STOA_NO_SUCH_THING", "--to", "rtmp://127.0.0.1/live/key"],
    "environment empty": [*CARD, "--to", "env:STOA_NO_SUCH_THING"],
    "secret typed": [*CARD, "--to", "whip+http://127.0.0.1:1/whip", "--whip-token", "hunter2"],
    "not saved": [*CARD, "--to", "saved:nobody"],
}


@pytest.mark.parametrize("argv", BAD.values(), ids=BAD.keys())
def test_bad_arguments_end_with_2_and_one_sentence(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["live", *argv]) == 2
    said = capsys.readouterr()
    assert not said.out and said.err.startswith("stoa live: ") and len(said.err.strip().splitlines()) == 1
    assert said.err.count(".") >= 2, "a sentence, and a remedy"
    assert "hunter2" not in said.err


def test_a_piece_of_an_option_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run(["live", *CARD, "--to", "rtmp://127.0.0.1/live/key", "--dur", "-5"])
    assert left.value.code == 2
    assert "unrecognized arguments: --dur" in capsys.readouterr().err


def test_a_file_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "show.mp4"
    path.write_bytes(b"precious")
    with pytest.raises(StoaError, match="exists already"):
        parse_live([*CARD, "--record", str(path)])
    assert path.read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["show.mp4", "SHOW.MP4", "show.m4v", "a.show.mp4", "show", "Show 21.11"])
def test_a_recording_is_named_as_what_it_is(tmp_path: Path, name: str) -> None:
    assert parse_live([*CARD, "--record", str(tmp_path / name)]).record == str(tmp_path / name)


@pytest.mark.parametrize("name", ["show.avi", "show.mkv", "show.mov", "show.mp4.part"])
def test_a_name_of_another_kind_of_file_is_refused_with_the_right_one(tmp_path: Path, name: str) -> None:
    with pytest.raises(StoaError, match=r"Recordings are MP4 files, and show.* Name it show[.\w]*\.mp4\."):
        parse_live([*CARD, "--record", str(tmp_path / name)])


def test_a_key_that_was_typed_is_warned_about_once_and_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    parse_live([*CARD, "--to", "rtmp://127.0.0.1/live/s3cret", "--to", "rtmp://127.0.0.1/live/s3cret2"])
    said = capsys.readouterr().err
    assert said.count("env:NAME") == 1 and "s3cret" not in said


def test_a_key_from_the_environment_is_no_reason_to_warn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STOA_TEST_URL", "rtmp://127.0.0.1/live/s3cret")
    given = parse_live([*CARD, "--to", "env:STOA_TEST_URL"])
    assert given.to[0].url == "rtmp://127.0.0.1/live/s3cret" and not capsys.readouterr().err


CAMERA = "rtsp://eye:s3cret@camera.example/live"
TO = ("--to", "env:STOA_TEST_URL")


@pytest.fixture
def somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOA_TEST_URL", "rtmp://127.0.0.1/live/key")


@pytest.mark.parametrize(
    "argv",
    [["--video", CAMERA], ["--video", "testcard", "--audio", CAMERA], ["--video", "http://camera.example/?key=s3cret"]],
)
@pytest.mark.usefixtures("somewhere")
def test_a_cameras_password_that_was_typed_is_warned_about_once_and_not_repeated(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    parse_live([*argv, *TO])
    said = capsys.readouterr().err
    assert said.count("process list") == 1 and "--video env:NAME" in said and "s3cret" not in said


@pytest.mark.usefixtures("somewhere")
def test_a_cameras_address_from_the_environment_is_no_reason_to_warn_and_goes_no_further(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STOA_TEST_CAMERA", CAMERA)
    given = parse_live(["--video", "env:STOA_TEST_CAMERA", "--audio", "env:STOA_TEST_CAMERA", *TO])
    assert given.video == given.audio == CAMERA and not capsys.readouterr().err
    assert not {"STOA_TEST_CAMERA", "STOA_TEST_URL"} & set(os.environ), "children would inherit it"


@pytest.mark.usefixtures("somewhere")
def test_a_camera_without_a_password_is_no_reason_to_warn(capsys: pytest.CaptureFixture[str]) -> None:
    parse_live(["--video", "rtsp://camera.example/live", *TO])
    assert not capsys.readouterr().err


@pytest.mark.parametrize("value", ["s3cret", "file:/etc/s3cret", "rtsp://s3cret@/", "rtmp://host/live/s3cret"])
@pytest.mark.usefixtures("somewhere")
def test_what_the_environment_holds_is_never_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    monkeypatch.setenv("STOA_TEST_CAMERA", value)
    assert run(["live", "--video", "env:STOA_TEST_CAMERA", *TO]) == 2
    assert "s3cret" not in capsys.readouterr().err


def test_a_url_where_none_belongs_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run(["live", *CARD, "rtmp://127.0.0.1/live/s3cret", CAMERA])
    said = capsys.readouterr().err
    assert "s3cret" not in said and "rtmp://… rtsp://…" in said


def test_a_stream_to_measure_may_stand_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STOA_TEST_CAMERA", "gopher://eye:s3cret@camera.example/live")
    assert run(["sync", "env:STOA_TEST_CAMERA"]) == 2
    said = capsys.readouterr().err
    assert "gopher" in said and "process list" not in said and "s3cret" not in said
    assert "STOA_TEST_CAMERA" not in os.environ, "children would inherit it"
    assert run(["sync", "gopher://eye:s3cret@camera.example/live"]) == 2
    said = capsys.readouterr().err
    assert said.count("process list") == 1 and "env:NAME" in said and "s3cret" not in said


def test_the_bearer_of_whip_goes_to_whip_destinations_only(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("bearer-of-mine\n")
    to = ("--to", "whip+http://127.0.0.1:1/whip", "--to", "rtmp://127.0.0.1/live/key")
    given = parse_live([*CARD, *to, "--whip-token", f"file:{token}"])
    assert [address.secret for address in given.to] == ["bearer-of-mine", ""]


def test_relative_paths_are_those_of_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    given = parse_live(["--video", "file:clip.mp4", "--record", "show.mp4"])
    assert given.video == f"file:{tmp_path}/clip.mp4" and given.record == str(tmp_path / "show.mp4")


@pytest.mark.parametrize("argv", [["fly"], ["ctl", "no.such"], ["live", "--video"], ["devices", "--yaml"]])
def test_unknown_words_end_with_2(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = run(argv)
    except SystemExit as left:
        status = int(str(left.code))
    assert status in (1, 2) and capsys.readouterr().err.strip()


@pytest.mark.parametrize("url", ["rtmp://", "rtsp:///live", "http:///x.mp4"])
def test_a_stream_without_a_host_is_refused(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sync", url]) == 2
    assert "names no host" in capsys.readouterr().err


def test_a_home_that_is_no_text_is_refused_before_anything_begins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STOA_HOME", os.fsdecode(b"/tmp/stoa-\xff"))
    assert run(["live", *CARD, "--record", "/tmp/show.mp4"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("stoa live: STOA_HOME") and "UTF-8" in said


@pytest.mark.parametrize(
    ("params", "warned"),
    [
        ('{"spec": "rtsp://eye:s3cret@camera.example/live"}', True),
        ('{"url": "rtmp://localhost/live/k3y"}', True),
        ('{"url": "srt://localhost:9000", "secret": "s3cret pass"}', True),
        ('{"spec": "file:/tmp/clip.mp4"}', False),
        ('{"url": "rtmp://localhost/live/•••"}', False),
        ("{", False),
    ],
)
def test_a_secret_in_a_call_on_the_command_line_is_warned_of(
    params: str, warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ctl", "source.add", params]) in (1, 2), "there is no engine, or it is no such call"
    said = capsys.readouterr().err
    assert ("process list" in said) is warned and "s3cret" not in said and "k3y" not in said


def test_a_call_may_come_on_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff"), encoding="utf-8"))
    assert run(["ctl", "source.add", "-"]) == 2
    assert "Standard input is no text." in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", io.StringIO('{"spec": "rtsp://eye:s3cret@camera.example/live", "wrong": 1}'))
    assert run(["ctl", "source.add", "-"]) == 2
    said = capsys.readouterr().err
    assert "source.add does not take this" in said and "process list" not in said and "s3cret" not in said
