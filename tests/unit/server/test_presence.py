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


async def test_who_is_let_in_again_while_an_old_line_is_still_open_is_here(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    async with host.socket() as old:
        await old.until("welcome")
        assert (await eva.command("kick", host.id)).status_code == 200
        assert await present(place) == 0
        assert (await eva.command("readmit", host.id)).status_code == 200
        again = await place.host()
        assert again.id == host.id
        assert any(place.house.hub.of_person("studio", host.id)), "their studio has time to answer"
        async with again.socket() as line:
            await line.until("welcome")
            assert await present(place) == 1


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


# Names


async def test_of_two_of_one_name_who_are_here_together_the_one_who_comes_gets_another(place: Place) -> None:
    eva = await place.join("Eva", "admin")
    first = await place.join("Ann")
    place.wall.forward(61)  # the name is free for whoever comes, since its holder never came
    second = await place.join("ann")
    async with second.socket() as here, eva.socket() as watching:
        await here.until("welcome")
        await watching.until("welcome")
        assert (await first.say("It is me.")).json()["code"] == "name_taken", "nor is anybody taken for them from afar"
        async with first.socket(after=0) as line:  # as a page asks, with the seq that it knows
            notice = await line.until("notice")
            assert notice["data"]["text"] == "Somebody else here is called Ann. You are called Ann 2 now."
            joined = await watching.until("presence.joined")
            assert joined["data"]["person"] == {"id": first.id, "name": "Ann 2", "role": "viewer"}
            await line.send("chat.send", text="By the line.")
            assert (await watching.until("chat.message"))["from"]["name"] == "Ann 2"
            assert (await first.say("By HTTP.")).status_code == 200
            assert (await watching.until("chat.message"))["from"]["name"] == "Ann 2"
            people = (await eva.call("GET", "/api/v1/sessions/studio/people")).json()["people"]
            assert sorted(one["name"] for one in people if one["present"]) == ["Ann 2", "Eva", "ann"]
    assert [line["words"] for line in await place.audit() if line["action"] == "person.renamed"] == [
        "was Ann, as somebody else here is"
    ]


async def test_who_runs_the_session_keeps_their_name(place: Place) -> None:
    ann = await place.join("Ann")
    place.wall.forward(61)
    other = await place.join("Ann")
    async with other.socket() as line:
        await line.until("welcome")
        order = {"id": "command-made-director", "action": "promote", "target": ann.id, "role": "director"}
        assert (await place.owner("POST", "/api/v1/sessions/studio/commands", json=order)).status_code == 200
        async with ann.socket() as director:
            assert (await director.until("welcome"))["data"]["person"]["name"] == "Ann"
            assert "You are called Ann 2 now." in (await line.until("notice"))["data"]["text"]
