"""The embedded server's database from one start to the next: the URL in the keyring, its name without the password."""

from __future__ import annotations

from pathlib import Path

import keyring
import pytest

from studio.media import StoaError
from studio.session.kept_database import KeptDatabase
from tests.fakes.keyring_in_memory import keep_in_memory

URL = "postgresql://ada:hunter2-secret@db.example:5433/stoa"


def test_kept_found_and_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = keep_in_memory(monkeypatch)
    kept = KeptDatabase(tmp_path)
    assert (kept.shown(), kept.find()) == ("", "")
    assert kept.keep(URL) == "stoa at db.example:5433"
    assert (kept.shown(), KeptDatabase(tmp_path).find()) == ("stoa at db.example:5433", URL)
    assert not any(b"hunter2" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    kept.forget()
    assert (kept.shown(), kept.find(), entries) == ("", "", {})


@pytest.mark.parametrize("url", ["", "sqlite:///x", "postgresql://", "postgresql://host:0/x", "mysql://a/b"])
def test_what_is_no_url_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    entries = keep_in_memory(monkeypatch)
    with pytest.raises(StoaError, match="no URL of a PostgreSQL database"):
        KeptDatabase(tmp_path).keep(url)
    assert not entries and not list(tmp_path.iterdir())


def test_without_a_keyring_nothing_is_kept_and_nothing_else_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = keep_in_memory(monkeypatch)
    kept = KeptDatabase(tmp_path)
    kept.keep(URL)
    entries.clear()
    with pytest.raises(StoaError, match="has no URL for the database stoa at db") as told:
        kept.find()
    assert "hunter2" not in str(told.value)

    def refuse(*_: str) -> None:
        raise RuntimeError

    for name in ("get_password", "set_password"):
        monkeypatch.setattr(keyring, name, refuse)
    with pytest.raises(StoaError, match="no keyring"):
        kept.find()
    with pytest.raises(StoaError, match="no keyring"):
        KeptDatabase(tmp_path / "other").keep(URL)
    (tmp_path / "database.json").write_text("{")
    with pytest.raises(StoaError, match="cannot be read"):
        kept.find()
