"""The HTTP half of WHIP (RFC 9725): OPTIONS, POST of the offer, DELETE of the resource.

The calls block (run them in a thread) for at most `LIMIT_S` each. The bearer token goes to the host that it was given
for and to no other, whatever a redirect or a Location says.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, unquote_plus, urljoin, urlsplit

from studio.destination.certificates import authority_bundle
from studio.destination.retry import ComeBackLater
from studio.media import ErrorKind, StoaError

LIMIT_S = 8.0
ANSWER_BYTES = 200_000
REDIRECTS = 5
OWN_WORDS = 200
"""So many characters of what a server says are shown."""
KEY_CHARACTERS = 6
"""A shorter part of an address is a word like `live`, and no key."""
_WORDS_IN_JSON = ("message", "error", "detail", "title")
"""Where servers put their words: Stoa's own and most others, MediaMTX, FastAPI, RFC 9457."""
_PORTS = {"http": 80, "https": 443}
_PERMANENT = {
    400: (ErrorKind.BAD_DATA, "does not understand our offer", "Check that the address is a WHIP endpoint."),
    401: (ErrorKind.DENIED, "refused the token", "Check the bearer token: it is missing, mistyped or no longer valid."),
    403: (
        ErrorKind.DENIED,
        "does not allow this token to publish",
        "Ask whoever runs the server for a token that may.",
    ),
    404: (ErrorKind.NOT_FOUND, "knows no such stream", "Check the path of the address."),
    405: (ErrorKind.NOT_SUPPORTED, "takes no WHIP offers at this address", "Check the path of the address."),
    406: (ErrorKind.NOT_SUPPORTED, "cannot take H.264 and Opus as we send them", "Allow H.264 and Opus on the server."),
    409: (
        ErrorKind.CONFLICT,
        "already has a publisher on this stream",
        "End the other publisher, or use another stream.",
    ),
    410: (ErrorKind.NOT_FOUND, "says that this stream is gone for good", "Make a new stream on the server."),
    415: (ErrorKind.NOT_SUPPORTED, "takes no SDP at this address", "Check that the address is a WHIP endpoint."),
    422: (ErrorKind.NOT_SUPPORTED, "cannot work with our offer", "Allow H.264 and Opus on the server."),
}


@dataclass(frozen=True, slots=True)
class IceServer:
    """One server of a Link header (RFC 9725, 4.6)."""

    url: str
    username: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True)
class WhipAnswer:
    """What the server answered; `resource` is "" where it named none."""

    sdp: str
    resource: str


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes
    url: str


class WhipEndpoint:
    """One endpoint. `url` is http:// or https://; nothing of it but the host is ever put into words."""

    def __init__(self, url: str, token: str = "", ca_file: str = "") -> None:
        self._url = url
        self._origin = _origin(urlsplit(url))
        self._token = token
        self._ca_file = ca_file
        self.host = urlsplit(url).hostname or ""

    def ice_servers(self) -> list[IceServer]:
        """Ask by OPTIONS, before gathering. A server that does not answer it properly has none to offer."""
        reply = self._request("OPTIONS", self._url)
        if reply.status >= 300:
            return []
        return parse_links(reply.headers.get_all("Link") or [])

    def post(self, offer: str) -> WhipAnswer:
        """Send the offer. Raises StoaError with words of its own for each refusal; ComeBackLater for 429 and 503."""
        url = self._url
        for _ in range(REDIRECTS + 1):
            reply = self._request("POST", url, offer)
            if reply.status not in (307, 308):
                break
            url = self._redirected(reply)
        else:
            raise self._error(ErrorKind.BAD_DATA, "sends us from one address to the next without end", permanent=True)
        if reply.status != 201:
            raise self._refusal(reply)
        kind = reply.headers.get("Content-Type", "application/sdp").partition(";")[0].strip().lower()
        if kind != "application/sdp" or not reply.body.startswith(b"v=0"):
            raise self._error(
                ErrorKind.BAD_DATA,
                "took the offer but answered no SDP",
                "Check that the address is a WHIP endpoint.",
                permanent=True,
            )
        location = reply.headers.get("Location", "")
        return WhipAnswer(reply.body.decode("utf-8", "replace"), _joined(reply.url, location) if location else "")

    def delete(self, resource: str) -> None:
        """End the resource; errors are nobody's concern then. Waits 2 s at most."""
        if resource:
            try:
                self._request("DELETE", resource, limit_s=2.0)
            except StoaError:
                pass  # a server that cannot be told notices the silence

    def _redirected(self, reply: _Reply) -> str:
        location = reply.headers.get("Location", "")
        url = _joined(reply.url, location)
        parts = urlsplit(url)
        if not location or parts.scheme not in _PORTS or not parts.hostname:
            raise self._error(ErrorKind.BAD_DATA, "redirects to no usable address", permanent=True)
        if urlsplit(reply.url).scheme == "https" and parts.scheme != "https":
            raise self._error(ErrorKind.TLS, "redirects to an address without encryption", permanent=True)
        return url

    def _refusal(self, reply: _Reply) -> StoaError:
        status = reply.status
        if status in (429, 503):
            return ComeBackLater(f"The WHIP server {self.host} is busy ({status}).", _retry_after_s(reply))
        if status in _PERMANENT:
            kind, words, remedy = _PERMANENT[status]
            return self._error(kind, f"{words} ({status}){self._own_words(reply)}", remedy, permanent=True)
        if 300 <= status < 500:
            return self._error(
                ErrorKind.REFUSED,
                f"refused the offer ({status}){self._own_words(reply)}",
                "Check the address and the token.",
                permanent=True,
            )
        if status >= 500:
            return self._error(
                ErrorKind.REFUSED,
                f"failed at our offer ({status}){self._own_words(reply)}",
                "See the server's own log.",
            )
        return self._error(ErrorKind.BAD_DATA, f"answered {status} in place of 201", "Check that it speaks WHIP.")

    def _own_words(self, reply: _Reply) -> str:
        """What the server itself says of it, as the end of a sentence; "" where that is nothing a person could read."""
        try:
            told = json.loads(reply.body)
        except (ValueError, RecursionError):
            return ""
        named = [told.get(name) for name in _WORDS_IN_JSON] if isinstance(told, dict) else []
        words = next((word for word in named if isinstance(word, str)), "")
        words = " ".join("".join(sign if sign.isprintable() else " " for sign in words).split()).rstrip(".!?…")
        if not words or any(secret in words for secret in self._secrets()):
            return ""
        return f"; it says: {words if len(words) <= OWN_WORDS else words[:OWN_WORDS] + '…'}"

    def _secrets(self) -> set[str]:
        """The token, and what of the address may be a key: any of its longer parts, written as it is and decoded."""
        parts = urlsplit(self._url)
        named = re.split(r"[/&=;]", f"{parts.path}&{parts.query}")
        pieces = [self._token, parts.query, parts.username or "", parts.password or ""]
        pieces += [piece for piece in named if len(piece) >= KEY_CHARACTERS]
        return {form for piece in pieces for form in (piece, unquote(piece), unquote_plus(piece)) if form}

    def _error(self, kind: ErrorKind, words: str, remedy: str = "", *, permanent: bool = False) -> StoaError:
        return StoaError(kind, f"The WHIP server {self.host} {words}.", remedy=remedy, permanent=permanent)

    # --- one request ---

    def _request(self, method: str, url: str, body: str = "", *, limit_s: float = LIMIT_S) -> _Reply:
        parts = urlsplit(url)
        headers = {"Accept": "application/sdp", "User-Agent": "Stoa"}
        if body:
            headers["Content-Type"] = "application/sdp"
        if self._token and _origin(parts)[1] == self._origin[1] and _is_as_safe(self._origin, _origin(parts)):
            headers["Authorization"] = f"Bearer {self._token}"
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = self._connection(parts, limit_s)
        try:
            connection.request(method, target, body.encode() or None, headers)
            with connection.getresponse() as response:
                data = response.read(ANSWER_BYTES + 1)
            if len(data) > ANSWER_BYTES:
                raise self._error(ErrorKind.BAD_DATA, f"answered more than {ANSWER_BYTES} bytes", permanent=True)
            return _Reply(response.status, response.headers, data, url)
        except StoaError:
            raise
        except (OSError, http.client.HTTPException, ValueError) as cause:
            raise self._unreachable(parts, cause) from cause
        finally:
            connection.close()

    def _connection(self, parts: SplitResult, limit_s: float) -> http.client.HTTPConnection:
        host = parts.hostname or ""
        try:
            port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError) as cause:
            raise StoaError(
                ErrorKind.BAD_ARGUMENT,
                "The address of the WHIP server cannot be right.",
                remedy="Give whip+https://HOST/PATH or whip+http://HOST/PATH.",
                permanent=True,
            ) from cause
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=authority_bundle(self._ca_file))
            return http.client.HTTPSConnection(host, port, timeout=limit_s, context=context)
        return http.client.HTTPConnection(host, port, timeout=limit_s)

    def _unreachable(self, parts: SplitResult, cause: Exception) -> StoaError:
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        port = parts.port or _PORTS[parts.scheme]
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = (cause.verify_message or "it cannot be verified").rstrip(".")
            return StoaError(
                ErrorKind.TLS,
                f"The certificate of {host} is not trusted: {reason}.",
                remedy="Check the host name and the server's certificate; a private authority needs its CA file here.",
                permanent=True,
            )
        if isinstance(cause, ssl.SSLError):
            return StoaError(
                ErrorKind.TLS,
                f"No encrypted connection to {host}:{port} came about: {cause.reason or 'the handshake failed'}.",
                remedy="Check that the server speaks HTTPS on this port.",
            )
        if isinstance(cause, TimeoutError):
            return StoaError(
                ErrorKind.TIMEOUT, f"{host}:{port} takes connections but does not answer.", remedy="See to the server."
            )
        if isinstance(cause, ConnectionRefusedError):
            return StoaError(
                ErrorKind.UNREACHABLE,
                f"Nothing listens at {host}:{port}.",
                remedy="Start the server, or check the port.",
            )
        if isinstance(cause, socket.gaierror):
            return StoaError(
                ErrorKind.UNREACHABLE, f"The host {host} is not known.", remedy="Check its name and the network."
            )
        if isinstance(cause, http.client.HTTPException | ValueError | ConnectionError):
            return StoaError(
                ErrorKind.BAD_DATA,
                f"{host}:{port} broke the connection off.",
                remedy="Check that it speaks HTTP there.",
            )
        words = getattr(cause, "strerror", None) or "the network refused"
        return StoaError(
            ErrorKind.UNREACHABLE, f"{host}:{port} cannot be reached: {words}.", remedy="Check the network."
        )


def _origin(parts: SplitResult) -> tuple[str, str]:
    return parts.scheme, (parts.hostname or "").lower()


def _is_as_safe(first: tuple[str, str], now: tuple[str, str]) -> bool:
    return first[0] == "http" or now[0] == "https"


def _joined(base: str, location: str) -> str:
    """Where a Location leads; "" for one that means nothing."""
    try:
        url = urljoin(base, location)
        urlsplit(url).port  # noqa: B018 - it raises for a port that cannot be
    except ValueError:
        return ""
    return url


def _retry_after_s(reply: _Reply) -> float:
    value = reply.headers.get("Retry-After", "").strip()
    return min(float(value), 300.0) if value.isascii() and value.isdigit() else 0.0


_LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:\\.|[^"\\])*"|[^;,"\s]+))*)')
_PARAMETER = re.compile(r';\s*([\w-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;,"\s]+))')


def parse_links(headers: list[str]) -> list[IceServer]:
    """The ICE servers of Link headers (RFC 8288)."""
    servers = []
    for header in headers:
        for url, rest in _LINK.findall(header):
            values = {
                name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
                for name, quoted, plain in _PARAMETER.findall(rest)
            }
            if "ice-server" in values.get("rel", "").split() and url.partition(":")[0] in ("stun", "turn", "turns"):
                servers.append(IceServer(url, values.get("username", ""), values.get("credential", "")))
    return servers
