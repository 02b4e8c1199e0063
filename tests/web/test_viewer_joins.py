"""The viewer's way in: the invite, the name, and every refusal in words."""

from __future__ import annotations

from playwright.async_api import expect

from studio.server.api import ErrorCode
from tests.fakes.people_server import FakePeople, refuse
from tests.fixtures.chromium import Browsing
from tests.web.conftest import Pages


async def test_the_invite_is_posted_and_taken_out_of_the_address(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch("Mia")
    assert fake.posted[0] == ("join", {"invite": "invite-of-a-viewer", "name": "Mia", "session": "studio"})
    assert page.url == f"{pages.base}/watch/studio"
    assert await page.evaluate("history.length") == 2  # about:blank and the page: the link is not behind it


async def test_a_reload_goes_straight_back_in(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch("Mia")
    await page.reload()
    await expect(page.locator("#room")).to_be_visible()
    assert [what for what, _ in fake.posted].count("join") == 1


async def test_the_name_is_remembered_and_the_bookmark_keeps_working(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch("Mia")
    await page.get_by_role("button", name="Leave").click()
    await expect(page.get_by_role("heading", name="You have left")).to_be_visible()
    await page.goto(f"{pages.base}/watch/studio")
    await expect(page.get_by_label("Your name")).to_have_value("Mia")


async def test_without_an_invite_the_page_says_what_is_missing(browsing: Browsing, base: str) -> None:
    page = await browsing.person()
    await page.goto(f"{base}/watch/studio")
    await expect(page.get_by_text("this address has none")).to_be_visible()
    await expect(page.get_by_text("Ask the host for it, and open the whole of it.")).to_be_visible()


async def test_a_broken_address_says_what_is_missing_too(browsing: Browsing, base: str) -> None:
    page = await browsing.person()
    await page.goto(f"{base}/watch/%E0")
    await expect(page.get_by_role("heading", name="An invite link is needed")).to_be_visible()


async def test_a_refusal_is_said_with_its_remedy_and_the_name_can_be_changed(
    browsing: Browsing, fake: FakePeople, base: str
) -> None:
    fake.join_refusal = refuse(
        409, ErrorCode.NAME_TAKEN, "Somebody here is called Mia already.", "Choose another name."
    )
    page = await browsing.person()
    await page.goto(f"{base}/watch/studio#i=abc")
    await page.get_by_label("Your name").fill("Mia")
    await page.get_by_role("button", name="Watch").click()
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text("Somebody here is called Mia already.")
    await expect(alert).to_contain_text("Choose another name.")
    await expect(page.get_by_label("Your name")).to_be_focused()
    fake.join_refusal = None
    await page.keyboard.type("Mia 2")
    await page.keyboard.press("Enter")
    await expect(page.locator("#room")).to_be_visible()


async def test_an_empty_name_is_not_sent(browsing: Browsing, fake: FakePeople, base: str) -> None:
    page = await browsing.person()
    await page.goto(f"{base}/watch/studio#i=abc")
    await page.get_by_label("Your name").fill("   ")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("A name is missing.")
    assert fake.posted == []


async def test_a_server_that_fails_is_said_and_tried_again(browsing: Browsing, fake: FakePeople, base: str) -> None:
    fake.status_refusal = refuse(500, ErrorCode.INTERNAL, "Something broke here.", "Try again.")
    page = await browsing.person()
    await page.goto(f"{base}/watch/studio#i=abc")
    await page.get_by_label("Your name").fill("Mia")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Something broke here.")).to_be_visible()
    fake.status_refusal = None
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator("#room")).to_be_visible()
