"""A running people process inside each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from studio.server.data_folder import FILE_NAME
from studio.server.store import open_engine
from tests.fakes.server_house import Place, running_house


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database as a first start leaves it: made once, since Alembic is slow to load."""
    folder = tmp_path_factory.mktemp("empty")
    open_engine(folder).dispose()
    return (folder / FILE_NAME).read_bytes()


@pytest_asyncio.fixture
async def place(tmp_path: Path, empty_database: bytes) -> AsyncIterator[Place]:
    (tmp_path / FILE_NAME).write_bytes(empty_database)
    (tmp_path / FILE_NAME).chmod(0o600)
    async with running_house(tmp_path) as place:
        yield place
