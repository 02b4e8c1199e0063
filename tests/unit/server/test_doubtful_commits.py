"""The connection to the database is lost at a commit that succeeded: nobody misses what was said in it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from studio.server.error_codes import ErrorCode
from studio.server.errors import Refusal
from studio.server.messages import CloseCode
from studio.server.people import Follower
from studio.server.router_pipe import DescribeState, EndReason, EndResource
from tests.fakes.server_house import OFFER, Guest, Place


class Doubtful:
    """While armed, the connection is lost at the commit of the next event, after it `happened` or instead of it."""

    def __init__(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        self.armed = False
        self.happened = True
        self._says = False
        engine = place.house.store._engine
        self._commit = engine.dialect.do_commit
        event.listen(engine, "before_cursor_execute", self._see)
        monkeypatch.setattr(engine.dialect, "do_commit", self._lose)

    def _see(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self._says |= statement.startswith("INSERT INTO event")

    def _lose(self, connection: Any) -> None:
        says, self._says = self._says, False
        if not (says and self.armed):
            self._commit(connection)
            return
        self.armed = False
        driver = connection.dbapi_connection
        driver.commit() if self.happened else driver.rollback()
        driver.close()
        driver.commit()  # raises what the driver says of a lost connection


@pytest.fixture
def doubtful(place: Place, monkeypatch: pytest.MonkeyPatch) -> Doubtful:
    return Doubtful(place, monkeypatch)


@pytest.mark.parametrize("happened", [True, False])
async def test_what_was_said_in_it_comes_before_anything_later(
    place: Place, doubtful: Doubtful, happened: bool
) -> None:
    ann, ben = await place.join("Ann"), await place.join("Ben")
    async with ben.socket() as line:
        await line.until("welcome")
        doubtful.armed, doubtful.happened = True, happened
        answer = await ann.say("in doubt", id="message-doubt")
        assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
        assert "it may be done or not" in answer.json()["message"] and answer.json()["remedy"]
        assert (await ben.say("later")).status_code == 200
        again = await ann.say("in doubt", id="message-doubt")
        assert again.json()["already"] is happened
        said = [await line.until("chat.message") for _ in range(2)]
        assert (await ben.say("at last")).status_code == 200
        said.append(await line.until("chat.message"))
    expected = ["in doubt", "later"] if happened else ["later", "in doubt"]
    assert [one["data"]["text"] for one in said] == [*expected, "at last"]
    assert sorted({one["seq"] for one in said}) == [one["seq"] for one in said]


async def test_whose_role_is_in_doubt_comes_back_as_who_they_are(place: Place, doubtful: Doubtful) -> None:
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    async with ann.socket() as line, eva.socket() as other:
        await line.until("welcome")
        await other.until("welcome")
        doubtful.armed = True
        assert (await eva.command("promote", ann.id, role="director")).status_code == 503
        assert await line.closed() == 1012
        async with ann.socket(after=0) as back:
            assert (await back.until("welcome"))["data"]["person"]["role"] == "director"
        assert (await other.until("person.changed"))["data"]["person"]["id"] == ann.id, "who is as before stays"


async def test_who_is_out_by_it_is_put_out_as_soon_as_the_database_answers(place: Place, doubtful: Doubtful) -> None:
    ann, link, follower = await place.join("Ann"), await place.invite(), Follower(place.house)
    joined = (await place.call("POST", "/api/v1/join", json={"invite": link["invite"], "name": "Ben"})).json()
    ben, sdp = Guest(place, joined["bearer"], joined["person"]), {"Content-Type": "application/sdp"}
    watched = await ben.call("POST", "/whep/studio", content=OFFER, headers=sdp)
    path = f"/api/v1/sessions/studio/invites/{link['id']}"
    async with ben.socket() as line, ann.socket() as other:
        await line.until("welcome")
        await other.until("welcome")
        doubtful.armed = True
        assert (await place.owner("DELETE", path)).status_code == 503
        assert (await place.owner("DELETE", path)).json()["changed"] is False, "it was done"
        place.router.told.clear()
        await follower.sweep()
        assert await line.closed() == CloseCode.NOT_SIGNED_IN
        assert len(place.router.told_of(DescribeState)) == 1
        await follower.one(place.router.state())
        resource = watched.headers["Location"].removeprefix("/media/")
        assert [(one.resource, one.why) for one in place.router.told_of(EndResource)] == [(resource, EndReason.REVOKED)]
        assert (await ann.say("I am here.")).status_code == 200
        await other.until("chat.message")
        place.clock.forward(60)
        await follower.sweep()
        assert len(place.router.told_of(DescribeState)) == 1, "once is enough"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_line_that_cannot_be_caught_up_goes_on_later_from_where_it_was(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await place.join("Ann")

    async def away(*_: Any) -> None:
        raise Refusal(ErrorCode.DATABASE_AWAY, "The server has lost its database.")

    async with ann.socket() as line:
        await line.until("welcome")
        monkeypatch.setattr(place.house.record, "after", away)
        for connection in place.house.hub.of_session("studio"):
            connection.fall_behind()
        assert await line.closed() == 1012, "no fault of the client, who would otherwise not come back"
