"""A running people process for the client, and the file by which the owner's programs find it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest_asyncio

from studio.session import OwnerAddress
from tests.fakes.server_house import OWNER_TOKEN, Place, running_house


def write_owner_file(folder: Path, place: Place) -> None:
    port = int(place.base.rpartition(":")[2])
    owner = OwnerAddress(os.getpid(), port, place.base, OWNER_TOKEN, "0.1.0")
    (folder / f"owner-{os.getpid()}.json").write_bytes(msgspec.json.encode(owner))


@pytest_asyncio.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with running_house(tmp_path / "data") as place:
        (tmp_path / "run").mkdir()
        write_owner_file(tmp_path / "run", place)
        yield place
