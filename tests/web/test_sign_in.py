"""The page of an account in a real Chromium against the real application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.fakes.account_holder import PASSWORD, signed_in, signed_up
from tests.fakes.server_house import Place, running_house
from tests.fixtures.chromium import PHONE, Browsing
from tests.web.test_reach import DIM, NAMELESS, WORST, fits

NEW = "eight loud herons"


@pytest_asyncio.fixture(loop_scope="session")
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """The real people process, in this event loop."""
    async with running_house(tmp_path) as running:
        yield running


async def signing_in(browsing: Browsing, place: Place, password: str = PASSWORD, **facts: object) -> Page:
    """A page on which eva has filled in the form by keyboard alone."""
    page = await browsing.person(**facts)
    await page.goto(f"{place.base}/sign-in")
    await expect(page.get_by_label("Login")).to_be_focused()
    await page.keyboard.type("eva")
    await page.keyboard.press("Tab")
    await page.keyboard.type(password)
    await page.keyboard.press("Enter")
    return page


async def test_a_link_makes_an_account_and_leads_into_the_session(browsing: Browsing, place: Place) -> None:
    link = (await place.invite("admin", account=True))["link"]
    page = await browsing.person()
    await page.goto(link)
    await expect(page.get_by_role("heading", name="Make your account")).to_be_visible()
    assert "#" not in page.url, "the invite must not stay in the address"
    await page.get_by_label("Login").fill("ada")
    await page.get_by_label("Your name").fill("Ada")
    await page.get_by_label("Password").fill("short")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("fewer than 10 characters")
    await expect(page.get_by_label("Password")).to_be_focused()
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Ada")).to_be_visible()
    await expect(page.get_by_role("button", name="Go to the session")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/admin")
    await expect(page.locator("#me")).to_contain_text("Ada")


async def test_one_signs_in_by_keyboard_and_a_wrong_password_is_said_in_words(browsing: Browsing, place: Place) -> None:
    await signed_up(place, "eva")
    page = await signing_in(browsing, place, "not the password")
    await expect(page.get_by_role("alert")).to_contain_text("The login or the password is wrong.")
    await expect(page.get_by_label("Password")).to_be_focused()
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Eva")).to_be_visible()
    assert await page.evaluate("document.cookie") == ""
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/watch/studio")
    await expect(page.locator("#me")).to_contain_text("Eva")


async def test_an_empty_field_is_named_and_asks_nobody(browsing: Browsing, place: Place) -> None:
    page = await signing_in(browsing, place, "")
    await expect(page.get_by_role("alert")).to_contain_text("Password is missing.")
    await expect(page.get_by_label("Password")).to_be_focused()
    assert [line for line in await place.audit() if line["action"] == "account.signed_in"] == []


async def test_who_finds_their_name_taken_goes_in_by_another(browsing: Browsing, place: Place) -> None:
    await signed_up(place, "eva")
    await place.join("Eva")
    page = await signing_in(browsing, place)
    await page.get_by_role("button", name="Go to the session").click()
    await expect(page.get_by_text("Somebody here is called Eva already.")).to_be_visible()
    await page.get_by_label("Your name").fill("Eva L")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/watch/studio")
    await expect(page.locator("#me")).to_contain_text("Eva L")


async def test_the_password_is_changed_and_the_others_are_out(browsing: Browsing, place: Place) -> None:
    studio = await signed_up(place, "eva")
    page = await signing_in(browsing, place)
    await expect(page.get_by_text("signed in at 2 places")).to_be_visible()
    await page.get_by_label("Current password").fill(PASSWORD)
    await page.get_by_label("New password").fill(NEW)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Your password is changed.")).to_be_visible()
    assert (await studio.call("GET", "account")).status_code == 401
    await signed_in(place, "eva", NEW)


async def test_one_signs_out_here_or_after_a_question_everywhere(browsing: Browsing, place: Place) -> None:
    studio = await signed_up(place, "eva")
    page = await signing_in(browsing, place)
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await expect(page.get_by_text("You have signed out.")).to_be_visible()
    assert (await studio.call("GET", "account")).status_code == 200
    await page.reload()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page = await signing_in(browsing, place)
    await page.get_by_role("button", name="Sign out everywhere…").click()
    await page.get_by_role("button", name="Cancel").click()
    assert (await studio.call("GET", "account")).status_code == 200
    await page.get_by_role("button", name="Sign out everywhere…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
    await expect(page.get_by_text("You have signed out everywhere.")).to_be_visible()
    assert (await studio.call("GET", "account")).status_code == 401


async def test_an_admins_link_sets_a_new_password(browsing: Browsing, place: Place) -> None:
    eva = await signed_up(place, "eva")
    link = (await place.owner("POST", f"/api/v1/accounts/{eva.id}/reset")).json()["link"]
    page = await browsing.person()
    await page.goto(link)
    assert "#" not in page.url
    await page.get_by_label("New password").fill(NEW)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("Your new password is set.")).to_be_visible()
    await signed_in(place, "eva", NEW)
    await page.goto("about:blank")
    await page.goto(link)
    await page.get_by_label("New password").fill(NEW)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("not good any more")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_all_text_stands_out_all_controls_have_names_and_it_fits(
    browsing: Browsing, place: Place, scheme: str
) -> None:
    await signed_up(place, "eva")
    for size in (PHONE, WORST):
        page = await signing_in(browsing, place, "not the password", color_scheme=scheme, viewport=size)
        await expect(page.get_by_role("alert")).to_be_visible()
        await fits(page)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Eva")).to_be_visible()
        await fits(page)
        assert await page.evaluate(DIM) == []
        assert await page.evaluate(NAMELESS) == []
