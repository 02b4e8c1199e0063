"""The schedule in real browsers against the real application: planned by an admin, awaited by a viewer elsewhere."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import vobject
from playwright.async_api import Page, expect

from studio.server.router_pipe import EndReason
from tests.fakes.account_holder import signed_up
from tests.fakes.planner import QA, come_to, planned, plans
from tests.fakes.server_house import Place, running_house
from tests.fixtures.chromium import PHONE, Browsing
from tests.web.test_reach import DIM, NAMELESS, ZOOMED, fits

NEW_YORK = {"timezone_id": "America/New_York", "locale": "en-US"}
BERLIN = {"timezone_id": "Europe/Berlin", "locale": "en-GB"}


@pytest_asyncio.fixture(loop_scope="session")
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    """The real people process, in this event loop. It is Thursday, 26 November 2026, 16:00 UTC."""
    async with running_house(tmp_path) as running:
        await come_to(running, "2026-11-26T16:00:00Z")
        yield running


async def viewer(browsing: Browsing, place: Place, name: str = "Mia", hours_wrong: float = 0, **facts: object) -> Page:
    """Who has come by an invite. `hours_wrong`: the clock of their computer."""
    page = await browsing.person(**facts)
    if hours_wrong:
        wrong_ms = int(hours_wrong * 3_600_000)
        await page.add_init_script(f"const now = Date.now; Date.now = () => now() + {wrong_ms};")
    invite = await place.invite()
    await page.goto(f"{place.base}/watch/studio#i={invite['invite']}")
    await page.get_by_label("Your name").fill(name)
    await page.keyboard.press("Enter")
    await expect(page.locator("#room")).to_be_visible()
    return page


async def schedule_tab(browsing: Browsing, place: Place, role: str = "admin", **facts: object) -> Page:
    """An admin, or a director, who looks at the schedule."""
    person = await place.someone("Ada", role)
    page = await browsing.person(**{**BERLIN, **facts})
    name = f"stoa_{place.house.server_id}"
    await page.context.add_cookies([{"name": name, "value": person.bearer, "url": place.base}])
    await page.goto(f"{place.base}/admin")
    await page.get_by_role("tab", name="Schedule").click()
    await expect(page.locator("#panel-schedule li").first).to_be_visible()
    return page


async def seconds_left(page: Page) -> int:
    words = await page.get_by_role("timer").inner_text()
    clock = [int(part) for part in re.findall(r"\d+", words)]
    return sum(part * 60**place for place, part in enumerate(reversed(clock)))


async def test_an_admin_plans_a_viewer_in_new_york_waits_the_host_goes_live_and_it_ends(
    browsing: Browsing, place: Place
) -> None:
    page = await schedule_tab(browsing, place)
    waiting = await viewer(browsing, place, **NEW_YORK)
    await expect(waiting.get_by_role("timer")).to_have_count(0)
    await page.get_by_role("button", name="Plan a show").click()
    form = page.get_by_role("form", name="Plan a show")
    await form.get_by_label("Title").fill("Weekly Q&A")
    await form.get_by_label("Description").fill("Ask us anything.\nSecond line.")
    await form.get_by_label("Starts").fill("2026-11-26T19:00")
    await expect(form.get_by_label("Time zone")).to_have_value("Europe/Berlin")
    await form.get_by_label("Repeats").select_option("weekly")
    await form.get_by_role("button", name="Plan it").click()
    await expect(page.locator("#announcer")).to_have_text(
        "Weekly Q&A is planned: Every Thursday at 19:00 (Europe/Berlin)."
    )
    await expect(waiting.get_by_role("heading", name="Weekly Q&A").first).to_be_visible()
    stage = waiting.locator(".waiting")
    await expect(stage).to_contain_text("Thursday, November 26, 2026 at 01:00 PM Eastern Standard Time")
    await expect(stage).to_contain_text("Your time zone: America/New_York")
    await expect(stage).to_contain_text("19:00 in Europe/Berlin, where it is planned")
    await expect(stage.locator(".about")).to_have_text("Ask us anything.\nSecond line.")
    await come_to(place, "2026-11-26T17:50:00Z")
    host = await place.host()
    resource = await place.go_live(host.bearer)
    await expect(stage).to_be_hidden()
    await expect(waiting.locator("#badge")).to_have_text("Live")
    await expect(waiting.locator("#title")).to_have_text("Weekly Q&A")
    await expect(waiting.locator("#stage")).to_have_attribute("data-media", re.compile("connecting|playing"))
    await come_to(place, "2026-11-26T18:50:00Z")
    await place.router.publisher_stopped(resource, EndReason.LEFT)
    await expect(stage).to_contain_text("The show has ended. Next:")
    await expect(stage).to_contain_text("Thursday, December 3, 2026 at 01:00 PM Eastern Standard Time")


@pytest.mark.parametrize("hours_wrong", [5, -30])
async def test_the_countdown_is_right_whatever_the_clock_of_the_browser_says(
    browsing: Browsing, place: Place, hours_wrong: float
) -> None:
    await planned(place)
    page = await viewer(browsing, place, hours_wrong=hours_wrong, **NEW_YORK)
    await expect(page.get_by_role("timer")).to_contain_text("Begins in ")
    left_s = await seconds_left(page)
    assert 7140 <= left_s <= 7200, "two hours, less what the page took to open"
    await page.wait_for_function(f"document.querySelector('.countdown').textContent !== '{left_s}'")
    await expect(page.get_by_role("timer")).not_to_have_text(
        f"Begins in 02:{left_s % 3600 // 60:02d}:{left_s % 60:02d}"
    )


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Pacific/Apia", "Europe/Berlin"])
async def test_the_start_stands_in_the_viewers_own_zone(browsing: Browsing, place: Place, zone: str) -> None:
    await planned(place)
    page = await viewer(browsing, place, timezone_id=zone, locale="en-GB")
    expected = {
        "Asia/Kolkata": "Thursday 26 November 2026 at 23:30 India Standard Time",
        "Pacific/Apia": "Friday 27 November 2026 at 07:00",
        "Europe/Berlin": "Thursday 26 November 2026 at 19:00 Central European Standard Time",
    }[zone]
    begins = (await page.locator(".waiting .begins").inner_text()).replace("Thursday, 26", "Thursday 26")
    assert begins.replace("Friday, 27", "Friday 27").startswith(expected)
    own = await page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    await expect(page.locator(".waiting")).to_contain_text(f"Your time zone: {own}")
    elsewhere = page.get_by_text("19:00 in Europe/Berlin, where it is planned")
    await expect(elsewhere).to_have_count(0 if zone == "Europe/Berlin" else 1)


async def test_the_page_has_the_calendar_file_and_gives_way_to_what_is_unplanned(
    browsing: Browsing, place: Place
) -> None:
    await planned(place, hosts=["owner"])
    page = await viewer(browsing, place, **NEW_YORK)
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="Add to calendar").click()
    download = await coming.value
    assert download.suggested_filename == "schedule.ics"
    (event,) = vobject.readOne(Path(await download.path()).read_text(encoding="utf-8")).vevent_list
    assert event.summary.value == "Weekly Q&A"
    bob = await place.someone("Bob", "broadcaster")
    await place.go_live(bob.bearer)
    await expect(page.locator("#badge")).to_have_text("Live")
    await expect(page.locator(".waiting")).to_be_hidden()


async def test_what_a_planner_wrote_is_never_markup(browsing: Browsing, place: Place) -> None:
    text = "<img src=x onerror=alert(1)><b>bold</b>"
    await planned(place, title=text, description=text)
    page = await viewer(browsing, place)
    await expect(page.locator(".waiting h2")).to_have_text(text)
    await expect(page.locator(".waiting .about")).to_have_text(text)
    admin = await schedule_tab(browsing, place)
    await expect(admin.locator("[data-plan] strong")).to_have_text(text)
    for each in (page, admin):
        assert await each.locator(".waiting img, .waiting b, [data-plan] img, [data-plan] b").count() == 0


async def test_what_cannot_be_planned_is_said_in_the_form_which_keeps_all_of_the_plan(
    browsing: Browsing, place: Place
) -> None:
    eva = await signed_up(place, "eva", "broadcaster")
    page = await schedule_tab(browsing, place)
    await page.get_by_role("button", name="Plan a show").click()
    form = page.get_by_role("form", name="Plan a show")
    plan_it = form.get_by_role("button", name="Plan it")
    await form.get_by_label("Title").fill("Night show")
    await form.get_by_label("Starts").fill("2027-03-28T02:30")
    await form.get_by_label("Go live opens, minutes before").fill("30")
    await form.get_by_label("Repeats").select_option("Every week")
    await form.get_by_label("Each how many weeks").fill("2")
    for name in ("Wednesday", "Sunday", "Eva"):
        await form.get_by_label(name).check()
    await form.get_by_label("Ends").select_option("On a day")
    await plan_it.click()
    await expect(form.get_by_role("alert")).to_contain_text("The last day is missing.")
    await form.get_by_label("Last day").fill("2027-05-30")
    await plan_it.click()
    await expect(form.get_by_role("alert")).to_contain_text("On 2027-03-28 there is no 02:30 in Europe/Berlin")
    await form.get_by_label("Starts").fill("2027-03-28T03:30")
    await plan_it.click()
    await expect(form).to_have_count(0)
    filled_in = {
        **{"title": "Night show", "starts": "2027-03-28T03:30", "zone": "Europe/Berlin", "go_live_before_s": 1800},
        **{"repeats": "weekly", "interval": 2, "days": ["WE", "SU"], "until": "2027-05-30", "count": 0},
    }
    (plan,) = await plans(place)
    assert {name: plan[name] for name in filled_in} == filled_in
    assert [host["id"] for host in plan["hosts"]] == [eva.id]
    await expect(page.locator("[data-plan]")).to_contain_text("Hosts: Eva · Go live opens 30 min before")
    await page.get_by_role("button", name="Change").click()
    form = page.get_by_role("form", name="Change Night show")
    await form.get_by_label("Ends").select_option("After a number of times")
    await form.get_by_label("Number of times").fill("7")
    await form.get_by_role("button", name="Save").click()
    await expect(form).to_have_count(0)
    (changed,) = await plans(place)
    assert {name: changed[name] for name in filled_in} == {**filled_in, "until": "", "count": 7}
    assert changed["hosts"] == plan["hosts"]


async def test_a_plan_is_changed_one_time_of_it_cancelled_and_then_all(browsing: Browsing, place: Place) -> None:
    await planned(place)
    page = await schedule_tab(browsing, place)
    row = page.locator("[data-plan]")
    await expect(row.locator("ol li")).to_have_count(5)
    await row.get_by_role("button", name="Change").click()
    form = page.get_by_role("form", name="Change Weekly Q&A")
    await form.get_by_label("Title").fill("Q&A")
    await form.get_by_label("Starts").fill("2026-11-26T20:00")
    await form.get_by_role("button", name="Save").click()
    await expect(row).to_contain_text("Every Thursday at 20:00 (Europe/Berlin)")
    await row.get_by_role("button", name=re.compile("Cancel Thu.* 3 Dec")).click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel this time").click()
    await expect(row.locator("s")).to_have_count(1)
    await row.get_by_role("button", name="Cancel all…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel the show").click()
    await expect(row).to_contain_text("Cancelled · ")
    await expect(row.get_by_role("button")).to_have_count(0)


async def test_two_admins_at_once_get_one_outcome_and_the_other_is_told(browsing: Browsing, place: Place) -> None:
    plan = await planned(place)
    page = await schedule_tab(browsing, place)
    await page.get_by_role("button", name="Change").click()
    form = page.get_by_role("form", name="Change Weekly Q&A")
    body = {**QA, "title": "First", "sequence": plan["sequence"]}
    await place.owner("PUT", f"/api/v1/sessions/studio/plans/{plan['id']}", json=body)
    await form.get_by_label("Title").fill("Second")
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("alert")).to_contain_text("Somebody changed this plan meanwhile.")
    await expect(page.locator("[data-plan] strong")).to_have_text("First")


async def test_a_director_sees_the_plans_and_changes_none(browsing: Browsing, place: Place) -> None:
    await planned(place)
    page = await schedule_tab(browsing, place, "director")
    await expect(page.locator("[data-plan]")).to_contain_text("Every Thursday at 19:00")
    await expect(
        page.locator("#panel-schedule").get_by_role("button", name=re.compile("Plan|Change|Cancel"))
    ).to_have_count(0)


@pytest.mark.slow
@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "light"), (ZOOMED, "dark")], ids=["phone-light", "200 %-dark"])
async def test_both_stand_out_have_names_and_fit(
    browsing: Browsing, place: Place, scheme: str, size: dict[str, int]
) -> None:
    await planned(place, title="Weekly questions and answers", description="A long one. " * 40)
    page = await viewer(browsing, place, viewport=size, color_scheme=scheme)
    await expect(page.get_by_role("link", name="Add to calendar")).to_be_attached()
    await page.get_by_role("link", name="Add to calendar").scroll_into_view_if_needed()
    admin = await schedule_tab(browsing, place, viewport=size, color_scheme=scheme)
    await admin.get_by_role("button", name="Plan a show").click()
    await admin.get_by_label("Repeats").select_option("weekly")
    wide = await admin.locator(".plan-form").evaluate("(form) => form.getBoundingClientRect().right - innerWidth")
    assert wide <= 0, f"{wide} px of the form are cut off by its panel"
    for each in (page, admin):
        await fits(each)
        assert await each.evaluate(DIM) == []
        assert await each.evaluate(NAMELESS) == []
