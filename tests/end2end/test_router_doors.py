"""The media router's doors: what it refuses in words, which ports and addresses it takes, noise at them."""

from __future__ import annotations

import asyncio
import random
import socket

import pytest

from studio.server.router_pipe import Answered, Direction, EndReason, EndResource, Reach, Refused, Trickle, ViewerLeft
from tests.fixtures.light_media import decode_numbers
from tests.fixtures.light_peer import LightPeer
from tests.fixtures.media_router import MediaRouter, Routers
from tests.fixtures.router_show import Show, until, without_gap


@pytest.mark.parametrize(
    ("sdp", "status"),
    [
        ("", 400),
        ("hello", 400),
        ("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", 400),
        ("v=0\r\n" + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * 40, 400),
        ("v=0\r\nm=video x UDP/TLS/RTP/SAVPF 96\r\n", 400),
        ("v=0\r\na=rtpmap:x y\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", 400),
        ("v=0\r\n" + "a" * 300_000, 400),
    ],
)
async def test_hostile_sdp_is_refused_in_words(media_router: MediaRouter, sdp: str, status: int) -> None:
    for direction in Direction:
        refused = await asyncio.to_thread(media_router.offer, direction, sdp)
        assert isinstance(refused, Refused) and refused.status == status
        assert refused.message.endswith(".")


async def test_noise_on_the_media_port_disturbs_nobody(show: Show) -> None:
    publisher = await show.publish()
    viewer = await show.watch()
    noise = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for first in [0, 1, 20, 22, 23, 63, 64, 127, 128, 144, 191, 192, 255] * 20:
            body = noise.randbytes(noise.randrange(1, 1400))
            for head in (bytes([first]), b"\x00\x01\x00\x58\x21\x12\xa4\x42", b""):
                stranger.sendto(head + body, viewer.peer.remote)
        stranger.sendto(b"", viewer.peer.remote)
    # and from a peer that is connected
    for _ in range(50):
        viewer.peer.send_rtcp(b"\x80\xcd" + noise.randbytes(30))
        viewer.peer.send_rtp(b"\x80" + noise.randbytes(30))
    before = len(viewer.in_order())
    await until(lambda: len(viewer.in_order()) > before + 30, "pictures go on")
    await publisher.stop()
    assert without_gap(decode_numbers(viewer.in_order()))


async def test_codecs_that_cannot_be_forwarded_are_refused(media_router: MediaRouter) -> None:
    offer = LightPeer().offer("sendonly", audio=False).replace("H264", "VP8")
    refused = await asyncio.to_thread(media_router.offer, Direction.PUBLISH, offer)
    assert isinstance(refused, Refused) and refused.status == 406 and "H.264" in refused.remedy
    denied = await asyncio.to_thread(
        media_router.offer, Direction.PUBLISH, LightPeer().offer("sendonly"), audio=False, video=False
    )
    assert isinstance(denied, Refused) and denied.status == 403


async def test_a_foreign_resource_is_not_found(media_router: MediaRouter) -> None:
    answer = await asyncio.to_thread(media_router.offer, Direction.PUBLISH, LightPeer().offer("sendonly"), token="mine")
    assert isinstance(answer, Answered)
    facts = {"resource": answer.resource, "token": "yours"}
    for message, more in ((EndResource, {"why": EndReason.LEFT}), (Trickle, {"etag": "*", "fragment": ""})):
        refused = await asyncio.to_thread(media_router.ask, message, **facts, **more)
        assert isinstance(refused, Refused) and refused.status == 404
    stale = await asyncio.to_thread(
        media_router.ask, Trickle, resource=answer.resource, token="mine", etag='"old"', fragment=""
    )
    assert isinstance(stale, Refused) and stale.status == 412


async def test_sharing_taken_back_ends_who_came_over_that_address_only(show: Show) -> None:
    router = show.router
    router.tell(Reach(("127.0.0.1", "127.0.0.2")))
    publisher = await show.publish()
    near = await show.watch()
    router.offer_facts = {"local_address": "127.0.0.2"}
    far = await show.watch()
    assert far.peer.remote[0] == "127.0.0.2" and near.peer.remote[0] == "127.0.0.1"
    await until(lambda: far.counts["video"] > 5, "pictures from afar")
    router.tell(Reach(("127.0.0.1",)))
    await until(far.peer.closed.is_set, "the far one is told")
    left = await asyncio.to_thread(router.until_seen, ViewerLeft)
    assert left.why is EndReason.LOST and left.watching == 1
    before = near.counts["video"]
    await until(lambda: near.counts["video"] > before + 10, "the near one sees on")
    assert publisher.number and not near.missing()


async def test_the_ports_are_as_asked_and_a_taken_one_is_passed_over(media_routers: Routers, free_port) -> None:  # type: ignore[no-untyped-def]
    low = free_port()
    first, second = media_routers(low=low, high=low + 3), media_routers(low=low, high=low + 3)
    ports = []
    for router in (first, second):
        answer = await asyncio.to_thread(router.offer, Direction.PUBLISH, LightPeer().offer("sendonly"))
        assert isinstance(answer, Answered)
        candidate = next(line for line in answer.sdp.splitlines() if line.startswith("a=candidate")).split()
        ports.append(int(candidate[5]))
    assert len(set(ports)) == 2 and all(low <= port <= low + 3 for port in ports)


async def test_an_address_that_is_not_ours_is_told(media_routers: Routers) -> None:
    router = media_routers(("203.0.113.7",))
    await until(lambda: router.faults, "the fault")
    assert "203.0.113.7" in router.faults[0].message
    refused = await asyncio.to_thread(router.offer, Direction.PUBLISH, LightPeer().offer("sendonly"))
    assert isinstance(refused, Refused) and refused.status == 503 and refused.retry_after_s > 0
