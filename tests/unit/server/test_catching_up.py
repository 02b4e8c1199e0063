"""What the router said is not lost by an error that nobody expected, nor while the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from studio.server import command_record, commands
from studio.server.error_codes import ErrorCode
from studio.server.errors import Refusal
from studio.server.front import Front
from studio.server.house import House
from studio.server.parent_pipe import Begin
from studio.server.people import CATCH_UP_AFTER_S, CATCH_UP_AT_MOST_S, Follower, _People
from studio.server.record import Record
from studio.server.router_pipe import (
    DescribeState,
    EndReason,
    MediaKind,
    PublisherStarted,
    PublisherStopped,
    SetMute,
    ViewerJoined,
)
from tests.fakes.server_house import OWNER_TOKEN, Guest, Place

KINDS = (MediaKind.AUDIO, MediaKind.VIDEO)
SECRET = "a token that nobody may read"
AWAY = Refusal(ErrorCode.DATABASE_AWAY, "The server has lost its database.")


def unexpected() -> Exception:
    return IntegrityError(f"INSERT {SECRET}", {"token": SECRET}, Exception("UNIQUE constraint failed"))


class Broken:
    """The record's transactions fail while `error` is set, before they begin or after their commit."""

    def __init__(self, record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error: Exception | None = None
        self.after_commit = False
        self._run = record.run
        monkeypatch.setattr(record, "run", self.run)

    async def run(self, work: Callable[..., Any]) -> Any:
        if self.error is not None and not self.after_commit:
            raise self.error
        answer = await self._run(work)
        if self.error is not None:
            raise self.error
        return answer


async def state(place: Place) -> str:
    found: str = (await place.owner("GET", "/api/v1/sessions/studio")).json()["state"]
    return found


def started(host: Guest, resource: str) -> PublisherStarted:
    return PublisherStarted("studio", resource, host.id, "", KINDS)


async def offered(place: Place, host: Guest) -> str:
    answer = await host.call("POST", "/whip/studio", content="v=0\r\n", headers={"Content-Type": "application/sdp"})
    resource: str = answer.headers["Location"].removeprefix("/media/")
    return resource


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_an_unexpected_error_ends_nothing_and_the_router_is_asked_again(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    host = await place.host()
    resource = await offered(place, host)
    follower, broken = Follower(place.house), Broken(place.house.record, monkeypatch)
    broken.error = unexpected()
    working = asyncio.create_task(follower.work_off())
    try:
        follower.put(started(host, resource))
        follower.put(ViewerJoined("studio", "r2", "p", "", 7))
        async with asyncio.timeout(20):
            while place.house.on_air.watching("studio") != 7:
                await asyncio.sleep(0)
                assert not working.done(), "the next message is worked off all the same"
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert "PublisherStarted" in caplog.text and "IntegrityError" in caplog.text and SECRET not in caplog.text
    broken.error = None
    assert await state(place) == "waiting"
    place.router.told.clear()
    await follower.sweep()
    assert len(place.router.told_of(DescribeState)) == 1
    await follower.one(place.router.state())
    assert await state(place) == "live"
    place.clock.forward(60)
    await follower.sweep()
    assert len(place.router.told_of(DescribeState)) == 1, "once is enough"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_state_that_cannot_be_followed_is_asked_for_more_and_more_rarely(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    follower = Follower(place.house)

    async def full(_message: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(place.house.on_air, "router_said_all", full)
    place.router.told.clear()
    await follower.one(place.router.state())
    for _ in range(60):
        await follower.sweep()
        if place.router.told_of(DescribeState):
            await follower.one(place.router.state())
        place.clock.forward(CATCH_UP_AFTER_S)
    asked = len(place.router.told_of(DescribeState))
    assert 60 / CATCH_UP_AT_MOST_S <= asked <= 8


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_happened_while_the_database_was_away_is_known_when_it_is_back(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = await place.host()
    resource = await place.go_live(host.bearer)
    follower, broken = Follower(place.house), Broken(place.house.record, monkeypatch)
    broken.error = AWAY
    place.router.resources.clear()
    place.router.told.clear()
    await follower.one(PublisherStopped("studio", resource, host.id, "", EndReason.LEFT))
    for _ in range(3):
        await follower.sweep()
        place.clock.forward(CATCH_UP_AFTER_S)
    assert place.router.told_of(DescribeState) == [], "whose answer could not be written down either"
    broken.error = None
    assert await state(place) == "live"
    await follower.sweep()
    assert len(place.router.told_of(DescribeState)) == 1
    await follower.one(place.router.state())
    assert await state(place) == "ended", "its host had left, and not been lost"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_command_that_was_accepted_when_the_database_went_is_done_when_it_is_back(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await place.go_live(host.bearer)
    follower, broken = Follower(place.house), Broken(place.house.record, monkeypatch)
    place.router.told.clear()
    lose_after_accepting(broken, monkeypatch)
    answer = await eva.command("mute_audio")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
    assert place.router.told_of(SetMute) == []
    broken.error, broken.after_commit = None, False
    await follower.sweep()
    assert [order.muted for order in place.router.told_of(SetMute)] == [True]
    assert len(place.router.told_of(DescribeState)) == 1
    found = [(entry["action"], entry["outcome"]) for entry in await place.audit() if entry["action"] == "mute_audio"]
    assert found == [("mute_audio", "effective")]
    await follower.sweep()
    assert len(place.router.told_of(SetMute)) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("later", [True, False])
async def test_who_gives_it_again_has_it_done_once_and_before_what_came_later(
    place: Place, monkeypatch: pytest.MonkeyPatch, later: bool
) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await place.go_live(host.bearer)
    broken = Broken(place.house.record, monkeypatch)
    place.router.told.clear()
    lose_after_accepting(broken, monkeypatch)
    assert (await eva.command("mute_audio", id="command-lost")).status_code == 503
    broken.error, broken.after_commit = None, False
    if later:
        assert (await eva.command("unmute_audio")).status_code == 200
        assert [order.muted for order in place.router.told_of(SetMute)] == [True, False], "in the order of the record"
    again = await eva.command("mute_audio", id="command-lost")
    assert again.status_code == 200 and again.json()["seq"] > 0
    assert [order.muted for order in place.router.told_of(SetMute)].count(True) == 1
    assert (await eva.command("mute_audio", id="command-lost")).json()["already"] is True


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_row_still_accepted_is_carried_out_when_it_is_given_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await place.go_live(host.bearer)
    broken = Broken(place.house.record, monkeypatch)
    lose_after_accepting(broken, monkeypatch)
    assert (await eva.command("mute_audio", id="command-lost")).status_code == 503
    broken.error, broken.after_commit = None, False
    desk = place.house.commands
    desk._recovered = desk._mishaps  # nobody knows of it
    place.router.told.clear()
    assert (await eva.command("mute_audio", id="command-lost")).json()["already"] is False
    assert [order.muted for order in place.router.told_of(SetMute)] == [True]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_one_command_that_does_not_go_keeps_no_other_from_it(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await place.go_live(host.bearer)

    def tell(transaction: Any, session_id: str, command_id: str, answers: bool) -> int:
        if command_id == "command-bad":
            raise unexpected()
        return command_record.tell(transaction, session_id, command_id, answers)

    monkeypatch.setattr(commands, "tell", tell)
    assert (await eva.command("mute_audio", id="command-bad")).status_code == 500
    caplog.clear()  # which says what a request of its own failed by
    assert place.house.commands.unfinished
    await place.house.commands.recover()
    assert (await eva.command("mute_video")).status_code == 200
    assert "mute_audio" in caplog.text and SECRET not in caplog.text
    monkeypatch.undo()
    await place.house.commands.recover()
    assert not place.house.commands.unfinished


class Pipe:
    """Takes what the process tells its parent."""

    def send(self, _message: object) -> bool:
        return True

    def beat(self, _limit_s: float) -> None:
        pass


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_process_ends_with_its_worker(place: Place, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    people = _People(None)  # type: ignore[arg-type]
    people._link = Pipe()  # type: ignore[assignment]
    house: House = place.house

    async def end(_self: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Follower, "work_off", end)
    async with asyncio.timeout(20):
        with pytest.raises(MemoryError):
            await people._serve(house, Begin(str(tmp_path), OWNER_TOKEN, Front(port=0, local_port=0)))


def lose_after_accepting(broken: Broken, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database goes right after the commit of the first stage."""
    accept = commands._accept

    def accepting(*given: Any) -> Any:
        answer = accept(*given)
        broken.error, broken.after_commit = AWAY, True
        monkeypatch.setattr(commands, "_accept", accept)
        return answer

    monkeypatch.setattr(commands, "_accept", accepting)
