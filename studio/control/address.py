"""Finding a running engine: `$STOA_HOME/run/engine-PID.json` tells its port and its token."""

from __future__ import annotations

from pathlib import Path

import msgspec

from studio.media import ErrorKind, StoaError
from studio.media.home import run_folder
from studio.process.running import is_running


class EngineAddress(msgspec.Struct, frozen=True):
    """The content of `run/engine-PID.json`. `adoptable`: it is the studio's, not one of `stoa live`.

    `token` is a secret of the machine's user: never shown, never logged.
    """

    pid: int
    port: int
    token: str
    version: str
    adoptable: bool = False

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/control"

    def __repr__(self) -> str:
        return f"EngineAddress(pid={self.pid}, port={self.port}, version={self.version!r})"


def running_engines(folder: Path | None = None) -> list[EngineAddress]:
    """The engines whose process is there, newest file first. Reads the disk: not for the window's thread.

    A file that is half written, foreign or left by a dead engine counts as none.
    """
    found: list[tuple[float, EngineAddress]] = []
    folder = run_folder() if folder is None else folder
    for path in folder.glob("engine-*.json"):
        try:
            address = msgspec.json.decode(path.read_bytes(), type=EngineAddress)
            changed = path.stat().st_mtime
        except (OSError, msgspec.DecodeError):
            continue
        if is_running(address.pid):
            found.append((changed, address))
    return [address for _, address in sorted(found, key=lambda pair: pair[0], reverse=True)]


def the_engine(pid: int | None = None, folder: Path | None = None) -> EngineAddress:
    """The only running engine, or the one with this process id.

    Raises StoaError(NOT_FOUND) where there is none, (CONFLICT) where there are several and none was named.
    """
    engines = running_engines(folder)
    if pid is not None:
        engines = [engine for engine in engines if engine.pid == pid]
    if not engines:
        which = "No engine is running" if pid is None else f"No engine with process id {pid} is running"
        raise StoaError(ErrorKind.NOT_FOUND, f"{which}.", remedy="Start one with stoa or stoa live.")
    if len(engines) > 1:
        pids = ", ".join(str(engine.pid) for engine in engines)
        raise StoaError(
            ErrorKind.CONFLICT,
            f"Several engines are running ({pids}).",
            remedy="Say which one with --pid.",
            permanent=True,
        )
    return engines[0]
