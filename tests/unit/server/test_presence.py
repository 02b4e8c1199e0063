"""Who is here: counts that stay right through reconnects and restarts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from studio.server.model import TokenRow
from studio.server.record import Transaction
from tests.fakes.server_house import Guest, Place, running_house


async def present(place: Place) -> int:
    status = (await place.owner("GET", "/api/v1/sessions/studio")).json()
    count: int = status["present"]
    assert count == sum(person["present"] for person in status["people"])
    return count


async def test_people_are_counted_not_connections(place: Place) -> None:
    ann, ben = await place.join("Ann"), await place.join("Ben")
    async with ann.socket() as one, ann.socket() as two, ben.socket() as three:
        for line in (one, two, three):
            await line.until("welcome")
        assert await present(place) == 2
        joined = await one.until("presence.joined")
        assert (joined["data"]["person"]["name"], joined["data"]["present"]) == ("Ben", 2)


async def test_a_reconnect_within_the_grace_is_no_leaving(place: Place) -> None:
    ann, ben = await place.join("Ann"), await place.join("Ben")
    async with ben.socket() as watching:
        async with ann.socket() as line:
            await line.until("welcome")
            await watching.until("presence.joined", present=2)
        await gone(place, ann)
        place.clock.forward(4)
        await place.house.sweep()
        assert await present(place) == 2
        async with ann.socket() as line:
            await line.until("welcome")
            place.clock.forward(60)
            await place.house.sweep()
            assert await present(place) == 2
        await gone(place, ann)
        place.clock.forward(5.1)
        await place.house.sweep()
        left = await watching.until("presence.left", present=1)
        assert left["data"]["person"]["id"] == ann.id and left["data"]["why"] == "lost"
    kinds = [message["type"] for message in watching.seen]
    assert kinds.count("presence.left") == 1


async def gone(place: Place, guest: Guest) -> None:
    """Until the server has noticed that the connection is closed."""
    async with asyncio.timeout(10):
        while any(place.house.hub.of_person("studio", guest.id)):
            await asyncio.sleep(0.01)


async def test_who_leaves_is_gone_at_once(place: Place) -> None:
    ann, ben = await place.join("Ann"), await place.join("Ben")
    async with ben.socket() as watching, ann.socket() as line:
        await line.until("welcome")
        await ann.call("POST", "/api/v1/leave")
        left = await watching.until("presence.left")
        assert left["data"] == {"person": {"id": ann.id, "name": "Ann", "role": "viewer"}, "present": 1, "why": "left"}


async def test_the_owners_run_token_and_a_bare_invite_are_not_counted(place: Place) -> None:
    owner = Guest(place, "the-owner-of-the-machine", {"id": "owner", "name": "Owner"})
    async with owner.socket() as line:
        await line.until("welcome")
        assert await present(place) == 0


async def test_after_a_restart_those_who_come_back_never_left(tmp_path: Path) -> None:
    async with running_house(tmp_path) as place:
        ann, ben = await place.join("Ann"), await place.join("Ben")
        async with ann.socket() as one, ben.socket() as two:
            await one.until("welcome")
            await two.until("welcome")
            head = (await place.owner("GET", "/api/v1/sessions/studio")).json()["seq"]
    async with running_house(tmp_path) as place:
        assert await present(place) == 2
        again = Guest(place, ann.bearer, {"id": ann.id, "name": "Ann"})
        async with again.socket(after=head) as line:
            await line.until("welcome")
            place.clock.forward(14)
            await place.house.sweep()
            assert await present(place) == 2
            place.clock.forward(2)
            await place.house.sweep()
            left = await line.until("presence.left")
            assert left["data"]["person"]["id"] == ben.id
            assert await present(place) == 1
            assert [m["type"] for m in line.seen] == ["welcome", "presence.left"]


@pytest.mark.parametrize("others", [0, 1])
async def test_whose_last_token_dies_with_their_invite_is_gone(place: Place, others: int) -> None:
    eva, invite = await place.join("Eva", "admin"), await place.invite("broadcaster")
    bob = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "Bob"})

    def by_another_way(transaction: Transaction) -> None:
        for number in range(others):
            id, person = f"t_other{number}", bob.json()["person"]["id"]
            transaction.db.add(TokenRow(id=id, person_id=person, created=transaction.at, expires_s=0, dead=False))

    await place.house.record.run(by_another_way)
    await place.owner("DELETE", f"/api/v1/sessions/studio/invites/{invite['id']}")
    people = (await eva.call("GET", "/api/v1/sessions/studio")).json()["people"]
    assert [person["name"] for person in people].count("Bob") == others
    body = {"invite": (await place.invite())["invite"], "name": "Bob"}
    again = await place.call("POST", "/api/v1/join", json=body)
    assert again.status_code == (409 if others else 200), "the name is free where nobody has it"
