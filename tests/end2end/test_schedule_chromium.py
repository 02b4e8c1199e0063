"""A planned show on the real server: refused before its time, awaited by a Chromium in New York, seen and ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.fixtures.chromium import Browsing
from tests.fixtures.session_server import SessionServer, session_server

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("chromium"),
    pytest.mark.timeout(150),
    pytest.mark.slow,
]
PLANS = "/api/v1/sessions/studio/plans"


@pytest_asyncio.fixture(loop_scope="session")
async def server(stoa_home: Path) -> AsyncIterator[SessionServer]:
    """A server of this test's own, with its clock as it is."""
    async with session_server(stoa_home) as running:
        yield running


async def whip(server: SessionServer) -> httpx.Response:
    """Go live as the owner's studio; what is said to it."""
    assert server.pair is not None
    headers = {"Authorization": f"Bearer {server.pair.owner_token}", "Content-Type": "application/sdp"}
    async with httpx.AsyncClient(base_url=server.base, timeout=20) as client:
        return await client.post("/whip/studio", content="v=0\r\n", headers=headers)


async def test_a_viewer_in_new_york_waits_sees_the_picture_and_is_told_the_end(
    server: SessionServer, browsing: Browsing
) -> None:
    begins = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(hours=2)
    plan: dict[str, Any] = {
        "title": "Weekly Q&A",
        "starts": begins.strftime("%Y-%m-%dT%H:%M"),
        "zone": "UTC",
        "repeats": "weekly",
        "hosts": ["owner"],
    }
    made = await server.owner("POST", PLANS, json=plan)
    page = await browsing.person(timezone_id="America/New_York", locale="en-US")
    await page.goto(await server.link())
    await page.get_by_label("Your name").fill("Mia")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("timer")).to_contain_text("Begins in 01:5")
    await expect(page.locator(".waiting .begins")).to_contain_text("Eastern")
    refused = await whip(server)
    assert (refused.status_code, refused.json()["code"]) == (403, "too_early")
    opens = begins - timedelta(minutes=15)
    assert f"opens on {opens:%a} {opens.day} {opens:%b %Y, %H:%M} (UTC)" in refused.json()["message"]
    await server.owner("PUT", f"{PLANS}/{made['id']}", json={**plan, "sequence": 0, "go_live_before_s": 3 * 3600})
    await server.go_live()
    await expect(page.locator("#stage")).to_have_attribute("data-media", "playing")
    await expect(page.locator(".waiting")).to_be_hidden()
    await page.wait_for_function("document.querySelector('video').videoWidth > 0")
    order = {"id": "command-0001", "action": "end"}
    await server.owner("POST", "/api/v1/sessions/studio/commands", json=order)
    await expect(page.locator("#badge")).to_have_text("Ended")
    await expect(page.locator(".waiting")).to_contain_text("The show has ended. Next:")
    said = [line["action"] for line in await server.audit() if line["action"].startswith(("plan.", "show."))]
    assert said == ["plan.made", "plan.changed", "show.live", "show.ended"]
