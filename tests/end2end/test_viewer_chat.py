"""Viewers and an admin in real browsers on the real session server, with a studio that goes on air over WHIP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.fixtures.chromium import Browsing
from tests.fixtures.session_server import SessionServer, eventually, session_server

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.xdist_group("chromium"),
    pytest.mark.timeout(120),
]


@pytest_asyncio.fixture(loop_scope="session")
async def server(stoa_home: Path) -> AsyncIterator[SessionServer]:
    """A server of this test's own."""
    async with session_server(stoa_home) as running:
        yield running


async def come(browsing: Browsing, link: str, name: str) -> Page:
    """Opens a link and goes in under a name."""
    page = await browsing.person()
    await page.goto(link)
    await page.get_by_label("Your name").fill(name)
    await page.keyboard.press("Enter")
    await expect(page.locator("#room")).to_be_visible()
    return page


async def say(page: Page, text: str) -> None:
    await page.get_by_role("textbox", name="Write a message").fill(text)
    await page.keyboard.press("Enter")


async def pictures(page: Page) -> int:
    """How many pictures the video has shown."""
    shown: int = await page.evaluate("document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames")
    return shown


async def test_two_viewers_chat_both_ways_and_see_each_other(server: SessionServer, browsing: Browsing) -> None:
    link = await server.link()
    mia = await come(browsing, link, "Mia")
    leo = await come(browsing, link, "Leo")
    await say(mia, "Hello Leo")
    await expect(leo.locator(".said .text")).to_have_text(["Hello Leo"])
    await say(leo, "Hello <b>Mia</b>")
    for page in (mia, leo):
        await expect(page.locator(".said .text")).to_have_text(["Hello Leo", "Hello <b>Mia</b>"])
        await expect(page.locator("#present")).to_have_text("2")
    await leo.get_by_role("button", name="Leave").click()
    await expect(mia.locator("#present")).to_have_text("1")


@pytest.mark.slow
async def test_a_name_in_use_is_refused_in_words(server: SessionServer, browsing: Browsing) -> None:
    link = await server.link()
    await come(browsing, link, "Mia")
    other = await browsing.person()
    await other.goto(link)
    await other.get_by_label("Your name").fill("MIA")
    await other.keyboard.press("Enter")
    await expect(other.get_by_role("alert")).to_contain_text("called MIA already")


@pytest.mark.slow
async def test_the_picture_comes_by_itself_muted_and_ends_in_words(server: SessionServer, browsing: Browsing) -> None:
    mia = await come(browsing, await server.link(), "Mia")
    await expect(mia.get_by_role("heading", name="The show has not begun yet")).to_be_visible()
    await server.go_live()
    await expect(mia.locator("#badge")).to_have_text("Live")
    await expect(mia.locator("#stage")).to_have_attribute("data-media", "playing")
    await eventually(lambda: pictures(mia), 10, "pictures are shown")
    unmute = mia.get_by_role("button", name="Unmute").first
    await expect(unmute).to_be_visible()
    assert await mia.evaluate("document.querySelector('video').muted")
    await unmute.click()
    assert not await mia.evaluate("document.querySelector('video').muted")
    shown = await pictures(mia)
    await eventually(lambda: _more(mia, shown + 10), 10, "it goes on with the sound on")
    await mia.get_by_role("button", name="Full screen").click()
    assert await mia.evaluate("document.fullscreenElement.id") == "stage"
    await mia.get_by_role("button", name="Leave full screen").click()
    await mia.get_by_role("slider", name="Volume").fill("40")
    assert await mia.evaluate("document.querySelector('video').volume") == 0.4
    await mia.get_by_role("button", name="Picture in picture").click()
    await expect(mia.get_by_role("button", name="Leave picture in picture")).to_be_visible()
    await mia.get_by_role("button", name="Leave picture in picture").click()
    await expect(mia.get_by_role("button", name="Picture in picture", exact=True)).to_be_visible()
    late = await come(browsing, await server.link(), "Late")
    await eventually(lambda: pictures(late), 10, "who comes later sees pictures too")
    await server.go_off()
    for page in (mia, late):
        await expect(page.get_by_role("heading", name="The show has ended")).to_be_visible()


async def _more(page: Page, than: int) -> bool:
    return await pictures(page) > than


@pytest.mark.slow
async def test_a_killed_router_is_overcome_by_studio_and_page(server: SessionServer, browsing: Browsing) -> None:
    mia = await come(browsing, await server.link(), "Mia")
    await server.go_live()
    await eventually(lambda: pictures(mia), 10, "pictures are shown")
    await mia.get_by_role("button", name="Unmute").first.click()
    server.kill_router()
    await expect(mia.get_by_role("heading", name="The studio's connection was lost")).to_be_visible()
    await server.go_off()

    async def back() -> bool:
        try:
            await server.go_live()
        except AssertionError:
            return False  # the router is still starting
        return True

    await eventually(back, 20, "the studio goes live again")
    await expect(mia.locator("#stage")).to_have_attribute("data-media", "playing")
    shown = await pictures(mia)
    await eventually(lambda: _more(mia, shown + 10), 10, "pictures come again")
    assert not await mia.evaluate("document.querySelector('video').muted"), "the sound stays on through it"


@pytest.mark.slow
async def test_viewers_lose_no_picture_when_the_people_process_is_killed_and_miss_nothing(
    server: SessionServer, browsing: Browsing
) -> None:
    link = await server.link()
    mia, leo = await come(browsing, link, "Mia"), await come(browsing, link, "Leo")
    await server.go_live()
    await eventually(lambda: pictures(mia), 10, "pictures are shown")
    await say(mia, "before")
    await expect(leo.locator(".said .text")).to_have_text(["before"])
    await mia.evaluate(
        """() => { const video = document.querySelector('video');
        window.emptied = window.stood = 0;
        let last = performance.now();
        video.addEventListener('emptied', () => window.emptied++);
        video.requestVideoFrameCallback(function next(now) {
          window.stood = Math.max(window.stood, now - last);
          last = now;
          video.requestVideoFrameCallback(next); }); }"""
    )
    server.kill_people()
    await say(mia, "while it is away")  # typed at once: it waits in the page
    await say(leo, "me too")
    for page in (mia, leo):
        await expect(page.locator(".said[data-sending]")).to_have_count(0, timeout=20_000)
        await expect(page.locator(".said .text")).to_have_count(3)
    assert sorted(await mia.locator(".said .text").all_text_contents()) == ["before", "me too", "while it is away"]
    await expect(mia.locator("#present")).to_have_text("2")
    assert await mia.evaluate("window.emptied") == 0, "the picture was opened anew"
    assert await mia.evaluate("window.stood") < 2000, "the picture stood"
    assert await server.state() == "live"


@pytest.mark.slow
async def test_a_restart_of_the_whole_server_is_overcome_with_nothing_missed(
    server: SessionServer, browsing: Browsing
) -> None:
    link = await server.link()
    mia, leo = await come(browsing, link, "Mia"), await come(browsing, link, "Leo")
    await say(mia, "before")
    await expect(leo.locator(".said .text")).to_have_text(["before"])
    await asyncio.to_thread(server.stop)
    await expect(mia.get_by_text("Connection to the server lost.")).to_be_visible()
    await say(mia, "written while it was off")
    await asyncio.to_thread(server.start)
    await expect(leo.locator(".said .text")).to_have_text(["before", "written while it was off"], timeout=30_000)
    await expect(mia.locator(".said .text")).to_have_text(["before", "written while it was off"])
    await expect(mia.get_by_text("Connection to the server lost.")).to_be_hidden()
    await expect(mia.locator("#present")).to_have_text("2")


@pytest.mark.slow
async def test_a_kick_ends_picture_and_chat_in_words_and_the_link_opens_no_more(
    server: SessionServer, browsing: Browsing
) -> None:
    link = await server.link()
    leo = await come(browsing, link, "Leo")
    mia = await come(browsing, link, "Mia")
    admin = await come(browsing, await server.link("admin"), "Ada")
    await server.go_live()
    await eventually(lambda: pictures(leo), 10, "pictures are shown")
    await admin.get_by_role("button", name="Remove Leo").click()
    dialog = admin.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill("Spam")
    await dialog.get_by_role("button", name="Remove").click()
    await expect(leo.get_by_role("heading", name="An admin has removed you")).to_be_visible()
    await expect(leo.locator("#door")).to_contain_text("Ada removed you from the session. Reason given: Spam")
    await expect(admin.locator(".command .fate")).to_have_text("Done")
    await expect(mia.locator("#present")).to_have_text("2")
    await leo.goto("about:blank")
    await leo.goto(link)
    await expect(leo.get_by_role("heading", name="An admin has removed you")).to_be_visible()
    await expect(admin.locator(".command .answer").last).to_contain_text("a new one has been made")
    private = await browsing.person()
    await private.goto(link)
    await private.get_by_label("Your name").fill("Leo 2")
    await private.keyboard.press("Enter")
    await expect(private.get_by_role("alert")).to_contain_text("taken back")
    await mia.reload()
    await expect(mia.locator("#room")).to_be_visible()
    invites = await server.owner("GET", "/api/v1/sessions/studio/invites")
    fresh = next(one["link"] for one in invites["invites"] if one["role"] == "viewer" and not one["revoked"])
    await come(browsing, fresh, "Ben")
    await admin.get_by_role("button", name="Let Leo back in").click()
    await expect(admin.locator(".command .fate").first).to_have_text("Done")
    effective = [entry["action"] for entry in await server.audit() if entry["outcome"] == "effective"]
    assert effective == ["kick", "readmit"]


@pytest.mark.slow
async def test_an_admin_mutes_announces_and_stops_and_everyone_is_told(
    server: SessionServer, browsing: Browsing
) -> None:
    mia = await come(browsing, await server.link(), "Mia")
    admin = await come(browsing, await server.link("admin"), "Ada")
    await server.go_live()
    await eventually(lambda: pictures(mia), 10, "pictures are shown")
    await admin.get_by_role("button", name="Mute sound", exact=True).click()
    await expect(mia.get_by_text("An admin has switched the sound off.")).to_be_visible()
    await expect(admin.locator(".command .fate")).to_have_text("Done")
    await admin.get_by_role("button", name="Switch picture off").click()
    await expect(mia.get_by_role("heading", name="Picture and sound are switched off")).to_be_visible()
    await admin.get_by_role("button", name="Switch picture on").click()
    await expect(mia.get_by_role("heading", name="Picture and sound are switched off")).to_be_hidden()
    await admin.get_by_role("textbox", name="Announce to everyone").fill("Back in a minute")
    await admin.get_by_role("button", name="Announce").click()
    await expect(mia.locator(".notice")).to_contain_text("Ada: Back in a minute")
    await admin.get_by_role("button", name="Stop the show…").click()
    await admin.get_by_role("dialog").get_by_role("button", name="Stop the show").click()
    await expect(mia.get_by_role("heading", name="The show has ended")).to_be_visible()
    await expect(mia.locator(".veil")).to_contain_text("An admin ended the show.")
    with pytest.raises(AssertionError, match="session_stopped"):
        await server.go_live()
    await admin.get_by_role("button", name="Allow Go live again").click()
    await expect(admin.get_by_role("button", name="Stop the show…")).to_be_visible()
    await server.go_live()
    await expect(mia.locator("#badge")).to_have_text("Live")
    await admin.get_by_role("tab", name="Audit").click()
    listed = admin.locator(".audit tbody tr")
    await expect(listed.filter(has_text="mute audio").first).to_be_visible()
    done = [entry["action"] for entry in await server.audit() if entry["outcome"] == "effective"]
    assert done == ["mute_audio", "mute_video", "unmute_video", "announce", "stop", "release"]


@pytest.mark.slow
async def test_who_came_by_a_link_that_is_taken_back_is_out_in_words(server: SessionServer, browsing: Browsing) -> None:
    made = await server.owner("POST", "/api/v1/sessions/studio/invites", json={"role": "viewer"})
    mia = await come(browsing, made["link"], "Mia")
    await server.owner("DELETE", f"/api/v1/sessions/studio/invites/{made['id']}")
    await expect(mia.get_by_role("heading", name="This invite is no longer good")).to_be_visible()


@pytest.mark.slow
async def test_the_pages_obey_the_servers_policy(server: SessionServer, browsing: Browsing) -> None:
    answer = await server.owner("GET", "/watch/studio")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    # every page of this file runs under it; what it forbids would have been logged, and Browsing fails on that
    mia = await come(browsing, await server.link(), "Mia")
    with pytest.raises(Exception, match=r"Content Security Policy|unsafe-eval|TrustedScript"):
        await mia.evaluate("document.createElement('script').text = 'window.bad = 1'")
    browsing.unexpected.clear()
