"""The admin's tab of accounts in a real Chromium against the real application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from studio.server.api import ErrorCode
from tests.fakes.account_holder import PASSWORD, ask_sign_in, ask_sign_up, signed_up
from tests.fakes.people_server import FakePeople, refuse
from tests.fakes.server_house import Place, running_house
from tests.fixtures.chromium import PHONE, Browsing
from tests.web.conftest import Pages
from tests.web.test_reach import DIM, NAMELESS, fits


@pytest_asyncio.fixture(loop_scope="session")
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """The real people process, in this event loop."""
    async with running_house(tmp_path) as running:
        yield running


async def accounts_tab(browsing: Browsing, place: Place, **facts: object) -> Page:
    """Ada, an admin by her account, who looks at the accounts."""
    await signed_up(place, "ada", "admin")
    page = await browsing.person(**facts)
    await page.goto(f"{place.base}/sign-in")
    await page.get_by_label("Login").fill("ada")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Go to the session").click()
    await page.get_by_role("tab", name="Accounts").click()
    await expect(page.locator("[data-account]").first).to_be_visible()
    return page


async def test_an_admin_invites_somebody_to_an_account_of_a_role(browsing: Browsing, place: Place) -> None:
    page = await accounts_tab(browsing, place)
    roles = page.get_by_label("Role of the new account")
    assert await roles.locator("option").all_text_contents() == ["Director", "Host", "Guest", "Viewer"]
    await roles.select_option("director")
    await page.get_by_role("button", name="New link to an account").click()
    field = page.get_by_label("Link", exact=True)
    await expect(field).to_be_focused()
    secret = (await field.input_value()).partition("/sign-in#a=")[2]
    assert (await ask_sign_up(place, secret, "eva")).json()["account"]["role"] == "director"


async def test_a_role_is_set_by_a_press_of_its_own_and_holds_at_once(browsing: Browsing, place: Place) -> None:
    eva = await signed_up(place, "eva", "broadcaster")
    person = await eva.join()
    page = await accounts_tab(browsing, place)
    row = page.locator(f'[data-account="{eva.id}"]')
    await expect(row.get_by_role("button", name="Set role")).to_be_disabled()
    await row.get_by_label("Role of Eva").select_option("viewer")
    assert (await eva.call("GET", "account")).json()["role"] == "broadcaster", "choosing alone changes nothing"
    await row.get_by_role("button", name="Set role").click()
    await expect(page.locator("#announcer")).to_have_text("Eva is Viewer now.")
    await expect(row.get_by_label("Role of Eva")).to_be_focused()
    assert (await person.call("GET", "/api/v1/me")).json()["person"]["role"] == "viewer"


async def test_disabling_asks_first_and_enabling_lets_them_in_again(browsing: Browsing, place: Place) -> None:
    eva = await signed_up(place, "eva")
    page = await accounts_tab(browsing, place)
    row = page.locator(f'[data-account="{eva.id}"]')
    await row.get_by_role("button", name="Sign out everywhere…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
    await expect(row).to_contain_text("signed out")
    assert (await eva.call("GET", "account")).status_code == 401
    assert await row.get_by_role("button", name="Sign out everywhere…").count() == 0
    changes: list[str] = []
    page.on("request", lambda request: changes.append(request.url) if request.method == "PATCH" else None)
    await row.get_by_role("button", name="Disable…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await row.get_by_role("button", name="Disable…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    await expect(row.get_by_role("button", name="Enable")).to_be_visible()
    assert (await ask_sign_in(place, "eva")).json()["code"] == "account_disabled"
    await row.get_by_role("button", name="Enable").click()
    await expect(row.get_by_role("button", name="Disable…")).to_be_visible()
    assert (await ask_sign_in(place, "eva")).status_code == 200
    assert len(changes) == 2, "what was not confirmed is not asked of the server"


async def test_a_link_to_a_new_password_is_told_once(browsing: Browsing, place: Place) -> None:
    eva = await signed_up(place, "eva")
    page = await accounts_tab(browsing, place)
    await page.locator(f'[data-account="{eva.id}"]').get_by_role("button", name="Link to a new password").click()
    secret = (await page.get_by_label("Link", exact=True).input_value()).partition("/sign-in#r=")[2]
    body = {"reset": secret, "new": "eight loud herons"}
    assert (await place.call("POST", "/api/v1/reset", json=body)).status_code == 200


async def test_ones_own_account_is_changed_on_a_page_of_its_own(browsing: Browsing, place: Place) -> None:
    page = await accounts_tab(browsing, place)
    row = page.locator("[data-account]")
    await expect(row).to_contain_text("Ada (you)")
    assert await row.get_by_role("button").count() == await row.locator("select").count() == 0

    async def as_promoted(route: Route) -> None:
        answer = await route.fetch()
        (mine,) = (await answer.json())["accounts"]
        await route.fulfill(response=answer, json={"accounts": [{**mine, "role": "viewer"}]})

    await page.route("**/api/v1/accounts", as_promoted)
    await page.get_by_role("tab", name="Accounts").click()
    await expect(row).to_contain_text("Viewer · ada")
    assert await row.get_by_role("button").count() == await row.locator("select").count() == 0
    await page.get_by_role("link", name="Account").click()
    await expect(page.get_by_role("heading", name="Ada")).to_be_visible()
    await expect(page.get_by_role("heading", name="Change your password")).to_be_visible()


async def test_an_admin_is_not_offered_to_make_or_unmake_admins(browsing: Browsing, place: Place) -> None:
    eva = await signed_up(place, "eva", "admin")
    await signed_up(place, "tom")
    page = await accounts_tab(browsing, place)
    row = page.locator(f'[data-account="{eva.id}"]')
    await expect(row).to_contain_text("Admin · eva")
    assert await row.get_by_role("button").count() == await row.locator("select").count() == 0
    roles = page.get_by_label("Role of Tom").locator("option")
    assert await roles.all_text_contents() == ["Director", "Host", "Guest", "Viewer"]


async def test_the_owner_is_offered_to_make_and_unmake_admins(browsing: Browsing, place: Place) -> None:
    eva, tom = await signed_up(place, "eva", "admin"), await signed_up(place, "tom")

    async def as_owner(route: Route) -> None:
        answer = await route.fetch()
        me = await answer.json()
        await route.fulfill(response=answer, json={**me, "person": {**me["person"], "role": "owner"}})

    page = await accounts_tab(browsing, place)
    await page.route("**/api/v1/me", as_owner)
    await page.reload()
    await page.get_by_role("tab", name="Accounts").click()
    await expect(page.locator(f'[data-account="{eva.id}"]').get_by_role("button")).to_have_count(4)
    roles = page.locator(f'[data-account="{tom.id}"]').locator("option")
    assert await roles.all_text_contents() == ["Admin", "Director", "Host", "Guest", "Viewer"]


async def test_a_director_sees_no_accounts(browsing: Browsing, place: Place) -> None:
    eva = await signed_up(place, "eva", "director")
    person = await eva.join()
    page = await browsing.person()
    name = f"stoa_{place.house.server_id}"
    await page.context.add_cookies([{"name": name, "value": person.bearer, "url": place.base}])
    await page.goto(f"{place.base}/admin")
    await expect(page.get_by_role("tab", name="People")).to_be_visible()
    await expect(page.get_by_role("tab", name="Accounts")).to_be_hidden()


async def test_the_invites_name_those_to_an_account_and_give_them_no_qr_code(browsing: Browsing, place: Place) -> None:
    page = await accounts_tab(browsing, place)
    await page.get_by_role("button", name="New link to an account").click()
    await expect(page.get_by_label("Link", exact=True)).to_be_focused()
    await page.get_by_role("tab", name="Invites").click()
    row = page.locator("[data-invite]")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("An account: Viewer")
    await expect(row.get_by_role("button", name="QR code")).to_have_count(0)
    await row.get_by_role("button", name="Take back").click()
    dialog = page.get_by_role("dialog", name="Take this link back?")
    await expect(dialog).to_contain_text("No account can be made by it any more.")
    await dialog.get_by_role("button", name="Take back").click()
    await expect(row).to_have_count(0)


async def test_what_is_refused_is_said_and_the_row_says_what_holds(browsing: Browsing, place: Place) -> None:
    eva = await signed_up(place, "eva")
    page = await accounts_tab(browsing, place)
    await page.route("**/api/v1/accounts/*", lambda route: route.abort())
    row = page.locator(f'[data-account="{eva.id}"]')
    await row.get_by_label("Role of Eva").select_option("director")
    await row.get_by_role("button", name="Set role").click()
    await expect(page.get_by_role("alert")).to_contain_text("The server does not answer.")
    await expect(row.get_by_label("Role of Eva")).to_have_value("viewer")


async def test_who_signs_out_on_the_admins_page_is_signed_out_of_the_account_too(
    browsing: Browsing, place: Place
) -> None:
    page = await accounts_tab(browsing, place)
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    await page.get_by_role("button", name="Sign in with an account").click()
    await expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()
    assert (await place.audit())[-1]["action"] == "account.signed_out"
    await page.goto(f"{place.base}/admin")
    await page.get_by_role("button", name="Sign in with an account").click()
    await expect(page.get_by_role("heading", name="Sign in", exact=True)).to_be_visible()


async def test_a_sign_out_that_does_not_reach_the_server_is_not_called_one(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin()
    fake.sign_out_refusal = refuse(500, ErrorCode.INTERNAL, "Something went wrong.")
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("Something went wrong.")).to_be_visible()
    await expect(page.locator("#room")).to_be_hidden()
    fake.sign_out_refusal = None
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_text("You have signed out.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_stands_out_has_names_and_fits_a_phone(browsing: Browsing, place: Place, scheme: str) -> None:
    await signed_up(place, "eva")
    page = await accounts_tab(browsing, place, viewport=PHONE, color_scheme=scheme)
    await page.get_by_role("button", name="New link to an account").click()
    await expect(page.get_by_label("Link", exact=True)).to_be_focused()
    await fits(page)
    assert await page.evaluate(DIM) == []
    assert await page.evaluate(NAMELESS) == []
