"""The preview's door: a client that does not say who it is does not stand there for long, nor many of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.control.api import PreviewOpen
from studio.engine import preview_server
from studio.engine.preview_server import MAX_UNADMITTED, TOKEN_LIMIT_BYTES, PreviewServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PreviewServer]:
    made = PreviewServer(lambda: (64, 36), lambda: tmp_path / "preview.ring")
    yield made
    made.close()


def knock(server: PreviewServer) -> socket.socket:
    port = server.open(PreviewOpen(64, 36)).port
    connection = socket.create_connection(("127.0.0.1", port))
    connection.settimeout(20)
    return connection


def is_over(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def test_the_greeting_as_a_whole_has_a_limit(server: PreviewServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview_server, "TOKEN_LIMIT_S", 0.4)
    over, given = threading.Event(), 0
    with knock(server) as connection:

        def watch() -> None:
            is_over(connection)
            over.set()

        threading.Thread(target=watch, daemon=True).start()
        while not over.wait(0.05):
            try:
                connection.send(b"x")
            except ConnectionError:
                continue
            given += 1
    assert given < TOKEN_LIMIT_BYTES // 2, "each byte came in time, and the line never"


def test_one_too_many_sends_away_who_has_stood_there_longest(
    server: PreviewServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview_server, "TOKEN_LIMIT_S", 600.0)
    silent = [knock(server) for _ in range(MAX_UNADMITTED)]
    place = server.open(PreviewOpen(64, 36))
    with socket.create_connection(("127.0.0.1", place.port)) as client:
        client.settimeout(20)
        assert is_over(silent[0])
        client.sendall(place.token.encode() + b"\n")
        assert client.recv(1), "who says at once who it is gets in"
    silent[1].settimeout(0.05)
    with pytest.raises(TimeoutError):
        silent[1].recv(1)
    for connection in silent:
        connection.close()
