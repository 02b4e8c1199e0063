"""The admin's page: the one-time link, every command with what became of it, the lists, and the audit log."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from studio.server.api import AuditEntry, ErrorCode
from studio.server.messages import Command, CommandAction, EventType, SessionState
from studio.server.rights import Role
from tests.fakes.people_server import FakePeople, refuse
from tests.fixtures.chromium import Browsing
from tests.web.conftest import Pages


async def given(page: Page, fake: FakePeople, count: int = 1) -> dict[str, object]:
    """The newest command that the server got, once it has `count`."""
    while len(fake.commands) < count:
        await page.wait_for_timeout(20)
    command: dict[str, object] = fake.commands[-1]
    return command


async def test_the_one_time_link_is_asked_a_name_and_forgotten(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin("Ada")
    assert fake.posted[0] == ("join", {"invite": "invite-of-an-admin", "name": "Ada"})
    assert page.url == f"{pages.base}/admin"
    assert await page.evaluate("[...Object.values(localStorage), ...Object.values(sessionStorage)].join()") == "Ada"


async def test_a_spent_link_says_what_to_do(browsing: Browsing, fake: FakePeople, base: str) -> None:
    fake.join_refusal = refuse(
        403, ErrorCode.INVITE_SPENT, "This link has been used already.", "Ask the owner for a new one."
    )
    page = await browsing.person()
    await page.goto(f"{base}/admin#i=spent")
    await page.get_by_label("Your name").fill("Ada")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("This link has been used already.")
    await expect(page.get_by_role("alert")).to_contain_text("Ask the owner for a new one.")


async def test_a_viewer_is_told_that_the_page_is_not_theirs(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch("Mia")
    await page.goto(f"{pages.base}/admin")
    await expect(page.get_by_role("heading", name="This page is for admins")).to_be_visible()


async def test_a_command_goes_from_sent_to_done_with_the_words(pages: Pages, fake: FakePeople) -> None:
    host = fake.person("Sana", Role.BROADCASTER, publishing=("audio", "video"))
    page = await pages.admin()
    fake.swallow_sends = True
    await page.get_by_role("button", name="Mute sound", exact=True).click()
    row = page.locator(".command")
    await expect(row).to_contain_text("Mute the sound of the host")
    await expect(row.locator(".fate")).to_have_text("Sending…")
    fake.swallow_sends = False
    await fake.hang_up(1012)  # unanswered, so it is sent again under the same id
    await expect(row.locator(".fate")).to_have_text("Waiting for the studio…")
    command = await given(page, fake)
    sends = [message["id"] for what, message in fake.posted if what == "command"]
    assert len(sends) == 2 and len(set(sends)) == 1
    await fake.done(command, "done", "The sound is silence now.", host.id)
    await expect(row.locator(".fate")).to_have_text("Done")
    await expect(row).to_contain_text("Studio: The sound is silence now.")


async def test_already_refused_and_failed_are_told_apart(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin()
    fates = (("already", "Already so"), ("refused", "Refused"), ("failed", "Failed"))
    for count, (outcome, label) in enumerate(fates, 1):
        await page.get_by_role("button", name="Switch picture off").click()
        command = await given(page, fake, count)
        await fake.done(command, outcome, f"Words for {outcome}.")
        row = page.locator(".command").first
        await expect(row.locator(".fate")).to_have_text(label)
        await expect(row).to_contain_text(f"Server: Words for {outcome}.")


async def test_a_refusal_of_the_server_is_said_and_the_announcement_is_kept(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin()
    fake.send_refusal = {
        "code": "too_fast",
        "message": "You give commands too fast.",
        "remedy": "Wait.",
        "kind": "busy",
    }
    field = page.get_by_role("textbox", name="Announce to everyone")
    await field.fill("Five minutes more")
    await page.get_by_role("button", name="Announce").click()
    row = page.locator(".command").first
    await expect(row.locator(".fate")).to_have_text("Refused")
    await expect(row).to_contain_text("You give commands too fast. Wait.")
    await expect(field).to_have_value("Five minutes more")


async def test_the_commands_of_another_admin_are_seen(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin()
    tom = fake.person("Tom", Role.ADMIN)
    host = fake.person("Sana", Role.BROADCASTER)
    data = Command(
        action=CommandAction.MUTE_AUDIO,
        target=host.id,
        target_name="Sana",
        text="",
        words="Tom switched your sound off.",
    )
    await fake.tell(EventType.COMMAND, fake.sender(tom), data, id="command-of-tom")
    row = page.locator(".command")
    await expect(row).to_contain_text("Mute the sound of Sana")
    await expect(row).to_contain_text("Tom")


async def test_stop_asks_first_and_no_is_the_easy_answer(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin()
    await page.get_by_role("button", name="Stop the show…").click()
    dialog = page.get_by_role("dialog", name="Stop the show?")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(dialog).to_have_count(0)
    await page.get_by_role("button", name="Stop the show…").click()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    assert fake.commands == []
    await page.get_by_role("button", name="Stop the show…").click()
    await dialog.get_by_label("Reason for the host").fill("The room is closing")
    await dialog.get_by_role("button", name="Stop the show").click()
    command = await given(page, fake)
    assert command["data"] == {"action": "stop", "target": "", "text": "The room is closing"}


async def test_go_live_can_be_allowed_again_after_a_stop(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin()
    release = page.get_by_role("button", name="Allow Go live again")
    await expect(release).to_have_count(0)
    await fake.become(SessionState.ENDED, "An admin ended the show.", needs_release=True)
    await expect(page.get_by_text("The host cannot go live until you allow it.")).to_be_visible()
    await release.click()
    assert (await given(page, fake))["data"] == {"action": "release", "target": "", "text": ""}


async def test_a_mute_of_the_host_turns_the_button_round(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin()
    await fake.become(SessionState.LIVE, "On air.", muted_audio=True)
    await page.get_by_role("button", name="Unmute sound").click()
    command = await given(page, fake)
    assert command["data"] == {"action": "unmute_audio", "target": "", "text": ""}


async def test_a_person_is_removed_after_a_question_and_let_back_in(pages: Pages, fake: FakePeople) -> None:
    bob = fake.person("Bob")
    page = await pages.admin()
    await page.get_by_role("button", name="Remove Bob").click()
    dialog = page.get_by_role("dialog", name="Remove Bob?")
    await dialog.get_by_label(re.compile("Reason")).fill("Spam")
    await dialog.get_by_role("button", name="Remove").click()
    assert (await given(page, fake))["data"] == {"action": "kick", "target": bob.id, "text": "Spam"}
    await fake.left(bob, "removed")
    await expect(page.get_by_text("Removed · 1")).to_be_visible()
    await page.get_by_role("button", name="Let Bob back in").click()
    assert (await given(page, fake, 2))["data"] == {"action": "readmit", "target": bob.id, "text": ""}


async def test_the_links_shown_are_read_again_after_a_removal(pages: Pages, fake: FakePeople) -> None:
    bob = fake.person("Bob")
    page = await pages.admin()
    await page.get_by_role("tab", name="Invites").click()
    await page.get_by_role("button", name="New link for viewers").click()
    await expect(page.get_by_label("Link", exact=True)).to_be_visible()
    old = fake.invites[0]
    await expect(page.get_by_label("Link", exact=True)).to_have_value(old.link or "")
    fresh = old.model_copy(update={"id": "i_fresh", "link": "https://fresh", "invite": "fresh"})
    fake.invites[:] = [old.model_copy(update={"revoked": True}), fresh]
    command = {"id": "command-1", "data": {"action": "kick", "target": bob.id}}
    await fake.done(command, "done", "They are out. The link they came by is dead; a new one has been made.")
    await expect(page.get_by_label("Link", exact=True)).to_have_value("https://fresh")
    await expect(page.locator(".command .answer")).to_contain_text("a new one has been made")


async def test_signing_out_asks_since_the_link_worked_once(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin()
    await page.get_by_role("button", name="Sign out").click()
    dialog = page.get_by_role("dialog", name="Sign out?")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(page.locator("#room")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await dialog.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("You have signed out.")).to_be_visible()
    assert fake.posted[-1][0] == "leave"


async def test_nobody_can_remove_themselves_or_mute_a_viewer(pages: Pages, fake: FakePeople) -> None:
    fake.person("Bob")
    page = await pages.admin("Ada")
    await expect(page.get_by_role("button", name="Remove Bob")).to_be_visible()
    await expect(page.get_by_role("button", name="Remove Ada")).to_have_count(0)
    await expect(page.get_by_role("button", name="Mute the sound of Bob")).to_have_count(0)


async def test_what_hosts_are_told_is_not_told_to_the_admin(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin()
    tom = fake.person("Tom", Role.ADMIN)
    await fake.notice("Tom ended the show. Go live again needs an admin's release.", "alarm", "hosts", by=tom)
    await fake.notice("For all", by=tom)
    await expect(page.locator(".notice")).to_have_count(1)
    await expect(page.locator(".notice")).to_contain_text("For all")


async def test_the_audit_log_is_listed_newest_first_and_grows(pages: Pages, fake: FakePeople) -> None:
    def entry(number: int, action: str) -> AuditEntry:
        facts = {"at": "2026-11-20T20:05:00.000Z", "session": "studio", "actor_id": "p", "actor_name": "<i>Tom</i>"}
        rest = {
            "target": "",
            "target_name": "",
            "command": "",
            "outcome": "refused",
            "words": "No.",
            "address": "",
            "hash": "",
        }
        return AuditEntry.model_validate({"number": number, "actor_role": "admin", "action": action, **facts, **rest})

    fake.audit = [entry(number, "mute_audio") for number in range(1, 260)]
    page = await pages.admin()
    await page.get_by_role("tab", name="Audit").click()
    rows = page.locator(".audit tbody tr")
    await expect(rows).to_have_count(259)
    fake.audit.append(entry(260, "stop"))
    await fake.become(SessionState.ENDED)
    await expect(rows).to_have_count(260)
    await expect(rows.first).to_contain_text("stop")
    await expect(rows.first).to_contain_text("<i>Tom</i>")


async def test_a_link_for_viewers_is_made_copied_and_taken_back(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin(permissions=["clipboard-read", "clipboard-write"])
    await page.get_by_role("tab", name="Invites").click()
    await expect(page.get_by_text("No links yet")).to_be_visible()
    await page.get_by_role("button", name="New link for viewers").click()
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == fake.invites[0].link
    await page.get_by_role("button", name="Take back").click()
    await page.get_by_role("dialog").get_by_role("button", name="Take back").click()
    await expect(page.get_by_text("No links yet")).to_be_visible()
    assert fake.invites[0].revoked
