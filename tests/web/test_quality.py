"""How connections do, on the pages: one's own with its figures, and everybody's in the list for who may see them."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from studio.server.messages import Envelope, EventType
from studio.server.quality_words import ConnectionQuality, QualityOf, QualityTold, QualityWord, quality, stream
from studio.server.rights import Role
from tests.fakes.people_server import SERVER, FakePeople
from tests.web.conftest import Pages

WATCHING = stream(2480, 0.4, 3)
BAD = stream(900, 12.5, 120)
QUALITIES = {
    "good": quality(QualityWord.GOOD, 42, None, WATCHING),
    "fair": quality(QualityWord.FAIR, 180, None, WATCHING),
    "poor": quality(QualityWord.POOR, 240, BAD, WATCHING),
    "lost": quality(QualityWord.LOST, 240, None, BAD),
}


async def told(fake: FakePeople, person: str, one: ConnectionQuality | None, *others: str) -> None:
    """As the server tells it: past the record."""
    people = tuple(QualityOf(person=each, quality=one) for each in (person, *others))
    data = QualityTold(people=people).model_dump(mode="json")
    at = "2026-11-21T12:00:00Z"
    envelope = Envelope(seq=0, id="e", type=EventType.QUALITY, at=at, sender=SERVER, data=data)
    for socket in list(fake.sockets):
        await socket.send_text(envelope.model_dump_json())


@pytest.mark.parametrize("kind", ["watch", "admin"])
async def test_our_own_connection_stands_in_the_bar_and_tells_its_figures(
    pages: Pages, fake: FakePeople, kind: str
) -> None:
    page = await (pages.watch() if kind == "watch" else pages.admin())
    assert fake.me is not None
    mark, figures = page.locator("#quality button"), page.locator("#quality .figures")
    await expect(mark).to_be_hidden()
    for word, one in QUALITIES.items():
        await told(fake, fake.me.id, one)
        await expect(page.get_by_role("button", name=f"Your connection: {word.title()}")).to_be_visible()
    await expect(figures).to_be_hidden()
    await expect(page.locator("#quality .word")).to_have_text("Lost")
    await page.wait_for_function("document.querySelector('#quality .word').offsetWidth > 1", timeout=5_000)
    warn: str = await page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--warn').trim()")
    warning = "rgb({}, {}, {})".format(*bytes.fromhex(warn[1:]))
    await expect(mark).to_have_css("color", warning)
    await told(fake, fake.me.id, QUALITIES["poor"])
    await expect(mark).to_have_css("color", warning)  # red is for danger and for being on air
    await mark.hover()
    await expect(figures).to_be_visible()
    for words in ("Poor", "240 ms", "2.5 Mb/s", "900 kb/s", "12.5 %, 120 packets in 5 s"):
        await expect(figures).to_contain_text(words)
    await page.mouse.move(5, 400)
    await expect(figures).to_be_hidden()
    await told(fake, fake.me.id, None)
    await expect(mark).to_be_hidden()


async def test_a_tap_or_the_keyboard_opens_the_figures_and_escape_closes_them(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch(has_touch=True)
    assert fake.me is not None
    await told(fake, fake.me.id, QUALITIES["good"])
    mark, figures = page.locator("#quality button"), page.locator("#quality .figures")
    await mark.tap()
    await expect(mark).to_have_attribute("aria-expanded", "true")
    await expect(figures).to_be_visible()
    await told(fake, fake.me.id, QUALITIES["fair"])
    await expect(figures).to_contain_text("180 ms")
    await page.locator("#title").tap()
    await expect(mark).to_have_attribute("aria-expanded", "false")
    await mark.press("Enter")
    await expect(mark).to_have_attribute("aria-expanded", "true")
    await mark.press("Escape")
    await expect(mark).to_have_attribute("aria-expanded", "false")
    await expect(figures).to_be_hidden()


async def test_what_was_known_goes_when_the_server_is_away(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    assert fake.me is not None
    await told(fake, fake.me.id, QUALITIES["good"])
    await expect(page.locator("#quality")).to_be_visible()
    fake.line_is_down = True
    await fake.hang_up()
    await expect(page.locator("#quality")).to_be_hidden()


async def test_the_list_tells_streams_device_and_connection_of_each(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin(timezone_id="America/New_York")
    host = fake.person("Sana", Role.BROADCASTER, publishing=("video",), device="Stoa Studio 0.1 on Linux")
    lin = fake.person("Lin <b>", device="Firefox 143 on Windows", quality=QUALITIES["fair"])
    await fake.become(fake.state.state, words="x")
    rows = {one.id: page.locator(f'[data-person="{one.id}"]') for one in (host, lin)}
    await expect(rows[host.id]).to_contain_text("On air, picture only")
    await expect(rows[host.id]).to_contain_text("Stoa Studio 0.1 on Linux")
    await expect(rows[host.id].locator(".connection")).to_be_hidden()
    await expect(rows[lin.id]).to_contain_text("Firefox 143 on Windows")
    await expect(rows[lin.id]).to_contain_text(re.compile("since (20 Nov.{1,4})?15:01"))  # 20:01 in UTC
    await expect(rows[lin.id].locator(".watches")).to_be_visible()
    await expect(rows[lin.id].locator(".connection .word")).to_have_text("Fair")
    button = rows[lin.id].locator("button").first
    await button.focus()
    for word, one in QUALITIES.items():
        await told(fake, lin.id, one)
        await expect(rows[lin.id].locator(".connection .word")).to_have_text(word.title())
        await expect(rows[lin.id].locator(".connection")).to_have_attribute("title", one.words)
    await expect(button).to_be_focused()
    await expect(page.locator("#quality")).to_be_hidden()
    await told(fake, lin.id, None)
    await expect(rows[lin.id].locator(".connection")).to_be_hidden()
    await expect(rows[lin.id].locator(".watches")).to_be_hidden()
    await told(fake, "p_nobody_here", QUALITIES["good"], lin.id)
    await expect(rows[lin.id].locator(".connection .word")).to_have_text("Good")
