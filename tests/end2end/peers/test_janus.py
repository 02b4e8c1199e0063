"""The WHIP server of the tests takes an offer from aiortc, records what comes, and wants its token."""

from __future__ import annotations

import asyncio
from fractions import Fraction
from itertools import pairwise

import av
import httpx
import numpy as np
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import VideoStreamTrack

from tests.fixtures.janus import WhipServer


class Grey(VideoStreamTrack):
    """Thirty grey pictures a second, each a little lighter."""

    async def recv(self) -> av.VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = av.VideoFrame.from_ndarray(np.full((180, 320, 3), pts // 3000 % 256, np.uint8), format="rgb24")
        frame.pts, frame.time_base = pts, Fraction(time_base)
        return frame


async def publish(url: str, until_packets: int, server: WhipServer, token: str = "") -> int:
    """Offers H.264, waits until so many packets came, deletes the resource. Gives the status of the first answer."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    transceiver = connection.addTransceiver(Grey(), direction="sendonly")
    codecs = RTCRtpSender.getCapabilities("video").codecs
    transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType == "video/H264"])
    await connection.setLocalDescription(await connection.createOffer())
    headers = {"Content-Type": "application/sdp"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            answer = await client.post(url, content=connection.localDescription.sdp, headers=headers)
            if answer.status_code != 201:
                return answer.status_code
            await connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
            for _ in range(150):
                if len(server.rtp("video")) >= until_packets:
                    break
                await asyncio.sleep(0.1)
            assert server.live("show")
            await client.delete(httpx.URL(url).join(answer.headers["Location"]), headers=headers)
            return 201
    finally:
        await connection.close()


async def test_it_records_what_comes(whip_server: WhipServer) -> None:
    url = whip_server.make_endpoint("show")
    assert await publish(url, 40, whip_server) == 201
    numbers = [packet.sequence_number for packet in whip_server.rtp("video")]
    assert len(numbers) >= 40, whip_server.log()[-3000:]
    assert {(later - earlier) % 65536 for earlier, later in pairwise(numbers)} == {1}
    with av.open(whip_server.decodable()) as container:
        assert sum(1 for _ in container.decode(video=0)) >= 20


async def test_it_wants_its_token(whip_server: WhipServer) -> None:
    url = whip_server.make_endpoint("show", token="let-me-in")
    assert await publish(url, 1, whip_server, token="wrong") == 403
    assert not whip_server.live("show")
    assert await publish(url, 1, whip_server, token="let-me-in") == 201
