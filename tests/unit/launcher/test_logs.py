"""The launcher's log files: the newest few are kept, and this run's own is held down while it runs."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.launcher import logs
from studio.launcher.logs import log_file
from studio.process import log_size
from studio.process.log_size import older_part, open_log
from tests.fixtures.waiting import until


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("STOA_HOME", str(tmp_path))
    monkeypatch.setattr(log_size, "CHECK_EVERY_S", 0.01)
    handlers: list[logging.Handler] = []  # held: the file is closed with its handler
    monkeypatch.setattr(logging, "basicConfig", lambda **given: handlers.extend(given["handlers"]))
    (tmp_path / "logs").mkdir()
    yield tmp_path / "logs"
    handlers.clear()


def earlier(folder: Path, day: int, size_bytes: int = 1) -> Path:
    log = folder / f"studio-202601{day:02}-120000-1.log"
    log.write_bytes(b"x" * size_bytes)
    older_part(log).write_bytes(b"x")
    return log


def test_a_run_that_writes_without_end_is_held_down(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_size, "PART_BYTES", 10_000)
    with log_file("studio") as file:
        path = Path(file.name)
        for _ in range(3):
            file.write(b"a line of a child\n" * 1000)
            until(lambda: path.stat().st_size < 10_000, 10, "the log to be cut")
        assert older_part(path).stat().st_size == 10_000


def test_the_newest_few_runs_are_kept_with_both_their_parts(folder: Path) -> None:
    runs = [earlier(folder, day) for day in range(1, 26)]
    other = folder / "live-20200101-120000-1.log"
    other.write_bytes(b"x")
    log_file("studio").close()
    assert [log for log in runs if log.exists()] == runs[-19:]
    assert [log for log in runs if older_part(log).exists()] == runs[-19:] and other.exists()


def test_the_runs_together_take_no_more_than_their_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "KEPT_BYTES", 5000)
    runs = [earlier(folder, day, 2000) for day in range(1, 6)]
    log_file("studio").close()
    assert [log for log in runs if log.exists()] == runs[-2:]


def test_the_log_of_a_run_that_lives_stays_and_is_held_down(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_size, "PART_BYTES", 10_000)
    living, dead = earlier(folder, 1), earlier(folder, 2)
    for day in range(3, 26):
        earlier(folder, day)
    with open_log(living) as file:
        log_file("studio").close()
        assert living.exists() and older_part(living).exists() and not dead.exists()
        file.write(b"a line\n" * 2000)
        until(lambda: living.stat().st_size < 10_000, 10, "the log to be cut")
    log_file("studio").close()
    assert not living.exists()


def test_an_old_log_that_cannot_be_taken_away_stops_no_start(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [earlier(folder, day) for day in range(1, 22)]
    unlink, stat = Path.unlink, Path.stat

    def refused(path: Path, missing_ok: bool = False) -> None:
        if path == runs[0]:
            raise PermissionError(13, "The process cannot access the file")
        unlink(path, missing_ok)

    def no_size(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path == runs[0]:
            raise PermissionError(13, "Access is denied")
        return stat(path, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(Path, "unlink", refused)
    monkeypatch.setattr(Path, "stat", no_size)
    log_file("studio").close()
    monkeypatch.undo()
    assert [log for log in runs if log.exists()] == [runs[0], *runs[-19:]]
