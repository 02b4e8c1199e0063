"""One show at the same time to two RTMP servers, SRT, Janus, the embedded server with a viewer in Chromium, and a
file; one of the RTMP servers dies and comes back, and no one else loses a picture."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.fixtures.chromium import Browsing
from tests.fixtures.janus import WhipServer
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.received import Received, assert_few_lost, receive
from tests.fixtures.srt_listener import SrtListener
from tests.fixtures.waiting import until
from tests.fixtures.whole_studio import StartStudio, WholeStudio

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="session")]
BACK_WITHIN_MS = 2000
OUTAGE_S = 5
DEPTH = 12
"""Pictures that a browser may hold between what it has received and what it shows."""

KEEP_PEERS = """window.peers = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...facts) { super(...facts); window.peers.push(this); }
};"""
WATCH_THE_STRIP = """() => {
  const video = document.querySelector("video");
  const drawing = new OffscreenCanvas(1280, 1).getContext("2d", {willReadFrequently: true});
  window.numbers = [];
  const look = () => {
    drawing.drawImage(video, 0, video.videoHeight - 8, 1280, 1, 0, 0, 1280, 1);
    const row = drawing.getImageData(0, 0, 1280, 1).data;
    let number = 0;
    for (let bit = 0; bit < 24; bit++) number = number * 2 + (row[(bit * 16 + 8) * 4] > 127 ? 1 : 0);
    window.numbers.push(number);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
}"""
TOLD = """async () => {
  const told = {number: window.numbers.at(-1)};
  for (const report of (await window.peers.at(-1).getStats()).values())
    if (report.type === "inbound-rtp" && report.kind === "video")
      Object.assign(told, {peers: window.peers.length, lost: report.packetsLost, frozen: report.freezeCount,
                           received: report.framesReceived});
  return told;
}"""


async def watch(browsing: Browsing, link: str) -> Page:
    """A viewer on the page that everybody gets, with the browser's own rules about playing."""
    page = await browsing.person()
    await page.add_init_script(KEEP_PEERS)
    await page.goto(link)
    await page.get_by_label("Your name").fill("Mia")
    await page.keyboard.press("Enter")
    await expect(page.locator("#stage")).to_have_attribute("data-media", "playing", timeout=20_000)
    await page.evaluate(WATCH_THE_STRIP)
    return page


def states(studio: WholeStudio) -> list[str]:
    return [item["state"] for item in studio.ctl("destination.list")["destinations"]]


def recorded(studio: WholeStudio) -> int:
    return int(studio.ctl("recording.status")["frames"])


def assert_whole(got: Received, lost: dict[str, Any]) -> None:
    """Every picture once, in order, but for the few that the studio itself admits to have lost."""
    assert got.missing() <= lost["skipped"]
    assert got.stale() <= lost["lagged"]
    assert got.backward() == []


async def test_a_dying_rtmp_server_costs_nobody_else_a_picture(
    start_studio: StartStudio,
    start_nginx_rtmp: Callable[[], NginxRtmp],
    start_srt_listener: Callable[..., SrtListener],
    whip_server: WhipServer,
    browsing: Browsing,
    tmp_path: Path,
) -> None:
    failing, other, listener = start_nginx_rtmp(), start_nginx_rtmp(), start_srt_listener()
    recording = tmp_path / "show.mp4"
    studio = start_studio()
    await asyncio.to_thread(studio.wait_whole)
    studio.ctl("source.add", {"spec": "testcard", "place": True})
    for url in (failing.url(), other.url(), listener.url(), f"whip+{whip_server.make_endpoint()}"):
        studio.ctl("destination.add", {"url": url})
    failing_at = len(states(studio)) - 4
    studio.ctl("program.start")
    studio.ctl("recording.start", {"path": str(recording)})
    await asyncio.to_thread(until, lambda: set(states(studio)) == {"live"}, 40, "everybody is live")
    page = await watch(browsing, studio.ctl("session.invite")["url"])
    began = recorded(studio)
    await asyncio.to_thread(until, lambda: recorded(studio) > began + 90, 20, "three seconds are recorded")
    before = await page.evaluate(TOLD)

    failing.kill()
    await asyncio.to_thread(until, lambda: states(studio)[failing_at] == "reconnecting", 5, "the loss is noticed")
    await asyncio.sleep(OUTAGE_S)
    await asyncio.to_thread(failing.start)
    back_ms = asyncio.get_running_loop().time() * 1000
    await asyncio.to_thread(until, lambda: states(studio)[failing_at] == "live", 10, "it is live again")
    began = recorded(studio)
    await asyncio.to_thread(until, lambda: recorded(studio) > began + 90, 20, "three seconds more are recorded")
    after = await page.evaluate(TOLD)
    numbers: list[int] = await page.evaluate("window.numbers")
    lost = studio.ctl("program.statistics")
    reconnects = [item["reconnects"] for item in studio.ctl("destination.list")["destinations"]]
    assert await asyncio.to_thread(studio.end) == 143
    for server in (failing, other):
        await asyncio.to_thread(server.stop)

    assert_few_lost(lost["lagged"], lost["skipped"], began)
    assert reconnects == [1 if at == failing_at else 0 for at in range(len(reconnects))]
    print("in the browser:", before, after, "| lagged, skipped:", lost["lagged"], lost["skipped"])
    assert after["peers"] == before["peers"]
    assert (after["lost"], after["frozen"]) == (before["lost"], before["frozen"])
    assert numbers == sorted(numbers)
    came, sent = after["received"] - before["received"], after["number"] - before["number"]
    assert abs(came - sent) <= DEPTH + lost["lagged"], "the browser got as many pictures as the show had"
    for got in (other.recordings()[0], recording, listener.received, whip_server.decodable()):
        assert_whole(await asyncio.to_thread(receive, got), lost)
    first, second = [await asyncio.to_thread(receive, path) for path in failing.recordings()]
    assert second.pictures[0].clock_ms - back_ms <= BACK_WITHIN_MS
    assert_whole(first, lost)
    assert_whole(second, lost)
