"""The pages in a real Chromium against the fake server. One event loop for all, as long as the browser lives."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from studio.server.rights import Role
from tests.fakes.people_server import FakePeople, serving
from tests.fixtures.chromium import Browsing

expect.set_options(timeout=8_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.obj):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.xdist_group("chromium"))


@pytest.fixture
def fake() -> FakePeople:
    """The server's memory."""
    return FakePeople()


@pytest_asyncio.fixture(loop_scope="session")
async def base(fake: FakePeople) -> AsyncIterator[str]:
    """Where the fake server listens."""
    async with serving(fake) as address:
        yield address


class Pages:
    """The pages of the fake server, with a person already in them."""

    def __init__(self, browsing: Browsing, fake: FakePeople, base: str) -> None:
        self.browsing = browsing
        self.fake = fake
        self.base = base

    async def watch(self, name: str = "Mia", **facts: object) -> Page:
        """A viewer who has joined."""
        page = await self.browsing.person(**facts)
        await self._join(page, "/watch/studio#i=invite-of-a-viewer", name)
        return page

    async def admin(self, name: str = "Ada", role: Role = Role.ADMIN, **facts: object) -> Page:
        """An admin (or who else has a use for the page) who has signed in."""
        self.fake.my_role = role
        page = await self.browsing.person(**facts)
        await self._join(page, "/admin#i=invite-of-an-admin", name)
        return page

    async def _join(self, page: Page, path: str, name: str) -> None:
        await page.goto(self.base + path)
        await page.get_by_label("Your name").fill(name)
        await page.keyboard.press("Enter")
        await expect(page.locator("#room")).to_be_visible()
        # the line to the server is open: from now on the page gets what happens
        while not self.fake.sockets:
            await page.wait_for_timeout(20)


@pytest.fixture
def pages(browsing: Browsing, fake: FakePeople, base: str) -> Pages:
    """Ready-made people."""
    return Pages(browsing, fake, base)
