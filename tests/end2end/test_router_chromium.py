"""Chromium as WHEP viewer of the media router: it shows the pictures, with a real browser's rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from studio.server.router_pipe import Answered, Direction, ViewerLeft
from tests.fixtures.light_media import LightPublisher
from tests.fixtures.light_peer import LightPeer
from tests.fixtures.media_router import MediaRouter

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.alone]


async def publish(router: MediaRouter, **facts: Any) -> LightPublisher:
    peer = LightPeer()
    answer = await asyncio.to_thread(router.offer, Direction.PUBLISH, peer.offer("sendonly"))
    assert isinstance(answer, Answered)
    await peer.take_answer(answer.sdp)
    publisher = LightPublisher(peer, **facts)
    publisher.start()
    return publisher


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser, media_router: MediaRouter) -> AsyncIterator[Page]:
    context = await chromium.new_context()
    found = await context.new_page()
    await found.goto(await asyncio.to_thread(media_router.serve))
    yield found
    await context.close()


async def shown(page: Page) -> int:
    return int(await page.evaluate("window.frames_shown"))


async def test_chromium_shows_the_pictures_and_survives_a_new_publisher(page: Page, media_router: MediaRouter) -> None:
    first = await publish(media_router)
    await asyncio.sleep(0.7)
    await page.evaluate("window.watch()")
    await page.wait_for_function("window.frames_shown > 0", timeout=5000)
    before, number = await shown(page), first.number
    await page.wait_for_function(f"window.frames_shown >= {before + 60}", timeout=8000)
    # nearly each picture that was made meanwhile was shown
    made, seen = first.number - number, await shown(page) - before
    assert seen >= made * 0.8, (seen, made)
    assert not first.keyframes_asked, "the cached group was enough"
    first.peer.vanish()
    await first.stop()
    second = await publish(media_router, first=5000, ssrc=7000)
    before = await shown(page)
    await page.wait_for_function(f"window.frames_shown >= {before + 40}", timeout=8000)
    statistics = await page.evaluate("window.statistics()")
    video = statistics["video"]
    assert video["packetsLost"] == 0 and video["framesDropped"] <= 60, video
    assert video["nackCount"] == 0 and video["pliCount"] <= 1, video
    assert statistics["remote_video"]["reportsSent"] >= 1
    assert await page.evaluate("window.state") == "connected"
    await page.evaluate("window.peer.close()")
    left = await asyncio.to_thread(media_router.until_seen, ViewerLeft)
    assert left.watching == 0
    await second.stop()
    second.peer.close()
