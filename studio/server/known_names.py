"""By which names a request may call this server, as its Host header says.

A page of another site can let its own name point to this machine (DNS rebinding): for the browser it is then a page of
this server, Origin and all. Only that name gives it away. An address cannot be made to point elsewhere, so each passes.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from collections.abc import Iterable

ALWAYS = "localhost"
NAME_HELP = "a further host name that people reach the server by; repeatable"
_HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")


def machine_names() -> frozenset[str]:
    """What this machine is called, in its own network too, in small letters."""
    full = socket.gethostname().lower()
    short = full.partition(".")[0]
    return frozenset({ALWAYS, full, short, f"{short}.local"} - {"", ".local"})


def further_name(given: str) -> str:
    """What `--name` says, as browsers send it. Raises ValueError with a sentence for what is no host name."""
    with contextlib.suppress(UnicodeError):
        name = given.encode("idna").decode().lower()
        if _HOST_NAME.fullmatch(name):
            return name
    raise ValueError(f"--name {given}: a host name is needed, without https:// and without a port.")


def host_name(host: str) -> str:
    """The name or address of a Host header in small letters, without port and final dot; empty where it is none."""
    if host.startswith("["):
        address, _, rest = host[1:].partition("]")
        return address if _is_address(address, 6) and _is_port(rest) else ""
    name, colon, port = host.partition(":")
    return name.lower().removesuffix(".") if _is_port(colon + port) else ""


def is_known(host: str, names: Iterable[str]) -> bool:
    """Whether a Host header is an address, a name of this machine, or one of `names` (`*.` stands for one label)."""
    name = host_name(host)
    if not name:
        return False
    if host.startswith("[") or _is_address(name, 4) or name in machine_names():
        return True
    any_label = f"*.{name.partition('.')[2]}"
    return any(known.lower().removesuffix(".") in (name, any_label) for known in names)


def _is_address(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


def _is_port(text: str) -> bool:
    return text in ("", ":") or (text[0] == ":" and text[1:].isascii() and text[1:].isdecimal())
