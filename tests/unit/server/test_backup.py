"""Backup and restore: everything and as it was, into either database, and nothing lost where it cannot be done."""

from __future__ import annotations

import gzip
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from studio.launcher.commands import run
from studio.media.errors import ErrorKind, StoaError
from studio.server import backup, backup_file, postgres, store
from studio.server.audit_chain import verify
from studio.server.backup import back_up, restore
from studio.server.certificate import self_made
from studio.server.database_url import Place as Where
from studio.server.model import AuditRow
from studio.server.store import Store
from tests.fakes.server_house import Place, running_house

New = Callable[..., str]


async def filled(place: Place, folder: Path) -> Path:
    """A backup of a running server in which something has happened, with a certificate of its own."""
    ada, bob = await place.join("Ada", "admin"), await place.join("Bob 🦆 Ünal")
    await bob.say("“Hello”")
    await ada.command("kick", bob.id)
    self_made(folder / "tls", ("localhost",))
    done = back_up(Where(folder, place.database), folder / "first.stoa")
    assert (done.files, done.audit.broken) == (2, "") and done.rows > 20
    return folder / "first.stoa"


OPEN = ("dead", "gone", "present", "hand_s", "revoked", "reset_hash", "reset_ends_s")
"""What a restore changes, since it signs everybody out (test_backup_foreign)."""


def lines(file: Path) -> list[str]:
    """What it holds, sorted; without the time of its making, and without what a restore changes."""
    return sorted(filter(None, map(_line, backup_file.body(file))))


def _line(line: list[Any]) -> str:
    kind, name, content = line
    if kind == "row" and (name == "audit_head" or content.get("action") == "backup.restored"):
        return ""
    if kind == "row":
        content = {column: value for column, value in content.items() if column not in OPEN}
    return json.dumps([kind, name, content])


async def test_a_backup_goes_from_any_database_into_any_other_and_back(
    place: Place, tmp_path: Path, new_database: New
) -> None:
    first = await filled(place, tmp_path)
    wanted = lines(first)
    where = [Where(tmp_path / "a"), Where(tmp_path / "b", new_database()), Where(tmp_path / "c")]
    for number, there in enumerate(where):
        done = restore(there, first, replace=False)
        assert (done.files, done.audit.broken) == (2, "") and done.audit.lines > 4
        first = tmp_path / f"{number}.stoa"
        back_up(there, first)
        assert lines(first) == wanted
        key = there.folder / "tls/self-made.key"
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert key.read_bytes() == (tmp_path / "tls/self-made.key").read_bytes()
    for there in where[1:]:
        async with running_house(there.folder, database=there.url) as again:
            people = (await again.owner("GET", "/api/v1/sessions/studio/people")).json()["people"]
            assert [person["name"] for person in people if person["removed"]] == ["Bob 🦆 Ünal"]
            eve = await again.join("Eve", "admin")
            assert (await eve.command("announce", text="We are back")).status_code == 200
            finding = again.house.store.run_now(verify)
            assert finding.broken == "" and finding.lines > done.audit.lines


async def test_a_backup_is_its_owners_only_and_never_written_over_another(place: Place, tmp_path: Path) -> None:
    file = await filled(place, tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    with pytest.raises(StoaError, match="There is a file") as refused:
        back_up(Where(tmp_path, place.database), file)
    assert refused.value.kind is ErrorKind.CONFLICT and file.read_bytes() == before
    with pytest.raises(StoaError, match="cannot be written"):
        back_up(Where(tmp_path, place.database), tmp_path / "nowhere" / "file")


async def test_a_backup_that_fails_leaves_no_file(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup_file.Writer, "end", fail)
    with pytest.raises(StoaError, match="No space left"):
        back_up(Where(tmp_path, place.database), tmp_path / "file")
    assert not list(tmp_path.glob("*file*")) and not list(tmp_path.rglob(".*.part"))


async def test_nothing_is_restored_under_a_running_server(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_LIMIT_S", 0.2)
    monkeypatch.setattr("studio.server.one_server.LIMIT_S", 0.2)
    file = await filled(place, tmp_path)
    with pytest.raises(StoaError, match="server uses the") as refused:
        restore(Where(tmp_path, place.database), file, replace=True)
    assert refused.value.kind is ErrorKind.BUSY
    assert (await place.owner("GET", "/api/v1/sessions/studio/people")).status_code == 200


@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
async def test_what_is_there_goes_only_where_that_is_said_and_only_when_all_is_back(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = Where(tmp_path, database)
    async with running_house(tmp_path, database=database) as place:
        file = await filled(place, tmp_path)
        await place.join("Later")
    back_up(there, tmp_path / "later.stoa")
    later, key = lines(tmp_path / "later.stoa"), (tmp_path / "tls/self-made.key").read_bytes()
    with pytest.raises(StoaError, match="holds a server's data already") as refused:
        restore(there, file, replace=False)
    assert "--replace" in refused.value.remedy
    rows: list[str] = []
    whole = backup.row_of

    def half(tables: Any, name: str, content: object) -> dict[str, Any]:
        rows.append(name)
        if len(rows) == 15:
            raise RuntimeError("the power is gone")
        return whole(tables, name, content)

    with monkeypatch.context() as patch:
        patch.setattr(backup, "row_of", half)
        patch.setattr(backup, "ROWS_AT_ONCE", 2)
        with pytest.raises(RuntimeError, match="power"):
            restore(there, file, replace=True)
    back_up(there, tmp_path / "after.stoa")
    assert lines(tmp_path / "after.stoa") == later
    assert (tmp_path / "tls/self-made.key").read_bytes() == key and not list(tmp_path.rglob(".*.part"))
    restore(there, file, replace=True)
    back_up(there, tmp_path / "restored.stoa")
    assert lines(tmp_path / "restored.stoa") == lines(file) != later


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_file_that_is_not_whole_or_not_as_it_was_written_is_refused(place: Place, tmp_path: Path) -> None:
    file = await filled(place, tmp_path)
    whole = file.read_bytes()
    text = gzip.decompress(whole)
    cut = text[: text.rindex(b"\n", 0, -1) + 1]
    bad = {
        "truncated": whole[: len(whole) // 2],
        "without its last byte": whole[:-1],
        "without its end": gzip.compress(cut),
        "without a line": gzip.compress(text.replace(text.split(b"\n")[3] + b"\n", b"")),
        "another name": gzip.compress(text.replace(b"Ada", b"Eve")),
        "a bit": bytes([*whole[:200], whole[200] ^ 1, *whole[201:]]),
        "empty": b"",
        "empty inside": gzip.compress(b""),
        "a text": b"no backup at all",
        "other lines": gzip.compress(b'{"a": 1}\n{"b": 2}\n'),
    }
    for what, content in bad.items():
        (tmp_path / "bad").write_bytes(content)
        with pytest.raises(StoaError) as refused:
            restore(Where(tmp_path / "new"), tmp_path / "bad", replace=True)
        assert refused.value.kind is ErrorKind.BAD_DATA and refused.value.permanent, what
        assert not (tmp_path / "new").exists(), what
    with pytest.raises(StoaError, match="cannot be read"):
        restore(Where(tmp_path / "new"), tmp_path / "not there", replace=True)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_backup_of_another_time_is_refused_or_brought_up_to_date(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await filled(place, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(backup, "HEAD", "0000")
        with pytest.raises(StoaError, match="made by a newer Stoa"):
            restore(Where(tmp_path / "new"), file, replace=False)
    with monkeypatch.context() as patch:
        patch.setattr(backup_file, "FORMAT", 2)
        with pytest.raises(StoaError, match="in a form that this one does not know"):
            restore(Where(tmp_path / "new"), file, replace=False)
    old = tmp_path / "old"
    with monkeypatch.context() as patch:
        for module in (store, backup):
            patch.setattr(module, "HEAD", "0002")
        store.open_engine(old).dispose()
        back_up(Where(old), tmp_path / "old.stoa")
    restore(Where(tmp_path / "new"), tmp_path / "old.stoa", replace=False)
    store.read_engine(tmp_path / "new").dispose()  # which takes the newest revision only
    again = Store.open(tmp_path / "new")
    assert again.run_now(verify).broken == ""
    again.close()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_two_commands(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await filled(place, tmp_path)
    file = str(tmp_path / "show.stoa")
    assert run(["backup", file, "--data", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "Keep it safe" in told and "The audit log holds" in told
    assert run(["restore", file, "--data", str(tmp_path / "new")]) == 0
    assert "rows and 2 files are back" in capsys.readouterr().out
    assert run(["restore", file, "--data", str(tmp_path / "new")]) == 2
    assert "--replace" in capsys.readouterr().err
    assert run(["restore", file, "--data", str(tmp_path / "new"), "--replace"]) == 0
    assert run(["backup", file, "--data", str(tmp_path / "nothing")]) == 2


def test_a_second_server_of_a_folder_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.server.one_server.LIMIT_S", 0.2)
    first = Store.open(tmp_path)
    with pytest.raises(StoaError, match="A Stoa server uses the data in") as refused:
        Store.open(tmp_path)
    assert refused.value.kind is ErrorKind.BUSY
    first.close()
    second = Store.open(tmp_path)

    def count(db: Session) -> int:
        return db.query(AuditRow).count()

    assert second.run_now(count) == 0
    second.close()
