"""A real Chromium for the pages: one process a test run, a fresh context (cookies, storage) for each person in a test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.fakes.people_server import FakePeople, serving
from tests.fixtures.chromium import Browsing


@pytest.fixture
def fake() -> FakePeople:
    """The server's memory."""
    return FakePeople()


@pytest_asyncio.fixture(loop_scope="session")
async def base(fake: FakePeople) -> AsyncIterator[str]:
    """Where the fake server listens."""
    async with serving(fake) as address:
        yield address


@pytest_asyncio.fixture(loop_scope="session")
async def browsing(chromium: object) -> AsyncIterator[Browsing]:
    """Opens pages; whatever a page logged as an error or did against its policy fails the test."""
    from playwright.async_api import Browser

    assert isinstance(chromium, Browser)
    people = Browsing(chromium)
    yield people
    await people.close()
