"""A running people process with the window's place in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from studio.session import SessionClient
from tests.fakes.server_house import Guest, running_house
from tests.ui.unit.attending import Window, attending
from tests.unit.session.conftest import write_owner_file


@pytest_asyncio.fixture
async def window(tmp_path: Path) -> AsyncIterator[Window]:
    async with running_house(tmp_path / "data") as place:
        (tmp_path / "run").mkdir()
        write_owner_file(tmp_path / "run", place)
        client = await SessionClient.join_as_owner(run_folder=tmp_path / "run")
        async with attending(client, place) as made:
            yield made


@pytest_asyncio.fixture
async def lin(window: Window) -> Guest:
    return await window.place.join("Lin")
