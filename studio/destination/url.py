"""A destination's URL: which protocol, whether it can be right, and how it may be shown."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from studio.media import ErrorKind, StoaError

PROTOCOLS = {
    "rtmp": "rtmp",
    "rtmps": "rtmp",
    "srt": "srt",
    "whip+http": "whip",
    "whip+https": "whip",
}
FORMS = "rtmp://, rtmps://, srt://, whip+http:// and whip+https://"
MASK = "•••"


@dataclass(frozen=True, slots=True)
class DestinationUrl:
    """`protocol` is the kind of child: rtmp, srt, whip. `masked` may be shown and logged; `words` names the host."""

    protocol: str
    masked: str
    words: str


def parse_destination(url: str) -> DestinationUrl:
    """Take a destination's URL apart. Raises StoaError(BAD_ARGUMENT) with a remedy, and without the key."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as cause:
        raise _bad("That is no address of a destination.", "Check the host and the port.") from cause
    scheme = parts.scheme.lower()
    if scheme not in PROTOCOLS:
        said = f"“{scheme}://” is" if scheme and "://" in url else "This is"
        raise _bad(f"{said} nothing that Stoa can send to.", f"It sends to {FORMS}.")
    if not host:
        raise _bad(f"The {scheme} address names no host.", f"Write {scheme}://HOST/…")
    protocol = PROTOCOLS[scheme]
    if protocol == "srt" and port is None:
        raise _bad("The srt address names no port.", "Write srt://HOST:PORT")
    return DestinationUrl(protocol, mask_destination(url), host)


def mask_destination(url: str) -> str:
    """The URL without user, key and query: of an RTMP path only the application stays."""
    parts = urlsplit(url.strip())
    netloc = parts.netloc.rpartition("@")[2]
    path = parts.path
    if parts.scheme.lower() in ("rtmp", "rtmps"):
        pieces = path.split("/")
        path = "/".join([*pieces[:2], MASK]) if len(pieces) > 2 and "".join(pieces[2:]) else path
    return urlunsplit((parts.scheme, netloc, path, MASK if parts.query else "", ""))


def _bad(words: str, remedy: str) -> StoaError:
    return StoaError(ErrorKind.BAD_ARGUMENT, words, remedy=remedy, permanent=True)
