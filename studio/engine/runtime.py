"""The runtime folder: picture memory on tmpfs, and the file that tells port and token. What a dead engine left is
cleaned by the next start."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import sys
import tempfile
from pathlib import Path
from typing import IO

import msgspec

from studio import __version__
from studio.media import ErrorKind, StoaError

_numbers = itertools.count(1)
PATH_LIMIT_BYTES = 4096


def _base() -> Path:
    return Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(tempfile.gettempdir())


def _prefix() -> str:
    return f"stoa-{os.getuid() if hasattr(os, 'getuid') else 0}-"


def ring_place(home: Path) -> Path:
    """Where this STOA_HOME's rings are named: on tmpfs where the system has one. Makes nothing."""
    return _base() / (_prefix() + hashlib.sha1(os.fsencode(home)).hexdigest()[:10])


def ring_folder(home: Path) -> Path:
    """The same, made (0700). Raises StoaError(DENIED) where another user has taken the name."""
    folder = ring_place(home)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid():
        raise StoaError(
            ErrorKind.DENIED,
            f"{folder} belongs to another user, who could read the pictures.",
            remedy="Have it removed.",
            permanent=True,
        )
    return folder


def clean_after_dead(home: Path) -> None:
    """Take away what engines of this home left that were killed: run files with their tokens, rings, locks.

    A living engine holds its lock and is left alone. Any process may call this.
    """
    rings, run = ring_place(home), home / "run"
    for lock in rings.glob("*.lock"):
        try:
            held = _locked(lock)
        except FileNotFoundError:  # an engine that ended at this moment took the folder away
            return
        if held is None:
            continue
        pid = lock.stem
        for path in rings.glob(f"{pid}-*.ring"):
            path.unlink(missing_ok=True)
        (run / f"engine-{pid}.json").unlink(missing_ok=True)
        lock.unlink(missing_ok=True)
        held.close()


def clean_at_end(home: Path) -> None:
    """`clean_after_dead`, and the folder of the rings where nothing is left in it."""
    clean_after_dead(home)
    with contextlib.suppress(OSError):  # another engine is in it, or took it away
        ring_place(home).rmdir()


def clean_after_gone_homes() -> None:
    """Take away the rings of this user's homes that are there no more, and that no living engine holds."""
    for folder in _base().glob(f"{_prefix()}*"):
        with contextlib.suppress(OSError):  # another user's, or just gone
            if hasattr(os, "getuid") and folder.lstat().st_uid != os.getuid():
                continue
            for home in {_home_in(lock) for lock in folder.glob("*.lock")}:
                if ring_place(home) == folder and not home.exists():
                    clean_at_end(home)


class RuntimeFolder:
    """One engine's names. A lock file per engine tells the living from the dead, whatever their process ids; it
    holds the home's path, by which others find out that the home is gone."""

    def __init__(self, home: Path, *, adoptable: bool = False) -> None:
        self._adoptable = adoptable
        self.run = home / "run"
        self.run.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.run.chmod(0o700)
        self.rings = ring_folder(home)
        clean_after_dead(home)
        clean_after_gone_homes()
        self._lock = self._own_lock(home)
        self._address = self.run / f"engine-{os.getpid()}.json"

    def ring_path(self) -> Path:
        """A new name for a ring."""
        return self.rings / f"{os.getpid()}-{next(_numbers)}.ring"

    def publish(self, port: int, token: str) -> None:
        """Tell the owner's programs where the control API is."""
        address = {"pid": os.getpid(), "port": port, "token": token, "version": __version__}
        content = msgspec.json.encode(address | {"adoptable": self._adoptable})
        draft = self._address.with_suffix(".part")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        draft.replace(self._address)

    def close(self) -> None:
        """Take every name of this engine away."""
        self._address.unlink(missing_ok=True)
        for path in self.rings.glob(f"{os.getpid()}-*.ring"):
            path.unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
        (self.rings / f"{os.getpid()}.lock").unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # another engine is in it, or took it away
            self.rings.rmdir()

    def _own_lock(self, home: Path) -> IO[bytes] | None:
        while True:
            try:
                lock = _locked(self.rings / f"{os.getpid()}.lock")
                if lock is not None:
                    lock.truncate(0)
                    lock.write(os.fsencode(home))
                    lock.flush()
                return lock
            except FileNotFoundError:  # an engine that ended at this moment took the empty folder away
                self.rings = ring_folder(home)


def _home_in(lock: Path) -> Path:
    """What its engine wrote into it. Raises OSError, on Windows also while that engine lives."""
    with lock.open("rb") as file:
        return Path(os.fsdecode(file.read(PATH_LIMIT_BYTES)))


def _locked(path: Path) -> IO[bytes] | None:
    """The file, locked for this process; None where a living engine holds it."""
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)  # it locks the byte that the file stands at: the same one for all
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file
