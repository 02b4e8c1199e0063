"""The reader of the preview, against an engine that is gone by the time it looks."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from studio.control.api import PreviewInfo
from studio.control.preview import PreviewAttached, PreviewPicture, PreviewRing, PreviewToEngine
from studio.control.preview_client import PreviewClient
from studio.media import FrameRing, RingLayout, StoaError
from studio.process import SocketLink


@pytest.fixture
def listening() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def connect(listening: socket.socket) -> tuple[PreviewClient, SocketLink[PreviewToEngine]]:
    client = PreviewClient(PreviewInfo(port=listening.getsockname()[1], token="t"))
    connection, _ = listening.accept()
    listening.close()
    assert connection.recv(2, socket.MSG_WAITALL) == b"t\n"
    return client, SocketLink(connection, PreviewToEngine)


def test_a_ring_that_is_gone_already_ends_the_preview_and_not_its_thread(
    listening: socket.socket, tmp_path: Path
) -> None:
    client, engine = connect(listening)
    engine.send(PreviewRing(RingLayout(str(tmp_path / "gone"), 3, 64, 36)))
    assert client.picture() is None
    client.release()
    engine.release()


def test_pictures_come_from_the_newest_ring(listening: socket.socket, tmp_path: Path) -> None:
    client, engine = connect(listening)
    for width, height in ((64, 36), (32, 18)):
        ring = FrameRing.create(RingLayout(str(tmp_path / f"{width}"), 3, width, height))
        engine.send(PreviewRing(ring.layout))
        engine.send(PreviewPicture(1, 40))
        found = client.picture()
        assert found is not None and found[:2] == (1, 40) and found[3:] == (width, height)
        assert isinstance(engine.receive(), PreviewAttached)
        del found
        ring.close()
    client.release()
    engine.release()


def test_an_engine_that_is_not_there_is_told(listening: socket.socket) -> None:
    port = listening.getsockname()[1]
    listening.close()
    with pytest.raises(StoaError, match="no preview at present"):
        PreviewClient(PreviewInfo(port=port, token="t"))
