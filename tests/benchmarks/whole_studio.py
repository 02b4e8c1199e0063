"""The studio with window, session server and one viewer in Chromium: memory, CPU of each part, the pictures' age,
the window's first paint.
"""

from __future__ import annotations

import re
import statistics
import time
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.bench import Bench
from tests.benchmarks.figures import Figure
from tests.benchmarks.processes import cpu_per_second, cpu_times, pss_mb
from tests.fixtures.chromium import FLAGS, NOT_FLAGS
from tests.fixtures.programs import find_program
from tests.fixtures.waiting import until
from tests.fixtures.whole_studio import WholeStudio
from tests.fixtures.xvfb import start_screen

READ_STRIP = """() => {
  const video = document.querySelector("video");
  const canvas = new OffscreenCanvas(1280, 16), drawing = canvas.getContext("2d", {willReadFrequently: true});
  window.seen = [];
  const look = (now, about) => {
    drawing.drawImage(video, 0, video.videoHeight - 16, 1280, 16, 0, 0, 1280, 16);
    const row = drawing.getImageData(0, 8, 1280, 1).data;
    let milliseconds = 0;
    for (let bit = 24; bit < 72; bit++) milliseconds = milliseconds * 2 + (row[(bit * 16 + 8) * 4] > 127 ? 1 : 0);
    window.seen.push([milliseconds, about.expectedDisplayTime]);
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
}"""


def measure(bench: Bench) -> list[Figure]:
    """The rows about the whole studio."""
    seconds = 20 if bench.short else 120
    screen = start_screen(bench.programs)
    home = bench.new_folder("studio")
    (home / "encoders.json").write_bytes((bench.folder / "home" / "encoders.json").read_bytes())
    studio = WholeStudio(bench.programs, home, screen)
    studio.wait_whole()
    studio.ctl("source.add", {"spec": "testcard", "place": True})
    link = studio.ctl("session.invite")["url"]
    studio.ctl("program.start")
    until(lambda: studio.ctl("destination.list")["destinations"][0]["state"] == "live", 30, "the session to be live")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_program("chromium", "chromium"), args=FLAGS, ignore_default_args=NOT_FLAGS
        )
        page = browser.new_page()
        _watch(page, link)
        before, lost_before = cpu_times(_pids(studio)), _lost(studio)
        page.evaluate(READ_STRIP)
        time.sleep(seconds)
        cost = cpu_per_second(before, cpu_times(_pids(studio)))
        lost = _lost(studio) - lost_before
        ages_ms = _ages_ms(page)
        browser.close()
    memory = pss_mb(_pids(studio))
    studio.end()
    ages_ms.sort()
    return [
        Figure("window: process start to first paint, second start", _first_paint_ms(studio), "ms", 1500),
        Figure("memory with window and server (PSS)", sum(memory.values()), "MB", 600, detail={"by_process": memory}),
        Figure(
            "picture drawn to picture shown in Chromium, median",
            statistics.median(ages_ms),
            "ms",
            100,
            detail={"pictures": len(ages_ms)},
        ),
        Figure("the same, 95th percentile", ages_ms[int(len(ages_ms) * 0.95)], "ms", 150),
        Figure(
            f"lagged or skipped in {seconds} s with window, server, one Chromium",
            lost,
            "frames",
            detail={"cpu_by_process": cost},
        ),
    ]


def _first_paint_ms(studio: WholeStudio) -> float:
    """Start the studio once more; what its window told of its first paint."""
    studio.start()
    studio.wait_whole()
    studio.end()
    return float(re.findall(r"the window was painted after (\d+) ms", studio.logs())[-1])


def _pids(studio: WholeStudio) -> list[int]:
    return [process.pid for process in studio.processes() if not _has_parent_in(process.ppid(), studio)]


def _has_parent_in(ppid: int, studio: WholeStudio) -> bool:
    return any(process.pid == ppid for process in studio.processes())


def _lost(studio: WholeStudio) -> int:
    found = studio.ctl("program.statistics")
    return int(found["lagged"]) + int(found["skipped"])


def _watch(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_label("name", exact=False).first.fill("Bench")
    page.get_by_role("button", name="Join").or_(page.get_by_role("button", name="Watch")).first.click()
    showing = "document.querySelector('video')?.videoWidth > 0"
    until(lambda: page.evaluate(showing), 30, "the viewer to see the picture")  # its policy forbids polling in the page
    time.sleep(5)


def _ages_ms(page: Page) -> list[float]:
    """Age of each picture when it was shown, on the studio clock (Chromium's clock is the same, from another zero)."""
    offsets = []
    for _ in range(50):
        begin = time.monotonic() * 1000
        there: float = page.evaluate("performance.now()")
        end = time.monotonic() * 1000
        offsets.append((end - begin, (begin + end) / 2 - there))
    offset = min(offsets)[1]
    seen: list[Any] = page.evaluate("window.seen")
    ages = [shown + offset - drawn for drawn, shown in seen if drawn]
    return [age for age in ages if 0 < age < 5000]
