"""WHIP and WHEP at the front, and the session's state as the router reports."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from studio.server.router_pipe import (
    Direction,
    EndReason,
    EndResource,
    EndTokens,
    Offer,
    Refused,
    SetMute,
    Trickle,
    ViewerJoined,
)
from tests.fakes.server_house import OFFER, OWNER_TOKEN, Place

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": '"etag-1"'}


async def state(place: Place) -> str:
    found: str = (await place.owner("GET", "/api/v1/sessions/studio")).json()["state"]
    return found


async def test_an_offer_is_answered_as_rfc_9725_wants_it(place: Place) -> None:
    host = await place.host()
    answer = await host.call("POST", "/whip/studio", content=OFFER, headers=SDP)
    assert answer.status_code == 201
    assert answer.headers["content-type"].startswith("application/sdp")
    assert answer.headers["location"] == "/media/r1" and answer.headers["etag"] == '"etag-1"'
    offer = place.router.told_of(Offer)[0]
    assert (offer.direction, offer.person, offer.local_address) == (Direction.PUBLISH, host.id, "127.0.0.1")
    assert (await host.call("PATCH", "/media/r1", content="a=x", headers=FRAGMENT)).status_code == 204
    trickle = place.router.told_of(Trickle)[0]
    assert (trickle.resource, trickle.token, trickle.etag) == ("r1", offer.token, "etag-1")
    assert (await host.call("DELETE", "/media/r1")).status_code == 200
    assert place.router.told_of(EndResource)[0] == EndResource(
        place.router.told_of(EndResource)[0].request, "r1", EndReason.LEFT, offer.token
    )
    assert (await host.call("OPTIONS", "/whip/studio")).status_code == 204


async def test_the_owners_run_token_publishes_as_the_host(place: Place) -> None:
    await place.go_live(OWNER_TOKEN)
    assert place.router.told_of(Offer)[0].person == "host.studio"
    people = (await place.owner("GET", "/api/v1/sessions/studio/people")).json()["people"]
    assert [(person["id"], person["publishing"]) for person in people] == [("host.studio", ["audio", "video"])]


async def test_viewers_watch_with_cookie_bearer_or_the_bare_invite(place: Place) -> None:
    ann, invite = await place.join("Ann"), await place.invite()
    for bearer in (ann.bearer, invite["invite"]):
        answer = await place.call("POST", "/whep/studio", bearer, content=OFFER, headers=SDP)
        assert answer.status_code == 201
        resource = answer.headers["location"]
        assert (await place.call("DELETE", resource, bearer)).status_code == 200
    assert [offer.direction for offer in place.router.told_of(Offer)] == [Direction.SUBSCRIBE] * 2
    await place.owner("DELETE", f"/api/v1/sessions/studio/invites/{invite['id']}")
    assert f"invite:{invite['id']}" in place.router.told_of(EndTokens)[0].tokens
    gone = await place.call("POST", "/whep/studio", invite["invite"], content=OFFER, headers=SDP)
    assert gone.json()["code"] == "invite_revoked"


@pytest.mark.parametrize("path", ["/whip/studio", "/whep/studio"])
async def test_nobody_sends_or_watches_without_a_token(place: Place, path: str) -> None:
    admin = await place.invite("admin")
    for bearer in ("", "nonsense", admin["invite"]):
        answer = await place.call("POST", path, bearer, content=OFFER, headers=SDP)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert place.router.told_of(Offer) == []


async def test_viewers_and_admins_cannot_publish(place: Place) -> None:
    for role in ("viewer", "admin"):
        person = await place.join(f"A {role}", role)
        answer = await person.call("POST", "/whip/studio", content=OFFER, headers=SDP)
        assert (answer.status_code, answer.json()["code"]) == (403, "no_right")


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (OFFER, {"Content-Type": "application/json"}, 415),
        ("hello", SDP, 400),
        (b"\xff\xfe", SDP, 400),
        ("v=0" + "a" * 300_000, SDP, 413),
    ],
)
async def test_an_offer_that_is_none_never_reaches_the_router(
    place: Place, content: str | bytes, headers: dict[str, str], status: int
) -> None:
    host = await place.host()
    answer = await host.call("POST", "/whip/studio", content=content, headers=headers)
    assert answer.status_code == status and answer.json()["message"]
    assert place.router.told_of(Offer) == []


async def test_what_the_router_refuses_is_told_with_its_words(place: Place) -> None:
    host = await place.host()
    place.router.deaf = True
    coming = asyncio.create_task(host.call("POST", "/whip/studio", content=OFFER, headers=SDP))
    while not place.router.told_of(Offer):
        await asyncio.sleep(0.01)
    number = place.router.told_of(Offer)[0].request
    place.house.line.answered(Refused(number, 406, "The offer has no H.264.", "refused", "Send H.264.", 7))
    answer = await coming
    assert answer.status_code == 406 and answer.headers["retry-after"] == "7"
    assert answer.json() == {
        "code": "media_refused",
        "message": "The offer has no H.264.",
        "kind": "refused",
        "remedy": "Send H.264.",
        "right": None,
    }


async def test_while_the_router_is_away_callers_are_told_when_to_come_back(place: Place) -> None:
    host = await place.host()
    place.router.deaf = True
    coming = asyncio.create_task(host.call("POST", "/whip/studio", content=OFFER, headers=SDP))
    while not place.router.told_of(Offer):
        await asyncio.sleep(0.01)
    await place.house.on_air.router_lost()
    for answer in (await coming, await host.call("POST", "/whip/studio", content=OFFER, headers=SDP)):
        assert (answer.status_code, answer.json()["code"]) == (503, "media_away")
        assert int(answer.headers["retry-after"]) >= 1


async def test_the_session_waits_is_live_loses_its_studio_and_ends(place: Place) -> None:
    host, ann = await place.host(), await place.join("Ann")
    assert await state(place) == "waiting"
    async with ann.socket() as viewer:
        await viewer.until("welcome")
        await place.go_live(host.bearer)
        assert (await viewer.until("session.state"))["data"]["state"] == "live"
        await place.router.publisher_stopped("r1", EndReason.LOST)
        lost = await viewer.until("session.state")
        assert (lost["data"]["state"], lost["data"]["why"]) == ("waiting", "lost")
        assert "connection" in lost["data"]["words"]
        await place.go_live(host.bearer)
        assert (await viewer.until("session.state"))["data"]["state"] == "live"
        await place.router.publisher_stopped("r2", EndReason.LEFT)
        over = await viewer.until("session.state")
        assert (over["data"]["state"], over["data"]["needs_release"]) == ("ended", False)
    await place.go_live(host.bearer)
    assert await state(place) == "live"


async def test_a_reconnect_that_overlaps_keeps_the_session_live(place: Place) -> None:
    host = await place.host()
    await place.go_live(host.bearer)
    await place.go_live(host.bearer)
    await place.router.publisher_stopped("r1", EndReason.LEFT)
    assert await state(place) == "live"


async def test_a_second_publisher_is_refused_while_one_is_on_air(place: Place) -> None:
    host, cohost = await place.host(), await place.join("Cohost", "broadcaster")
    await place.go_live(host.bearer)
    answer = await cohost.call("POST", "/whip/studio", content=OFFER, headers=SDP)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_live")


async def test_a_router_that_died_takes_the_session_to_waiting_and_back(place: Place) -> None:
    host = await place.host()
    await place.go_live(host.bearer)
    await place.house.on_air.router_lost()
    assert await state(place) == "waiting"
    place.router.resources.clear()
    await place.router.say(place.router.state())
    await place.go_live(host.bearer)
    assert await state(place) == "live"


async def test_a_people_process_that_starts_again_brings_the_router_up_to_date(place: Place) -> None:
    eva, host, ann = await place.join("Eva", "admin"), await place.host(), await place.join("Ann")
    ben = await place.join("Ben")
    await place.go_live(host.bearer)
    for person in (ann, ben):
        await person.call("POST", "/whep/studio", content=OFFER, headers=SDP)
    # As if these were decided while the router could not be told.
    place.house.line.lost()
    await eva.command("mute_audio")
    await eva.command("kick", ann.id)
    place.router.told.clear()
    await place.router.say(place.router.state())
    assert [(order.person, order.muted) for order in place.router.told_of(SetMute)] == [(host.id, True)]
    assert [(order.resource, order.why) for order in place.router.told_of(EndResource)] == [("r2", EndReason.REMOVED)]
    status = (await place.owner("GET", "/api/v1/sessions/studio")).json()
    assert (status["state"], status["watching"]) == ("live", 2)


async def test_watching_is_what_the_router_counts(place: Place) -> None:
    await place.router.say(ViewerJoined("studio", "r9", "p", "t", 17))
    assert (await place.owner("GET", "/api/v1/sessions/studio")).json()["watching"] == 17


async def test_a_cookie_of_a_page_watches_but_no_page_of_another_site_does(place: Place) -> None:
    invite = await place.invite()
    own = {"Origin": place.base}
    joined = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "Ann"}, headers=own)
    own["Cookie"] = joined.headers["set-cookie"].split(";")[0]
    answer = await place.call("POST", "/whep/studio", content=OFFER, headers={**own, **SDP})
    assert answer.status_code == 201
    foreign = await place.call(
        "POST", "/whep/studio", content=OFFER, headers={**own, **SDP, "Origin": "http://evil.example"}
    )
    assert isinstance(foreign, httpx.Response) and foreign.json()["code"] == "bad_origin"
