"""Time that runs out, on the pages: set by an admin in a dialogue, told calmly beforehand, and said when it is over."""

from __future__ import annotations

from playwright.async_api import Page, expect

from studio.server.api import Person
from studio.server.messages import Command, CommandAction, EventType, GrantTold
from studio.server.rights import Role
from studio.token.grants import Grant
from tests.fakes.people_server import SERVER, FakePeople
from tests.web.conftest import Pages
from tests.web.test_admin import given

LATER_S = 4_000_000_000


async def ask(page: Page, name: str) -> None:
    await page.get_by_role("button", name=f"More for {name}").click()
    await page.get_by_role("button", name="Set their time…").click()


async def told(fake: FakePeople, person: Person, left_s: int, *grants: Grant) -> None:
    what = " and ".join(grant.value for grant in grants)
    when = f"ends in {left_s} seconds." if left_s else "is over."
    await fake.tell(
        EventType.GRANT,
        SERVER,
        GrantTold(
            person=person.id,
            name=person.name,
            grants=grants,
            ends_s=LATER_S,
            left_s=left_s,
            words=f"Your {what} {when}",
            about=f"{person.name}: {what} {when}",
        ),
    )


async def answered(page: Page) -> None:
    """The page has the answer to what it asked before."""
    await page.evaluate("fetch('/api/v1/me').then((answer) => answer.json())")


async def test_an_admin_sets_one_end_for_all_or_each_by_itself(pages: Pages, fake: FakePeople) -> None:
    bob = fake.person("Bob", Role.BROADCASTER, ends={"camera": LATER_S, "data": 1_000_000_000})
    page = await pages.admin()
    row = page.locator(f"[data-person={bob.id}] .ends")
    await expect(row).to_have_count(2)
    await expect(row.first).to_contain_text("camera until")
    await expect(row.last).to_have_text("chat over")
    await ask(page, "Bob")
    dialog = page.get_by_role("dialog", name="How long may Bob take part?")
    await expect(dialog.get_by_label("All of it")).to_be_focused()
    await dialog.get_by_label("All of it").select_option("15 minutes from now")
    await expect(dialog.get_by_label("Microphone")).to_have_value("900")
    await dialog.get_by_role("button", name="Set").click()
    sent = (await given(page, fake, 1))["data"]
    every = dict.fromkeys(("camera", "microphone", "screen", "data", "join"), 900)
    assert sent == {"action": "grant", "target": bob.id, "text": "", "ends": every}
    await expect(page.locator(".command").first).to_contain_text("Set the time of Bob")
    await ask(page, "Bob")
    await dialog.get_by_label("Camera").select_option("No end")
    await dialog.get_by_label("Chat").select_option("Ends now")
    await expect(dialog.get_by_label("All of it")).to_have_value("")
    await dialog.get_by_role("button", name="Set").click()
    assert (await given(page, fake, 2))["data"]["ends"] == {"camera": None, "data": 0}


async def test_nothing_is_sent_where_nothing_was_chosen(pages: Pages, fake: FakePeople) -> None:
    fake.person("Ann")
    page = await pages.admin()
    dialog = page.get_by_role("dialog", name="How long may Ann take part?")
    await ask(page, "Ann")
    await expect(dialog.get_by_label("Camera")).to_have_count(0)
    await dialog.get_by_role("button", name="Set").click()
    await expect(dialog).to_have_count(0)
    await ask(page, "Ann")
    await dialog.get_by_label("Chat").select_option("Ends now")
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    assert fake.commands == []


async def test_only_the_owner_sets_an_admins_time(pages: Pages, fake: FakePeople) -> None:
    fake.person("Tom", Role.ADMIN)
    for role, count in ((Role.ADMIN, 0), (Role.OWNER, 1)):
        page = await pages.admin(role=role)
        await page.get_by_role("button", name="More for Tom").click()
        await expect(page.get_by_role("button", name="Set their time…")).to_have_count(count)


async def test_the_end_is_told_in_one_line_that_changes_and_goes_when_more_is_given(
    pages: Pages, fake: FakePeople
) -> None:
    page = await pages.watch()
    assert fake.me is not None
    line = page.locator("#notices .ending")
    await told(fake, fake.me, 60, Grant.DATA)
    await expect(line).to_have_text("Your data ends in 60 seconds.")
    await expect(line).to_have_attribute("data-level", "information")
    await told(fake, fake.me, 10, Grant.DATA)
    await expect(line).to_have_text("Your data ends in 10 seconds.")
    await told(fake, fake.me, 0, Grant.DATA)
    await expect(line).to_have_attribute("data-level", "warning")
    await line.get_by_role("button", name="Put away").click()
    await expect(line).to_have_count(0)
    await told(fake, fake.me, 10, Grant.DATA)
    await expect(line).to_have_count(1)
    more = Command(action=CommandAction.GRANT, target=fake.me.id, target_name="Mia", text="", words="More time.")
    await fake.tell(EventType.COMMAND, SERVER, more)
    await expect(line).to_have_count(0)


async def test_an_admin_is_told_whose_time_ends(pages: Pages, fake: FakePeople) -> None:
    bob = fake.person("Bob", Role.BROADCASTER)
    page = await pages.admin()
    await told(fake, bob, 10, Grant.CAMERA, Grant.MICROPHONE)
    await expect(page.locator("#notices .ending")).to_have_text("Bob: camera and microphone ends in 10 seconds.")


async def test_whose_time_is_over_is_told_what_to_do(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    await fake.hang_up(4411, "Your time in this session is over.")
    card = page.locator("[data-gone=time_over]")
    await expect(card.get_by_role("heading")).to_have_text("Your time here is over")
    await expect(card).to_contain_text("Ask an admin for more time")
    await expect(card.get_by_role("button", name="Come back")).to_be_visible()


async def test_a_token_that_ran_out_is_renewed_without_a_word(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    fake.stale = True
    fake.posted.clear()
    await fake.hang_up(4401, "You are not signed in here.")
    while not (fake.posted and fake.sockets):  # the old line may still stand there
        await page.wait_for_timeout(20)
    await expect(page.locator("#room")).to_be_visible()
    assert [kind for kind, _ in fake.posted].count("renew") == 1
    fake.stale = True
    assert (
        await page.evaluate("import('/static/js/api.js').then((api) => api.me()).then((me) => me.person.name)") == "Mia"
    )
    assert [kind for kind, _ in fake.posted].count("renew") == 2


async def test_a_fresh_token_is_asked_for_in_time_without_anybody_doing_anything(
    pages: Pages, fake: FakePeople
) -> None:
    page = await pages.watch()
    await page.clock.install()
    await page.reload()
    await expect(page.locator("#room")).to_be_visible()
    # of a page that was loaded again after 20 s, then at the half of 600 s, give or take a fifth
    for count, (too_early_s, more_s) in enumerate(((10, 11), (230, 135))):
        await page.clock.fast_forward(too_early_s * 1000)
        await answered(page)
        assert [kind for kind, _ in fake.posted].count("renew") == count
        async with page.expect_response("**/api/v1/renew") as fresh:
            await page.clock.fast_forward(more_s * 1000)
        await (await fresh.value).finished()
        await answered(page)
    assert [kind for kind, _ in fake.posted].count("renew") == 2


async def test_who_cannot_renew_is_signed_out(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin()
    fake.me = None
    await fake.hang_up(4401, "You are not signed in here.")
    await expect(page.locator("[data-gone=admin_link]")).to_be_visible()
