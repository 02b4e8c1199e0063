"""From opening a link to the first picture in Chromium: a real studio on air, a new person each time."""

from __future__ import annotations

import asyncio
import json
import os
import statistics
from pathlib import Path
from typing import Any
from unittest.mock import patch

from playwright.async_api import Browser, async_playwright

from studio.control.address import running_engines
from studio.control.client import ControlClient
from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Figure
from tests.fixtures.chromium import DESKTOP, FLAGS, NOT_FLAGS
from tests.fixtures.programs import find_program
from tests.fixtures.real_studio import RealStudio

# Runs before the page's own scripts; the zero of performance.now() is the opening of the link.
NOTE_FIRST_PICTURE = """
window.first_picture_ms = 0;
new MutationObserver((_changes, observer) => {
  const video = document.querySelector("video");
  if (!video) return;
  observer.disconnect();
  video.requestVideoFrameCallback((now) => { window.first_picture_ms = now; });
}).observe(document, {childList: true, subtree: true});
"""


async def ctl(home: Path, method: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
    """One call of the engine."""
    async with await ControlClient.connect(running_engines(home / "run")[0]) as client:
        found: dict[str, Any] = json.loads(await client.call_json(method, json.dumps(params or {})))
    return found


async def _until_live(home: Path) -> None:
    async with asyncio.timeout(60):
        while not (await ctl(home, "session.status"))["joined"]:
            await asyncio.sleep(0.1)
        await ctl(home, "source.add", {"spec": "testcard", "place": True})
        await ctl(home, "program.start")
        while (await ctl(home, "destination.list"))["destinations"][0]["state"] != "live":
            await asyncio.sleep(0.1)


async def join(browser: Browser, link: str, name: str) -> float:
    """Opens the link in a browser that was never there, goes in under a name; milliseconds to the first picture."""
    context = await browser.new_context(viewport=DESKTOP, locale="en-GB")
    try:
        page = await context.new_page()
        await page.add_init_script(NOTE_FIRST_PICTURE)
        await page.goto(link, wait_until="commit")
        await page.get_by_label("Your name").fill(name)
        await page.keyboard.press("Enter")
        async with asyncio.timeout(20):
            while not (found := await page.evaluate("window.first_picture_ms")):
                await asyncio.sleep(0.01)
        return float(found)
    finally:
        await context.close()


async def joins(home: Path, count: int) -> list[float]:
    """Milliseconds of each, after one that warms the browser."""
    await _until_live(home)
    link = (await ctl(home, "session.invite"))["url"]
    async with async_playwright() as playwright:
        path = find_program("chromium", "chromium")
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS, ignore_default_args=NOT_FLAGS)
        try:
            return [await join(browser, link, f"Viewer {number}") for number in range(count + 1)][1:]
        finally:
            await browser.close()


def measure(bench: Bench) -> list[Figure]:
    """The median, with every join; the name is typed in no time, as a person's typing is not ours."""
    home = bench.new_folder("joining")
    (home / "encoders.json").write_bytes((bench.folder / "home" / "encoders.json").read_bytes())
    with patch.dict(os.environ, {"STOA_HOME": str(home)}):
        studio = RealStudio(home)
        try:
            times = asyncio.run(joins(home, 7 if bench.short else 15))
        finally:
            studio.stop()
    return [
        Figure(
            "link opened to the first picture in Chromium, median",
            statistics.median(times) / 1000,
            "s",
            1.5,
            detail={"all_ms": [round(time) for time in times]},
        )
    ]
