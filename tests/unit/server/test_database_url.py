"""Where the database is, on the command line: by reference or typed, and the password nowhere to be seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.launcher.commands import run
from studio.server.database_url import Place, shown, url_of
from studio.server.front import Front
from studio.server.parent import ServerPlan
from studio.server.parent_pipe import Begin
from studio.server.serve import parser, plan_of

URL = "postgresql://ada:secret@db.example:5433/show?sslmode=require"


def test_a_url_comes_from_the_environment_or_a_file_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOW_DATABASE", f"{URL}\n")
    (tmp_path / "url").write_text(f"{URL}\n")
    assert url_of("env:SHOW_DATABASE", "stoa serve") == URL
    assert plan_of(parser().parse_args(["--database", f"file:{tmp_path / 'url'}"])).database == URL
    assert url_of("postgresql://ada@db.example/show", "stoa serve") == "postgresql://ada@db.example/show"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("url", [URL, "postgres://h/show?password=secret"])
def test_a_password_that_is_typed_is_taken_with_a_warning(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert url_of(url, "stoa serve") == url
    told = capsys.readouterr().err
    assert told.startswith("stoa serve: a password in a URL can be seen") and "secret" not in told


@pytest.mark.parametrize(
    "words",
    [
        "env:NOT_THERE_AT_ALL",
        "file:/not/there",
        "mysql://ada:secret@h/show",
        "postgresql://ada:secret@h",
        "postgresql://ada:secret@h:port/show",
        "people.sqlite3",
    ],
)
@pytest.mark.parametrize("command", [["serve"], ["audit", "verify"]])
def test_what_cannot_be_right_ends_with_2_before_anything_starts(
    words: str, command: list[str], capsys: pytest.CaptureFixture[str], stoa_home: Path
) -> None:
    try:
        status = run([*command, "--database", words])
    except SystemExit as left:
        status = int(str(left.code))
    told = capsys.readouterr().err
    assert status == 2 and told.count("\n") == 1 and "secret" not in told
    assert not (stoa_home / "server").exists()


def test_the_password_is_shown_nowhere() -> None:
    assert shown(URL) == "show at db.example:5433"
    assert shown("postgresql:///show?host=/run/postgresql") == "show at /run/postgresql"
    plan = ServerPlan(Path("/data"), Path("/run"), Front(), database=URL)
    for value in (plan, Begin("/data", "token", Front(), None, URL), Place(Path("/data"), URL)):
        assert "secret" not in repr(value) and "secret" not in str(value)
