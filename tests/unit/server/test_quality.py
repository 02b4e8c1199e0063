"""How connections do: gathered by person, told to the person and to those who may see everybody's, to nobody else."""

from __future__ import annotations

from typing import Any

import pytest

from studio.server.parent_pipe import RouterDown
from studio.server.people import follow
from studio.server.quality import TELL_EVERY_NS
from studio.server.rights import Right, Role, may
from studio.server.router_pipe import DescribeQuality, Direction, Quality, ResourceQuality, RouterState
from tests.fakes.server_house import OFFER, OWNER_TOKEN, Guest, Place

ROLES = ("viewer", "guest", "broadcaster", "director", "admin")
PEOPLE = "/api/v1/sessions/studio/people"
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"}


def one(person: str, rtt_ms: float | None = 42.0, loss: float = 0.0, kbps: float = 2500.0, **facts: Any) -> Any:
    facts = {"resource": "r", "session": "studio", "direction": Direction.SUBSCRIBE, "silent_s": 0.5, **facts}
    return ResourceQuality(
        person=person, rtt_ms=rtt_ms, loss_percent=loss, lost_packets=round(loss * 10), bitrate_kbps=kbps, **facts
    )


def heard(place: Place, *resources: Any) -> None:
    """The router answers, so long after the last time that everybody is told again."""
    place.clock.forward(TELL_EVERY_NS / 1e9)
    place.house.quality.heard(Quality(resources))


async def listed(place: Place, bearer: str, path: str = PEOPLE) -> dict[str, dict[str, Any]]:
    people = (await place.call("GET", path, bearer)).json()["people"]
    return {person["id"]: person for person in people}


@pytest.mark.parametrize("asks", [*ROLES, "owner"])
@pytest.mark.parametrize("whose", ROLES)
async def test_only_the_person_and_who_may_see_everybodys_learn_of_it(place: Place, asks: str, whose: str) -> None:
    other = await place.someone("Other", whose)
    bearer, who = OWNER_TOKEN, None
    if asks != "owner":
        who = await place.someone("Asks", asks)
        bearer = who.bearer
    allowed = may(Role(asks), Right.SEE_CONNECTIONS)
    place.house.quality.devices.seen("studio", other.id, FIREFOX["User-Agent"])
    async with other.socket() as line:
        await line.until("welcome")
        place.house.quality.devices.seen("studio", other.id, FIREFOX["User-Agent"])
        heard(place, one(other.id), *([one(who.id)] if who else []))
        told = await line.until("quality")
        assert other.id in [each["person"] for each in told["data"]["people"]]
        assert (told["seq"], told["from"]["id"]) == (0, "server")
        for path in (PEOPLE, "/api/v1/sessions/studio"):
            seen = (await listed(place, bearer, path))[other.id]
            assert (seen["quality"] is not None) is allowed, path
            assert seen["device"] == ("Firefox 143 on Linux" if allowed else ""), path
        if who is not None:
            await _told_over_the_line(place, who, other, allowed)


async def _told_over_the_line(place: Place, who: Guest, other: Guest, allowed: bool) -> None:
    async with who.socket() as line:
        await line.until("welcome")
        heard(place, one(other.id, 300.0), one(who.id, 300.0))
        about = {each["person"] for each in (await line.until("quality"))["data"]["people"]}
        assert about == ({who.id, other.id} if allowed else {who.id})
        mine = (await listed(place, who.bearer))[who.id]
        assert mine["quality"]["rtt_ms"] == 300


async def test_it_is_never_in_the_record(place: Place) -> None:
    ann = await place.join("Ann")
    async with ann.socket() as line:
        await line.until("welcome")
        heard(place, one(ann.id))
        await line.until("quality")
    async with ann.socket(after=0) as line:
        await line.until("welcome")
        assert "quality" not in [message["type"] for message in line.seen]


async def test_what_a_person_sends_and_watches_is_told_apart(place: Place) -> None:
    ann = await place.join("Ann", "broadcaster")
    async with ann.socket() as line:
        await line.until("welcome")
        up = [one(ann.id, 31.0, 0.0, 600.0, direction=Direction.PUBLISH)]
        heard(place, one(ann.id, 30.0, 1.0, 2000.0), one(ann.id, None, 9.0, 500.0), *up)
        quality = (await line.until("quality"))["data"]["people"][0]["quality"]
        assert (quality["word"], quality["rtt_ms"]) == ("fair", 31)
        assert quality["down"] == {"bitrate_kbps": 2500, "loss_percent": 9.0, "lost_packets": 100}
        assert quality["up"] == {"bitrate_kbps": 600, "loss_percent": 0.0, "lost_packets": 0}


async def test_a_silent_connection_is_lost_unless_another_of_theirs_is_alive(place: Place) -> None:
    ann = await place.join("Ann")
    async with ann.socket() as line:
        await line.until("welcome")
        heard(place, one(ann.id, silent_s=9.0), one(ann.id))
        words = [(await line.until("quality"))["data"]["people"][0]["quality"]["word"]]
        heard(place, one(ann.id, silent_s=9.0))
        words += [(await line.until("quality"))["data"]["people"][0]["quality"]["word"]]
        assert words == ["good", "lost"]


async def test_nobody_is_told_more_often_than_every_four_seconds(place: Place) -> None:
    ann = await place.join("Ann")
    async with ann.socket() as line:
        await line.until("welcome")
        heard(place, one(ann.id, 42.0))
        told = [await line.until("quality")]
        for rtt_ms in (100.0, 200.0, 300.0):
            place.clock.forward(1)
            place.house.quality.heard(Quality((one(ann.id, rtt_ms),)))
        place.clock.forward(1)
        place.house.quality.heard(Quality((one(ann.id, 500.0),)))
        told.append(await line.until("quality"))
        assert [one["data"]["people"][0]["quality"]["rtt_ms"] for one in told] == [42, 500]
        assert (await listed(place, ann.bearer))[ann.id]["quality"]["rtt_ms"] == 500


async def test_only_news_is_told_and_the_end_of_all_media_is(place: Place) -> None:
    ann = await place.join("Ann")
    async with ann.socket() as line:
        await line.until("welcome")
        heard(place, one(ann.id, 42.0))
        told = [await line.until("quality")]
        heard(place, one(ann.id, 44.0, 0.1, 2520.0))
        heard(place, one(ann.id, 300.0))
        told.append(await line.until("quality"))
        assert [one["data"]["people"][0]["quality"]["rtt_ms"] for one in told] == [42, 300]
        place.clock.forward(TELL_EVERY_NS / 1e9)
        await follow(place.house, RouterDown())
        assert (await line.until("quality"))["data"]["people"] == [{"person": ann.id, "quality": None}]


async def test_the_end_is_told_though_it_came_soon_after_something_else(place: Place) -> None:
    ann = await place.join("Ann")
    async with ann.socket() as line:
        await line.until("welcome")
        heard(place, one(ann.id))
        await line.until("quality")
        await follow(place.house, RouterDown())
        place.house.quality.heard(Quality(()))
        heard(place)
        assert (await line.until("quality"))["data"]["people"] == [{"person": ann.id, "quality": None}]


async def test_another_session_is_none_of_ours(place: Place) -> None:
    ann = await place.join("Ann", "admin")
    async with ann.socket() as line:
        await line.until("welcome")
        heard(place, one(ann.id, session="another"))
        assert (await listed(place, ann.bearer))[ann.id]["quality"] is None


async def test_the_router_is_asked_every_two_seconds_while_it_is_there(place: Place) -> None:
    desk = place.house.quality
    for seconds, asked in ((0.0, 1), (1.9, 1), (0.1, 2), (2.0, 3)):
        place.clock.forward(seconds)
        desk.sweep()
        assert len(place.router.told_of(DescribeQuality)) == asked
    place.house.line.up = False
    place.clock.forward(2.0)
    desk.sweep()
    assert len(place.router.told_of(DescribeQuality)) == 3
    await follow(place.house, RouterState(()))


async def test_the_device_is_known_from_joining_publishing_and_the_line(place: Place) -> None:
    ann = await place.join("Ann")
    assert (await listed(place, OWNER_TOKEN)).get(ann.id, {"device": ""})["device"] == ""
    chrome = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/141.0.0.0 Safari/537.36"}
    headers = {**chrome, "Content-Type": "application/sdp"}
    await ann.call("POST", "/whep/studio", content=OFFER, headers=headers)
    async with ann.socket() as line:
        await line.until("welcome")
        assert (await listed(place, OWNER_TOKEN))[ann.id]["device"] == "Chrome 141 on Windows"
        await ann.call("POST", "/whep/studio", content=OFFER, headers={**headers, **FIREFOX})
        assert (await listed(place, OWNER_TOKEN))[ann.id]["device"] == "Chrome 141 on Windows"
    invite = await place.invite()
    body = {"invite": invite["invite"], "name": "Ben"}
    ben = (await place.call("POST", "/api/v1/join", json=body, headers=FIREFOX)).json()
    async with Guest(place, ben["bearer"], ben["person"]).socket() as line:
        await line.until("welcome")
        found = (await listed(place, OWNER_TOKEN))[ben["person"]["id"]]
        assert found["device"] == "Firefox 143 on Linux", "the line's own client says nothing of itself"
