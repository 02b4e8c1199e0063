"""Where a destination is: its URL taken apart, checked, and masked for every eye."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit, urlunsplit

from studio.media import ErrorKind, StoaError
from studio.media.mask import MASK

_LONGEST_PLAIN_SEGMENT = 20


class Protocol(StrEnum):
    """How a destination is spoken to."""

    RTMP = "rtmp"
    SRT = "srt"
    WHIP = "whip"


_SCHEMES = {
    "rtmp": Protocol.RTMP,
    "rtmps": Protocol.RTMP,
    "srt": Protocol.SRT,
    "whip+http": Protocol.WHIP,
    "whip+https": Protocol.WHIP,
}
_PORTS = {"rtmp": 1935, "rtmps": 443, "whip+http": 80, "whip+https": 443}
_SRT_OPTIONS = frozenset({"mode", "latency", "passphrase", "pbkeylen", "streamid", "transtype", "pkt_size"})


@dataclass(frozen=True, slots=True)
class DestinationUrl:
    """A checked URL. `text` is secret; `masked` may be shown and logged; `words` names the host.

    `protocol` is also the kind of child that serves it; `scheme` tells rtmp from rtmps.
    """

    protocol: Protocol
    masked: str
    words: str
    text: str
    scheme: str
    port: int

    @property
    def host(self) -> str:
        return self.words

    @property
    def place(self) -> str:
        """Host and port as people read them, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def carries_secret(self) -> bool:
        """Whether a part of it had to be masked: a key that was typed into the URL."""
        return MASK in self.masked

    @property
    def query(self) -> dict[str, str]:
        """The options behind the question mark, decoded; a plus stands for itself."""
        return query_options(urlsplit(self.text).query)


def parse_destination(text: str) -> DestinationUrl:
    """Check a URL. Raises StoaError(BAD_ARGUMENT), which never repeats what may be secret in it."""
    text = text.strip()
    scheme, separator, _ = text.partition("://")
    scheme = scheme.lower()
    text = scheme + text[len(scheme) :]
    if not separator or scheme not in _SCHEMES:
        said = f"{scheme[:20]}://" if separator and re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme) else "This"
        raise _bad(
            f"{said} is no destination that Stoa knows.",
            "A destination begins with rtmp://, rtmps://, srt://, whip+http:// or whip+https://.",
        )
    if any(character.isspace() or ord(character) < 32 for character in text):
        raise _bad("The destination's URL has a space or a line break in it.", "Copy it again.")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _bad("The destination's URL has a host or port that cannot be.", "A port is 1 to 65535.") from None
    if not host:
        raise _bad(f"The {scheme}:// destination names no host.", f"Write {scheme}://HOST/… .")
    if port == 0:
        raise _bad(f"Port 0 of {host} is no port.", "A port is 1 to 65535.")
    if port is None:
        if scheme == "srt":
            raise _bad(f"The SRT destination {host} needs a port.", "Write srt://HOST:PORT .")
        port = _PORTS[scheme]
    protocol = _SCHEMES[scheme]
    if protocol is Protocol.SRT:
        _check_srt(parts)
    elif protocol is not Protocol.WHIP and not parts.path.strip("/"):
        raise _bad(f"The RTMP destination {host} names no application and key.", f"Write {scheme}://{host}/APP/KEY .")
    return DestinationUrl(protocol, mask_url(text), host, text, scheme, port)


def mask_url(text: str) -> str:
    """The URL with keys, passwords and tokens replaced by asterisks. Never raises."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return MASK
    if ":" in host:
        host = f"[{host}]"
    place = (f"{MASK}@" if parts.username or parts.password else "") + host + (f":{port}" if port else "")
    shown = f"{parts.scheme}://{place}{_mask_path(parts)}"
    if parts.query:
        shown += "?" + "&".join(_mask_option(option, parts.scheme) for option in parts.query.split("&"))
    return shown + (f"#{MASK}" if parts.fragment else "")


def fill_mask(text: str, kept: str) -> str:
    """`text` with its dots replaced by what they hide of the `kept` URL: an address changes, its key stays.

    Raises StoaError(BAD_ARGUMENT) where there are dots that stand for nothing.
    """
    if MASK not in text:
        return text
    try:
        new, old = urlsplit(text.strip()), urlsplit(kept)
    except ValueError:
        return text  # parse_destination says what is wrong with it
    filled = text
    if _SCHEMES.get(new.scheme, new.scheme) == _SCHEMES.get(old.scheme):
        user, at, host = new.netloc.rpartition("@")
        place = (old.netloc.rpartition("@")[0] if user == MASK else user) + at + host
        fragment = old.fragment if new.fragment == MASK else new.fragment
        filled = urlunsplit((new.scheme, place, _fill_path(new, old), _fill_query(new.query, old.query), fragment))
    if MASK in filled:
        raise _bad("The address has dots where nothing is kept that they could stand for.", "Type the key anew.")
    return filled


def _fill_path(new: SplitResult, old: SplitResult) -> str:
    segments, kept = new.path.split("/"), old.path.split("/")
    if new.scheme in ("rtmp", "rtmps"):
        return "/".join([*segments[:2], *kept[2:]]) if segments[2:] == [MASK] and kept[2:] else new.path
    hidden = iter([segment for segment in kept if len(segment) >= _LONGEST_PLAIN_SEGMENT])
    return "/".join(next(hidden, MASK) if segment == MASK else segment for segment in segments)


def _fill_query(new: str, old: str) -> str:
    kept = old.split("&")

    def fill(option: str) -> str:
        name, separator, value = option.partition("=")
        if separator and value == MASK:
            return next((one for one in kept if one.startswith(f"{name}=")), option)
        return next((one for one in kept if one and "=" not in one), option) if option == MASK else option

    return "&".join(map(fill, new.split("&")))


def query_options(query: str) -> dict[str, str]:
    """`a=1&b=2` decoded; unlike in HTML forms a plus stands for itself, since keys contain it."""
    return dict(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True))


def _mask_path(parts: SplitResult) -> str:
    segments = parts.path.split("/")
    if parts.scheme in ("rtmp", "rtmps"):
        # /APP/KEY: what comes after the application is the key, also where it has slashes of its own.
        return "/".join([*segments[:2], MASK]) if len(segments) > 2 and any(segments[2:]) else parts.path
    return "/".join(MASK if len(segment) >= _LONGEST_PLAIN_SEGMENT else segment for segment in segments)


def _mask_option(option: str, scheme: str) -> str:
    name, separator, _ = option.partition("=")
    if scheme == "srt" and name in _SRT_OPTIONS - {"passphrase", "streamid"}:
        return option
    return f"{name}={MASK}" if separator else MASK


def _check_srt(parts: SplitResult) -> None:
    options = query_options(parts.query)
    for name in options:
        if name not in _SRT_OPTIONS:
            raise _bad(
                f"Stoa does not know the SRT option {name[:30]}.", f"It knows {', '.join(sorted(_SRT_OPTIONS))}."
            )
    if options.get("mode", "caller") != "caller" or options.get("transtype", "live") != "live":
        raise _bad("Stoa calls SRT listeners in live mode only.", "Leave mode and transtype out of the URL.")
    latency = options.get("latency", "120")
    if not latency.isdecimal() or not 0 <= int(latency) <= 60_000:
        raise _bad("The SRT latency is a whole number of milliseconds, 0 to 60000.", "120 is usual.")
    check_passphrase(options.get("passphrase", ""))
    if options.get("pbkeylen", "16") not in ("0", "16", "24", "32"):
        raise _bad("The SRT key length pbkeylen is 16, 24 or 32.", "Leave it out of the URL.")
    if len(options.get("streamid", "").encode()) > 512:
        raise _bad("The SRT stream id is longer than 512 bytes.", "Ask the receiver for a shorter one.")


def check_passphrase(passphrase: str) -> None:
    """Raises StoaError(BAD_ARGUMENT) for one that SRT cannot take; empty means none."""
    if passphrase and not 10 <= len(passphrase.encode()) <= 79:
        raise _bad("An SRT passphrase has 10 to 79 characters.", "Check the passphrase.")


def with_key(url: DestinationUrl, key: str) -> str:
    """An RTMP URL with the stream key at its end, for keys that are kept apart."""
    if not key:
        return url.text
    base, question, query = url.text.partition("?")
    return base.rstrip("/") + "/" + quote(unquote(key), safe="/?=&~_-.+:%") + question + query


def _bad(message: str, remedy: str) -> StoaError:
    return StoaError(ErrorKind.BAD_ARGUMENT, message, remedy=remedy, permanent=True)
