"""An admin's mute, force-stop and kick as a viewer's Chromium has it: the last picture and sound after the command."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from studio.session import parse_link
from tests.fixtures.chromium import Browsing
from tests.fixtures.session_server import SessionServer, eventually, session_server

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("chromium"),
    pytest.mark.timeout(180),
    pytest.mark.slow,
    pytest.mark.alone,
]
LIMIT_MS = 200
TRIALS = 3
"""One of them within the limit: what else runs here must not decide. `./dev bench admin_hand` has the percentile."""
LOOK_S = 1.0
NUMBERS = itertools.count(1)

# Before the page's own scripts: its connections can be asked for what they got, and the server alone ends them.
KEEP_PEERS = """
window.peers = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(...facts) { super(...facts); window.peers.push(this); }
  close() {}
};
const ask = window.fetch;
window.fetch = (to, how) => (how?.method === "DELETE" ? Promise.reject(new TypeError("not said")) : ask(to, how));
window.last_ms = {video: 0, audio: 0};
window.count = {video: 0, audio: 0};
"""
NOTE_ARRIVALS = """() => {
  const video = document.querySelector("video");
  const picture = () => {
    window.last_ms.video = Date.now();
    window.count.video++;
    video.requestVideoFrameCallback(picture);
  };
  video.requestVideoFrameCallback(picture);
  const packets = {video: 0, audio: 0};
  setInterval(async () => {
    for (const one of (await window.peers.at(-1).getStats()).values())
      if (one.type === "inbound-rtp" && one.packetsReceived !== packets[one.kind]) {
        packets[one.kind] = one.packetsReceived;
        window.last_ms[one.kind] = Date.now();
        if (one.kind === "audio") window.count.audio++;
      }
  }, 10);
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def server(stoa_home: Path) -> AsyncIterator[SessionServer]:
    """A server of this test's own."""
    async with session_server(stoa_home) as running:
        yield running


async def viewer(server: SessionServer, browsing: Browsing, name: str) -> Page:
    """Somebody who watches and hears, by a link of their own."""
    page = await browsing.person()
    await page.add_init_script(KEEP_PEERS)
    await page.goto(await server.link())
    await page.get_by_label("Your name").fill(name)
    await page.keyboard.press("Enter")
    await expect(page.locator("#stage")).to_have_attribute("data-media", "playing")
    await page.evaluate(NOTE_ARRIVALS)
    await flows(page)
    return page


async def flows(page: Page) -> None:
    """Pictures and sound come, from now on."""
    before = await page.evaluate("window.count")

    async def more() -> bool:
        now = await page.evaluate("window.count")
        return all(now[kind] > before[kind] + 3 for kind in before)

    await eventually(more, 20, "pictures and sound come")


class Admin:
    """An admin who has come in."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def command(self, action: str, target: str = "") -> None:
        order = {"id": f"command-{next(NUMBERS):04d}", "action": action, "target": target}
        answer = await self._http.post("/api/v1/sessions/studio/commands", json=order)
        assert answer.status_code == 200, answer.text


@pytest_asyncio.fixture(loop_scope="session")
async def admin(server: SessionServer) -> AsyncIterator[Admin]:
    """Gives commands."""
    invite = parse_link(await server.link("admin")).invite
    async with httpx.AsyncClient(base_url=server.base, timeout=20) as http:
        joined = await http.post("/api/v1/join", json={"invite": invite, "name": "Ada"})
        http.headers["Authorization"] = f"Bearer {joined.json()['bearer']}"
        yield Admin(http)


async def effect_ms(admin: Admin, page: Page, kinds: tuple[str, ...], action: str, target: str = "") -> float:
    """From before the command is sent to the last picture or sound of these kinds."""
    sent_ms = time.time() * 1000
    await admin.command(action, target)
    await asyncio.sleep(LOOK_S)
    last: dict[str, Any] = await page.evaluate("window.last_ms")
    return max(last[kind] for kind in kinds) - sent_ms


async def test_a_mute_is_seen_and_heard_at_once(server: SessionServer, admin: Admin, browsing: Browsing) -> None:
    await server.go_live()
    mia = await viewer(server, browsing, "Mia")
    for kind in ("video", "audio"):
        found = []
        for _ in range(TRIALS):
            found.append(await effect_ms(admin, mia, (kind,), f"mute_{kind}"))
            await admin.command(f"unmute_{kind}")
            await flows(mia)
        assert min(found) <= LIMIT_MS, (kind, found)


async def test_a_kick_ends_picture_and_sound_at_once_for_one_alone(
    server: SessionServer, admin: Admin, browsing: Browsing
) -> None:
    await server.go_live()
    mia = await viewer(server, browsing, "Mia")
    found = []
    for trial in range(TRIALS):
        leo = await viewer(server, browsing, f"Leo {trial}")
        people = (await server.owner("GET", "/api/v1/sessions/studio/people"))["people"]
        person = next(one["id"] for one in people if one["name"] == f"Leo {trial}")
        found.append(await effect_ms(admin, leo, ("video", "audio"), "kick", person))
        await expect(leo.get_by_role("heading", name="An admin has removed you")).to_be_visible()
        await flows(mia)
    assert min(found) <= LIMIT_MS, found


async def test_a_force_stop_ends_picture_and_sound_at_once(
    server: SessionServer, admin: Admin, browsing: Browsing
) -> None:
    found = []
    for trial in range(TRIALS):
        await server.go_live()
        mia = await viewer(server, browsing, f"Mia {trial}")
        found.append(await effect_ms(admin, mia, ("video", "audio"), "stop"))
        await expect(mia.get_by_role("heading", name="The show has ended")).to_be_visible()
        await server.go_off()
        await admin.command("release")
    assert min(found) <= LIMIT_MS, found
