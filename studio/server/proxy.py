"""A reverse proxy in front of the server: whose request it is, and by which scheme and name it was made outside.

Only what a trusted peer adds is believed, and only in the headers X-Forwarded-For, -Proto and -Host; anybody can write
them, and a proxy that speaks another dialect hands on what the client wrote. docs/decisions/0031 says why.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from studio.server.addresses import in_url
from studio.server.api import ErrorCode
from studio.server.errors import Refusal
from studio.server.guard import Scope

type Network = ipaddress.IPv4Network | ipaddress.IPv6Network
type Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

_SECURE = {"https": True, "wss": True, "http": False, "ws": False}


def network_of(text: str) -> Network:
    """An address or a network as it is written for --trusted-proxy. Raises ValueError for what is none."""
    network = ipaddress.ip_network(text.strip())
    if network.prefixlen == 0:
        raise ValueError("Everybody cannot be a proxy.")
    return network


def public_base(text: str) -> str:
    """A public URL as every link begins: scheme, host and a port. Raises ValueError with a sentence."""
    whole = f"--public-url {text}: give what people open, such as https://studio.example"
    try:
        parts = urlsplit(text.strip())
        port_number = parts.port
        name = (parts.hostname or "").encode("idna").decode() if ":" not in (parts.hostname or "") else parts.hostname
    except ValueError as cause:
        raise ValueError(f"{whole}.") from cause
    if parts.scheme not in ("http", "https") or not name or parts.username is not None:
        raise ValueError(f"{whole}.")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"{whole}, without a path: the server is at the root of its name.")
    usual = {"http": 80, "https": 443}[parts.scheme]
    port = f":{port_number}" if port_number not in (None, usual) else ""
    return f"{parts.scheme}://{in_url(name)}{port}"


def _address(text: str) -> Ip | None:
    """One entry of X-Forwarded-For, which may carry a port; None where it is no address."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return mapped or ip


def _all(scope: Scope, name: bytes) -> list[str]:
    """The entries of a header in their order; it may stand there more than once."""
    lines = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return [entry.strip() for line in lines for entry in line.split(",") if entry.strip()]


def _misconfigured(name: str, entry: str) -> Refusal:
    return Refusal(
        ErrorCode.BAD_REQUEST,
        f"The proxy in front of this server sends {name}: {entry[:60]!r}, which cannot be right.",
        "Set the headers as docs/reverse-proxy.md shows.",
    )


class Proxies:
    """The peers whose word counts. `base` is the public URL, or empty."""

    def __init__(self, networks: Iterable[str] = (), base: str = "") -> None:
        self._networks = tuple(network_of(text) for text in networks)
        self.base = base

    def __bool__(self) -> bool:
        return bool(self._networks)

    def trusts(self, address: str) -> bool:
        """Whether a proxy is there."""
        ip = _address(address)
        return ip is not None and self._has(ip)

    def _has(self, ip: Ip) -> bool:
        return any(ip.version == network.version and ip in network for network in self._networks)

    def outside(self, scope: Scope) -> Scope:
        """The request as it was made in front of the proxy; the same where no trusted proxy hands it on.

        Raises Refusal(BAD_REQUEST) where the proxy says what cannot be.
        """
        peer = scope["client"][0] if scope.get("client") else ""
        hops = _all(scope, b"x-forwarded-for")
        if not hops or not self.trusts(peer):
            return scope
        changed = {**scope, "client": (self._client(hops), 0), "stoa.proxy": peer}
        secure = self._secure(scope)
        if secure is not None:
            plain = "http" if scope["type"] == "http" else "ws"
            changed["scheme"] = plain + "s" if secure else plain
        if hosts := _all(scope, b"x-forwarded-host"):
            headers = [(key, value) for key, value in scope["headers"] if key != b"host"]
            changed["headers"] = [(b"host", hosts[-1].encode("latin-1")), *headers]
        return changed

    def _client(self, hops: list[str]) -> str:
        """The right-most entry that is no proxy of ours: what stands left of it, its sender may have made up."""
        ip: Ip | None = None
        for entry in reversed(hops):
            ip = _address(entry)
            if ip is None:
                raise _misconfigured("X-Forwarded-For", entry)
            if not self._has(ip):
                break
        return str(ip)

    def _secure(self, scope: Scope) -> bool | None:
        """Whether it came by HTTPS; None where nothing says so."""
        if not (said := _all(scope, b"x-forwarded-proto")):
            return self.base.startswith("https:") if self.base else None
        secure = _SECURE.get(said[-1].lower())
        if secure is None:
            raise _misconfigured("X-Forwarded-Proto", said[-1])
        return secure
