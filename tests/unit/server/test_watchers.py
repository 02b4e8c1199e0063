"""Who receives media by a person's token is here, line or none; who watches by a bare link is counted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from studio.server.error_codes import ErrorCode
from studio.server.errors import Refusal
from studio.server.model import TokenRow
from studio.server.parent_pipe import RouterDown
from studio.server.people import follow
from studio.server.router_pipe import (
    Direction,
    EndPerson,
    EndReason,
    EndTokens,
    MediaKind,
    ResourceState,
    RouterState,
    ViewerJoined,
    ViewerLeft,
)
from tests.fakes.server_house import OFFER, Guest, Place, running_house

SDP = {"Content-Type": "application/sdp"}
PEOPLE = "/api/v1/sessions/studio/people"


async def watches(place: Place, bearer: str) -> str:
    """Receive media, as any WHEP client does; the resource."""
    answer = await place.call("POST", "/whep/studio", bearer, content=OFFER, headers=SDP)
    assert answer.status_code == 201, answer.text
    resource = answer.headers["Location"].removeprefix("/media/")
    offer = place.router.resources[resource]
    count = len(place.router.resources)
    await place.router.say(ViewerJoined(offer.session, resource, offer.person, offer.token, count))
    return resource


async def stops(place: Place, resource: str, why: EndReason = EndReason.LOST) -> None:
    offer = place.router.resources.pop(resource)
    count = len(place.router.resources)
    await place.router.say(ViewerLeft(offer.session, resource, offer.person, offer.token, why, count))


async def later(place: Place, seconds: float) -> None:
    place.clock.forward(seconds)
    await place.house.sweep()


async def present(place: Place) -> int:
    listed = (await place.owner("GET", PEOPLE)).json()
    count: int = listed["present"]
    assert count == sum(person["present"] for person in listed["people"])
    return count


async def line_gone(place: Place, guest: Guest) -> None:
    async with asyncio.timeout(10):
        while any(place.house.hub.of_person("studio", guest.id)):
            await asyncio.sleep(0.01)


async def test_who_watches_without_a_line_is_on_the_list_and_a_kick_reaches_them(place: Place) -> None:
    eva, link = await place.join("Eva", "admin"), await place.invite(label="poster")
    body = {"invite": link["invite"], "name": "Mallory"}
    joined = (await place.call("POST", "/api/v1/join", json=body)).json()
    mallory = joined["person"]["id"]
    async with eva.socket() as admin:
        await admin.until("welcome")
        assert await present(place) == 1
        resource = await watches(place, joined["bearer"])
        came = await admin.until("presence.joined", present=2)
        assert came["data"]["person"] == {"id": mallory, "name": "Mallory", "role": "viewer"}
        listed = {one["name"]: one for one in (await eva.call("GET", PEOPLE)).json()["people"]}
        assert listed["Mallory"]["present"] and listed["Mallory"]["since"] == came["at"]
        assert (await eva.command("kick", mallory)).status_code == 200
        assert [(one.person, one.why) for one in place.router.told_of(EndPerson)] == [(mallory, EndReason.REMOVED)]
        left = await admin.until("presence.left", present=1)
        assert left["data"]["why"] == "removed"
        await stops(place, resource, EndReason.REMOVED)
        await later(place, 6)
        assert await present(place) == 1
    again = await place.call("POST", "/whep/studio", joined["bearer"], content=OFFER, headers=SDP)
    assert again.json()["code"] == "removed"
    links = (await place.owner("GET", "/api/v1/sessions/studio/invites")).json()["invites"]
    assert sorted(one["revoked"] for one in links if one["label"] == "poster") == [False, True], "made anew, as ever"


async def test_a_line_and_media_are_one_person_and_each_of_them_keeps_them_here(place: Place) -> None:
    ann, ben = await place.join("Ann"), await place.join("Ben")
    async with ben.socket() as watching:
        await watching.until("welcome")
        first, second = await watches(place, ann.bearer), await watches(place, ann.bearer)
        await watching.until("presence.joined", present=2)
        async with ann.socket() as line:
            await line.until("welcome")
            assert await present(place) == 2
        await line_gone(place, ann)
        await later(place, 60)
        assert await present(place) == 2, "they watch"
        await stops(place, first)
        await later(place, 60)
        assert await present(place) == 2, "they watch still"
        await stops(place, second)
        await later(place, 4)
        third = await watches(place, ann.bearer)
        await later(place, 60)
        assert await present(place) == 2, "a reconnect is no leaving"
        async with ann.socket() as line:
            await line.until("welcome")
            await stops(place, third)
            await later(place, 60)
            assert await present(place) == 2, "they have a line"
        await line_gone(place, ann)
        await later(place, 6)
        assert (await watching.until("presence.left", present=1))["data"]["why"] == "lost"
        assert await present(place) == 1
    told = [one["type"] for one in watching.seen if one["data"].get("person", {}).get("id") == ann.id]
    assert told == ["presence.joined", "presence.left"]


async def test_who_left_and_comes_in_again_while_the_router_has_not_said_so_is_here(place: Place) -> None:
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    resource = await watches(place, ann.bearer)
    await eva.command("kick", ann.id)
    assert await present(place) == 0
    await eva.command("readmit", ann.id)
    await place.house.record.run(lambda t: _revive(t, ann.id))
    place.house.admission.forget()
    async with ann.socket() as line:
        await line.until("welcome")
        assert await present(place) == 1
        await stops(place, resource, EndReason.REMOVED)
        await later(place, 60)
        assert await present(place) == 1


def _revive(transaction: Any, person_id: str) -> None:
    """Their token is good again, as if they had come in by an account."""
    transaction.db.execute(update(TokenRow).where(TokenRow.person_id == person_id).values(dead=False))


async def test_a_late_word_of_the_router_brings_nobody_back_who_was_removed(place: Place) -> None:
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    await eva.command("kick", ann.id)
    await place.router.say(ViewerJoined("studio", "r9", ann.id, "t_dead", 1))
    assert await present(place) == 0
    await place.router.say(ViewerLeft("studio", "r9", ann.id, "t_dead", EndReason.REMOVED, 0))
    await later(place, 6)
    told, _ = await place.house.record.after("studio", 0, place.house.admission.owner(""), 500)
    assert [one.envelope.type.value for one in told if one.envelope.type.value.startswith("presence")] == []


async def test_a_router_that_dies_takes_them_along_and_one_that_is_asked_says_who_is_here(place: Place) -> None:
    ann, ben = await place.join("Ann"), await place.join("Ben")
    await watches(place, ann.bearer)
    await watches(place, ben.bearer)
    assert await present(place) == 2
    await follow(place.house, RouterDown())
    await later(place, 4)
    await place.router.say(place.router.state())
    await later(place, 60)
    assert await present(place) == 2, "it had not died: people had lost its word"
    (gone,) = [id for id, offer in place.router.resources.items() if offer.person == ben.id]
    del place.router.resources[gone]
    await place.router.say(place.router.state())
    await later(place, 6)
    assert await present(place) == 1
    await follow(place.house, RouterDown())
    await later(place, 6)
    assert await present(place) == 0


async def test_after_a_restart_who_watches_on_never_left(tmp_path: Path) -> None:
    async with running_house(tmp_path) as place:
        ann, ben = await place.join("Ann"), await place.join("Ben")
        await watches(place, ann.bearer)
        await watches(place, ben.bearer)
        head = (await place.owner("GET", "/api/v1/sessions/studio")).json()["seq"]

    def carried(guest: Guest, *, connected: bool) -> ResourceState:
        kinds = (MediaKind.AUDIO, MediaKind.VIDEO)
        return ResourceState(guest.id, Direction.SUBSCRIBE, "studio", guest.id, "", connected, kinds)

    async with running_house(tmp_path) as place:
        await place.router.say(RouterState((carried(ann, connected=True), carried(ben, connected=False))))
        assert await present(place) == 2
        await later(place, 16)
        assert await present(place) == 1
        told, _ = await place.house.record.after("studio", head, place.house.admission.owner(""), 500)
        assert [(one.envelope.type.value, one.envelope.sender.id) for one in told] == [("presence.left", ben.id)]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_could_not_be_written_down_is_made_up_for(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = await place.join("Ann")
    run = place.house.record.run

    async def away(work: Any) -> Any:
        monkeypatch.setattr(place.house.record, "run", run)
        raise Refusal(ErrorCode.DATABASE_AWAY, "The server has lost its database.")

    answer = await place.call("POST", "/whep/studio", ann.bearer, content=OFFER, headers=SDP)
    resource = answer.headers["Location"].removeprefix("/media/")
    offer = place.router.resources[resource]
    monkeypatch.setattr(place.house.record, "run", away)
    with pytest.raises(Refusal):
        await place.router.say(ViewerJoined("studio", resource, ann.id, offer.token, 1))
    assert await present(place) == 0
    await place.router.say(place.router.state())  # as the follower asks for it
    assert await present(place) == 1
    await stops(place, resource)
    await later(place, 6)
    assert await present(place) == 0


async def test_who_watches_by_a_bare_link_is_counted_and_admins_read_how_that_is_ended(place: Place) -> None:
    eva, ann, link = await place.join("Eva", "admin"), await place.join("Ann"), await place.invite(label="poster")
    bare = [await watches(place, link["invite"]) for _ in range(2)]
    await watches(place, ann.bearer)
    for path in (PEOPLE, "/api/v1/sessions/studio"):
        mine, theirs = (await eva.call("GET", path)).json(), (await ann.call("GET", path)).json()
        for listed in (mine, theirs):
            assert (listed["present"], listed["watching"], listed["by_link"]) == (1, 3, 2)
        said = "2 watch by the bare viewers' link, without a name (2 by “poster”). Take the link back and they are out"
        assert mine["by_link_words"].startswith(said) and theirs["by_link_words"] == ""
    await place.owner("DELETE", f"/api/v1/sessions/studio/invites/{link['id']}")
    assert f"invite:{link['id']}" in place.router.told_of(EndTokens)[-1].tokens
    for resource in bare:
        await stops(place, resource, EndReason.REVOKED)
    listed = (await eva.call("GET", PEOPLE)).json()
    assert (listed["watching"], listed["by_link"], listed["by_link_words"]) == (1, 0, "")
