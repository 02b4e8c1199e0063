"""The sweeps of a running server: one that fails keeps no other from its turn."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy.exc import IntegrityError

from studio.server.error_codes import ErrorCode
from studio.server.errors import Refusal
from tests.fakes.server_house import Place

SECRET = "a token that nobody may read"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_sweeper_that_fails_is_logged_once_and_keeps_no_other_from_its_turn(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    turns = []

    async def fail() -> None:
        raise IntegrityError(f"INSERT {SECRET}", {"token": SECRET}, Exception("FOREIGN KEY constraint failed"))

    async def later() -> None:
        turns.append(1)

    assert place.house.sharing is not None
    monkeypatch.setattr(place.house.presence, "sweep", fail)
    monkeypatch.setattr(place.house.sharing, "sweep", later)
    for _ in range(3):
        await place.house.sweep()
    assert len(turns) == 3
    errors = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 1 and "presence" in errors[0] and SECRET not in caplog.text

    async def away() -> None:
        raise Refusal(ErrorCode.DATABASE_AWAY, "The server has lost its database.")

    monkeypatch.setattr(place.house.presence, "sweep", away)
    with pytest.raises(Refusal):
        await place.house.sweep()
