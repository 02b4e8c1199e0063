"""A log file that several processes write into stays small, keeps its newest lines, and waits for nobody."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from studio.process.log_size import forget, hold_down, older_part, open_log

PART = 1000


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "live-20260101-120000-1.log"


def kept(log: Path) -> list[int]:
    """The numbers of the whole lines that are left, oldest first."""
    parts = [part.read_bytes() for part in (older_part(log), log) if part.exists()]
    return [int(line) for line in b"".join(parts).split(b"\n")[1:-1]]


def write(file: IO[bytes], numbers: range) -> None:
    for number in numbers:
        file.write(b"%06d\n" % number)


def test_both_parts_stay_within_their_room_and_no_line_between_is_lost(log: Path) -> None:
    with open_log(log) as engine, open_log(log) as camera:
        for turn in range(100):
            write(engine if turn % 2 else camera, range(turn * 50, turn * 50 + 50))
            hold_down(log.parent, PART)
            assert log.stat().st_size <= PART
            assert not older_part(log).exists() or older_part(log).stat().st_size <= PART
    numbers = kept(log)
    assert numbers == list(range(numbers[0], 5000)) and len(numbers) > 100


def test_of_a_flood_the_newest_part_stays(log: Path) -> None:
    with open_log(log) as file:
        write(file, range(10_000))
        hold_down(log.parent, PART)
        write(file, range(10_000, 10_001))
    numbers = kept(log)
    assert numbers == list(range(numbers[0], 10_001)) and len(numbers) == PART // 7 + 1


def test_a_small_log_is_left_as_it_is(log: Path) -> None:
    with open_log(log) as file:
        write(file, range(100))
    before = log.read_bytes()
    hold_down(log.parent, PART)
    assert log.read_bytes() == before and not older_part(log).exists()


@pytest.mark.skipif(sys.platform == "win32", reason="the lock is POSIX")
def test_one_process_at_a_time_cuts(log: Path) -> None:
    import fcntl

    with open_log(log) as file, older_part(log).open("ab") as other:
        write(file, range(1000))
        fcntl.flock(other, fcntl.LOCK_EX)
        hold_down(log.parent, PART)
        assert log.stat().st_size == 7000
    hold_down(log.parent, PART)
    assert not log.stat().st_size


def test_the_older_part_may_be_read_by_no_more_people_than_the_log(log: Path) -> None:
    with open_log(log) as file:
        log.chmod(0o600)
        write(file, range(1000))
    hold_down(log.parent, PART)
    assert older_part(log).stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_gone_or_cannot_be_written_stops_nothing(log: Path) -> None:
    hold_down(log.parent / "gone", PART)
    with open_log(log) as file:
        write(file, range(1000))
    older_part(log).mkdir()
    hold_down(log.parent, PART)
    assert log.stat().st_size == 7000


def test_a_log_that_any_process_still_has_is_not_forgotten(log: Path) -> None:
    file = open_log(log)
    older_part(log).write_bytes(b"x")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=file) as child:
        file.close()  # the launcher is gone, its child goes on
        forget(log)
        assert log.exists() and older_part(log).exists()
        child.communicate(b"\n")
    forget(log)
    assert not list(log.parent.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="the locks are POSIX")
def test_locks_are_asked_for_as_a_network_disk_gives_them(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NFS: a shared lock on what one may read, an exclusive one on what one may write."""
    import fcntl

    asked: list[bool] = []
    flock = fcntl.flock

    def network_flock(file: IO[bytes], operation: int) -> None:
        mode = fcntl.fcntl(file, fcntl.F_GETFL) & os.O_ACCMODE
        asked.append(mode != (os.O_RDONLY if operation & fcntl.LOCK_EX else os.O_WRONLY))
        flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", network_flock)
    with open_log(log) as file:
        write(file, range(1000))
        hold_down(log.parent, PART)
    forget(log)
    assert asked == [True, True, True]


def test_what_is_written_during_a_cut_makes_the_older_part_no_larger(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copymode = shutil.copymode
    with open_log(log) as file:
        write(file, range(1000))

        def flooded(source: Path, target: Path) -> None:
            write(file, range(1000, 2000))
            copymode(source, target)

        monkeypatch.setattr(shutil, "copymode", flooded)
        hold_down(log.parent, PART)
    assert older_part(log).stat().st_size == PART
