"""Roles given and taken while the session runs: at once, over open connections, on air, and by nobody who may not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from studio.server.router_pipe import EndPublisher, EndReason, EndResource, Offer
from tests.fakes.server_house import OFFER, OWNER_TOKEN, Guest, Place, fresh_id

SDP = {"Content-Type": "application/sdp"}


async def owner_commands(place: Place, action: str, target: str, **more: Any) -> Any:
    body = {"id": fresh_id("command"), "action": action, "target": target, **more}
    return await place.owner("POST", "/api/v1/sessions/studio/commands", json=body)


async def test_a_promoted_viewer_goes_live_with_the_token_they_had(place: Place) -> None:
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    refused = await ann.call("POST", "/whip/studio", content=OFFER, headers=SDP)
    assert refused.json()["code"] == "no_right"
    assert (await eva.command("promote", ann.id, role="broadcaster")).status_code == 200
    await place.go_live(ann.bearer)
    me = (await ann.call("GET", "/api/v1/me")).json()
    assert me["person"]["role"] == "broadcaster" and "publish" in me["rights"]
    people = (await place.owner("GET", "/api/v1/sessions/studio/people")).json()["people"]
    assert next(one for one in people if one["id"] == ann.id)["publishing"] == ["audio", "video"]


async def test_an_open_line_learns_of_the_role_and_everyone_is_told(place: Place) -> None:
    eva, tom, mia = await place.join("Eva", "admin"), await place.join("Tom"), await place.join("Mia")
    async with tom.socket() as line, mia.socket() as viewer:
        await line.until("welcome")
        await viewer.until("welcome")
        await line.send("command", action="record_start", target="", text="")
        assert (await line.until("error"))["data"]["code"] == "no_right"
        await eva.command("promote", tom.id, "well done", role="director")
        told = await line.until("command")
        assert told["data"]["role"] == "director" and told["data"]["words"].startswith("Eva made you a director.")
        changed = await viewer.until("person.changed")
        assert changed["data"]["person"] == {"id": tom.id, "name": "Tom", "role": "director"}
        assert "command" not in [message["type"] for message in viewer.seen]
        await place.host()
        await line.send("command", action="record_start", target="", text="")
        told = await line.until("command.done", action="record_start")
        assert told["data"]["outcome"] == "failed"  # no studio is connected
        await eva.command("demote", tom.id, role="viewer")
        await line.until("command", action="demote")
        await line.send("command", action="record_stop", target="", text="")
        assert (await line.until("error"))["data"]["code"] == "no_right"


async def test_a_demoted_host_is_off_the_air_and_does_not_come_back_by_their_link(place: Place) -> None:
    eva, link = await place.join("Eva", "admin"), await place.invite("broadcaster", label="co-host")
    body = {"invite": link["invite"], "name": "Bob"}
    joined = (await place.call("POST", "/api/v1/join", json=body)).json()
    bob = Guest(place, joined["bearer"], joined["person"])
    resource = await place.go_live(bob.bearer)
    async with bob.socket() as studio, eva.socket() as admin:
        await studio.until("welcome")
        await admin.until("welcome")
        id = (await eva.command("demote", bob.id, role="viewer")).json()["id"]
        (ended,) = place.router.told_of(EndPublisher)
        assert (ended.person, ended.why) == (bob.id, EndReason.REVOKED)
        assert (await studio.until("command"))["data"]["action"] == "demote"
        assert (await studio.until("notice"))["data"]["level"] == "alarm"
        done = await admin.until("command.done", id=id)
        assert done["data"]["outcome"] == "done" and "The link they came by is dead." in done["data"]["words"]
        await place.router.publisher_stopped(resource, EndReason.REVOKED)
        assert (await admin.until("session.state"))["data"]["state"] == "ended"
    again = await bob.call("POST", "/whip/studio", content=OFFER, headers=SDP)
    assert (again.status_code, again.json()["code"]) == (403, "no_right")
    assert (await bob.call("POST", "/whep/studio", content=OFFER, headers=SDP)).status_code == 201, "they may watch"
    back = await place.call("POST", "/api/v1/join", bob.bearer, json=body)
    assert back.json()["code"] == "invite_revoked"


async def test_who_is_promoted_out_of_the_stage_is_off_the_air_too(place: Place) -> None:
    """An admin or a director does not send."""
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")
    await place.go_live(bob.bearer)
    await eva.command("promote", bob.id, role="director")
    (ended,) = place.router.told_of(EndPublisher)
    assert (ended.person, ended.why) == (bob.id, EndReason.REVOKED)
    again = await bob.call("POST", "/whip/studio", content=OFFER, headers=SDP)
    assert again.json()["code"] == "no_right"


async def test_a_demotion_beats_a_reconnect_that_is_under_way(place: Place) -> None:
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")
    place.router.deaf = True
    coming = asyncio.create_task(bob.call("POST", "/whip/studio", content=OFFER, headers=SDP))
    while not place.router.told_of(Offer):
        await asyncio.sleep(0.01)
    place.router.deaf = False
    await eva.command("demote", bob.id, role="guest")
    place.router._answer(place.router.told_of(Offer)[-1])
    assert (await coming).json()["code"] == "no_right"
    assert place.router.told_of(EndResource)[-1].resource == "r1"


async def test_what_the_router_carries_for_a_demoted_person_ends_when_it_tells(place: Place) -> None:
    """The router was away when the command was given."""
    bob = await place.join("Bob", "broadcaster")
    eva = await place.join("Eva", "admin")
    await place.go_live(bob.bearer)
    place.house.line.up = False
    await eva.command("demote", bob.id, role="viewer")
    assert place.router.told_of(EndPublisher) == []
    await place.router.say(place.router.state())
    (ended,) = place.router.told_of(EndResource)
    assert ended.why is EndReason.REVOKED


@pytest.mark.parametrize(
    ("by", "action", "whom", "role", "code"),
    [
        ("admin", "promote", "viewer", "admin", "no_right"),
        ("admin", "demote", "other admin", "viewer", "no_right"),
        ("admin", "promote", "other admin", "admin", "no_right"),
        ("owner", "promote", "viewer", "admin", ""),
        ("owner", "demote", "other admin", "director", ""),
        ("admin", "demote", "host", "viewer", "no_right"),
        ("owner", "demote", "host", "viewer", "no_right"),
        ("owner", "promote", "host", "admin", "no_right"),
        ("admin", "demote", "admin", "viewer", "bad_request"),
        ("admin", "promote", "viewer", "owner", "bad_request"),
        ("admin", "promote", "viewer", None, "bad_request"),
        ("admin", "promote", "viewer", "king", "bad_request"),
        ("admin", "demote", "viewer", "guest", "bad_request"),
        ("admin", "promote", "broadcaster", "guest", "bad_request"),
        ("admin", "promote", "guest", "director", ""),
        ("admin", "promote", "viewer", "viewer", ""),
        ("admin", "promote", "nobody", "guest", "not_found"),
        ("admin", "promote", "", "guest", "not_found"),
        ("admin", "promote", "all", "guest", "bad_request"),
    ],
)
async def test_who_may_make_whom_what(
    place: Place, by: str, action: str, whom: str, role: str | None, code: str
) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    targets = {"admin": eva.id, "host": host.id, "nobody": "p_nobody", "": "", "all": "all"}
    if whom == "other admin":
        targets[whom] = (await place.join("Tom", "admin")).id
    elif whom not in targets:
        targets[whom] = (await place.join("Ann", whom if whom != "guest" else "viewer")).id
        if whom == "guest":
            await eva.command("promote", targets[whom], role="guest")
    body = {"id": "command-x", "action": action, "target": targets[whom], **({"role": role} if role else {})}
    bearer = OWNER_TOKEN if by == "owner" else eva.bearer
    answer = await place.call("POST", "/api/v1/sessions/studio/commands", bearer, json=body)
    assert (answer.json().get("code", ""), answer.status_code == 200) == (code, not code), answer.text
    people = (await place.owner("GET", "/api/v1/sessions/studio/people")).json()["people"]
    now = {one["id"]: one["role"] for one in people}
    if not code and targets[whom] in now:
        assert now[targets[whom]] == role
    if code and role != "king":
        (line,) = [line for line in await place.audit() if line["command"] == "command-x"]
        assert line["outcome"] == "refused" and line["words"]


async def test_an_admin_who_is_demoted_gives_no_further_command(place: Place) -> None:
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    async with eva.socket() as line:
        await line.until("welcome")
        await owner_commands(place, "demote", eva.id, role="viewer")
        await line.send("command", action="kick", target=ann.id, text="")
        assert (await line.until("error"))["data"]["code"] == "no_right"
    assert (await eva.command("kick", ann.id)).json()["code"] == "no_right"
    assert (await ann.call("GET", "/api/v1/me")).status_code == 200


async def test_what_waits_for_its_turn_is_not_done_for_an_admin_who_was_demoted_meanwhile(place: Place) -> None:
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    async with place.house.commands._turn["studio"]:
        first = asyncio.create_task(owner_commands(place, "demote", eva.id, role="viewer"))
        while not place.house.commands._turn["studio"]._waiters:
            await asyncio.sleep(0.01)
        late = asyncio.create_task(eva.command("kick", ann.id))
        while len(place.house.commands._turn["studio"]._waiters or ()) < 2:
            await asyncio.sleep(0.01)
    assert (await first).status_code == 200
    assert (await late).json()["code"] == "no_right"
    assert (await ann.call("GET", "/api/v1/me")).status_code == 200
