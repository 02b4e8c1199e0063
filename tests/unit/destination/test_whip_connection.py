"""The end of a WHIP connection, on a transport that the test plays."""

from __future__ import annotations

import asyncio

import pytest

from studio.destination.whip_connection import WhipConnection
from studio.destination.whip_http import WhipEndpoint
from studio.destination.whip_sdp import AgreedTrack, TrackNumbers
from studio.destination.whip_sender import TrackSender
from studio.media import Codec, EncodedPacket, StoaError, StudioClock, VideoTrack

START = b"\x00\x00\x00\x01"
VIDEO = VideoTrack(Codec.H264, 320, 180, 30, 1, START + b"\x67s" + START + b"\x68p", 400, "constrained baseline", 31)
BYE = 203


class PlayedTransport:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.lost: asyncio.Future[StoaError] = asyncio.get_running_loop().create_future()

    async def send(self, data: bytes) -> None:
        self.sent.append(data)

    async def close(self) -> None: ...


def standing(monkeypatch: pytest.MonkeyPatch) -> tuple[WhipConnection, PlayedTransport]:
    """A connection as `open` leaves it."""
    connection = WhipConnection(WhipEndpoint("http://127.0.0.1:9/whip"), VIDEO, None, StudioClock(), lambda why: None)
    transport = PlayedTransport()
    monkeypatch.setattr(connection, "_transport", transport)
    connection.senders["video"] = TrackSender(AgreedTrack(TrackNumbers("video", "0", 55, 56), 102, None, None), VIDEO)
    connection._tasks = [asyncio.create_task(connection._send_queued())]
    return connection, transport


async def test_at_its_end_it_first_sends_what_it_has_at_its_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    connection, transport = standing(monkeypatch)
    connection.put(EncodedPacket(Codec.H264, START + b"\x65" + b"i" * 100_000, 0, 1, True, 0))
    await connection.close()
    sender = connection.senders["video"]
    assert len(transport.sent) == sender.counters.packets + 1 and transport.sent[-1][1] == BYE
    assert [data[1] & 0x80 for data in transport.sent[:-1]].count(0x80) == 1, "the picture's last packet"


async def test_where_the_connection_is_gone_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    connection, transport = standing(monkeypatch)
    connection.put(EncodedPacket(Codec.H264, START + b"\x65" + b"i" * 100_000, 0, 1, True, 0))
    await connection.close(delete=False)
    assert len(transport.sent) <= 1
