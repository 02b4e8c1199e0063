"""A backup that is whole and yet not ours: refused in a sentence with its remedy, and nothing is changed."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.launcher.commands import run
from studio.media.errors import ErrorKind, StoaError
from studio.server import backup_file
from studio.server.backup import back_up, restore
from studio.server.certificate import self_made
from studio.server.database_url import Place as Where
from tests.fakes.account_holder import signed_up
from tests.fakes.server_house import Place, running_house

Lines = list[Any]


def row(lines: Lines, table: str) -> dict[str, Any]:
    """The first row of a table, to be changed."""
    found: dict[str, Any] = next(line[2] for line in lines if line[:2] == ["row", table])
    return found


def put(table: str, column: str, value: Any) -> Callable[[Lines, dict[str, Any]], object]:
    return lambda lines, head: row(lines, table).update({column: value})


def without(lines: Lines, table: str) -> None:
    lines[:] = [line for line in lines if line[1] != table]


FOREIGN: dict[str, Callable[[Lines, dict[str, Any]], object]] = {
    "no revision": lambda lines, head: head.pop("revision"),
    "no version": lambda lines, head: head.pop("version"),
    "a number for a revision": lambda lines, head: head.update(revision=5),
    "an older revision than any": lambda lines, head: head.update(revision="0000"),
    "words for a revision": lambda lines, head: head.update(revision="head; DROP TABLE audit"),
    "the wrong revision": lambda lines, head: head.update(revision="0001"),
    "a table that there is not": lambda lines, head: lines.append(["row", "sqlite_master", {"a": 1}]),
    "a table of a number": lambda lines, head: lines.append(["row", 7, {"a": 1}]),
    "the table of the revisions": lambda lines, head: lines.append(["row", "alembic_version", {"version_num": "1"}]),
    "a column too many": put("person", "password", "x"),
    "a column too few": lambda lines, head: row(lines, "person").pop("name"),
    "a row that is a list": lambda lines, head: lines.append(["row", "person", [1, 2]]),
    "a row that is nothing": lambda lines, head: lines.append(["row", "person", None]),
    "a short line": lambda lines, head: lines.append(["row", "person"]),
    "a long line": lambda lines, head: lines.append(["row", "person", {}, 1]),
    "an empty line": lambda lines, head: lines.append([]),
    "a line of another kind": lambda lines, head: lines.append(["run", "rm", "-rf"]),
    "a number in a name": put("person", "name", 5),
    "a list in a name": put("person", "name", ["Ada"]),
    "nothing in a name": put("person", "name", None),
    "words in a number": put("person", "joined_s", "yesterday"),
    "a fraction in a number": put("person", "joined_s", 1.5),
    "a number past all numbers": put("person", "joined_s", 2**70),
    "a word in a yes or no": put("person", "present", "yes"),
    "a key that is no base64": put("server", "signing_key", "***"),
    "a key that is a number": put("server", "signing_key", 12),
    "half a letter": put("person", "name", "\ud800"),
    "a person of no session": put("person", "session_id", "elsewhere"),
    "a person twice": lambda lines, head: lines.append(["row", "person", dict(row(lines, "person"))]),
    "an audit line twice": lambda lines, head: lines.append(["row", "audit", dict(row(lines, "audit"))]),
    "no head of the audit log": lambda lines, head: without(lines, "audit_head"),
    "a file that is no base64": lambda lines, head: lines.append(["file", "tls/self-made.key", "***"]),
    "a file that is a number": lambda lines, head: lines.append(["file", "tls/self-made.key", 7]),
    "a file elsewhere": lambda lines, head: lines.append(["file", "../../authorized_keys", "QQ=="]),
}


def written(path: Path, head: Any, lines: Lines) -> Path:
    """As a Writer writes it, with a checksum that fits."""
    content = b"".join(json.dumps(line).encode() + b"\n" for line in (head, *lines))
    end = {"lines": len(lines), "sha256": hashlib.sha256(content).hexdigest()}
    path.write_bytes(gzip.compress(content + json.dumps(end).encode() + b"\n"))
    return path


def read(file: Path) -> tuple[dict[str, Any], Lines]:
    head, *lines, _ = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    return head, lines


async def filled(place: Place, folder: Path) -> Path:
    ada = await place.join("Ada", "admin")
    await ada.say("Hello")
    await signed_up(place, "bob", "director")
    self_made(folder / "tls", ("localhost",))
    back_up(Where(folder, place.database), folder / "whole.stoa")
    return folder / "whole.stoa"


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
async def test_what_no_stoa_wrote_is_refused_in_words_and_changes_nothing(
    tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    there = Where(tmp_path, database)
    async with running_house(tmp_path, database=database) as place:
        file = await filled(place, tmp_path)
    before, key = gzip.decompress(file.read_bytes()).splitlines()[1:-1], (tmp_path / "tls/self-made.key").read_bytes()
    for number, (what, spoil) in enumerate(FOREIGN.items()):
        if database and number % 3:
            continue  # they are the same for both, but for what the database itself refuses
        head, lines = read(file)
        spoil(lines, head)
        bad = written(tmp_path / "bad", head, lines)
        with pytest.raises(StoaError) as refused:
            restore(there, bad, replace=True)
        assert refused.value.kind is ErrorKind.BAD_DATA and refused.value.permanent, what
        assert refused.value.message.endswith(".") and len(refused.value.message) < 400 and refused.value.remedy, what
        if not database and number % 10 == 0:
            assert run(["restore", str(bad), "--data", str(tmp_path / "new")]) != 0
            assert not (tmp_path / "new").exists(), what
            assert "Traceback" not in capsys.readouterr().err
    back_up(there, tmp_path / "after.stoa")
    assert gzip.decompress((tmp_path / "after.stoa").read_bytes()).splitlines()[1:-1] == before
    assert (tmp_path / "tls/self-made.key").read_bytes() == key and not list(tmp_path.rglob(".*.part"))


FILES = {
    "lines below nothing": gzip.compress(json.dumps({"lines": -1, "sha256": hashlib.sha256(b"").hexdigest()}).encode()),
    "lists without end": gzip.compress(b"[" * 100_000),
    "lists without end, and an end": gzip.compress(b"[" * 100_000 + b"\n" + b"{}"),
    "no UTF-8": gzip.compress(b"\xff\xfe\n\n"),
    "nothing three times": gzip.compress(b"null\n" * 3),
    "the head of a gzip file": b"\x1f\x8b\x08\x00" + b"\0" * 30,
    "a database": b"SQLite format 3\0" + b"\0" * 100,
    "base64": base64.b64encode(gzip.compress(b"{}")),
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_a_file_of_something_else_is_refused_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(StoaError) as refused:
        restore(Where(tmp_path / "new"), tmp_path / "bad", replace=True)
    assert refused.value.kind is ErrorKind.BAD_DATA and refused.value.remedy
    assert not (tmp_path / "new").exists()


def test_a_line_without_end_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backup_file, "LINE_BYTES", 1000)
    (tmp_path / "bad").write_bytes(gzip.compress(b'"' + b"a" * 100_000 + b'"\n{}'))
    with pytest.raises(StoaError, match="not whole"):
        backup_file.check(tmp_path / "bad")


async def test_a_restore_signs_everybody_out_and_says_so(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ada, ann = await place.join("Ada", "admin"), await place.join("Ann")
    bob = await signed_up(place, "bob", "director")
    once, many = await place.invite("admin", account=True), await place.invite()
    reset = (await place.owner("POST", f"/api/v1/accounts/{bob.id}/reset")).json()["link"].rpartition("=")[2]
    back_up(Where(tmp_path, place.database), tmp_path / "then.stoa")
    there = tmp_path / "there"
    assert run(["restore", str(tmp_path / "then.stoa"), "--data", str(there)]) == 0
    said = capsys.readouterr().out
    assert "Nobody is signed in any more: 1 sign-in, 2 tokens and 1 one-time link of" in said
    async with running_house(there) as again:
        for bearer in (ada.bearer, ann.bearer):
            assert (await again.call("GET", "/api/v1/me", bearer)).status_code == 401
        assert (await again.call("GET", "/api/v1/account", bob.bearer)).status_code == 401
        body = {"invite": once["invite"], "login": "eve", "name": "Eve", "password": "seven quiet herons"}
        assert (await again.call("POST", "/api/v1/accounts", json=body)).json()["code"] == "invite_revoked"
        body = {"reset": reset, "new": "eight loud herons"}
        assert (await again.call("POST", "/api/v1/reset", json=body)).json()["code"] == "reset_gone"
        body = {"login": "bob", "password": "seven quiet herons"}
        assert (await again.call("POST", "/api/v1/sign-in", json=body)).status_code == 200
        body = {"invite": many["invite"], "name": "Ada"}
        assert (await again.call("POST", "/api/v1/join", json=body)).status_code == 200, "the name is free again"
        (line,) = [line for line in await again.audit() if line["action"] == "backup.restored"]
        assert "Nobody is signed in any more" in line["words"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_nothing_is_left_of_a_restore_into_a_new_place_that_fails(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await filled(place, tmp_path)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("studio.server.backup.migrate", fail)
    with pytest.raises(OSError, match="No space"):
        restore(Where(tmp_path / "new"), file, replace=False)
    assert not (tmp_path / "new").exists()
