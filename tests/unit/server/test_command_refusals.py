"""What the server's commands refuse: one sentence with what can be done, and exit status 2, before anything begins."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from studio.launcher.commands import run
from studio.server.serve import serve

SERVE = [
    (["--port", "abc"], "--port abc: a port is a number from 0 to 65535."),
    (["--port", "-1"], "--port -1: a port is a number from 0 to 65535."),
    (["--port", "70000"], "--port 70000: a port is a number from 0 to 65535."),
    (["--port", ""], "--port : a port is a number from 0 to 65535."),
    (["--host", ""], "--host names no address. Give one of this machine's, or 0.0.0.0 for every one."),
    (["--data", ""], "--data names no folder. Write it like --data /srv/stoa, or leave it out."),
    (["--database", "mysql://ada:secret@h/x"], "--database is postgresql://USER@HOST/NAME, or env:NAME or file:PATH"),
    (["--tls-cert", "a"], "--tls-cert and --tls-key belong together: give both."),
]


@pytest.mark.parametrize(("argv", "words"), SERVE)
def test_serve(argv: list[str], words: str, stoa_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert serve(argv, threading.Event()) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"stoa serve: {words}") and said.count("\n") == 1 and "secret" not in said
    assert not (stoa_home / "server").exists()


@pytest.mark.parametrize("command", [["backup", "copy"], ["restore", "copy"], ["audit", "verify"]])
@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--data", ""], "--data names no folder. Write it like --data /srv/stoa, or leave it out.\n"),
        (
            ["--database", "mysql://ada:secret@h/x"],
            "--database is postgresql://USER@HOST/NAME, or env:NAME or file:PATH",
        ),
        (
            ["--database", "env:NOT_THERE_AT_ALL"],
            "The environment has no NOT_THERE_AT_ALL. Set it, or change --database.\n",
        ),
    ],
)
def test_the_others(command: list[str], argv: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        run([*command, *argv])
    assert left.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"stoa {command[0]}: {words}") and said.count("\n") == 1 and "secret" not in said


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_backup_takes_no_place_of_another(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    there = tmp_path / "there"
    there.mkdir() if kind == "folder" else there.write_text("kept")
    assert run(["backup", str(there), "--data", str(_server(tmp_path))]) == 2
    assert capsys.readouterr().err.startswith(f"stoa backup: There is a {kind} {there} already. Name another file")


def _server(tmp_path: Path) -> Path:
    from studio.server.store import open_engine

    open_engine(tmp_path / "server").dispose()
    return tmp_path / "server"
