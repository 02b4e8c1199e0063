"""A statement that fails shows neither its parameters nor the table's rows: not in the log, and in no error's text."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from studio.server.model import InviteRow, TokenRow
from studio.server.record import Transaction
from tests.fakes.server_house import Place

SECRET = "the-hash-of-a-password"


def unfinished_row(db: Session) -> None:
    """PostgreSQL: `DETAIL: Failing row contains (...)`."""
    db.execute(insert(TokenRow).values(id=SECRET))


def key_that_is_there(db: Session) -> None:
    """PostgreSQL: `DETAIL: Key (id)=(...) already exists.`"""
    for _ in range(2):
        row = {
            column.name: 0 if column.type.python_type in (int, bool) else SECRET
            for column in InviteRow.__table__.columns
        }
        db.execute(insert(InviteRow).values(row))


def value_of_another_kind(db: Session) -> None:
    """PostgreSQL: `invalid input syntax for type integer: "..."`; SQLite: a column that is not there."""
    db.execute(
        text("SELECT CAST(:secret AS INTEGER), missing FROM (SELECT CAST(CAST(:secret AS TEXT) AS INTEGER)) one"),
        {"secret": SECRET},
    )


FAILURES = [unfinished_row, key_that_is_there, value_of_another_kind]


@pytest.mark.parametrize("failure", FAILURES)
async def test_the_error_itself_shows_nothing(place: Place, failure: Any) -> None:
    with pytest.raises(Exception) as failed:
        await place.house.record.run(lambda transaction: failure(transaction.db))
    told = "".join(traceback.format_exception(failed.value)) + repr(failed.value) + repr(failed.value.__cause__)
    assert SECRET not in told and "Error" in told


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_request_that_fails_by_it_is_logged_once_and_without(
    place: Place, failure: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ann = await place.join("Ann")

    def work(transaction: Transaction) -> None:
        failure(transaction.db)
        raise ValueError(SECRET)

    async def fail(*_given: object) -> None:
        try:
            await place.house.record.run(work)
        except Exception as error:
            raise ValueError(f"{SECRET} was given") from error

    monkeypatch.setattr(place.house.chat, "say", fail)
    monkeypatch.setattr(place.house.chat, "take", fail)
    caplog.set_level(logging.INFO)
    answer = await ann.say(SECRET)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal") and SECRET not in answer.text
    async with ann.socket() as line:
        await line.until("welcome")
        await line.connection.send('{"type": "chat.send", "id": "message-1", "data": {"text": "hello"}}')
        assert await line.closed() == 1011
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert len(errors) == 2
    for error in errors:
        assert "ValueError" in error and "This came from" in error and f"in {failure.__name__}" in error
    assert SECRET not in caplog.text
