"""Who watches by a bare link stands on no list: the admin's page counts them and says how that is ended."""

from __future__ import annotations

from typing import Any

from playwright.async_api import Route, expect

from studio.server.messages import SessionState
from tests.fakes.people_server import FakePeople
from tests.web.conftest import Pages


async def test_who_watches_without_a_name_is_counted_below_the_people(pages: Pages, fake: FakePeople) -> None:
    page = await pages.admin()
    told = {"by_link": 2, "by_link_words": "2 watch by the bare viewers' link, without a name (2 by “<b>poster</b>”)."}

    async def add(route: Route) -> None:
        answer = await route.fetch()
        listed: dict[str, Any] = await answer.json()
        await route.fulfill(response=answer, json={**listed, **told})

    nameless = page.locator(".people .nameless")
    await expect(nameless).to_have_count(0)
    await page.route("**/api/v1/sessions/studio/people", add)
    await fake.become(SessionState.LIVE, "On air.")
    await expect(nameless).to_have_text(str(told["by_link_words"]))
    told.update(by_link=0, by_link_words="")
    await fake.become(SessionState.WAITING, "Off air.")
    await expect(nameless).to_have_count(0)
