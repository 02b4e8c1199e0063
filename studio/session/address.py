"""Where a session is: in a link that somebody sent, or in the file that this machine's own server writes."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec

from studio.media.errors import ErrorKind, StoaError
from studio.media.home import run_folder
from studio.process.running import is_running

FIRST_SESSION = "studio"


@dataclass(frozen=True, slots=True)
class SessionLink:
    """An invite link taken apart. `base` is `https://HOST:PORT`; the invite is never shown."""

    base: str
    session: str
    invite: str

    def __repr__(self) -> str:
        return f"SessionLink({self.base!r}, {self.session!r})"


def parse_link(link: str) -> SessionLink:
    """Raises StoaError(BAD_ARGUMENT) for what is no invite link."""
    parts = None
    with contextlib.suppress(ValueError):
        split = urlsplit(link.strip())
        parts = split if split.port is None or split.port > 0 else None  # a port that is no number raises here
    invite = parse_qs(parts.fragment).get("i", [""])[0] if parts else ""
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or not invite:
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            "This is not an invite link.",
            remedy="Paste the whole link that you were sent; it ends with #i= and some letters.",
            permanent=True,
        )
    pieces = parts.path.strip("/").split("/")
    session = pieces[1] if len(pieces) == 2 and pieces[0] in ("watch", "guest") else FIRST_SESSION
    return SessionLink(f"{parts.scheme}://{parts.netloc}", session, invite)


class OwnerAddress(msgspec.Struct, frozen=True):
    """The content of `run/owner-PID.json`. `token` is a secret of the machine's user: never shown, never logged."""

    pid: int
    port: int
    url: str
    token: str
    version: str

    def __repr__(self) -> str:
        return f"OwnerAddress(pid={self.pid}, url={self.url!r}, version={self.version!r})"


def running_server(folder: Path | None = None) -> OwnerAddress:
    """This machine's session server; the newest, where several run. Reads the disk: not for the window's thread.

    Raises StoaError(NOT_FOUND) where none runs. A file that a dead server left, or a half written one, counts as none.
    """
    found: list[tuple[float, OwnerAddress]] = []
    for path in (run_folder() if folder is None else folder).glob("owner-*.json"):
        try:
            address = msgspec.json.decode(path.read_bytes(), type=OwnerAddress)
            changed = path.stat().st_mtime
        except (OSError, msgspec.DecodeError):
            continue
        if is_running(address.pid):
            found.append((changed, address))
    if not found:
        raise StoaError(
            ErrorKind.NOT_FOUND, "No session server is running on this machine.", remedy="Start stoa, or stoa serve."
        )
    return max(found, key=lambda pair: pair[0])[1]
