"""A database that takes nothing for now says why and what to do; nobody is told of a mistake in the server."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from studio.server.caller import SERVER
from studio.server.data_folder import FILE_NAME
from studio.server.database_trouble import why_not
from studio.server.errors import Refusal
from tests.fakes.server_house import Place

CHAT = "/api/v1/sessions/studio/chat"


async def pragma(place: Place, words: str) -> int:
    return await place.house.record.run(lambda t: int(t.db.execute(text(f"PRAGMA {words}")).scalar() or 0))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_lock_of_another_program_is_said_and_what_was_asked_for_is_done_after_it(
    place: Place, tmp_path: Path
) -> None:
    ann = await place.join("Ann")
    await pragma(place, "busy_timeout=0")
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with ann.socket(after=0) as line:
            assert await line.closed() == 1012, "who comes in is written down"
        refused = await ann.say("Is it mine?", id="message-held")
        assert (refused.status_code, refused.json()["code"]) == (503, "database_away")
        assert refused.json()["message"].startswith("Another program holds the server's database")
        assert refused.json()["remedy"].startswith("End what has the database's file open")
        assert (await ann.call("GET", CHAT)).status_code == 200, "what only reads goes on"
        other.execute("ROLLBACK")
    again = await ann.say("Is it mine?", id="message-held")
    assert (again.status_code, again.json()["already"]) == (200, False)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_full_disk_is_said_and_what_was_asked_for_is_done_when_there_is_space(place: Place) -> None:
    eva = await place.join("Eva", "admin")
    used = await pragma(place, "page_count")
    await pragma(place, f"max_page_count={used}")

    async def fill() -> None:
        while True:  # also what earlier versions of the tables left free
            await place.house.record.run(lambda t: t.audit("studio", SERVER, "filler", words="x" * 3500))

    with pytest.raises(Refusal, match="is full"):
        await fill()
    for number in range(25):
        told = {"text": "x" * 400, "id": f"announce-{number:03}"}
        answer = await eva.command("announce", **told)
        if answer.status_code != 200:
            break
    assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
    assert "is full" in answer.json()["message"] and answer.json()["remedy"].startswith("Free space")
    await pragma(place, f"max_page_count={used + 10_000}")
    assert (await eva.command("announce", **told)).status_code == 200
    found = (await eva.call("GET", "/api/v1/sessions/studio/audit?action=announce&limit=500")).json()["entries"]
    assert [line["outcome"] for line in found if line["command"] == told["id"]].count("effective") == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_who_cannot_come_in_for_it_has_not_failed_too_often_afterwards(place: Place) -> None:
    body = {"invite": (await place.invite())["invite"], "name": "Ann"}

    async def take(nothing: int) -> None:
        await place.house.record.run(lambda t: t.db.execute(text(f"PRAGMA query_only={nothing}")))

    await take(1)
    answers = [await place.call("POST", "/api/v1/join", json=body) for _ in range(25)]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(503, "database_away")}
    await take(0)
    assert (await place.call("POST", "/api/v1/join", json=body)).status_code == 200


def test_a_full_disk_of_postgresql_is_said_too_and_a_mistake_stays_one() -> None:
    full = why_not(DBAPIError("INSERT", {}, psycopg.errors.DiskFull("could not extend file")))
    assert full is not None and "is full" in full.message and full.status == 503
    assert why_not(DBAPIError("INSERT", {}, psycopg.errors.UniqueViolation("once"))) is None
    assert why_not(DBAPIError("INSERT", {}, sqlite3.IntegrityError("once"))) is None
