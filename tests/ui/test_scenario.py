"""The scenario of a show, end to end: real engine, session server, router, sources and destination in their processes,
the window driven as a person does, and two people in real browsers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QListWidget

from tests.fixtures.mjpeg_camera import MjpegCamera
from tests.fixtures.pulse import Pulse
from tests.fixtures.real_studio import BrowserThread, RealStudio
from tests.ui.conftest import Driver
from ui.attendance import SessionAttendance
from ui.dialogs.picker import SourcePicker
from ui.room import Presence

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.xdist_group("scenario")]

# How long the picture stood still at most, and whether the element had to begin anew.
WATCH = """() => { const video = document.querySelector('video');
  window.stood_ms = window.emptied = 0;
  let last = performance.now();
  video.addEventListener('emptied', () => window.emptied++);
  video.requestVideoFrameCallback(function next(now) {
    window.stood_ms = Math.max(window.stood_ms, now - last); last = now; video.requestVideoFrameCallback(next); }); }"""
SHOWN = "() => document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames"


@pytest.fixture
def engine(stoa_home: Path, pulse: Pulse) -> Iterator[RealStudio]:
    """In place of the pretended engine of this folder: the real one, with a session server beside it."""
    made = RealStudio(stoa_home)
    yield made
    made.stop()


@pytest.fixture
def browser() -> Iterator[BrowserThread]:
    made = BrowserThread()
    yield made
    made.close()


async def _shown(page: Page, count: int, limit_s: float = 20.0) -> None:
    # not wait_for_function: it evaluates strings in the page, which the page's policy forbids
    async with asyncio.timeout(limit_s):
        while await page.evaluate(SHOWN) < count:
            await asyncio.sleep(0.1)


class Stage:
    """The broadcaster at the window, and the people in the browsers."""

    def __init__(self, driver: Driver, browser: BrowserThread) -> None:
        self.driver, self.browser = driver, browser
        self.window = driver.window

    def web[Answer](self, work: Coroutine[Any, Any, Answer], limit_s: float = 40.0) -> Answer:
        """Does something in a browser, while the window goes on."""
        doing = self.browser.begin(work)
        self.driver.until(doing.done, "the browser", limit_s)
        answer: Answer = doing.result()
        return answer

    def come(self, link: str, name: str) -> Page:
        """Somebody opens a link."""

        async def open_link() -> Page:
            page = await self.browser.browsing.person()
            await page.goto(link)
            await page.get_by_label("Your name").fill(name)
            await page.keyboard.press("Enter")
            await expect(page.locator("#room")).to_be_visible()
            return page

        return self.web(open_link())

    def more_pictures(self, page: Page, count: int = 25) -> None:
        """So many further pictures are shown to a viewer."""
        shown: int = self.web(page.evaluate(SHOWN))
        self.web(_shown(page, shown + count))

    def pick(self, chooser: QListWidget, words: str) -> None:
        """Clicks the line that begins with `words`, once it is there."""

        def found() -> object:
            lines = [chooser.item(at) for at in range(chooser.count())]
            return next((item for item in lines if item.text().startswith(words)), None)

        item: Any = self.driver.until(found, words, 30)
        QTest.mouseClick(chooser.viewport(), Qt.MouseButton.LeftButton, pos=chooser.visualItemRect(item).center())
        self.driver.settle()

    def choose_source(self, kind: str, what: str, *, replaces: str = "") -> SourcePicker:
        """Through the picker, to the press of its button."""
        if replaces:
            row = self.window.sources.rows[replaces]
            QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=QPoint(60, 12))
            self.window._open_picker(replaces, "")
        else:
            self.driver.press("Ctrl+N", self.window)
        picker = self.driver.dialog(SourcePicker)
        self.pick(picker.kinds, kind)
        if kind == "Network camera":
            picker.address.clear()
            self.driver.type(what, picker.address)
        else:
            self.pick(picker.devices, what)
        self.driver.click(picker.use)
        return picker

    def closed(self) -> None:
        self.driver.until(lambda: not self.window.findChildren(SourcePicker), "the picker has closed", 40)

    def says(self, *words: str) -> None:
        """The window says it, in a banner over everything."""

        def told() -> bool:
            banners = self.window.notices.banners.values()
            return any(all(word in one.words.text() for word in words) and one.isVisible() for one in banners)

        self.driver.until(told, f"a banner says {words}; there are {self._banners()}", 20)

    def _banners(self) -> list[str]:
        return [one.words.text() for one in self.window.notices.banners.values()]

    def acknowledge_all(self) -> None:
        while self.window.notices.banners:
            count = len(self.window.notices.banners)
            self.driver.press("Ctrl+Shift+Return", self.window)
            self.driver.until(lambda count=count: len(self.window.notices.banners) < count, "acknowledged")

    def chat(self) -> list[str]:
        labels = self.window.chat.findChildren(QLabel)
        return [each.text().replace("\u200b", "") for each in labels if each.isVisible()]


@pytest.fixture
def stage(engine: RealStudio, open_window: Callable[..., Driver], browser: BrowserThread) -> Stage:
    driver = open_window()
    attending = SessionAttendance(driver.show, driver.room)

    async def attend() -> None:
        driver.show.start(attending.attend())

    driver.run(attend())
    driver.until(lambda: driver.room.presence is Presence.JOINED and driver.room.reach.link, "in the session", 30)
    driver.until(lambda: driver.show.session.joined, "the engine is in the session", 30)
    return Stage(driver, browser)


def test_a_show_from_go_live_to_the_last_word(
    stage: Stage, engine: RealStudio, pulse: Pulse, free_port: Callable[[], int]
) -> None:
    first = MjpegCamera(free_port(), width_px=320, height_px=180, fps=25)
    second = MjpegCamera(free_port(), width_px=320, height_px=180, fps=25)
    try:
        _play(stage, engine, first, second)
    finally:
        first.stop()
        second.stop()


def _play(stage: Stage, engine: RealStudio, first: MjpegCamera, second: MjpegCamera) -> None:
    driver, window, show = stage.driver, stage.window, stage.driver.show

    # The broadcaster chooses a camera and a microphone, goes live, and copies the invite link.
    stage.choose_source("Network camera", first.url)
    stage.closed()
    stage.choose_source("Microphone", "MicA")
    stage.closed()
    [camera] = [source.id for source in show.sources.values() if source.kind == "netcamera"]
    [microphone] = [source.id for source in show.sources.values() if source.kind == "microphone"]
    driver.until(lambda: {s.state for s in show.sources.values()} == {"live"}, "both are live", 20)
    driver.press("Ctrl+Shift+C", window)
    link = QGuiApplication.clipboard().text()
    viewer = stage.come(link, "Vera")
    stage.web(expect(viewer.locator("#badge")).to_have_text("Not on air"))
    driver.press("Ctrl+L", window)
    driver.until(lambda: window.topbar.state.text().startswith("ON AIR"), "on air", 20)
    stage.web(expect(viewer.locator("#badge")).to_have_text("Live", timeout=20_000))
    stage.more_pictures(viewer, 10)
    stage.web(viewer.evaluate(WATCH))

    # The viewer watches and chats both ways.
    async def write(page: Page, text: str) -> None:
        await page.get_by_role("textbox", name="Write a message").fill(text)
        await page.keyboard.press("Enter")

    stage.web(write(viewer, "I see you <b>well</b>"))
    driver.press("Ctrl+5", window)
    driver.until(lambda: "I see you <b>well</b>" in stage.chat(), "the message is in the window")
    driver.type("Hello Vera", window.chat.text)
    driver.press("Return", window.chat.text)
    stage.web(expect(viewer.locator(".said .text").last).to_have_text("Hello Vera"))

    # Camera and microphone are switched on air; the viewer's picture never stops.
    stage.choose_source("Network camera", second.url, replaces=camera)
    stage.closed()
    driver.until(lambda: show.sources[camera].spec == second.url, "the second camera is on")
    stage.more_pictures(viewer)
    stage.choose_source("Microphone", "MicB", replaces=microphone)
    stage.closed()
    driver.until(lambda: show.sources[microphone].name == "MicB", "the second microphone is on")
    stage.more_pictures(viewer)

    # A wrong device is refused in words, and the old one stays.
    picker = stage.choose_source("Network camera", f"http://127.0.0.1:{first.port}/no-such-picture", replaces=camera)
    driver.until(lambda: "stays on" in picker.problem, "it is refused in words", 40)
    driver.press("Escape", picker)
    stage.closed()
    assert show.sources[camera].spec == second.url
    assert show.sources[camera].state == "live"
    stage.more_pictures(viewer)
    stood_ms, emptied = stage.web(viewer.evaluate("[window.stood_ms, window.emptied]"))
    assert emptied == 0
    assert stood_ms < 1500, f"the viewer's picture stood for {stood_ms:.0f} ms"

    # An admin in a second browser mutes, announces, stops, and kicks; the window says each plainly.
    driver.press("Ctrl+7", window)
    QGuiApplication.clipboard().clear()
    window.share.admin.click()
    driver.until(lambda: "/admin#i=" in QGuiApplication.clipboard().text(), "the admin's link is copied")
    admin = stage.come(QGuiApplication.clipboard().text(), "Ada")

    async def command(name: str, sure: str = "") -> None:
        await admin.get_by_role("button", name=name, exact=True).click()
        if sure:
            await admin.get_by_role("dialog").get_by_role("button", name=sure).click()
        fate = admin.locator(".command").first.locator(".fate")
        await expect(fate).to_have_text("Done", timeout=20_000)

    stage.web(command("Mute sound"))
    stage.says("Ada", "sound")
    driver.until(lambda: "muted by an admin" in window.topbar.told.text(), "the top bar says it too")
    stage.web(expect(viewer.get_by_text("An admin has switched the sound off.")).to_be_visible())
    stage.web(expect(admin.locator(".command").first).to_contain_text("Studio"))
    stage.acknowledge_all()
    stage.web(command("Unmute sound"))
    driver.until(lambda: "muted" not in window.topbar.told.text(), "it is lifted")
    stage.web(admin.get_by_role("textbox", name="Announce to everyone").fill("Five minutes left"))
    stage.web(command("Announce"))
    stage.says("Five minutes left")
    stage.web(expect(viewer.locator(".notice")).to_contain_text("Ada: Five minutes left"))
    stage.web(command("Stop the show…", "Stop the show"))
    stage.says("Ada", "ended")
    driver.until(lambda: window.topbar.state.text() == "Off air", "off air")
    stage.web(expect(viewer.get_by_role("heading", name="The show has ended")).to_be_visible())
    stage.acknowledge_all()
    driver.press("Ctrl+L", window)
    driver.until(lambda: not window.topbar._starting, "Go live was answered")
    assert not show.live, "Go live needs an admin's release"
    host = next(
        person
        for person in engine.owner("/api/v1/sessions/studio/people")["people"]
        if person["id"].startswith("host.")
    )
    stage.web(command(f"Remove {host['name']}", "Remove"))
    stage.says("Ada", "removed")

    # The audit log has all of it, in order, and so has the admin's page.
    entries = engine.owner("/api/v1/sessions/studio/audit")["entries"]
    given = [entry["action"] for entry in entries if entry["outcome"] == "effective"]
    assert given == ["mute_audio", "unmute_audio", "announce", "stop", "kick"]
    assert [entry["number"] for entry in entries] == sorted(entry["number"] for entry in entries)
    states = [entry["action"] for entry in entries if entry["action"].startswith("session.")]
    assert states == ["session.live", "session.ended"]
    stage.web(admin.get_by_role("tab", name="Audit").click())
    stage.web(expect(admin.locator(".audit tbody tr").filter(has_text="kick").first).to_be_visible())
