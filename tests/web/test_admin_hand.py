"""The admin's page: roles, bans, hands, recording, the lock, the end, mutes of everyone, announcements to some."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from studio.server.api import Person
from studio.server.messages import EventType, Hand, PersonChange, SessionState
from studio.server.rights import Role
from tests.fakes.people_server import FakePeople
from tests.web.conftest import Pages
from tests.web.test_admin import given


async def sent(page: Page, fake: FakePeople, count: int = 1) -> dict[str, object]:
    """What the newest command says."""
    data = (await given(page, fake, count))["data"]
    assert isinstance(data, dict)
    return data


async def become(fake: FakePeople, id: str, role: Role) -> None:
    """Somebody has another role."""
    person = next(one for one in fake.people if one.id == id)
    changed = person.model_copy(update={"role": role})
    fake.people[fake.people.index(person)] = changed
    if fake.me is not None and fake.me.id == id:
        fake.me = changed
    sender = fake.sender(changed)
    await fake.tell(EventType.PERSON_CHANGED, sender, PersonChange(person=sender))


async def hand(fake: FakePeople, person: Person, since_s: int) -> None:
    """A hand goes up or down."""
    at = next(at for at, one in enumerate(fake.people) if one.id == person.id)
    fake.people[at] = person.model_copy(update={"hand_s": since_s})
    told = Hand(person=person.id, name=person.name, up=since_s > 0, since_s=since_s)
    await fake.tell(EventType.HAND, fake.sender(person), told)


async def test_a_role_is_given_by_the_keyboard_alone(pages: Pages, fake: FakePeople) -> None:
    bob = fake.person("Bob")
    page = await pages.admin()
    await page.get_by_role("button", name="More for Bob").focus()
    await page.keyboard.press("Enter")
    menu = page.get_by_role("dialog", name="Bob")
    await expect(menu.get_by_role("button", name="Announce something to them…")).to_be_focused()
    await expect(menu.get_by_role("button", name="Make admin")).to_have_count(0)
    await page.keyboard.press("ArrowDown")
    await expect(menu.get_by_role("button", name="Make director")).to_be_focused()
    await page.keyboard.press("Enter")
    assert await sent(page, fake) == {"action": "promote", "target": bob.id, "text": "", "role": "director"}
    await expect(page.locator(".command").first).to_contain_text("Make Bob director")
    await become(fake, bob.id, Role.DIRECTOR)
    await expect(page.locator(f"[data-person={bob.id}] .facts")).to_contain_text("Director")
    await page.get_by_role("button", name="More for Bob").press("Enter")
    await page.keyboard.press("Escape")
    await expect(menu).to_have_count(0)
    assert len(fake.commands) == 1


async def test_who_is_on_air_is_demoted_after_a_question(pages: Pages, fake: FakePeople) -> None:
    sana = fake.person("Sana", Role.BROADCASTER, publishing=("audio", "video"))
    page = await pages.admin()
    await page.get_by_role("button", name="More for Sana").click()
    await page.get_by_role("button", name="Make viewer").click()
    dialog = page.get_by_role("dialog", name="Take Sana off the air?")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    assert fake.commands == []
    await dialog.get_by_role("button", name="Take off the air").click()
    assert await sent(page, fake) == {"action": "demote", "target": sana.id, "text": "", "role": "viewer"}
    await page.get_by_role("button", name="More for Sana").click()
    await page.get_by_role("button", name="Make director").click()
    await dialog.get_by_role("button", name="Cancel").click()
    assert len(fake.commands) == 1, "a director does not send either"


@pytest.mark.parametrize("mine", [Role.OWNER, Role.ADMIN])
async def test_only_the_owner_makes_admins_and_nobody_changes_the_owner(
    pages: Pages, fake: FakePeople, mine: Role
) -> None:
    fake.person("Bob")
    fake.person("Tom", Role.ADMIN)
    fake.people.append(fake.person("Host", Role.BROADCASTER).model_copy(update={"id": "host.studio", "name": "Sana"}))
    page = await pages.admin(role=mine)
    makes = {}
    for name in ("Bob", "Tom", "Sana"):
        await page.get_by_role("button", name=f"More for {name}").click()
        names = await page.locator("dialog.menu button").all_inner_texts()
        makes[name] = [one.removeprefix("Make ") for one in names if one.startswith("Make")]
        await page.keyboard.press("Escape")
    owner = mine is Role.OWNER
    assert makes == {
        "Bob": [*(["admin"] if owner else []), "director", "host", "guest"],
        "Tom": ["director", "host", "guest", "viewer"] if owner else [],
        "Sana": [],
    }


async def test_a_ban_asks_how_long_and_is_lifted_from_the_list(pages: Pages, fake: FakePeople) -> None:
    bob = fake.person("Bob")
    page = await pages.admin()
    for count, (choice, seconds) in enumerate((("10 minutes", 600), ("Until an admin lifts it", 0)), 1):
        await page.get_by_role("button", name="More for Bob").click()
        await page.get_by_role("button", name="Ban…").click()
        dialog = page.get_by_role("dialog", name="Ban Bob?")
        await expect(dialog.get_by_label("For how long")).to_have_value("3600")
        await dialog.get_by_label("For how long").select_option(choice)
        await dialog.get_by_label("Reason, which they read (optional)").fill("Spam")
        await dialog.get_by_role("button", name="Ban").click()
        told = await sent(page, fake, count)
        assert told == {"action": "ban", "target": bob.id, "text": "Spam", "seconds": seconds}
    await expect(page.locator(".command").first).to_contain_text("Ban Bob for good")
    await expect(page.locator(".command").nth(1)).to_contain_text("Ban Bob for 10 minutes")
    banned = {"present": False, "removed": True, "banned": True, "ban_ends": "2026-11-20T21:00:00.000Z"}
    fake.people[fake.people.index(bob)] = bob.model_copy(update=banned)
    await fake.done(fake.commands[0], "done", "They are out.")
    await expect(page.get_by_text("banned until")).to_be_visible()
    await page.get_by_role("button", name="Lift the ban of Bob").click()
    assert (await sent(page, fake, 3))["action"] == "unban"


async def test_somebody_is_muted_in_the_chat_for_a_length_of_ones_choice(pages: Pages, fake: FakePeople) -> None:
    bob, _ = fake.person("Bob"), fake.person("Sana", Role.BROADCASTER)
    page = await pages.admin()
    mute = page.get_by_role("button", name="Mute in the chat…")
    await page.get_by_role("button", name="More for Sana").click()
    await expect(page.get_by_role("dialog", name="Sana")).to_be_visible()
    await expect(mute).to_have_count(0)
    await page.keyboard.press("Escape")
    for count, (words, seconds) in enumerate((("For 1 day", 86400), ("Let them write again", 0)), 1):
        await page.get_by_role("button", name="More for Bob").click()
        await mute.click()
        await page.get_by_role("dialog", name="Mute Bob in the chat").get_by_role("button", name=words).click()
        asked = await given(page, fake, count)
        assert (asked["type"], asked["data"]) == ("chat.mute", {"person": bob.id, "seconds": seconds})


async def test_a_raised_hand_is_seen_and_lowered(pages: Pages, fake: FakePeople) -> None:
    bob = fake.person("Bob")
    page = await pages.admin()
    lower = page.get_by_role("button", name="Lower the hand of Bob")
    await expect(lower).to_have_count(0)
    await hand(fake, bob, 1_795_220_000)
    await expect(page.get_by_text("hand up")).to_be_visible()
    await lower.click()
    assert await sent(page, fake) == {"action": "lower_hand", "target": bob.id, "text": ""}
    await hand(fake, bob, 0)
    await expect(page.get_by_text("hand up")).to_have_count(0)


async def test_the_session_is_locked_recorded_and_muted_as_a_whole_and_one_by_one(
    pages: Pages, fake: FakePeople
) -> None:
    sana = fake.person("Sana", Role.BROADCASTER)
    page = await pages.admin()

    async def press(name: str, action: str, target: str = "") -> None:
        count = len(fake.commands) + 1
        await page.get_by_role("button", name=name, exact=True).click()
        assert await sent(page, fake, count) == {"action": action, "target": target, "text": ""}

    await press("Start recording", "record_start")
    await press("Stop recording", "record_stop")
    await press("Mute everyone", "mute_audio", "all")
    await press("Unmute everyone", "unmute_audio", "all")
    await press("All pictures off", "mute_video", "all")
    await press("All pictures on", "unmute_video", "all")
    await press("Lock the session", "lock")
    await press("Mute the sound of Sana", "mute_audio", sana.id)
    await press("Switch the picture of Sana off", "mute_video", sana.id)
    await expect(page.locator("#locked")).to_be_hidden()
    fake.people[fake.people.index(sana)] = sana.model_copy(update={"muted_audio": True, "muted_video": True})
    await fake.become(SessionState.LIVE, "On air.", locked=True)
    await expect(page.locator("#locked")).to_be_visible()
    await expect(page.get_by_text("Locked: nobody new can come in")).to_be_visible()
    await press("Unlock the session", "unlock")
    for words in ("sound muted", "picture muted"):
        await expect(page.locator(f"[data-person={sana.id}]")).to_contain_text(words)
    await press("Unmute the sound of Sana", "unmute_audio", sana.id)
    await press("Switch the picture of Sana on", "unmute_video", sana.id)
    for name, action in (("Start their recording", "record_start"), ("Stop their recording", "record_stop")):
        await page.get_by_role("button", name="More for Sana").click()
        await press(name, action, sana.id)


async def test_the_end_asks_first(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin()
    await page.get_by_role("button", name="End for all…").click()
    dialog = page.get_by_role("dialog", name="End the session for all?")
    await expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    await page.keyboard.press("Escape")
    assert fake.commands == []
    await page.get_by_role("button", name="End for all…").click()
    await dialog.get_by_role("button", name="End the session").click()
    assert await sent(page, fake) == {"action": "end", "target": "", "text": ""}


async def test_an_announcement_is_for_all_or_the_hosts_or_one(pages: Pages, fake: FakePeople) -> None:
    bob = fake.person("Bob")
    page = await pages.admin()
    await page.get_by_label("To whom").select_option("Hosts and directors")
    await page.get_by_role("textbox", name="Announce to the hosts").fill("Wrap up")
    await page.get_by_role("button", name="Announce", exact=True).click()
    assert await sent(page, fake) == {"action": "announce", "target": "", "text": "Wrap up", "to": "hosts"}
    await page.get_by_role("button", name="More for Bob").click()
    await page.get_by_role("button", name="Announce something to them…").click()
    field = page.get_by_role("textbox", name="Announce to Bob")
    await expect(field).to_be_focused()
    await field.fill("Your turn")
    await page.get_by_role("button", name="Announce", exact=True).click()
    told = await sent(page, fake, 2)
    assert told == {"action": "announce", "target": bob.id, "text": "Your turn", "to": "person"}
    await expect(page.locator(".command").first).to_contain_text("Announce to Bob")


async def test_a_director_has_what_a_director_may_and_is_out_when_demoted(pages: Pages, fake: FakePeople) -> None:
    fake.person("Bob", hand_s=1_795_220_000)
    page = await pages.admin(role=Role.DIRECTOR)
    await expect(page.locator("#role")).to_have_text("Director")
    names = await page.locator("#deck-buttons button, #session-buttons button").all_inner_texts()
    assert names == ["Start recording", "Stop recording"]
    await expect(page.get_by_role("button", name="Lower the hand of Bob")).to_be_visible()
    await expect(page.get_by_role("button", name="Remove Bob")).to_have_count(0)
    for name in ("Audit", "Invites"):
        await expect(page.get_by_role("tab", name=name)).to_be_hidden()
    await expect(page.get_by_role("textbox", name="Announce to everyone")).to_be_hidden()
    assert fake.me is not None
    await become(fake, fake.me.id, Role.VIEWER)
    await expect(page.get_by_role("heading", name="This page is for admins")).to_be_visible()


async def test_viewers_see_the_lock_and_the_end(pages: Pages, fake: FakePeople) -> None:
    page = await pages.watch()
    await expect(page.locator("#locked")).to_be_hidden()
    await fake.become(SessionState.WAITING, "", locked=True)
    await expect(page.locator("#locked")).to_be_visible()
    await expect(page.locator("#locked")).to_have_text("Locked")
    await fake.become(SessionState.ENDED, "The show was ended.", why="ended")
    await expect(page.get_by_role("heading", name="The show has ended")).to_be_visible()
