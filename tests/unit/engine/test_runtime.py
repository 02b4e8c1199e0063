"""What a dead engine left is cleaned by the next start; what a living one has is left alone."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from studio.engine import runtime
from studio.engine.runtime import RuntimeFolder, ring_folder, ring_place
from studio.media import FrameRing, RingLayout
from tests.fixtures.waiting import until

DEAD = """
import sys, os
from pathlib import Path
from studio.engine.runtime import RuntimeFolder
from studio.media import FrameRing, RingLayout
folder = RuntimeFolder(Path(sys.argv[1]))
folder.publish(1234, "token")
FrameRing.create(RingLayout(str(folder.ring_path()), 2, 320, 180))
print(os.getpid(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    folder = ring_folder(tmp_path)
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


@pytest.fixture
def other(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another engine's folder, in another process, with a ring and an address."""
    process = subprocess.Popen(
        [sys.executable, "-c", DEAD, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdin is not None
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()
    process.stdout.close()
    process.stdin.close()


def test_after_kill_9_the_next_start_cleans(home: Path, other: subprocess.Popen[str]) -> None:
    assert len(list(ring_folder(home).glob("*.ring"))) == 1
    other.kill()
    other.wait()
    folder = RuntimeFolder(home)
    assert not list(ring_folder(home).glob("*.ring")) and not list((home / "run").glob("engine-*.json"))
    folder.close()


def test_a_living_engine_keeps_what_it_has(home: Path, other: subprocess.Popen[str]) -> None:
    folder = RuntimeFolder(home)
    assert len(list(ring_folder(home).glob("*.ring"))) == 1 and list((home / "run").glob("engine-*.json"))
    folder.close()
    assert len(list(ring_folder(home).glob("*.ring"))) == 1


def test_the_address_is_its_owners_only_and_gone_at_the_end(home: Path) -> None:
    folder = RuntimeFolder(home)
    folder.publish(4321, "a-token")
    path = home / "run" / f"engine-{os.getpid()}.json"
    told = msgspec.json.decode(path.read_bytes())
    assert (told["pid"], told["port"], told["token"]) == (os.getpid(), 4321, "a-token")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    ring = FrameRing.create(RingLayout(str(folder.ring_path()), 2, 320, 180))
    folder.close()
    assert not path.exists() and not list(ring_folder(home).iterdir())
    ring.close()
    ring_folder(home).mkdir(exist_ok=True)


def test_the_rings_of_a_home_that_is_gone_are_cleaned_by_the_next_start_of_another(
    home: Path, tmp_path_factory: pytest.TempPathFactory, other: subprocess.Popen[str]
) -> None:
    place, elsewhere = ring_place(home), tmp_path_factory.mktemp("elsewhere")
    (lock,) = place.glob("*.lock")
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600 and lock.read_text() == str(home)
    RuntimeFolder(elsewhere).close()
    assert list(place.glob("*.ring")), "its engine lives"
    other.kill()
    other.wait()
    RuntimeFolder(elsewhere).close()
    assert list(place.glob("*.ring")), "its home is there: the next start in it cleans"
    shutil.rmtree(home)
    RuntimeFolder(elsewhere).close()
    assert not place.exists()


def test_a_home_that_is_gone_keeps_what_its_living_engine_has(
    home: Path, tmp_path_factory: pytest.TempPathFactory, other: subprocess.Popen[str]
) -> None:
    shutil.rmtree(home)
    RuntimeFolder(tmp_path_factory.mktemp("elsewhere")).close()
    assert list(ring_place(home).glob("*.ring"))


def test_foreign_content_in_a_lock_and_a_home_that_is_no_utf_8_stop_no_engine(home: Path) -> None:
    elsewhere = ring_folder(home / os.fsdecode(b"gone-\xff"))
    stray = elsewhere / "1.lock"
    stray.write_bytes(b"/\xff\xfe" * 10_000)
    RuntimeFolder(home).close()
    assert stray.exists()
    stray.write_bytes(os.fsencode(home / os.fsdecode(b"gone-\xff")))
    RuntimeFolder(home).close()
    until(lambda: not elsewhere.exists(), 10, "the gone home's folder to be cleaned, by whichever engine")
    ring_folder(home)


def test_on_windows_all_lock_the_same_byte_whatever_the_file_holds(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locked: set[tuple[int, int]] = set()

    def locking(descriptor: int, mode: int, count: int) -> None:
        byte = os.fstat(descriptor).st_ino, os.lseek(descriptor, 0, os.SEEK_CUR)
        if byte in locked:
            raise PermissionError(13, "Permission denied")
        locked.add(byte)

    monkeypatch.setattr(runtime, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    engine = RuntimeFolder(home)
    ring = engine.ring_path()
    ring.write_bytes(b"x")
    (lock,) = ring_place(home).glob("*.lock")
    assert lock.read_bytes() == os.fsencode(home)
    runtime.clean_after_dead(home)
    assert lock.exists() and ring.exists()
    engine.close()
    ring_folder(home)
