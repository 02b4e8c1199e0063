"""A kick: out of the session with tokens, media and the link they came by, until let back in."""

from __future__ import annotations

import asyncio
import json

import pytest

from studio.server import commands
from studio.server.router_pipe import EndPerson, EndReason, EndTokens
from tests.fakes.server_house import OFFER, Place

SDP = {"Content-Type": "application/sdp"}


async def test_a_kick_kills_the_tokens_and_the_media_and_shows_the_person_out(place: Place) -> None:
    eva, host, ann = await place.join("Eva", "admin"), await place.host(), await place.join("Ann")
    async with ann.socket() as kicked, host.socket() as watching:
        await kicked.until("welcome")
        await watching.until("welcome")
        await eva.command("kick", ann.id, "spam")
        assert [(order.person, order.why) for order in place.router.told_of(EndPerson)] == [(ann.id, EndReason.REMOVED)]
        command = await kicked.until("command")
        assert command["data"]["action"] == "kick" and "spam" in command["data"]["words"]
        assert await kicked.closed() == 4403
        left = await watching.until("presence.left")
        assert left["data"]["why"] == "removed"
    for method, path in (("GET", "/api/v1/me"), ("GET", "/api/v1/sessions/studio")):
        answer = await ann.call(method, path)
        assert (answer.status_code, answer.json()["code"]) == (403, "removed")
    assert (await ann.call("POST", "/whep/studio", content=OFFER, headers=SDP)).json()["code"] == "removed"
    async with ann.socket() as line:
        assert await line.closed() == 4403


async def test_a_router_that_answers_too_late_is_told_all_of_a_kick(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva, old = await place.join("Eva", "admin"), await place.invite()
    body = {"invite": old["invite"], "name": "Troll"}
    troll = (await place.call("POST", "/api/v1/join", json=body)).json()["person"]["id"]
    monkeypatch.setattr(commands, "ROUTER_LIMIT_S", 0.05)
    place.router.deaf = True
    kicked = asyncio.create_task(eva.command("kick", troll))
    while not (told := place.router.told_of(EndPerson)):
        await asyncio.sleep(0)
    assert [order.tokens for order in place.router.told_of(EndTokens)] == [(f"invite:{old['id']}",)], "one wait for all"
    assert [order.person for order in told] == [troll]
    assert (await kicked).status_code == 200


async def test_who_was_kicked_does_not_come_back_by_the_old_link_but_by_a_new_one(place: Place) -> None:
    eva = await place.join("Eva", "admin")
    invite = await place.invite()
    own = {"Origin": place.base}
    joined = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "Ann"}, headers=own)
    await eva.command("kick", joined.json()["person"]["id"])
    own["Cookie"] = joined.headers["set-cookie"].split(";")[0]
    body = {"invite": invite["invite"], "name": "Other"}
    assert (await place.call("POST", "/api/v1/join", json=body, headers=own)).json()["code"] == "removed"
    same_name = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "ann"})
    assert same_name.json()["code"] == "removed"
    place.wall.forward(2)
    fresh = await place.invite()
    back = await place.call("POST", "/api/v1/join", json={"invite": fresh["invite"], "name": "Ann"}, headers=own)
    assert back.status_code == 200


async def test_a_kick_kills_the_link_the_person_came_by_and_makes_a_new_one(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    old = await place.invite(label="window")
    body = {"invite": old["invite"]}
    troll = (await place.call("POST", "/api/v1/join", json={**body, "name": "Troll"})).json()["person"]["id"]
    mia = (await place.call("POST", "/api/v1/join", json={**body, "name": "Mia"})).json()["bearer"]
    bare = await place.call("POST", "/whep/studio", old["invite"], content=OFFER, headers=SDP)
    assert bare.status_code == 201
    async with eva.socket() as admin:
        await admin.until("welcome")
        id = (await eva.command("kick", troll)).json()["id"]
        done = await admin.until("command.done", id=id)
        assert done["data"]["outcome"] == "done"
        assert "The link they came by is dead; a new one has been made." in done["data"]["words"]
    private = await place.call("POST", "/api/v1/join", json={**body, "name": "Troll 2"})
    assert (private.status_code, private.json()["code"]) == (403, "invite_revoked")
    bare = await place.call("POST", "/whep/studio", old["invite"], content=OFFER, headers=SDP)
    assert (bare.status_code, bare.json()["code"]) == (403, "invite_revoked")
    assert [(order.tokens, order.why) for order in place.router.told_of(EndTokens)] == [
        ((f"invite:{old['id']}",), EndReason.REVOKED)
    ]
    for path in ("/api/v1/me", "/api/v1/sessions/studio"):
        assert (await place.call("GET", path, mia)).status_code == 200, "who came by it too stays"
    assert (await place.call("POST", "/whep/studio", mia, content=OFFER, headers=SDP)).status_code == 201
    links = (await place.call("GET", "/api/v1/sessions/studio/invites", host.bearer)).json()["invites"]
    (fresh,) = [one for one in links if one["label"] == "window" and not one["revoked"]]
    assert fresh["link"] and fresh["invite"] != old["invite"] and fresh["uses"] == 0
    comes = await place.call("POST", "/api/v1/join", json={"invite": fresh["invite"], "name": "Leo"})
    assert comes.status_code == 200
    audit = await place.audit()
    told = [(line["action"], line["target"], line["actor_id"]) for line in audit]
    assert ("invite.revoked", old["id"], eva.id) in told and ("invite.made", fresh["id"], eva.id) in told
    assert old["invite"] not in json.dumps(audit) and fresh["invite"] not in json.dumps(audit)


async def test_who_is_let_back_in_comes_by_the_new_link_and_not_by_the_dead_one(place: Place) -> None:
    eva = await place.join("Eva", "admin")
    old = await place.invite(label="window")
    body = {"invite": old["invite"], "name": "Ann"}
    ann = (await place.call("POST", "/api/v1/join", json=body)).json()["person"]["id"]
    await eva.command("kick", ann)
    await eva.command("readmit", ann)
    assert (await place.call("POST", "/api/v1/join", json=body)).json()["code"] == "invite_revoked"
    links = (await place.owner("GET", "/api/v1/sessions/studio/invites")).json()["invites"]
    (fresh,) = [one for one in links if one["label"] == "window" and not one["revoked"]]
    back = await place.call("POST", "/api/v1/join", json={"invite": fresh["invite"], "name": "Ann"})
    assert back.status_code == 200
    await eva.command("kick", back.json()["person"]["id"])
    links = (await place.owner("GET", "/api/v1/sessions/studio/invites")).json()["invites"]
    assert sorted(one["revoked"] for one in links if one["label"] == "window") == [False, True, True]


@pytest.mark.parametrize(
    ("role", "uses", "words", "left"),
    [
        ("viewer", 1, "The link they came by is dead.", 0),
        ("viewer", 3, "a new one has been made", 1),
        ("broadcaster", 0, "The link they came by is dead.", 0),
        ("admin", 0, "", 0),
    ],
)
async def test_only_a_viewers_link_that_was_still_good_is_made_anew(
    place: Place, role: str, uses: int, words: str, left: int
) -> None:
    eva, old = await place.join("Eva", "admin"), await place.invite(role, uses=uses, label="theirs")
    joined = await place.call("POST", "/api/v1/join", json={"invite": old["invite"], "name": "Ann"})
    order = {"id": "command-1", "action": "kick", "target": joined.json()["person"]["id"]}
    by = place.owner if role == "admin" else eva.call  # an admin puts no admin out
    assert (await by("POST", "/api/v1/sessions/studio/commands", json=order)).status_code == 200
    told = next(line["words"] for line in await place.audit() if line["action"] == "command.done")
    assert words in told and ("link" in told) is bool(words)
    links = (await place.owner("GET", "/api/v1/sessions/studio/invites")).json()["invites"]
    good = [one["uses"] for one in links if one["label"] == "theirs" and not one["revoked"]]
    assert good == ([1] if role == "admin" else [2] if left else [])


async def test_a_kicked_host_leaves_every_link_as_it_is(place: Place) -> None:
    eva, host, old = await place.join("Eva", "admin"), await place.host(), await place.invite()
    await eva.command("kick", host.id)
    joined = await place.call("POST", "/api/v1/join", json={"invite": old["invite"], "name": "Ann"})
    assert joined.status_code == 200
    assert "invite.revoked" not in [line["action"] for line in await place.audit()]


async def test_a_kicked_host_acknowledges_and_is_out_until_let_back_in(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await place.go_live(host.bearer)
    async with host.socket() as studio, eva.socket() as admin:
        await studio.until("welcome")
        await admin.until("welcome")
        await eva.command("kick", host.id)
        command = await studio.until("command")
        await studio.send("chat.send", text="I am still here")
        assert (await studio.until("error"))["data"]["code"] == "removed"
        await studio.done(command["id"], "done", "Off the air.")
        done = await admin.until("command.done")
        assert done["data"]["words"] == "Off the air."
        assert await studio.closed() == 4403
    await place.router.publisher_stopped("r1", EndReason.REMOVED)
    for bearer in (host.bearer, "the-owner-of-the-machine"):
        refused = await place.call("POST", "/whip/studio", bearer, content=OFFER, headers=SDP)
        assert (refused.status_code, refused.json()["code"]) == (403, "removed")
    assert (await place.owner("POST", "/api/v1/join", json={})).json()["code"] == "removed"
    people = (await eva.call("GET", "/api/v1/sessions/studio/people")).json()["people"]
    assert [person["id"] for person in people if person["removed"]] == [host.id]
    await eva.command("readmit", host.id)
    assert (await host.call("GET", "/api/v1/me")).json()["code"] == "not_signed_in", "a dead token stays dead"
    again = await place.host()
    assert again.id == host.id
    await place.go_live(again.bearer)
