"""The audit log on the admin's page: its filter and its export, by keyboard alone, and what is said when they fail."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import Page, expect

from studio.server.api import AuditEntry, ErrorCode
from tests.fakes.people_server import FakePeople, refuse
from tests.web.conftest import Pages

AT = "2026-11-20T20:05:00.000Z"


def entry(number: int, who: str, outcome: str = "done", action: str = "kick", at: str = AT) -> AuditEntry:
    facts = {"at": at, "session": "studio", "actor_id": "p", "actor_name": who}
    rest = {"target": "", "target_name": "", "command": "", "outcome": outcome, "words": "", "address": "", "hash": ""}
    return AuditEntry.model_validate({"number": number, "actor_role": "admin", "action": action, **facts, **rest})


async def opened(pages: Pages, fake: FakePeople) -> Page:
    fake.audit = [entry(1, "Tom"), entry(2, "Ada", "refused"), entry(3, "Tomasz")]
    page = await pages.admin(timezone_id="Europe/Berlin")
    await page.get_by_role("tab", name="Audit").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".audit tbody tr")).to_have_count(3)
    return page


async def tab_to(page: Page, name: str) -> None:
    """By the Tab key alone, as somebody without a mouse comes there."""
    for _ in range(12):
        await page.keyboard.press("Tab")
        if await page.evaluate(
            "document.activeElement.closest('label, button, summary')?.innerText.startsWith(arguments)".replace(
                "arguments", repr(name)
            )
        ):
            return
    raise AssertionError(f"Tab does not come to {name}")


async def test_the_log_is_filtered_by_keyboard_and_the_new_lines_too(pages: Pages, fake: FakePeople) -> None:
    page = await opened(pages, fake)
    rows = page.locator(".audit tbody tr")
    await page.get_by_role("tab", name="Audit").focus()
    await tab_to(page, "Filter")
    await page.keyboard.press("Enter")
    await tab_to(page, "Who or whom")
    await page.keyboard.type("tom")
    await expect(rows).to_have_count(2)
    await expect(page.locator("#announcer")).to_have_text("2 lines")
    await expect(rows.first).to_contain_text("Tomasz")
    fake.audit += [entry(4, "Tom"), entry(5, "Ada")]
    await fake.notice("Something happened")
    await expect(rows).to_have_count(3)
    await tab_to(page, "Outcome")
    await page.keyboard.press("R")
    await expect(page.get_by_text("No line of the log fits the filter.", exact=True)).to_be_visible()
    await expect(page.locator("#announcer")).to_contain_text("Nothing like this")
    assert fake.posted[-1] == ("audit", {"person": "tom", "outcome": "refused"})
    await page.get_by_role("button", name="Clear").press("Enter")
    await expect(rows).to_have_count(5)
    await expect(page.get_by_label("Who or whom")).to_have_value("")


async def test_times_are_the_persons_own_and_reach_to_the_end_of_the_minute(pages: Pages, fake: FakePeople) -> None:
    page = await opened(pages, fake)
    await page.locator(".audit-filter summary").press("Enter")
    await page.get_by_label("From").fill("2026-11-20T21:00")
    await page.get_by_label("To", exact=True).fill("2026-11-20T21:30")
    await page.get_by_label("What").fill("invite")
    await page.keyboard.press("Enter")
    wanted = {"action": "invite", "since": "2026-11-20T20:00:00.000Z", "until": "2026-11-20T20:30:59.999Z"}
    while fake.posted[-1] != ("audit", wanted):
        await page.wait_for_timeout(20)
    await expect(page.locator(".audit-filter .tally")).to_have_text("3")


async def test_a_span_of_time_is_chosen_by_a_word_beside_the_dates(pages: Pages, fake: FakePeople) -> None:
    fake.now = "2026-11-20T20:30:02.000Z"  # by which all is counted, whatever the browser's own clock says
    page = await opened(pages, fake)
    await page.locator(".audit-filter summary").press("Enter")
    when, since = page.locator(".audit-filter").get_by_label("When"), page.get_by_label("From")

    async def asked(**wanted: str) -> None:
        while ("audit", wanted) not in fake.posted:
            await page.wait_for_timeout(20)

    for span, begins in (
        ("The last hour", "2026-11-20T19:30:00.000Z"),
        ("Today", "2026-11-19T23:00:00.000Z"),
        ("The last 7 days", "2026-11-13T23:00:00.000Z"),
        ("The last 30 days", "2026-10-21T22:00:00.000Z"),
    ):
        await when.select_option(span)
        await asked(since=begins)
    await expect(since).to_have_value("2026-10-22T00:00")
    await when.select_option("This show")
    await expect(page.get_by_role("alert")).to_contain_text("No show has been on air here yet.")
    await expect(when).to_have_value("own")
    states = (
        ("live", "17:00:00"),
        ("ended", "17:30:00"),
        ("live", "18:00:10"),
        ("waiting", "18:10:00"),  # lost, and back after a minute: the same show
        ("live", "18:11:00"),
        ("ended", "19:00:30"),
    )
    for number, (state, at) in enumerate(states, 4):
        fake.audit.append(entry(number, "Stoa", "", f"session.{state}", f"2026-11-20T{at}.000Z"))
    await when.select_option("This show")
    await asked(since="2026-11-20T18:00:00.000Z", until="2026-11-20T19:00:59.999Z")
    await expect(page.get_by_label("To", exact=True)).to_have_value("2026-11-20T20:00")
    fake.audit.append(entry(10, "Stoa", "", "session.live", "2026-11-20T20:00:00.000Z"))
    await when.select_option("Any time")
    await expect(since).to_have_value("")
    await when.select_option("This show")
    await asked(since="2026-11-20T20:00:00.000Z")
    await since.fill("2026-11-20T21:10")
    await expect(when).to_have_value("own")
    await asked(since="2026-11-20T20:10:00.000Z")
    await page.get_by_role("button", name="Clear").press("Enter")
    await expect(when).to_have_value("")


async def test_what_the_filter_lets_through_is_exported_to_a_file(
    pages: Pages, fake: FakePeople, tmp_path: Path
) -> None:
    page = await opened(pages, fake)
    await page.locator(".audit-filter summary").press("Enter")
    await page.get_by_label("Who or whom").fill("tom")
    await expect(page.locator(".audit tbody tr")).to_have_count(2)
    async with page.expect_download() as download:
        await page.get_by_role("button", name="Export CSV").press("Enter")
    file = await download.value
    assert file.suggested_filename == "audit-studio.csv"
    await file.save_as(tmp_path / "audit.csv")
    assert (tmp_path / "audit.csv").read_bytes() == b"number,at\r\n1,now\r\n"
    assert fake.posted[-1] == ("audit.csv", {"person": "tom"})
    await expect(page.locator("#announcer")).to_have_text("The audit log is exported.")
    await expect(page.get_by_role("button", name="Export CSV")).to_be_focused()


async def test_a_log_that_cannot_be_had_is_said_in_words(pages: Pages, fake: FakePeople) -> None:
    page = await opened(pages, fake)
    fake.audit_refusal = refuse(403, ErrorCode.NO_RIGHT, "As a viewer you may not read the audit log.", "Ask an admin.")
    await page.get_by_role("button", name="Export CSV").click()
    await expect(page.get_by_role("alert")).to_contain_text("As a viewer you may not read the audit log.")
    await expect(page.get_by_role("button", name="Export CSV")).to_be_enabled()


async def test_the_filter_fits_a_narrow_page(pages: Pages, fake: FakePeople) -> None:
    page = await opened(pages, fake)
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.locator(".audit-filter summary").click()
    await expect(page.get_by_label("From")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
