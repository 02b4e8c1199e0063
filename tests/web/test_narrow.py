"""What has little room: the bar stays one row, no tab is out of sight, and nothing lies over what can be pressed."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from studio.server.api import ErrorCode
from studio.server.messages import SessionState
from tests.fakes.people_server import FakePeople, refuse
from tests.fixtures.chromium import PHONE
from tests.web.conftest import Pages
from tests.web.test_quality import QUALITIES, told
from tests.web.test_reach import ZOOMED

LONG = "Maximiliane-Alexandra von Hohenstein-Ott"
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
