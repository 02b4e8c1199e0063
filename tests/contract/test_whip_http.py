"""The HTTP half of WHIP (RFC 9725) against servers that answer as they may, and as they should not."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from studio.destination.retry import ComeBackLater
from studio.destination.whip_http import IceServer, WhipEndpoint, parse_links
from studio.media import ErrorKind, StoaError
from tests.fixtures.authority import Authority
from tests.fixtures.media_router import reply

SDP = "v=0\r\ns=-\r\n"
CREATED = {"Content-Type": "application/sdp", "Location": "/resource/1"}

type Answer = Callable[[BaseHTTPRequestHandler], None]


class HttpServer:
    """A server that answers as `answer` says and notes (method, path, bearer, body)."""

    def __init__(self, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> None:
        self.requests: list[tuple[str, str, str | None, str]] = []
        self.answer: Answer = lambda http: reply(http, 201, SDP, CREATED)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def _handle(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                server.requests.append((self.command, self.path, self.headers.get("Authorization"), body))
                server.answer(self)

            do_POST = do_DELETE = do_OPTIONS = do_GET = _handle

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign,assignment]
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if context else 'http'}://{host}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def start_server() -> Iterator[Callable[..., HttpServer]]:
    """Starts HTTP servers."""
    running: list[HttpServer] = []

    def start(*arguments: Any) -> HttpServer:
        running.append(HttpServer(*arguments))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture
def server(start_server: Callable[..., HttpServer]) -> HttpServer:
    return start_server()


def test_an_offer_is_posted_with_its_token_and_a_relative_location_resolved(server: HttpServer) -> None:
    answer = WhipEndpoint(f"{server.url}/whip/show?x=1", "secret").post("v=0 offer")
    assert answer.sdp == SDP and answer.resource == f"{server.url}/resource/1"
    assert server.requests == [("POST", "/whip/show?x=1", "Bearer secret", "v=0 offer")]


def test_a_location_beside_the_endpoint_is_resolved_against_what_answered(server: HttpServer) -> None:
    server.answer = lambda http: reply(http, 201, SDP, {**CREATED, "Location": "resource/7"})
    assert WhipEndpoint(f"{server.url}/whip/show").post("o").resource == f"{server.url}/whip/resource/7"


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_is_followed_as_post_and_the_token_stays_with_its_host(
    server: HttpServer, start_server: Callable[..., HttpServer], status: int
) -> None:
    elsewhere = start_server("127.0.0.2")
    server.answer = lambda http: reply(http, status, "", {"Location": f"{elsewhere.url}/there"})
    answer = WhipEndpoint(f"{server.url}/whip", "secret").post("offer")
    assert elsewhere.requests == [("POST", "/there", None, "offer")]
    assert answer.resource == f"{elsewhere.url}/resource/1"
    WhipEndpoint(f"{server.url}/whip", "secret").delete(answer.resource)
    assert elsewhere.requests[-1][:3] == ("DELETE", "/resource/1", None)


def test_a_redirect_on_the_same_host_keeps_the_token(server: HttpServer) -> None:
    def answer(http: BaseHTTPRequestHandler) -> None:
        if http.path == "/whip":
            reply(http, 307, "", {"Location": "/other"})
        else:
            reply(http, 201, SDP, CREATED)

    server.answer = answer
    WhipEndpoint(f"{server.url}/whip", "secret").post("offer")
    assert [request[:3] for request in server.requests] == [
        ("POST", "/whip", "Bearer secret"),
        ("POST", "/other", "Bearer secret"),
    ]


def test_redirects_without_end_and_to_nowhere_are_told(server: HttpServer) -> None:
    server.answer = lambda http: reply(http, 308, "", {"Location": http.path})
    with pytest.raises(StoaError, match="without end"):
        WhipEndpoint(f"{server.url}/whip").post("offer")
    assert len(server.requests) == 6
    server.answer = lambda http: reply(http, 307, "", {"Location": "ftp://x/"})
    with pytest.raises(StoaError, match="no usable address"):
        WhipEndpoint(f"{server.url}/whip").post("offer")


@pytest.mark.parametrize(
    ("status", "kind", "permanent"),
    [
        (301, ErrorKind.REFUSED, True),
        (400, ErrorKind.BAD_DATA, True),
        (401, ErrorKind.DENIED, True),
        (403, ErrorKind.DENIED, True),
        (404, ErrorKind.NOT_FOUND, True),
        (405, ErrorKind.NOT_SUPPORTED, True),
        (409, ErrorKind.CONFLICT, True),
        (418, ErrorKind.REFUSED, True),
        (500, ErrorKind.REFUSED, False),
        (502, ErrorKind.REFUSED, False),
        (200, ErrorKind.BAD_DATA, False),
    ],
)
def test_each_refusal_has_a_kind_and_words(server: HttpServer, status: int, kind: ErrorKind, permanent: bool) -> None:
    server.answer = lambda http: reply(http, status, "secret inside")
    with pytest.raises(StoaError) as refused:
        WhipEndpoint(f"{server.url}/whip/key-in-path", "hunter2").post("offer")
    error = refused.value
    assert (error.kind, error.permanent) == (kind, permanent) and error.remedy
    assert str(status) in error.message and "127.0.0.1" in error.message
    assert not any(word in str(error) for word in ("hunter2", "key-in-path", "secret inside"))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            '{"message": "An admin\\n stopped the session.", "code": "session_stopped"}',
            "; it says: An admin stopped the s",
        ),
        ('{"status": "error", "error": "already publishing"}', "; it says: already publishing."),
        ('{"detail": "' + "x" * 300 + '"}', "; it says: " + "x" * 200 + "…."),
        ('{"error": "no stream key-in-path"}', "publish (403)."),
        ('{"error": "bad token hunter2"}', "publish (403)."),
        ('{"error": "no secret+key here"}', "publish (403)."),
        ('{"error": "no secret%2Bkey here"}', "publish (403)."),
        ('{"error": "token in-the-query is not valid"}', "publish (403)."),
        ('{"error": "An admin stopped the show!"}', "; it says: An admin stopped the show."),
        ('{"error": 7}', "publish (403)."),
        ("[" * 50_000, "publish (403)."),
        ("An admin stopped it", "publish (403)."),
    ],
)
def test_a_refusal_in_json_is_told_in_the_servers_own_words(server: HttpServer, body: str, told: str) -> None:
    server.answer = lambda http: reply(http, 403, body, {"Content-Type": "application/json"})
    with pytest.raises(StoaError) as refused:
        WhipEndpoint(f"{server.url}/show/key-in-path/secret%2Bkey?a=1&key=in-the-query", "hunter2").post("offer")
    assert told in refused.value.message


@pytest.mark.parametrize(("header", "after_s"), [("7", 7), ("9999", 300), ("soon", 0), ("", 0)])
def test_a_busy_server_says_when_to_come_back(server: HttpServer, header: str, after_s: float) -> None:
    server.answer = lambda http: reply(http, 503, "", {"Retry-After": header})
    with pytest.raises(ComeBackLater) as busy:
        WhipEndpoint(server.url).post("offer")
    assert busy.value.after_s == after_s and not busy.value.permanent


def test_an_answer_that_is_no_sdp_is_told(server: HttpServer) -> None:
    for body, headers in (
        ("<html>", {"Content-Type": "text/html"}),
        ("hello", CREATED),
        ("v=0" + "x" * 300_000, CREATED),
    ):
        server.answer = lambda http, body=body, headers=headers: reply(http, 201, body, headers)  # type: ignore[misc]
        with pytest.raises(StoaError) as told:
            WhipEndpoint(server.url).post("offer")
        assert told.value.kind is ErrorKind.BAD_DATA


def test_ice_servers_are_asked_for_by_options(server: HttpServer) -> None:
    link = '<turn:turn.example?transport=udp>; rel="ice-server"; username="user"; credential="pa\\"ss"'
    server.answer = lambda http: reply(http, 204, "", {"Link": link})
    found = WhipEndpoint(f"{server.url}/whip", "secret").ice_servers()
    assert found == [IceServer("turn:turn.example?transport=udp", "user", 'pa"ss')]
    assert server.requests == [("OPTIONS", "/whip", "Bearer secret", "")]
    server.answer = lambda http: reply(http, 405)
    assert WhipEndpoint(f"{server.url}/whip").ice_servers() == []


def test_links_are_read_in_all_their_forms() -> None:
    both = '<stun:a.example:3478>; rel="ice-server", <turns:b.example>; username=u; credential=c; rel=ice-server'
    assert parse_links([both]) == [IceServer("stun:a.example:3478"), IceServer("turns:b.example", "u", "c")]
    for other in (
        '<https://x>; rel="ice-server"',
        '<stun:a>; rel="next"',
        "nonsense",
        "",
        "<stun:a",
        '<turn:x>; rel="',
    ):
        assert parse_links([other]) == []


def test_where_nobody_listens_is_told(free_port: Callable[[], int]) -> None:
    port = free_port()
    with pytest.raises(StoaError, match=f"Nothing listens at 127.0.0.1:{port}") as told:
        WhipEndpoint(f"http://127.0.0.1:{port}/whip").post("offer")
    assert told.value.kind is ErrorKind.UNREACHABLE and not told.value.permanent


def test_an_address_of_ipv6_is_told_in_brackets() -> None:
    parts = urlsplit("http://[::1]:8889/whip")
    told = WhipEndpoint(parts.geturl())._unreachable(parts, ConnectionRefusedError())
    assert told.message == "Nothing listens at [::1]:8889."


def test_a_private_authority_is_trusted_where_it_is_given_and_nowhere_else(
    start_server: Callable[..., HttpServer], tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "authority")
    issued = authority.issue("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    server = start_server("127.0.0.1", context)
    trusting = WhipEndpoint(f"{server.url}/whip", "secret", str(authority.certificate))
    assert trusting.post("offer").sdp == SDP
    with pytest.raises(StoaError, match="is not trusted") as told:
        WhipEndpoint(f"{server.url}/whip", "secret").post("offer")
    assert told.value.kind is ErrorKind.TLS and told.value.permanent
    assert len(server.requests) == 1


def test_a_certificate_for_another_host_is_told(start_server: Callable[..., HttpServer], tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    issued = authority.issue("other.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    server = start_server("127.0.0.1", context)
    with pytest.raises(StoaError) as told:
        WhipEndpoint(f"{server.url}/whip", "", str(authority.certificate)).post("offer")
    assert told.value.kind is ErrorKind.TLS and "127.0.0.1" in told.value.message


def test_https_where_http_is_spoken_is_told(server: HttpServer) -> None:
    with pytest.raises(StoaError) as told:
        WhipEndpoint(server.url.replace("http:", "https:")).post("offer")
    assert told.value.kind is ErrorKind.TLS and not told.value.permanent


def test_a_redirect_never_leaves_encryption(
    server: HttpServer, start_server: Callable[..., HttpServer], tmp_path: Path
) -> None:
    authority = Authority(tmp_path / "authority")
    issued = authority.issue("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    encrypted = start_server("127.0.0.1", context)
    encrypted.answer = lambda http: reply(http, 307, "", {"Location": f"{server.url}/plain"})
    with pytest.raises(StoaError, match="without encryption"):
        WhipEndpoint(f"{encrypted.url}/whip", "secret", str(authority.certificate)).post("offer")
    assert not server.requests


@pytest.mark.parametrize("location", ["http://[", "//[::1", "http://host:port/", "http://host:99999999/", "\u00b2"])
def test_a_redirect_that_means_nothing_is_told_so(start_server: Callable[..., HttpServer], location: str) -> None:
    server = start_server()
    server.answer = lambda http: reply(http, 307, "", {"Location": location.encode().decode("latin-1")})
    with pytest.raises(StoaError) as refusal:
        WhipEndpoint(f"{server.url}/whip", "token").post(SDP)
    assert refusal.value.kind is ErrorKind.BAD_DATA


def test_a_resource_that_means_nothing_is_none(start_server: Callable[..., HttpServer]) -> None:
    server = start_server()
    server.answer = lambda http: reply(http, 201, SDP, {**CREATED, "Location": "http://["})
    endpoint = WhipEndpoint(f"{server.url}/whip", "token")
    answer = endpoint.post(SDP)
    assert answer.resource == ""
    endpoint.delete(answer.resource)


def test_a_time_to_wait_that_is_no_number_is_none(start_server: Callable[..., HttpServer]) -> None:
    server = start_server()
    server.answer = lambda http: reply(http, 503, "", {"Retry-After": "\u00b2"})
    with pytest.raises(ComeBackLater) as busy:
        WhipEndpoint(f"{server.url}/whip").post(SDP)
    assert busy.value.after_s == 0.0
