"""What FFmpeg says about an RTMP connection, as errors for a person.

PyAV hands on an error number and, with logging on, the lines of FFmpeg's log: a server's refusal stands only there.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence

import av

from studio.destination.addresses import Probe
from studio.destination.hang_up import HungUp
from studio.media import ErrorKind, StoaError

_SERVER_SAID = re.compile(r"Server error:\s*(.*)", re.IGNORECASE)
_IN_USE = re.compile(r"already|in use|busy|badname", re.IGNORECASE)
_NO_WAY = frozenset(
    {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EACCES, errno.EINVAL}
)
_KEY_REMEDY = "Check the address and the stream key."


def connect_error(
    cause: av.FFmpegError, log: Sequence[str], host: str, port: int, probe: Probe, *, tls: bool
) -> StoaError:
    """Why a connection did not come about. `probe` is what a plain try of the port found just now."""
    place = f"{host}:{port}"
    if refusal := _SERVER_SAID.search("\n".join(log)):
        return _refusal(refusal.group(1), host)
    if tls and probe.untrusted:
        return StoaError(
            ErrorKind.TLS,
            f"The certificate of {host} is not trusted: {probe.untrusted}.",
            remedy="Check the host name; a private authority needs its CA file.",
            permanent=True,
        )
    if isinstance(cause, ConnectionRefusedError):
        return StoaError(
            ErrorKind.UNREACHABLE, f"Nothing listens on {place}.", remedy="Check the port, and that the server runs."
        )
    if cause.errno in _NO_WAY:
        return StoaError(ErrorKind.UNREACHABLE, f"There is no way to {host}.", remedy="Check the network connection.")
    if not probe.open:
        return StoaError(
            ErrorKind.UNREACHABLE, f"{place} does not answer.", remedy="Check the address, the port and the firewall."
        )
    if tls and not probe.speaks_tls:
        return StoaError(
            ErrorKind.TLS,
            f"{place} accepts connections and does not answer in TLS.",
            remedy="Check the port: rtmps:// needs a server that speaks TLS there; rtmp:// is for one that does not.",
        )
    if isinstance(cause, (av.error.ExitError, TimeoutError)):
        return StoaError(
            ErrorKind.TIMEOUT,
            f"{place} accepts connections and does not answer as an RTMP server.",
            remedy="Check the port: another service may listen there, or the server hangs.",
        )
    return HungUp(
        f"{place} hung up while the stream was being set up.",
        f"It may not know this application or key. {_KEY_REMEDY}",
    )


def write_error(cause: av.FFmpegError, log: Sequence[str], host: str, limit_s: float) -> StoaError:
    """Why a standing connection is gone."""
    if refusal := _SERVER_SAID.search("\n".join(log)):
        return _refusal(refusal.group(1), host)
    if isinstance(cause, (av.error.ExitError, TimeoutError)):
        return StoaError(
            ErrorKind.TIMEOUT,
            f"{host} has taken nothing for {limit_s:g} s.",
            remedy="The server hangs or the network is cut.",
        )
    return StoaError(ErrorKind.LOST, f"{host} closed the connection.", remedy="")


def _refusal(words: str, host: str) -> StoaError:
    words = re.sub(r"\s+", " ", words).strip().rstrip(".")
    if _IN_USE.search(words):
        return StoaError(
            ErrorKind.REFUSED,
            f"{host} refuses: this stream key is in use already.",
            remedy="Stop the other sender, or use another key.",
            permanent=True,
        )
    return StoaError(
        ErrorKind.REFUSED, f"{host} refuses the stream{_quoted(words)}.", remedy=_KEY_REMEDY, permanent=True
    )


def _quoted(words: str) -> str:
    """A server's own words, short and on one line; left out where they may hold the key."""
    return f" (“{words[:80]}”)" if words and "/" not in words else ""
