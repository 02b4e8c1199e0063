"""A real Chromium behind a network that loses a tenth: the router tells what the browser itself counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from studio.server.router_pipe import Answered, DescribeQuality, Direction, ResourceQuality
from tests.fixtures.light_media import LightPublisher
from tests.fixtures.light_peer import LightPeer
from tests.fixtures.lossy_relay import LossyRelay
from tests.fixtures.media_router import MediaRouter, reply

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.alone]
WITHIN_S = 30


@pytest_asyncio.fixture(loop_scope="session")
async def relay() -> AsyncIterator[LossyRelay]:
    made = LossyRelay(delay_ms=40)
    yield made
    made.close()


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser, media_router: MediaRouter, relay: LossyRelay) -> AsyncIterator[Page]:
    """A page whose answer leads to the relay."""
    loop = asyncio.get_running_loop()

    def through_the_relay(http: BaseHTTPRequestHandler) -> bool:
        if http.command != "POST":
            return False
        body = http.rfile.read(int(http.headers.get("Content-Length") or 0)).decode()
        answer = media_router.offer(Direction.SUBSCRIBE, body)
        assert isinstance(answer, Answered), answer
        sdp = asyncio.run_coroutine_threadsafe(relay.open(answer.sdp), loop).result(10)
        reply(http, 201, sdp, {"Content-Type": "application/sdp", "Location": f"/media/{answer.resource}"})
        return True

    media_router.front = through_the_relay
    context = await chromium.new_context()
    found = await context.new_page()
    await found.goto(await asyncio.to_thread(media_router.serve))
    yield found
    await context.close()


async def viewer(router: MediaRouter) -> ResourceQuality | None:
    quality: Any = await asyncio.to_thread(router.describe, DescribeQuality())
    return next((one for one in quality.resources if one.person == "viewer"), None)


async def test_chromiums_reports_become_loss_and_round_trip(
    page: Page, media_router: MediaRouter, relay: LossyRelay
) -> None:
    peer = LightPeer()
    answer = await asyncio.to_thread(media_router.offer, Direction.PUBLISH, peer.offer("sendonly"))
    assert isinstance(answer, Answered)
    await peer.take_answer(answer.sdp)
    publisher = LightPublisher(peer)
    publisher.start()
    await page.evaluate("window.watch()")
    await page.wait_for_function("window.frames_shown > 20", timeout=10_000)
    relay.loses = 0.1
    found = None
    async with asyncio.timeout(WITHIN_S):
        while found is None or found.lost_packets <= 25 or found.rtt_ms is None:
            await asyncio.sleep(0.3)
            found = await viewer(media_router)
    statistics = await page.evaluate("window.statistics()")
    await publisher.stop()
    peer.close()
    assert 4 < found.loss_percent < 17, (found, statistics)
    assert 75 < found.rtt_ms < 400, found
    assert found.bitrate_kbps > 50
    assert statistics["video"]["packetsLost"] + statistics["audio"]["packetsLost"] >= found.lost_packets / 2, statistics
