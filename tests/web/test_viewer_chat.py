"""The chat in the page: text both ways, whatever is written in it and however much of it comes."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from studio.server.messages import ChatMessage, EventType, Notice
from studio.server.rights import Role
from tests.fakes.people_server import FakePeople
from tests.web.conftest import Pages

MARKUP = "<img src=x onerror=alert(1)><script>alert(2)</script><b>bold</b> &amp; javascript:alert(3)"


async def test_what_is_written_arrives_and_is_shown_once(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    field = page.get_by_role("textbox", name="Write a message")
    await field.fill("Hello\nthere")
    await field.press("Enter")
    await expect(page.locator(".said.mine")).to_have_count(1)
    await expect(page.locator(".said.mine .text")).to_have_text("Hello there", use_inner_text=False)
    assert fake.posted[-1][1]["data"] == {"text": "Hello\nthere"}
    await expect(field).to_have_value("")
    await expect(page.locator(".said[data-sending]")).to_have_count(0)


async def test_a_message_sent_while_the_line_is_down_arrives_once_when_it_is_back(
    pages: Pages, fake: FakePeople
) -> None:
    page = await pages.watch()
    fake.line_is_down = True
    await fake.hang_up(1012)
    await page.get_by_role("textbox", name="Write a message").fill("meanwhile")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Sending…")).to_be_visible()
    fake.line_is_down = False
    await expect(page.locator(".said[data-sending]")).to_have_count(0)
    await expect(page.locator(".said .text")).to_have_text(["meanwhile"])
    assert len(fake.seen_ids) == 1


async def test_an_answer_that_got_lost_makes_no_second_message(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    fake.swallow_sends = True
    await page.get_by_role("textbox", name="Write a message").fill("once")
    await page.keyboard.press("Enter")
    await expect(page.locator(".said")).to_have_count(1)
    while not any(what == "chat.send" for what, _ in fake.posted):
        await page.wait_for_timeout(20)
    sent = fake.posted[-1][1]
    # the server had taken it, and fell before it could say so
    assert fake.me is not None
    said = fake.write(EventType.CHAT_MESSAGE, fake.sender(fake.me), ChatMessage(text="once"), sent["id"])
    fake.seen_ids[sent["id"]] = said.seq
    fake.swallow_sends = False
    await fake.hang_up(1012)
    await expect(page.locator(".said[data-sending]")).to_have_count(0)
    await expect(page.locator(".said .text")).to_have_text(["once"])
    assert [what for what, _ in fake.posted].count("chat.send") == 2


async def test_a_refused_message_says_why_and_can_be_sent_again(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    refusal = {"code": "too_fast", "message": "You write faster than people can read.", "remedy": "Wait 3 s."}
    fake.send_refusal = {**refusal, "kind": "busy"}
    await page.get_by_role("textbox", name="Write a message").fill("spam")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("You write faster than people can read.")
    await expect(page.get_by_role("alert")).to_contain_text("Wait 3 s.")
    fake.send_refusal = None
    await page.get_by_role("button", name="Send again").click()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(page.locator(".said .text")).to_have_text(["spam"])


async def test_too_long_a_message_is_told_before_it_is_sent(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    field = page.get_by_role("textbox", name="Write a message")
    await field.fill("x" * 503)
    await expect(page.get_by_text("3 characters too many")).to_be_visible()
    await field.press("Enter")
    await expect(field).to_have_value("x" * 503)
    await field.fill("🎉" * 500)  # 500 of them, however a computer counts
    await field.press("Enter")
    await expect(page.locator(".said.mine")).to_have_count(1)


async def test_markup_stays_text_in_messages_names_titles_and_notices(pages: Pages, fake: FakePeople) -> None:
    fake.title = MARKUP
    page = await pages.watch("<b>Mia</b>")
    page.on("dialog", lambda dialog: pages.browsing.unexpected.append(f"dialog: {dialog.message}"))
    mallory = fake.person(MARKUP[:40], Role.VIEWER)
    await fake.say(mallory, MARKUP)
    await fake.notice(MARKUP, by=mallory)
    await fake.hang_up(1012)
    await expect(page.locator(".said .text")).to_have_text(MARKUP)
    await expect(page.locator("#title")).to_have_text(MARKUP)
    await page.get_by_role("tab", name="People").click()
    await expect(page.locator(".person .name").first).to_be_visible()
    made = await page.evaluate("document.querySelectorAll('img, b, #room script, #room a:not(.skip)').length")
    assert made == 0, "something that a person wrote became an element"


async def test_long_words_and_other_directions_break_nothing(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch(viewport={"width": 360, "height": 640})
    long = fake.person("W" * 40, Role.BROADCASTER)
    await fake.say(long, "Donaudampfschifffahrt" * 20)
    await fake.say(fake.person("مريم"), "مرحبا بالجميع، كيف الحال؟")
    await fake.say(fake.person("\u202eevil"), "\u202etxet desrever")
    await fake.notice("N" * 300, by=long)
    await expect(page.locator(".said")).to_have_count(3)
    wide = "[...document.querySelectorAll('html, .log, .notice')].filter((e) => e.scrollWidth > e.clientWidth).length"
    assert await page.evaluate(wide) == 0, "something is wider than its place"
    arabic = page.locator(".said .text").nth(1)
    assert await arabic.evaluate("(text) => getComputedStyle(text).direction") == "rtl"


async def test_500_messages_at_once_are_all_there_and_the_page_stays_small(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    talker = fake.person("Bot")
    other = fake.person("Tob")
    for number in range(500):
        await fake.say(talker if number % 3 else other, f"message {number}")
    await expect(page.locator(".said .text").last).to_have_text("message 499")
    assert await page.locator(".said").count() <= 400
    end = "(log) => log.scrollHeight - log.scrollTop - log.clientHeight"
    assert await page.locator(".log").evaluate(end) < 80, "the newest message is in sight"
    await read_back(page)
    await expect(page.locator(".said .text")).to_have_text([f"message {number}" for number in range(500)])


async def read_back(page: Page) -> None:
    """Fetch page after page of what was said earlier, until there is no more."""
    older = page.locator("button.older")
    while await older.is_visible():
        first = await page.locator(".said").first.get_attribute("data-seq")
        await older.click()
        await page.wait_for_function(
            "(first) => document.querySelector('.said').dataset.seq !== first"
            " && !document.querySelector('button.older').disabled",
            arg=first,
            polling=50,
            timeout=30_000,
        )


FRAMES_WAIT = """
    const waiting = [];
    window.requestAnimationFrame = (paint) => waiting.push(paint);
    window.paint = () => waiting.splice(0).forEach((paint) => paint());
"""


@pytest.mark.slow
@pytest.mark.parametrize("reading_back", [False, True])
async def test_a_page_that_gets_no_frames_loses_nothing_of_what_comes(
    pages: Pages, fake: FakePeople, reading_back: bool
) -> None:
    talker = fake.person("Bot")
    for number in range(40):
        fake.write(EventType.CHAT_MESSAGE, fake.sender(talker), ChatMessage(text=f"message {number}"))
    page = await pages.watch()
    await expect(page.locator(".said")).to_have_count(40)
    if reading_back:
        await page.locator(".log").evaluate("(log) => (log.scrollTop = 0)")
        await expect(page.locator("button.newest")).to_be_hidden()
    # as on a page in the background, or on a busy machine
    await page.evaluate(FRAMES_WAIT)
    for number in range(40, 900):
        await fake.say(talker, f"message {number}")
    last = "document.querySelector('.said:last-child').textContent"
    await page.wait_for_function(f"() => {last}.includes('message 839')", polling=50, timeout=30_000)
    await page.wait_for_function(f"() => (window.paint(), {last}.includes('message 899'))", polling=50, timeout=30_000)
    await read_back(page)
    await expect(page.locator(".said .text")).to_have_text([f"message {number}" for number in range(900)])


async def test_reading_back_is_not_disturbed_by_what_comes(pages: Pages, fake: FakePeople) -> None:
    talker = fake.person("Sana", Role.BROADCASTER)
    for number in range(40):
        fake.write(EventType.CHAT_MESSAGE, fake.sender(talker), ChatMessage(text=f"earlier {number}"))
    page = await pages.watch()
    log = page.locator(".log")
    await expect(page.locator(".said")).to_have_count(40)
    await log.evaluate("(log) => (log.scrollTop = 0)")
    await page.wait_for_timeout(100)
    await fake.say(talker, "new")
    newest = page.get_by_role("button", name="1 new message")
    await expect(newest).to_be_visible()
    assert await log.evaluate("(log) => log.scrollTop") == 0
    await newest.click()
    await expect(newest).to_be_hidden()
    await expect(page.get_by_text("new", exact=True)).to_be_in_viewport()


async def test_what_was_said_before_is_there_on_arrival(pages: Pages, fake: FakePeople) -> None:
    host = fake.person("Sana", Role.BROADCASTER)
    fake.write(EventType.CHAT_MESSAGE, fake.sender(host), ChatMessage(text="Welcome"))
    fake.write(EventType.NOTICE, fake.sender(host), Notice(text="Soon", level="information", to="all"))
    page = await pages.watch()
    await expect(page.locator(".said")).to_contain_text("Welcome")
    await expect(page.locator(".log .announced")).to_contain_text("Soon")
    await expect(page.locator(".notice")).to_have_count(0)


async def test_the_newest_stays_in_sight_while_a_long_message_is_written(pages: Pages, fake: FakePeople) -> None:
    talker = fake.person("Sana", Role.BROADCASTER)
    for number in range(40):
        fake.write(EventType.CHAT_MESSAGE, fake.sender(talker), ChatMessage(text=f"earlier {number}"))
    page = await pages.watch()
    await expect(page.locator(".said")).to_have_count(40)
    await page.get_by_role("textbox", name="Write a message").fill("word " * 90)
    end = "(log) => log.scrollHeight - log.scrollTop - log.clientHeight"
    await expect(page.locator(".note")).to_be_visible()
    await page.wait_for_timeout(100)
    assert await page.locator(".log").evaluate(end) < 2
    # on a phone the keyboard takes half of the page
    await page.set_viewport_size({"width": 1280, "height": 460})
    await page.wait_for_timeout(100)
    assert await page.locator(".log").evaluate(end) < 2
    await fake.say(talker, "new")
    await expect(page.get_by_text("new", exact=True)).to_be_in_viewport()
