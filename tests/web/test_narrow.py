"""What has little room: one row for the bar, all tabs and answers in sight, and a chat above a phone's keyboard."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from studio.server.api import ErrorCode
from studio.server.chat_messages import ChatReaction
from studio.server.messages import ChatMessage, EventType, SessionState
from studio.server.rights import Role
from tests.fakes.people_server import FakePeople, refuse
from tests.fixtures.chromium import PHONE
from tests.web.conftest import Pages
from tests.web.test_quality import QUALITIES, told
from tests.web.test_reach import ZOOMED

LONG = "Maximiliane-Alexandra von Hohenstein-Ott"
KEYBOARD_UP = """() => { const view = window.visualViewport;
  for (const [name, value] of Object.entries({height: 420, offsetTop: 100})) Object.defineProperty(view, name, {value});
  view.dispatchEvent(new Event("resize")); }"""
# Where a finger that comes down within 40 px around the middle of this would press something else.
BESIDE = """(small) => { small.scrollIntoView({ block: "center" });
  const box = small.getBoundingClientRect(), [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
  return [[0, -19.4], [0, 19.4], [-19.4, 0], [19.4, 0]].filter(([right, down]) =>
    !small.contains(document.elementFromPoint(x + right, y + down))); }"""
UNSEEN = """() => [...document.querySelectorAll('.bar > *, [role=tab]')].filter((e) => e.checkVisibility())
  .filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.textContent.trim())"""


@pytest.mark.parametrize("size", [{"width": 390, "height": 844}, PHONE, ZOOMED], ids=["390 px", "phone", "200 %"])
@pytest.mark.parametrize("kind", ["watch", "admin"])
async def test_the_bar_is_one_row_and_every_tab_is_in_sight(
    pages: Pages, fake: FakePeople, kind: str, size: dict[str, int]
) -> None:
    fake.title = "The yearly meeting of everybody who ever sent a picture somewhere"
    page = await getattr(pages, kind)(LONG, viewport=size)
    assert fake.me is not None
    await fake.become(SessionState.LIVE, locked=True)
    await told(fake, fake.me.id, QUALITIES["poor"])
    await expect(page.locator("#quality button")).to_be_visible()
    await expect(page.locator("#locked")).to_be_visible()
    assert await page.locator(".bar").evaluate("(bar) => bar.offsetHeight") < 64
    assert await page.evaluate(UNSEEN) == []
    await expect(page.get_by_role("button", name="Sign out" if kind == "admin" else "Leave")).to_be_visible()


async def test_on_a_phone_nothing_lies_over_the_button_that_tries_again(pages: Pages, fake: FakePeople) -> None:
    words = ("This browser cannot play the picture of this show.", "Bring it up to date, or watch in another one.")
    fake.whep_answer = refuse(503, ErrorCode.MEDIA_AWAY, *words, 1)
    page = await pages.watch(viewport=PHONE)
    await fake.become(SessionState.LIVE)
    again = page.get_by_role("button", name="Try now")
    await expect(again).to_be_visible()
    over = """(button) => { const box = button.getBoundingClientRect();
      return [0.02, 0.5, 0.98].flatMap((x) => [0.1, 0.9].map((y) => document.elementFromPoint(
        box.left + box.width * x, box.top + box.height * y))).filter((e) => !button.contains(e)).length; }"""
    assert await again.evaluate(over) == 0


async def test_under_a_finger_what_is_small_to_the_eye_is_40_px(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin(viewport=PHONE, has_touch=True)
    assert fake.me is not None
    await told(fake, fake.me.id, QUALITIES["good"])
    sana = fake.person("Sana", Role.BROADCASTER)
    said = await fake.say(sana, "Hi")
    await fake.tell(EventType.CHAT_MESSAGE, fake.sender(sana), ChatMessage(text="Hello", reply_to=said.seq))
    thumb = ChatReaction(message=said.seq, emoji="👍", count=1, person=sana.id, on=True)
    await fake.tell(EventType.CHAT_REACTION, fake.sender(sana), thumb)
    await page.get_by_role("tab", name="Chat").click()
    assert await page.evaluate(UNSEEN) == []
    for place in ("#quality button", "#tab-chat", "#tab-audit", ".said .quote", ".said .reaction"):
        small = page.locator(place)
        await expect(small).to_be_visible()
        assert await small.evaluate(BESIDE) == [], place


@pytest.mark.parametrize("size", [ZOOMED, {"width": 390, "height": 420}], ids=["200 %", "phone with keyboard"])
async def test_what_answers_a_dialogue_is_in_sight_however_little_height_there_is(
    pages: Pages, fake: FakePeople, size: dict[str, int]
) -> None:
    fake.person("Sana", Role.BROADCASTER, publishing=("video",))
    page = await pages.admin(viewport=size)

    async def answered(dialog: Locator, *names: str) -> None:
        for name in names:
            await expect(dialog.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)

    await page.get_by_role("button", name="More for Sana").click()
    await answered(page.get_by_role("dialog", name="Sana"), "Close")
    await page.get_by_role("button", name="Set their time…").click()
    time = page.get_by_role("dialog", name="How long may Sana take part?")
    await answered(time, "Cancel", "Set")
    await time.get_by_label("Time in the session").focus()
    await expect(time.get_by_label("Time in the session")).to_be_in_viewport(ratio=1)
    await answered(time, "Cancel", "Set")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="More for Sana").click()
    await page.get_by_role("button", name="Ban…").click()
    await answered(page.get_by_role("dialog", name="Ban Sana?"), "Cancel", "Ban")


@pytest.mark.parametrize("shrinks", [True, False], ids=["the page is less", "less of the page is seen"])
async def test_above_a_phones_keyboard_are_the_picture_what_is_said_and_the_field(
    pages: Pages, fake: FakePeople, shrinks: bool
) -> None:
    page = await pages.watch(viewport={"width": 390, "height": 844}, has_touch=True)
    host = fake.person("Sana", Role.BROADCASTER)
    for number in range(20):
        await fake.say(host, f"number {number}")
    await page.get_by_role("textbox", name="Write a message").tap()
    await expect(page.locator(".bar")).to_be_visible()
    if shrinks:
        await page.set_viewport_size({"width": 390, "height": 420})
    else:
        await page.evaluate(KEYBOARD_UP)
    await expect(page.locator(".bar")).to_be_hidden()
    top, bottom = (0, 420) if shrinks else (100, 520)
    places = await page.evaluate(
        "['#stage', '.log', '.compose'].map((e) => document.querySelector(e).getBoundingClientRect().toJSON())"
    )
    assert places[0]["top"] == top and places[2]["bottom"] == pytest.approx(bottom, abs=1)
    assert min(places[0]["height"], places[1]["height"]) >= 120, "the picture and what was said keep their room"
    await expect(page.get_by_text("number 19")).to_be_in_viewport()
    await page.keyboard.type("from here")
    await page.get_by_role("button", name="Send").tap()
    await expect(page.locator(".said.mine")).to_be_in_viewport()
    await expect(page.locator("#chat-text")).to_be_focused()
    await page.locator("#chat-text").blur()
    await expect(page.locator(".bar")).to_be_visible()
