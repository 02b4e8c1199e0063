"""The chat in several browsers at once, against the real server: what one does, the others see."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from tests.fakes.server_house import Place, running_house
from tests.fixtures.chromium import Browsing

MARKUP = "<img src=x onerror=alert(1)><b>bold</b>"


@pytest_asyncio.fixture(loop_scope="session")
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """A real server whose hours pass quickly enough."""
    async with running_house(tmp_path) as place:

        async def pass_time() -> None:
            while True:
                await asyncio.sleep(0.1)
                place.clock.forward(0.5)
                await place.house.sweep()

        passing = asyncio.create_task(pass_time())
        try:
            yield place
        finally:
            passing.cancel()
            await asyncio.gather(passing, return_exceptions=True)


class Company:
    """People in front of their own browsers."""

    def __init__(self, place: Place, browsing: Browsing) -> None:
        self.place = place
        self.browsing = browsing

    async def comes(self, name: str, role: str = "viewer", **facts: object) -> Page:
        page = await self.browsing.person(**facts)
        invite = (await self.place.invite(role))["invite"]
        path = "/admin" if role == "admin" else "/watch/studio"
        await page.goto(f"{self.place.base}{path}#i={invite}")
        await page.get_by_label("Your name").fill(name)
        await page.keyboard.press("Enter")
        await expect(page.locator("#room")).to_be_visible()
        if role == "admin":
            await page.get_by_role("tab", name="Chat").click()
        # the line to the server is open: from now on the page gets what happens
        while not any(each.caller.name == name for each in self.place.house.hub.of_session("studio")):
            await page.wait_for_timeout(20)
        return page


@pytest.fixture
def company(place: Place, browsing: Browsing) -> Company:
    return Company(place, browsing)


async def write(page: Page, text: str) -> None:
    field = page.locator("#chat-text")
    await field.fill(text)
    await field.press("Enter")


def said(page: Page, text: str) -> Locator:
    return page.locator(".panel > .log .said", has_text=text)


async def act(page: Page, text: str, name: str | re.Pattern[str]) -> None:
    """A button of a message, which appears under the pointer."""
    await said(page, text).hover()
    await page.get_by_role("group", name="This message").get_by_role("button", name=name).click()


async def test_messages_answers_and_reactions_go_both_ways(company: Company) -> None:
    ann, ben = await company.comes("Ann"), await company.comes("Ben")
    await write(ann, f"Hello @Ben :heart: {MARKUP}")
    at_ben = said(ben, "Hello")
    await expect(at_ben.locator(".text")).to_have_text(f"Hello @Ben ❤️ {MARKUP}")
    await expect(at_ben).to_have_class(re.compile("called"))
    await expect(said(ann, "Hello").locator(".text")).to_have_text(f"Hello @Ben ❤️ {MARKUP}")
    await act(ben, "Hello", "React with 👍")
    await expect(said(ann, "Hello").locator(".reaction")).to_have_text("👍 1")
    await said(ann, "Hello").locator(".reaction").click()
    await expect(at_ben.locator(".reaction")).to_have_text("👍 2")
    await at_ben.locator(".reaction").click()
    await expect(said(ann, "Hello").locator(".reaction")).to_have_text("👍 1")
    await act(ben, "Hello", "Answer")
    await write(ben, "And hello to you")
    await expect(said(ann, "And hello").locator(".quote")).to_contain_text("Ann Hello @Ben")
    await ann.reload()
    await expect(said(ann, "And hello").locator(".quote")).to_contain_text("Ann Hello @Ben")
    await expect(said(ann, "Hello @Ben").locator(".reaction").first).to_have_text("👍 1")
    for page in (ann, ben):
        assert await page.evaluate("document.querySelectorAll('#room img, #room b').length") == 0


async def test_everything_on_a_message_is_reached_by_the_keyboard(company: Company) -> None:
    ann = await company.comes("Ann")
    await write(ann, "one")
    await write(ann, "two")
    await expect(ann.locator(".said[data-seq]")).to_have_count(2)
    await ann.locator(".panel > .log").focus()
    await ann.keyboard.press("ArrowUp")
    await expect(said(ann, "two")).to_be_focused()
    await ann.keyboard.press("ArrowUp")
    await expect(said(ann, "one")).to_be_focused()
    for _ in range(7):
        await ann.keyboard.press("Tab")
    await expect(ann.get_by_role("button", name="Delete")).to_be_focused()
    await ann.keyboard.press("Enter")
    await expect(ann.locator(".said.deleted")).to_have_count(1)
    await expect(ann.locator(".said.deleted .text")).to_have_text("This message was deleted.")


@pytest.mark.slow
async def test_backstage_and_private_messages_reach_whom_they_are_for(company: Company) -> None:
    host, admin, ann = (
        await company.comes("Hugo", "broadcaster"),
        await company.comes("Adam", "admin"),
        await company.comes("Ann"),
    )
    await host.get_by_label("Who reads it").select_option(label="Backstage")
    await write(host, "Two minutes left")
    await expect(said(admin, "Two minutes")).to_contain_text("Backstage")
    assert await ann.get_by_label("Who reads it").locator("option").all_text_contents() == [
        "Everyone",
        "Adam (Admin), privately",
        "Hugo (Host), privately",
    ]
    await ann.get_by_label("Who reads it").select_option(label="Hugo (Host), privately")
    await write(ann, "My real name is Anna")
    await expect(said(host, "real name")).to_contain_text("Private")
    await act(host, "real name", "Answer")
    await write(host, "It stays between us")
    await expect(said(ann, "between us")).to_contain_text("Private")
    await write(admin, "Hello all")
    await expect(said(ann, "Hello all")).to_be_visible()
    assert await said(ann, "Two minutes").count() == 0
    assert await said(admin, "real name").count() + await said(admin, "between us").count() == 0
    await admin.reload()
    await admin.get_by_role("tab", name="Chat").click()
    await expect(said(admin, "Hello all")).to_be_visible()
    assert await said(admin, "real name").count() == 0


@pytest.mark.slow
async def test_a_moderator_reads_pins_deletes_and_mutes(company: Company) -> None:
    host, ann, ben = await company.comes("Hugo", "broadcaster"), await company.comes("Ann"), await company.comes("Ben")
    await host.get_by_role("button", name="Rules of the chat").click()
    await host.get_by_label("Read each message before it appears").check()
    await host.get_by_label("Links are allowed").uncheck()
    await host.get_by_label("Words that are not wanted").fill("nasty*")
    await host.get_by_label("Commands").fill("!rules 5 Be kind :heart:")
    await host.get_by_role("button", name="Save").click()
    await expect(ann.locator("#chat-note")).to_have_text("A moderator reads messages first. No links.")
    await write(ann, "n.a.s.t.y")
    await expect(ann.get_by_role("alert")).to_contain_text("a word that is not wanted here")
    await write(ann, "A good question")
    await write(ben, "A bad one")
    await expect(said(ann, "A good question").locator(".fate")).to_have_text("A moderator reads this first.")
    await expect(host.locator(".held h3")).to_have_text("2 messages wait for you")
    await host.locator(".held li", has_text="bad").get_by_role("button", name="Refuse").click()
    await host.locator(".held li", has_text="good").get_by_role("button", name="Allow").click()
    await expect(said(ben, "A bad one").locator(".fate")).to_have_text("A moderator did not let this through.")
    await expect(said(ben, "A good question")).to_be_visible()
    await expect(said(ann, "A good question")).to_have_count(1)
    await expect(said(ann, "A good question").locator(".fate")).to_have_count(0)
    await expect(host.locator(".held")).to_be_hidden()
    await act(host, "A good question", "Pin above the chat")
    await expect(ben.locator(".pinned")).to_contain_text("Ann A good question")
    await ben.reload()
    await expect(ben.locator(".pinned")).to_contain_text("Ann A good question")
    await act(host, "A good question", "Mute Ann in the chat…")
    lengths = host.get_by_role("dialog", name="Mute Ann in the chat").locator(".menu-items button")
    offered = ["For 1 minute", "For 10 minutes", "For 1 hour", "For 1 day", "Let them write again"]
    await expect(lengths).to_have_text(offered)
    await lengths.filter(has_text="For 1 hour").click()
    await expect(host.locator(".log .event").last).to_contain_text("Ann cannot write for 1 hour.")
    await expect(ann.locator("#chat-text")).to_be_disabled()
    await expect(ann.locator("#chat-note")).to_contain_text("A moderator has muted you until")
    await ann.reload()
    await expect(ann.locator("#chat-text")).to_be_disabled()
    await host.get_by_role("button", name="Lift").click()
    await expect(ann.locator("#chat-text")).to_be_enabled()
    await act(host, "A good question", "Delete")
    await expect(ben.locator(".pinned")).to_be_hidden()
    await expect(ben.locator(".said.deleted")).to_have_count(1)
    assert await said(ben, "A good question").count() == 0
    await write(host, "!rules")
    await expect(said(ben, "Be kind ❤️")).to_contain_text("Stoa")
    await host.get_by_role("button", name="Rules of the chat").click()
    await host.get_by_label("Seconds between two messages of one person").fill("30")
    await host.get_by_label("Read each message before it appears").uncheck()
    await host.get_by_role("button", name="Save").click()
    await expect(ann.locator("#chat-note")).to_have_text("One message every 30 s. No links.")
    await write(ann, "Another question")
    await expect(ann.get_by_role("alert")).to_contain_text("The chat is in slow mode: one message every 30 s.")
    assert await ben.get_by_role("button", name="Rules of the chat").count() == 0
    assert await ben.get_by_role("button", name="Open a poll").count() == 0


@pytest.mark.slow
async def test_a_poll_grows_before_everyones_eyes(company: Company) -> None:
    host, ann = await company.comes("Hugo", "broadcaster"), await company.comes("Ann")
    await host.get_by_role("button", name="Open a poll").click()
    await host.get_by_label("Question").fill("Tea or coffee?")
    await host.get_by_label("Options").fill("Tea")
    await host.get_by_role("button", name="Open poll").click()
    await expect(host.get_by_role("alert")).to_contain_text("2 to 10 options")
    await host.get_by_label("Options").fill(f"Tea\nCoffee\n{MARKUP}")
    await host.get_by_role("button", name="Open poll").click()
    tea = ann.locator(".poll .option", has_text="Tea")
    await tea.click()
    await expect(host.locator(".poll .option", has_text="Tea").locator(".share")).to_have_text("100 %")
    other = await ann.context.new_page()  # the same person once more
    await other.goto(ann.url)
    its_tea, its_coffee = (other.locator(".poll .option", has_text=name) for name in ("Tea", "Coffee"))
    await expect(its_tea).to_have_attribute("aria-pressed", "true")
    await its_coffee.click()
    await expect(ann.locator(".poll .option", has_text="Coffee")).to_have_attribute("aria-pressed", "true")
    await tea.click()
    await expect(its_tea.locator(".name")).to_have_text("✓ Tea")
    await expect(its_coffee).to_have_attribute("aria-pressed", "false")
    await other.close()
    await host.locator(".poll .option", has_text="Coffee").click()
    await expect(tea.locator(".share")).to_have_text("50 %")
    await expect(tea).to_have_attribute("aria-pressed", "true")
    await ann.reload()
    await expect(tea).to_have_attribute("aria-pressed", "true")
    await expect(ann.locator(".poll .note")).to_have_text("2 votes · you can still change yours")
    await ann.get_by_role("button", name="Fold the poll").click()
    await expect(tea).to_be_hidden()
    await expect(ann.locator(".poll .note")).to_have_text("Tea or coffee? · 2 votes")
    await host.get_by_role("button", name="Close poll").click()
    await expect(tea).to_be_visible()
    await expect(ann.locator(".poll .note")).to_have_text("2 votes · closed")
    await ann.get_by_role("button", name="Put the poll away").click()
    await expect(ann.locator(".poll")).to_be_hidden()
    await ann.reload()
    await expect(ann.locator("#room")).to_be_visible()
    await host.get_by_role("button", name="Open a poll").click()
    await host.locator("#poll-question").fill("Now?")
    await host.locator("#poll-options").fill("Yes\nNo")
    await host.get_by_role("button", name="Open poll").click()
    await expect(ann.locator(".poll h3")).to_have_text("Now?")
    # whatever was voted in the one before
    await expect(ann.locator(".poll .note")).to_have_text("0 votes · choose one")


async def test_hands_typing_and_who_comes_and_goes_are_seen(company: Company) -> None:
    ann, ben = await company.comes("Ann"), await company.comes("Ben")
    await expect(ann.locator(".event", has_text="Ben is here.")).to_be_visible()
    await ann.locator("#chat-text").press_sequentially("He", delay=20)
    await expect(ben.locator(".typing")).to_have_text("Ann is writing…")
    await ann.locator("#chat-text").press("Enter")
    await expect(ben.locator(".typing")).to_be_hidden()
    await ben.get_by_role("button", name="Raise your hand").click()
    await expect(ben.get_by_role("button", name="Raise your hand")).to_have_attribute("aria-pressed", "true")
    await ann.get_by_role("tab", name="People").click()
    await expect(ann.locator(".person", has_text="Ben")).to_contain_text("hand up")
    await expect(ann.locator("#present")).to_have_text("2")
    await ben.context.set_offline(True)
    await ben.context.set_offline(False)
    await ben.get_by_role("button", name="Leave").click()
    await expect(ann.locator("#present")).to_have_text("1")
    await ann.get_by_role("tab", name="Chat").click()
    await expect(ann.locator(".event", has_text="Ben has left.")).to_be_visible()


@pytest.mark.slow
async def test_what_was_said_is_found_again(company: Company, place: Place) -> None:
    host = await place.host()
    for number in range(70):
        await host.done("chat.send", text=f"Crème brûlée number {number}")
        place.clock.forward(2)
    ann = await company.comes("Ann")
    await ann.get_by_role("button", name="Search the chat").click()
    await ann.get_by_role("searchbox").fill("creme 7")
    await expect(ann.locator(".found .said .text")).to_have_text(["Crème brûlée number 7"])
    await ann.get_by_role("searchbox").fill("BRULEE")
    await expect(ann.locator(".found .said")).to_have_count(30)
    await ann.get_by_role("button", name="Show earlier ones").click()
    await ann.get_by_role("button", name="Show earlier ones").click()
    await expect(ann.locator(".found .said")).to_have_count(70)
    await ann.get_by_role("searchbox").fill("chocolate")
    await expect(ann.locator(".found")).to_contain_text("Nothing found")
    await ann.keyboard.press("Escape")
    await expect(ann.locator(".search")).to_be_hidden()


async def test_after_a_broken_line_each_message_is_there_once(company: Company, place: Place) -> None:
    ann, host = await company.comes("Ann"), await place.host()
    for number in range(24):
        await host.done("chat.send", text=f"number {number}")
        place.clock.forward(2)
        if number % 5 == 2:
            for connection in place.house.hub.of_session("studio"):
                connection.close(1012, "Come back.")  # type: ignore[arg-type]
    await expect(ann.locator(".panel > .log .said .text")).to_have_text([f"number {number}" for number in range(24)])
    await expect(ann.locator("#present")).to_have_text("1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_narrow_page_holds_all_of_it(company: Company, place: Place, scheme: str) -> None:
    host = await place.host()
    page = await company.comes("W" * 40, "broadcaster", viewport={"width": 390, "height": 780}, color_scheme=scheme)
    sent = await host.done("chat.send", text="Donaudampfschifffahrt" * 20)
    await host.done("chat.pin", message=sent["seq"])
    await host.done("chat.rules", hold=True)
    await host.done("poll.open", question="Q" * 150, options=["O" * 80, "مرحبا", "third"])
    ann = await place.join("A" * 40)
    await ann.done("chat.send", text="H" * 300)
    await host.done("chat.react", message=sent["seq"], emoji="👍")
    await host.done("chat.send", text="Answer" * 40, reply_to=sent["seq"])
    await expect(page.locator(".held li")).to_have_count(1)
    await expect(page.locator(".poll .option")).to_have_count(3)
    await expect(page.locator(".poll .note")).to_be_in_viewport(ratio=1)
    await expect(said(page, "Answer").locator(".quote")).to_be_visible()
    places = "html, .log, .poll, .held, .pinned, .compose"
    wide = f"[...document.querySelectorAll('{places}')].filter((e) => e.scrollWidth > e.clientWidth + 1).length"
    assert await page.evaluate(wide) == 0, "something is wider than its place"
