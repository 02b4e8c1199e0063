"""Which database `stoa` gives its session server: of the argument, the environment, the settings; and never another."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.launcher import studio as launcher
from studio.launcher.studio import Studio
from studio.media import StoaError
from studio.server.standing import OpenServer
from studio.session.kept_database import KeptDatabase
from tests.fakes.keyring_in_memory import keep_in_memory

URL = "postgresql://ada:hunter2-secret@db.example/stoa"
OTHER = "postgresql://eva:other-secret@db.example/other"


@pytest.fixture
def made(stoa_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Studio]]:
    """Launchers that `stoa` made; they start nothing and log nowhere."""
    studios: list[Studio] = []
    monkeypatch.delenv("STOA_DATABASE", raising=False)
    monkeypatch.setattr(Studio, "run", lambda studio: studios.append(studio) or 0)
    monkeypatch.setattr(launcher, "check_display", lambda: None)
    with Path(os.devnull).open("ab") as nowhere:
        monkeypatch.setattr(launcher, "log_file", lambda name: nowhere)
        yield studios


def opened(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """The database that its server is begun with; None where none is begun."""
    begun: list[str] = []
    monkeypatch.setattr(studio._server, "start", lambda: begun.append(_database_of(studio)))
    studio._painted.set()
    studio._start_server()
    return begun[0] if begun else None


def _database_of(studio: Studio) -> str:
    [message] = studio._open_server()
    assert isinstance(message, OpenServer) and "secret" not in repr(message)
    return message.database


def test_of_the_argument_the_environment_and_the_settings(
    made: list[Studio], stoa_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_in_memory(monkeypatch)
    assert launcher.studio([]) == 0 and opened(made[-1], monkeypatch) == ""
    KeptDatabase(stoa_home).keep(URL)
    assert launcher.studio([]) == 0 and opened(made[-1], monkeypatch) == URL
    monkeypatch.setenv("STOA_DATABASE", OTHER)
    assert launcher.studio([]) == 0 and opened(made[-1], monkeypatch) == OTHER
    assert "STOA_DATABASE" not in os.environ  # no child has it
    monkeypatch.setenv("MINE", URL)
    monkeypatch.setenv("STOA_DATABASE", OTHER)
    assert launcher.studio(["--database", "env:MINE"]) == 0 and opened(made[-1], monkeypatch) == URL


@pytest.mark.parametrize(
    ("words", "environment", "told"),
    [
        (["--database", "sqlite:///secret"], "", "--database is postgresql://"),
        (["--database", "env:NOT_THERE"], "", "has no NOT_THERE"),
        ([], "mysql://a:secret@b/c", "STOA_DATABASE is postgresql://"),
    ],
)
def test_what_cannot_be_right_is_said_before_anything_starts(
    made: list[Studio], monkeypatch: pytest.MonkeyPatch, words: list[str], environment: str, told: str
) -> None:
    monkeypatch.setenv("STOA_DATABASE", environment)
    with pytest.raises(StoaError, match=told) as error:
        launcher.studio(words)
    assert error.value.permanent and "secret" not in str(error.value) and not made


def test_where_the_keyring_does_not_give_it_no_other_database_is_taken(
    made: list[Studio], stoa_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = keep_in_memory(monkeypatch)
    KeptDatabase(stoa_home).keep(URL)
    entries.clear()
    launcher.studio([])
    told: list[str] = []
    made[-1]._window = _Window(told)  # type: ignore[assignment]
    assert opened(made[-1], monkeypatch) is None
    assert len(told) == 1 and "stoa at db.example" in told[0] and "secret" not in told[0]


class _Window:
    def __init__(self, told: list[str]) -> None:
        self._told = told

    def send(self, message: object) -> None:
        self._told.append(message.words)  # type: ignore[attr-defined]
