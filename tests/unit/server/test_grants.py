"""Grants with ends: set by admins, told beforehand, refused and cut off when they are over; one alone, or all."""

from __future__ import annotations

from typing import Any

import jwt
import pytest

from studio.server.router_pipe import EndReason, EndTokens, GrantEnds, Offer, Picture, SetEnds
from studio.token.grants import Grant
from tests.fakes.server_house import OFFER, Guest, Place, fresh_id

SDP = {"Content-Type": "application/sdp"}
ALL = [grant.value for grant in Grant]


async def limit(admin: Guest, target: str, **seconds: int | None) -> dict[str, Any]:
    answer = await admin.command("grant", target, ends=seconds)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def pass_time(place: Place, seconds: float) -> None:
    place.wall.forward(seconds)
    await place.house.sweep()


async def test_a_camera_that_runs_out_is_told_twice_before_and_once_at_its_end(place: Place) -> None:
    eva, bob, ann = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster"), await place.join("Ann")
    await place.go_live(bob.bearer)
    async with bob.socket() as studio, eva.socket() as admin, ann.socket() as viewer:
        for line in (studio, admin, viewer):
            await line.until("welcome")
        await limit(eva, bob.id, camera=90, microphone=600)
        end_s = place.wall.now_ms() // 1000 + 90
        (told,) = place.router.told_of(SetEnds)
        assert (told.person, told.ends) == (
            bob.id,
            GrantEnds(camera_ms=end_s * 1000, microphone_ms=end_s * 1000 + 510_000),
        )
        assert "camera ends in 1 minute 30 seconds" in (await studio.until("command"))["data"]["words"]
        for seconds, left_s in ((29, None), (1, 60), (49, None), (1, 10), (9, None), (1, 0)):
            await pass_time(place, seconds)
            if left_s is None:
                continue
            for line in (studio, admin):
                data = (await line.until("grant"))["data"]
                assert (data["person"], data["grants"], data["left_s"]) == (bob.id, ["camera"], left_s)
                assert data["words"].startswith("Your camera ") and data["about"].startswith("Bob: camera ")
        state = (await viewer.until("session.state", why="time", over_video=True))["data"]
        assert (state["state"], state["over_audio"], state["muted_video"]) == ("live", False, False)
        assert "grant" not in {message["type"] for message in viewer.seen}
        assert [one["data"]["left_s"] for one in studio.seen if one["type"] == "grant"] == [60, 10, 0]
    assert [line["words"] for line in await place.audit() if line["action"] == "grant.over"] == ["Bob: camera is over."]
    status = (await ann.call("GET", "/api/v1/sessions/studio")).json()
    assert (status["over_video"], status["over_audio"]) == (True, False)


async def test_one_end_for_all_is_told_in_one_word(place: Place) -> None:
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")
    async with bob.socket() as line:
        await line.until("welcome")
        await limit(eva, bob.id, **dict.fromkeys(ALL, 45))
        await pass_time(place, 36)
        data = (await line.until("grant"))["data"]
        assert (data["grants"], data["left_s"]) == (ALL, 10), "a minute before had passed when it was set"


async def test_what_is_over_goes_on_when_an_admin_gives_more_and_all_of_it_is_audited(place: Place) -> None:
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")
    resource = await place.go_live(bob.bearer)
    async with bob.socket() as line:
        await line.until("welcome")
        await limit(eva, bob.id, camera=0)
        await pass_time(place, 0)
        assert (await line.until("grant"))["data"]["left_s"] == 0
        await limit(eva, bob.id, camera=300)
        await limit(eva, bob.id, camera=None)
    ends = [order.ends.camera_ms - place.wall.now_ms() for order in place.router.told_of(SetEnds)]
    assert ends[0] <= 0 < ends[1] and place.router.told_of(SetEnds)[2].ends == GrantEnds()
    assert resource in place.router.resources, "nobody had to connect anew"
    audit = [line for line in await place.audit() if line["action"] in ("grant", "grant.over")]
    assert [(line["action"], line["actor_name"], line["target_name"]) for line in audit] == [
        ("grant", "Eva", "Bob"), ("grant.over", "Stoa", "Bob"), ("grant", "Eva", "Bob"), ("grant", "Eva", "Bob"),
    ]  # fmt: skip
    assert "camera ends in 5 minutes" in audit[2]["words"] and "camera without an end" in audit[3]["words"]


async def test_who_may_write_no_longer_is_refused_in_words_and_still_reads(place: Place) -> None:
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    await limit(eva, ann.id, data=10)
    assert (await ann.say("In time.")).status_code == 200
    await pass_time(place, 10)
    for refused in (await ann.say("Too late."), await ann.ask("hand", up=True)):
        assert (refused.status_code, refused.json()["code"]) == (403, "time_over")
        assert refused.json()["message"] == "Your time to write here is over." and refused.json()["remedy"]
    async with ann.socket() as line:
        await line.until("welcome")
        id = await line.send("chat.typing", channel="all")
        assert (await line.until("error"))["data"]["code"] == "time_over", id
        await eva.say("Thank you, Ann.")
        assert (await line.until("chat.message"))["data"]["text"] == "Thank you, Ann."
    assert await ann.texts() == ["In time.", "Thank you, Ann."]
    await limit(eva, ann.id, data=None)
    assert (await ann.say("Again.")).status_code == 200


async def test_whose_time_is_over_is_out_in_words_and_comes_back_when_given_more(place: Place) -> None:
    eva, link = await place.join("Eva", "admin"), await place.invite()
    body = {"invite": link["invite"], "name": "Ann"}
    joined = (await place.call("POST", "/api/v1/join", json=body)).json()
    ann = Guest(place, joined["bearer"], joined["person"])
    async with ann.socket() as line, eva.socket() as admin:
        await line.until("welcome")
        await admin.until("welcome")
        await limit(eva, ann.id, join=5)
        await pass_time(place, 5)
        assert await line.closed() == 4411
        assert [one["data"]["left_s"] for one in line.seen if one["type"] == "grant"] == [0]
        assert (await admin.until("presence.left"))["data"]["why"] == "time_over"
    for answer in (
        await ann.call("GET", "/api/v1/me"),
        await ann.call("POST", "/whep/studio", content=OFFER, headers=SDP),
        await place.call("POST", "/api/v1/join", ann.bearer, json=body),
        await place.call("POST", "/api/v1/join", json=body),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "time_over"), answer.text
        assert answer.json()["message"] == "Your time in this session is over."
    async with ann.socket() as line:
        assert await line.closed() == 4411
    await limit(eva, ann.id, join=60)
    again = await place.call("POST", "/api/v1/renew", json={"renewal": joined["renewal"]})
    assert again.json()["person"]["id"] == ann.id


@pytest.mark.parametrize(("now", "left"), [(True, False), (False, False), (False, True)])
async def test_with_somebodys_time_ends_the_link_they_came_by_and_the_others_stay(
    place: Place, now: bool, left: bool
) -> None:
    eva, link = await place.join("Eva", "admin"), await place.invite(label="poster")
    body = {"invite": link["invite"]}
    ann, mia = [
        (await place.call("POST", "/api/v1/join", json={**body, "name": name})).json() for name in ("Ann", "Mia")
    ]
    bare = await place.call("POST", "/whep/studio", link["invite"], content=OFFER, headers=SDP)
    assert bare.status_code == 201
    async with eva.socket() as admin:
        await admin.until("welcome")
        await limit(eva, ann["person"]["id"], join=0 if now else 100)
        words = (await admin.until("command.done"))["data"]["words"]
        assert ("a new one has been made" if now else "the link they came by ends with it") in words
        if not now:
            assert (await place.call("POST", "/api/v1/join", json={**body, "name": "Lea"})).status_code == 200
            if left:
                await place.call("POST", "/api/v1/leave", ann["bearer"])
            await pass_time(place, 100)
            if not left:
                told = (await admin.until("grant", left_s=0))["data"]
                assert told["about"].endswith("The link they came by is dead; a new one has been made.")
        await pass_time(place, 1)
    private = await place.call("POST", "/api/v1/join", json={**body, "name": "Zoe"})
    assert (private.status_code, private.json()["code"]) == (403, "invite_revoked")
    bare = await place.call("POST", "/whep/studio", link["invite"], content=OFFER, headers=SDP)
    assert (bare.status_code, bare.json()["code"]) == (403, "invite_revoked")
    ended = [order.tokens for order in place.router.told_of(EndTokens) if order.why is EndReason.REVOKED]
    assert ended == [(f"invite:{link['id']}",)]
    assert (await place.call("GET", "/api/v1/me", mia["bearer"])).status_code == 200, "who came by it too stays"
    links = (await place.owner("GET", "/api/v1/sessions/studio/invites")).json()["invites"]
    (fresh,) = [one for one in links if one["label"] == "poster" and not one["revoked"]]
    assert (
        await place.call("POST", "/api/v1/join", json={"invite": fresh["invite"], "name": "Leo"})
    ).status_code == 200
    await limit(eva, ann["person"]["id"], join=0)
    links = (await place.owner("GET", "/api/v1/sessions/studio/invites")).json()["invites"]
    assert [one["id"] for one in links if one["label"] == "poster" and not one["revoked"]] == [fresh["id"]]


async def test_the_name_of_who_had_their_time_is_free_again_after_a_day(place: Place) -> None:
    eva, mia = await place.join("Eva", "admin"), await place.join("Mia")
    await limit(eva, mia.id, join=60)
    place.wall.ms += 3_600_000
    invite = (await place.invite())["invite"]
    body = {"invite": invite, "name": "Mia"}
    assert (await place.call("POST", "/api/v1/join", json=body)).json()["code"] == "time_over"
    place.wall.ms += 86_400_000
    assert (await place.call("POST", "/api/v1/join", json=body)).status_code == 200


async def test_who_may_send_neither_sound_nor_picture_does_not_go_live(place: Place) -> None:
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")
    await limit(eva, bob.id, camera=0, screen=0)
    first = await bob.call("POST", "/whip/studio?picture=screen", content=OFFER, headers=SDP)
    assert first.status_code == 201
    (offer,) = place.router.told_of(Offer)
    now_ms = place.wall.now_ms()
    assert offer.picture is Picture.SCREEN and offer.ends.screen_ms <= now_ms and offer.ends.microphone_ms == 0
    await limit(eva, bob.id, microphone=0)
    refused = await bob.call("POST", "/whip/studio", content=OFFER, headers=SDP)
    assert (refused.status_code, refused.json()["code"]) == (403, "time_over")
    wrong = await bob.call("POST", "/whip/studio?picture=cinema", content=OFFER, headers=SDP)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad_request")


async def test_another_word_for_the_picture_does_not_get_around_the_cameras_end(place: Place) -> None:
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")

    async def whip(picture: str) -> tuple[int, str]:
        answer = await bob.call("POST", f"/whip/studio?picture={picture}", content=OFFER, headers=SDP)
        if answer.status_code == 201:
            resource = answer.headers["Location"].removeprefix("/media/")
            await place.router.publisher_started(resource)
        return answer.status_code, answer.json()["message"] if answer.status_code != 201 else ""

    assert (await whip("camera"))[0] == 201
    await bob.call("POST", "/whip/studio?picture=screen", content=OFFER, headers=SDP)  # said, and never on air
    await limit(eva, bob.id, camera=50)
    assert (await whip("screen"))[0] == 201
    assert place.router.told_of(Offer)[-1].picture is Picture.CAMERA, "it ends with the camera"
    await pass_time(place, 50)
    status, words = await whip("screen")
    assert status == 403 and words.startswith("Your time to send a picture is over.")
    assert (await whip("camera"))[0] == 201, "the sound goes on"
    await limit(eva, bob.id, screen=100)
    assert (await whip("screen"))[0] == 201
    assert place.router.told_of(Offer)[-1].picture is Picture.SCREEN


@pytest.mark.parametrize("restarted", [True, False])
async def test_a_screen_that_was_sent_before_outlives_the_cameras_end(place: Place, restarted: bool) -> None:
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")
    for seconds in (None, 0):
        if seconds is not None:
            await limit(eva, bob.id, camera=seconds)
        if seconds is not None and restarted:
            place.house.on_air._pictures.clear()
            await place.router.say(place.router.state())
        answer = await bob.call("POST", "/whip/studio?picture=screen", content=OFFER, headers=SDP)
        assert answer.status_code == 201, answer.text
        await place.router.publisher_started(answer.headers["Location"].removeprefix("/media/"))
        assert place.router.told_of(Offer)[-1].picture is Picture.SCREEN


async def test_ends_that_change_while_the_router_answers_hold(place: Place) -> None:
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")
    original = place.house.line.ask

    async def ask(reply: Any, make: Any, **more: Any) -> Any:
        answer = await original(reply, make, **more)
        if isinstance(make(0), Offer):
            place.house.line.ask = original  # type: ignore[method-assign]
            await limit(eva, bob.id, camera=0)
            place.router.told.clear()
        return answer

    place.house.line.ask = ask  # type: ignore[method-assign]
    await bob.call("POST", "/whip/studio", content=OFFER, headers=SDP)
    (told,) = place.router.told_of(SetEnds)
    assert told.person == bob.id and 0 < told.ends.camera_ms <= place.wall.now_ms()


async def test_a_router_that_was_away_is_told_the_ends_again(place: Place) -> None:
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")
    ann = await place.join("Ann")
    await place.go_live(bob.bearer)
    await ann.call("POST", "/whep/studio", content=OFFER, headers=SDP)
    await limit(eva, bob.id, microphone=100)
    await limit(eva, ann.id, join=100)
    place.router.told.clear()
    await place.router.say(place.router.state())
    assert {order.person for order in place.router.told_of(SetEnds)} == {bob.id, ann.id}


async def test_what_a_restart_missed_is_told_once(place: Place) -> None:
    eva, bob = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster")
    await limit(eva, bob.id, screen=100, data=300)
    place.wall.forward(200)
    await place.house.begin()
    await place.house.sweep()
    await pass_time(place, 45)
    async with bob.socket(after=0) as line:
        await line.until("welcome")
        told = [(one["data"]["grants"], one["data"]["left_s"]) for one in line.seen if one["type"] == "grant"]
    assert told == [(["screen"], 0), (["data"], 60)]


async def test_a_token_says_the_ends_and_never_more_than_the_role(place: Place) -> None:
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    now_s = place.wall.now_ms() // 1000
    await limit(eva, ann.id, join=300, camera=100, data=100)
    invite = await place.invite()
    again = await place.call("POST", "/api/v1/join", ann.bearer, json={"invite": invite["invite"], "name": "Ann"})
    claims = jwt.decode(again.json()["bearer"], options={"verify_signature": False})
    assert claims["stoa"] == {"ends": {"join": now_s + 300, "data": now_s + 100}} and claims["exp"] == now_s + 300
    assert claims["video"]["canPublish"] is False and claims["video"]["canPublishSources"] == []


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ({}, 400), ({"camera": -1}, 400), ({"camera": 366 * 86400 + 1}, 400), ({"camera": 1.5}, 400),
        ({"camera": "60"}, 400), ({"camera": True}, 400), ({"hat": 60}, 400), ([], 400), (None, 400),
    ],
)  # fmt: skip
async def test_what_is_no_end_is_refused(place: Place, ends: object, status: int) -> None:
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    answer = await eva.command("grant", ann.id, ends=ends)
    assert answer.status_code == status, answer.text
    assert (await eva.command("kick", ann.id, ends={"camera": 60})).status_code == 400
    assert place.router.told_of(SetEnds) == []


async def test_nobody_sets_their_own_time_and_only_the_owner_an_admins(place: Place) -> None:
    eva, kim, host = await place.join("Eva", "admin"), await place.join("Kim", "admin"), await place.host()
    assert (await eva.command("grant", eva.id, ends={"join": 60})).status_code == 400
    assert (await eva.command("grant", kim.id, ends={"join": 60})).json()["code"] == "no_right"
    assert (await eva.command("grant", host.id, ends={"camera": 60})).status_code == 200
    order = {"id": fresh_id("command"), "action": "grant", "ends": {"join": 60}}
    path = "/api/v1/sessions/studio/commands"
    assert (await place.owner("POST", path, json={**order, "target": host.id})).status_code == 400
    assert (
        await place.owner("POST", path, json={**order, "target": kim.id, "id": fresh_id("command")})
    ).status_code == 200


async def test_a_command_that_comes_twice_sets_the_time_once(place: Place) -> None:
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    first = await eva.command("grant", ann.id, id="command-time", ends={"camera": 60})
    place.wall.forward(30)
    again = await eva.command("grant", ann.id, id="command-time", ends={"camera": 60})
    assert (first.json()["already"], again.json()["already"]) == (False, True)
    other = await eva.command("grant", ann.id, id="command-time", ends={"camera": 600})
    assert other.json()["code"] == "id_used"
    assert len(place.router.told_of(SetEnds)) == 1


async def test_ends_are_shown_to_themselves_and_to_admins_only(place: Place) -> None:
    eva, ann, zoe = await place.join("Eva", "admin"), await place.join("Ann"), await place.join("Zoe")
    for guest in (ann, zoe):
        await guest.call("GET", "/api/v1/me")
    await limit(eva, ann.id, camera=60, data=None)
    end = {"camera": place.wall.now_ms() // 1000 + 60}
    async with ann.socket() as one, zoe.socket() as two:
        await one.until("welcome")
        await two.until("welcome")
        seen = {}
        for guest in (eva, ann, zoe):
            people = (await guest.call("GET", "/api/v1/sessions/studio/people")).json()["people"]
            seen[guest.name] = next(person["ends"] for person in people if person["id"] == ann.id)
    assert seen == {"Eva": end, "Ann": end, "Zoe": {}}
    assert (await ann.call("GET", "/api/v1/me")).json()["person"]["ends"] == end


async def test_the_owner_is_told_as_the_sessions_host_and_no_other_host_is(place: Place) -> None:
    host, bob, lin = await place.host(), await place.join("Bob", "broadcaster"), await place.join("Lin")
    async with host.socket() as owner, bob.socket() as other, lin.socket() as person:
        for line in (owner, other, person):
            await line.until("welcome")
        order = {"id": fresh_id("command"), "action": "grant", "target": lin.id, "ends": {"data": 10}}
        assert (await place.owner("POST", "/api/v1/sessions/studio/commands", json=order)).status_code == 200
        await pass_time(place, 10)
        for line in (owner, person):
            assert (await line.until("grant"))["data"]["about"] == "Lin: chat is over."
        await bob.say("Still here.")
        await other.until("chat.message", text="Still here.")
        assert "grant" not in {message["type"] for message in other.seen}
