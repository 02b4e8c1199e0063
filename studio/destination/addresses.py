"""Looking up a host and trying its port, with limits: the system's resolver knows none."""

from __future__ import annotations

import socket
import ssl
import threading
from dataclasses import dataclass

from studio.media import ErrorKind, StoaError

RESOLVE_LIMIT_S = 5.0

# OpenSSL's X509_V_ERR_ codes (x509_vfy.h).
_UNKNOWN_AUTHORITY = frozenset({2, 7, 18, 19, 20, 21})
_WRONG_DATE = frozenset({9, 10})
_WRONG_HOST = frozenset({62, 64})


def resolve(host: str, port: int, *, limit_s: float = RESOLVE_LIMIT_S) -> list[str]:
    """The numeric addresses of `host`. Raises StoaError(UNREACHABLE) for none, TIMEOUT where nobody answers."""
    found: list[str] = []
    failed: list[OSError] = []

    def ask() -> None:
        try:
            for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                found.append(str(address[0]))
        except OSError as cause:
            failed.append(cause)
        except UnicodeError:
            failed.append(OSError("not a host name"))

    asking = threading.Thread(target=ask, name="resolve", daemon=True)
    asking.start()
    asking.join(limit_s)
    if found:
        return found
    if asking.is_alive():
        raise StoaError(
            ErrorKind.TIMEOUT,
            f"Nobody answered where {host} is within {limit_s:g} s.",
            remedy="Check the network connection.",
        )
    raise StoaError(
        ErrorKind.UNREACHABLE,
        f"There is no host called {host}.",
        remedy="Check the name, and the network connection.",
    )


@dataclass(frozen=True, slots=True)
class Probe:
    """What a plain try of a port found: does somebody accept, speak TLS, and why is his certificate not trusted?"""

    open: bool
    speaks_tls: bool = False
    untrusted: str = ""


def probe_port(host: str, port: int, *, ca_file: str = "", tls: bool = False, limit_s: float = 1.5) -> Probe:
    """Try a port after a failure, to find its words; blocks for up to twice `limit_s`."""
    try:
        plain = socket.create_connection((host, port), timeout=limit_s)
    except OSError:
        return Probe(False)
    with plain:
        if not tls:
            return Probe(True)
        context = ssl.create_default_context(cafile=ca_file or None)
        try:
            context.wrap_socket(plain, server_hostname=host).close()
        except ssl.SSLCertVerificationError as cause:
            return Probe(True, True, _untrusted(cause))
        except OSError:
            return Probe(True)
    return Probe(True, True)


def _untrusted(cause: ssl.SSLCertVerificationError) -> str:
    code, words = cause.verify_code, cause.verify_message.rstrip(".")
    if code in _UNKNOWN_AUTHORITY:
        return "its authority is unknown here"
    if code in _WRONG_DATE:
        return "it has expired or is not valid yet"
    return "it is for another host" if code in _WRONG_HOST else words
