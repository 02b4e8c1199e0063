"""The database fails at the very moment when something is due: it stays due, and is done when the database is back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from studio.server.error_codes import ErrorCode
from studio.server.errors import Refusal
from studio.server.pruning import AGAIN_S
from studio.server.record import Record
from studio.server.router_pipe import EndReason, PublisherStopped
from tests.fakes.server_house import Guest, Place

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
AWAY = Refusal(ErrorCode.DATABASE_AWAY, "The server has lost its database.")


class Failing:
    """While `left` lasts, the record's transactions fail: before they begin, or so that nobody knows their commit."""

    def __init__(self, record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 0
        self.after_commit = False
        self._run = record.run
        monkeypatch.setattr(record, "run", self.run)

    async def run(self, work: Callable[..., Any]) -> Any:
        fails = self.left > 0
        self.left -= fails
        if fails and not self.after_commit:
            raise AWAY
        answer = await self._run(work)
        if fails:
            raise AWAY
        return answer


@pytest.fixture
def failing(place: Place, monkeypatch: pytest.MonkeyPatch) -> Failing:
    return Failing(place.house.record, monkeypatch)


async def without(failing: Failing, sweep: Callable[[], Awaitable[object]], *, after_commit: bool = False) -> None:
    """One sweep while the database is away."""
    failing.left, failing.after_commit = 1, after_commit
    with pytest.raises(Refusal):
        await sweep()
    assert failing.left == 0, "it was asked for"


async def present(place: Place) -> int:
    count: int = (await place.owner("GET", "/api/v1/sessions/studio")).json()["present"]
    return count


async def gone(place: Place, guest: Guest) -> None:
    async with guest.socket() as line:
        await line.until("welcome")
    await away(place, guest)


async def away(place: Place, guest: Guest) -> None:
    """Until the server has noticed that the connection is closed."""
    async with asyncio.timeout(10):
        while any(place.house.hub.of_person("studio", guest.id)):
            await asyncio.sleep(0.01)


async def test_who_does_not_come_back_has_left(place: Place, failing: Failing) -> None:
    ann, ben = await place.join("Ann"), await place.join("Ben")
    await gone(place, ann)
    await gone(place, ben)
    place.clock.forward(6)
    await without(failing, place.house.presence.sweep)
    assert await present(place) == 2
    await place.house.sweep()
    assert await present(place) == 0


async def test_who_came_back_meanwhile_has_not(place: Place, failing: Failing) -> None:
    ann = await place.join("Ann")
    await gone(place, ann)
    place.clock.forward(6)
    await without(failing, place.house.presence.sweep)
    async with ann.socket() as line:
        await line.until("welcome")
        await place.house.sweep()
        assert await present(place) == 1


async def test_a_connection_that_failed_to_come_in_counts_for_nothing(place: Place, failing: Failing) -> None:
    ann = await place.join("Ann")
    presence, caller = place.house.presence, await place.house.admission.identify(ann.bearer, "127.0.0.1")
    failing.left = 1
    with pytest.raises(Refusal):
        await presence.came(caller)
    async with ann.socket() as line:
        await line.until("welcome")
        assert await present(place) == 1
    await away(place, ann)
    place.clock.forward(6)
    await place.house.sweep()
    assert await present(place) == 0


async def test_a_command_that_nobody_acknowledged_is_said_to_be_so(place: Place, failing: Failing) -> None:
    eva, bob = await place.join("Eva", "admin"), await place.host()
    await place.go_live(bob.bearer)
    async with bob.socket() as line:
        await line.until("welcome")
        await eva.command("mute_audio", bob.id)
        place.clock.forward(11)
        await without(failing, place.house.commands.sweep)
        await place.house.sweep()
        done = (await line.until("command.done"))["data"]
        assert done["outcome"] == "failed" and "has not answered" in done["words"]


async def test_so_is_one_that_an_earlier_life_had_told(place: Place) -> None:
    eva, bob = await place.join("Eva", "admin"), await place.host()
    await place.go_live(bob.bearer)
    async with bob.socket() as line:
        await line.until("welcome")
        await eva.command("mute_audio", bob.id)
        place.house.commands._unanswered.clear()  # as a restart does
        await place.house.commands.recover()
        place.clock.forward(11)
        await place.house.sweep()
        assert (await line.until("command.done"))["data"]["outcome"] == "failed"


@pytest.mark.parametrize("after_commit", [False, True])
async def test_who_has_no_time_left_is_out_and_the_picture_is_over(
    place: Place, failing: Failing, after_commit: bool
) -> None:
    eva, bob, ann = await place.join("Eva", "admin"), await place.host(), await place.join("Ann")
    await place.go_live(bob.bearer)
    await eva.command("grant", bob.id, ends={"camera": 5})
    await eva.command("grant", ann.id, ends={"join": 5})
    async with ann.socket() as line:
        await line.until("welcome")
        place.wall.forward(6)
        await without(failing, place.house.grants.sweep, after_commit=after_commit)
        await place.house.sweep()
        assert await line.closed() == 4411
    history = await states(place)
    assert history.count("time") == 2, "said when the end was set, and once when it was there"
    over = [line["words"] for line in await place.audit() if line["action"] == "grant.over"]
    assert len(over) == 2


async def states(place: Place) -> list[str]:
    """Why the session's state was said, each time."""
    entries, _ = await place.house.record.after("studio", 0, place.house.admission.owner(""), 500)
    return [entry.envelope.data["why"] for entry in entries if entry.envelope.type.value == "session.state"]


@pytest.mark.parametrize("after_commit", [False, True])
async def test_whose_ban_is_over_comes_in_again(place: Place, failing: Failing, after_commit: bool) -> None:
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    await eva.command("ban", ann.id, seconds=60)
    assert (await ann.call("GET", "/api/v1/sessions/studio")).status_code == 403
    place.wall.forward(61)
    await without(failing, place.house._sweep_bans, after_commit=after_commit)
    await place.house.sweep()
    assert (await ann.call("GET", "/api/v1/sessions/studio")).status_code == 200
    assert [line["action"] for line in await place.audit()].count("ban.over") == 1


async def test_votes_are_told(place: Place, failing: Failing) -> None:
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    async with eva.socket() as line:
        await line.until("welcome")
        await eva.done("poll.open", question="Which?", options=["a", "b"])
        poll = (await line.until("poll"))["data"]["poll"]
        await ann.done("poll.vote", poll=poll, option=1)
        place.clock.forward(1)
        await without(failing, place.house.chat._polls.sweep)
        await place.house.sweep()
        assert (await line.until("poll", voters=1))["data"]["votes"] == [0, 1]


async def test_pruning_is_tried_again_soon(place: Place, failing: Failing, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[object] = []
    monkeypatch.setattr("studio.server.pruning.prune", rounds.append)
    pruning = place.house.pruning
    pruning._next_s = 0
    failing.left = 1
    with pytest.raises(Refusal):
        await pruning.sweep()
    await pruning.sweep()
    assert rounds == [], "not four times a second"
    place.wall.forward(AGAIN_S)
    await pruning.sweep()
    assert len(rounds) == 1


async def test_a_show_that_was_ended_by_its_host_is_over_and_not_lost(place: Place, failing: Failing) -> None:
    host = await place.host()
    resource = await place.go_live(host.bearer)
    failing.left = 1
    with pytest.raises(Refusal):
        await place.house.on_air.publisher_stopped(PublisherStopped("studio", resource, host.id, "", EndReason.LEFT))
    place.router.resources.clear()
    await place.house.on_air.router_said_all(place.router.state())
    status = (await place.owner("GET", "/api/v1/sessions/studio")).json()
    assert (status["state"], status["why"]) == ("ended", "off_air")


async def test_what_needs_no_database_goes_on_without_it(
    place: Place, failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva, bob, ann = await place.join("Eva", "admin"), await place.host(), await place.join("Ann")
    await gone(place, ann)
    async with bob.socket() as line:
        await line.until("welcome")
        await eva.command("kick", bob.id)
        place.clock.forward(6)
        shared: list[int] = []

        async def share() -> None:
            shared.append(1)

        assert place.house.sharing is not None
        monkeypatch.setattr(place.house.sharing, "sweep", share)
        await without(failing, place.house.sweep)
        assert shared and await line.closed() == 4403
