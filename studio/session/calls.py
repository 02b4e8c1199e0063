"""HTTP calls to a session server: typed answers, and every failure as a StoaError in words."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import certifi
import httpx
import msgspec

from studio.media.errors import ErrorKind, StoaError
from studio.session.agent import USER_AGENT
from studio.session.messages import ErrorBody

Answer = TypeVar("Answer")
CALL_LIMIT_S = 10.0
CLOSE_LIMIT_S = 0.5
PERMANENT = frozenset(
    {
        "not_signed_in",
        "invite_unknown",
        "invite_spent",
        "invite_revoked",
        "invite_expired",
        "removed",
        "no_right",
        "not_found",
        "session_stopped",
        "session_locked",
        "time_over",
    }
)


class SessionError(StoaError):
    """What the server refused. `code` is the server's own word for it (studio/server/api.py, ErrorCode); `right` the
    one that is missing, of no_right.
    """

    def __init__(self, body: ErrorBody, retry_after_s: float = 0.0) -> None:
        kind = ErrorKind(body.kind) if body.kind in set(ErrorKind) else ErrorKind.REFUSED
        super().__init__(kind, body.message, remedy=body.remedy, permanent=body.code in PERMANENT)
        self.code = body.code
        self.right = body.right or ""
        self.retry_after_s = retry_after_s


def trust(ca_file: Path | None = None) -> ssl.SSLContext:
    """Whom to believe over HTTPS: the system's authorities, else certifi's, and `ca_file`. Never nobody's word."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"]:
        context.load_verify_locations(certifi.where())
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as cause:
            raise StoaError(
                ErrorKind.BAD_ARGUMENT,
                f"The file {ca_file} holds no certificate that can be trusted.",
                remedy="Give a certificate in PEM format.",
                permanent=True,
            ) from cause
    return context


def unreachable(base: str, cause: Exception) -> StoaError:
    """Why the server was not reached, in words."""
    seen: BaseException | None = cause
    while seen is not None:
        if isinstance(seen, ssl.SSLCertVerificationError):
            return StoaError(
                ErrorKind.TLS,
                f"The certificate of {base} is not to be trusted: {seen.verify_message}.",
                remedy="Ask the session's owner for its certificate and trust that file, or for a link with http.",
            )
        if isinstance(seen, ssl.SSLError):
            return StoaError(
                ErrorKind.TLS,
                f"The server at {base} does not speak HTTPS.",
                remedy="Check the address, or begin it with http:// where the session is shared without encryption.",
            )
        seen = seen.__cause__ or seen.__context__
    if isinstance(cause, httpx.TimeoutException | TimeoutError):
        return StoaError(
            ErrorKind.TIMEOUT, f"The session server at {base} does not answer.", remedy="It is tried again by itself."
        )
    return StoaError(
        ErrorKind.UNREACHABLE,
        f"The session server at {base} cannot be reached.",
        remedy="Check the network and whether it still runs; it is tried again by itself.",
    )


class SessionCalls:
    """One server, one bearer. Belongs to one event loop."""

    def __init__(self, base: str, bearer: str = "", *, context: ssl.SSLContext | None = None) -> None:
        self.base = base.rstrip("/")
        self.bearer = bearer
        if context is None and self.base.startswith("https"):
            context = trust()
        self._context = context
        self._renew: Callable[[], Awaitable[bool]] | None = None
        self._under_way: set[asyncio.Future[httpx.Response]] = set()
        self._closed = False
        # Authorities are loaded for HTTPS only: that takes 20 ms, and plain HTTP has nothing to verify.
        verify: ssl.SSLContext | bool = context if context is not None else False
        # A proxy of the environment is for the world, not for this machine's own server.
        self._http = httpx.AsyncClient(
            verify=verify,
            timeout=CALL_LIMIT_S,
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": USER_AGENT},
        )

    def renewed_by(self, renew: Callable[[], Awaitable[bool]]) -> None:
        """What gets a fresh bearer where the server says that this one is no good; True where there is one."""
        self._renew = renew

    def as_other(self, bearer: str) -> SessionCalls:
        """The same server for another bearer."""
        return SessionCalls(self.base, bearer, context=self._context)

    async def close(self) -> None:
        """What is under way has a moment to end, then it is broken off: who waits gets UNREACHABLE."""
        self._closed = True
        if under_way := list(self._under_way):
            await asyncio.wait(under_way, timeout=CLOSE_LIMIT_S)
            for request in under_way:
                request.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
        await self._http.aclose()

    @property
    def context(self) -> ssl.SSLContext | None:
        """Whom it believes over HTTPS; None without."""
        return self._context

    async def call(self, method: str, path: str, answer: type[Answer], body: dict[str, Any] | None = None) -> Answer:
        """Raises SessionError for what the server refused, StoaError(UNREACHABLE, TIMEOUT, TLS, BAD_DATA)."""
        content = await self.fetch(method, path, body)
        try:
            return msgspec.json.decode(content, type=answer)
        except msgspec.DecodeError as cause:
            raise StoaError(
                ErrorKind.BAD_DATA,
                f"{self.base} did not answer as a session server does.",
                remedy="Check the link.",
                permanent=True,
            ) from cause

    async def fetch(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        """The answer's body as it is. Once more with a fresh bearer, where the one had run out."""
        try:
            return await self._fetch(method, path, body)
        except SessionError as refused:
            if refused.code != "not_signed_in" or self._renew is None or not await self._renew():
                raise
        return await self._fetch(method, path, body)

    async def _fetch(self, method: str, path: str, body: dict[str, Any] | None) -> bytes:
        headers = {"Authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        if self._closed:
            raise unreachable(self.base, OSError("closed"))
        response = await self._answer_to(self._http.request(method, self.base + path, json=body, headers=headers))
        if response.is_success:
            return response.content
        raise _refused(self.base, response)

    async def _answer_to(self, asked: Coroutine[Any, Any, httpx.Response]) -> httpx.Response:
        """Whoever stops waiting does not break it off: the library leaves a connection open that is being made then."""
        request = asyncio.ensure_future(asked)
        self._under_way.add(request)
        request.add_done_callback(self._over)
        try:
            return await asyncio.shield(request)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as cause:
            raise unreachable(self.base, cause) from cause
        except asyncio.CancelledError:
            if not request.cancelled():
                raise
            raise unreachable(self.base, OSError("closed")) from None

    def _over(self, request: asyncio.Future[httpx.Response]) -> None:
        self._under_way.discard(request)
        if not request.cancelled():
            request.exception()  # nobody may be waiting for it any more


def _refused(base: str, response: httpx.Response) -> StoaError:
    try:
        body = msgspec.json.decode(response.content, type=ErrorBody)
    except msgspec.DecodeError:
        return StoaError(
            ErrorKind.BAD_DATA,
            f"{base} answered with status {response.status_code}, not as a session server does.",
            remedy="Check the link.",
        )
    after = response.headers.get("Retry-After", "")
    return SessionError(body, float(after) if after.isdecimal() else 0.0)
