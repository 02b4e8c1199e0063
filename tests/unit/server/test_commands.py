"""The admin's hand: on the server first, then on the studio, acknowledged, once, in order, and written down."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from websockets.asyncio.client import connect
from websockets.typing import Origin

from studio.server import commands
from studio.server.caller import Caller
from studio.server.messages import CommandAction
from studio.server.orders import Order
from studio.server.rights import Role
from studio.server.router_pipe import EndPerson, EndPublisher, EndReason, EndResource, MediaKind, Offer, SetMute
from tests.fakes.server_house import OFFER, Guest, Line, Place, running_house

SDP = {"Content-Type": "application/sdp"}


@pytest.mark.parametrize(
    ("action", "kind", "muted"),
    [
        ("mute_audio", MediaKind.AUDIO, True),
        ("mute_video", MediaKind.VIDEO, True),
        ("unmute_audio", MediaKind.AUDIO, False),
        ("unmute_video", MediaKind.VIDEO, False),
    ],
)
async def test_a_mute_holds_at_the_router_before_the_studio_hears_of_it(
    place: Place, action: str, kind: MediaKind, muted: bool
) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await place.go_live(host.bearer)
    if not muted:
        await eva.command(action.removeprefix("un"))
    async with host.socket() as studio, eva.socket() as admin:
        await studio.until("welcome")
        await admin.until("welcome")
        place.router.told.clear()
        answer = await eva.command(action, text="please")
        told = place.router.told_of(SetMute)
        assert [(order.person, order.kind, order.muted) for order in told] == [(host.id, kind, muted)]
        command = await studio.until("command")
        assert command["id"] == answer.json()["id"] and command["seq"] == answer.json()["seq"]
        assert command["data"]["action"] == action and command["from"]["name"] == "Eva"
        assert "Eva" in command["data"]["words"] and "please" in command["data"]["words"]
        notice = await studio.until("notice")
        assert notice["data"]["level"] == ("alarm" if muted else "information")
        await studio.done(command["id"], "done", "Obeyed.")
        done = await admin.until("command.done")
        assert done["data"] == {
            "id": command["id"],
            "action": action,
            "outcome": "done",
            "words": "Obeyed.",
            "by": host.id,
        }
        state = [m for m in admin.seen if m["type"] == "session.state"][-1]["data"]
        assert (state["muted_audio"] if kind is MediaKind.AUDIO else state["muted_video"]) is muted


async def test_who_goes_live_while_muted_is_muted_from_the_first_packet(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await eva.command("mute_audio")
    await place.go_live(host.bearer)
    offer = place.router.told_of(Offer)[-1]
    assert (offer.muted_audio, offer.muted_video) == (True, False)


async def test_viewers_see_that_the_sound_is_off_but_not_the_command(place: Place) -> None:
    eva, host, ann = await place.join("Eva", "admin"), await place.host(), await place.join("Ann")
    await place.go_live(host.bearer)
    async with ann.socket() as viewer:
        await viewer.until("welcome")
        await eva.command("mute_audio")
        state = await viewer.until("session.state")
        assert state["data"]["muted_audio"] is True and state["data"]["why"] == "muted"
        await eva.command("announce", text="We know about the sound.")
        notice = await viewer.until("notice")
        assert notice["data"]["text"] == "We know about the sound." and notice["data"]["to"] == "all"
        assert {message["type"] for message in viewer.seen} == {"welcome", "session.state", "notice"}


async def test_a_command_with_the_same_id_is_done_once(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await place.go_live(host.bearer)
    place.router.told.clear()
    first = await eva.command("mute_audio", id="command-1")
    second = await eva.command("mute_audio", id="command-1")
    assert (first.json()["already"], second.json()["already"]) == (False, True)
    assert len(place.router.told_of(SetMute)) == 1
    other = await eva.command("stop", id="command-1")
    assert (other.status_code, other.json()["code"]) == (409, "id_used")
    assert place.router.told_of(EndPublisher) == []


async def test_a_replay_is_written_down_once_for_all_that_come_together(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await place.go_live(host.bearer)

    async def replays() -> list[tuple[str, str, str, str]]:
        found = [line for line in await place.audit() if line["words"].startswith("Given again")]
        return [(line["actor_name"], line["action"], line["outcome"], line["command"]) for line in found]

    await eva.command("mute_audio", id="command-1")
    assert await replays() == []
    for _ in range(5):
        assert (await eva.command("mute_audio", id="command-1")).json()["already"] is True
    told = ("Eva", "mute_audio", "already", "command-1")
    assert await replays() == [told]
    place.clock.forward(commands.REPLAYS_TOLD_EVERY_S + 1)
    await eva.command("mute_audio", id="command-1")
    assert await replays() == [told, told]
    for number in range(25):
        place.clock.forward(1)
        await eva.command("mute_audio", id=f"command-many-{number}")
    place.clock.forward(60)
    for number in range(25):
        await eva.command("mute_audio", id=f"command-many-{number}")
    assert len(await replays()) == 2 + 20, "as many as refused ones, and no more"


async def test_another_admins_use_of_a_known_id_is_refused(place: Place) -> None:
    eva, max = await place.join("Eva", "admin"), await place.join("Max", "admin")
    await place.host()
    await eva.command("mute_audio", id="command-1")
    assert (await max.command("mute_audio", id="command-1")).status_code == 409


async def test_what_is_so_already_is_said_to_be(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await eva.command("mute_audio")
    async with host.socket() as studio, eva.socket() as admin:
        await studio.until("welcome")
        await admin.until("welcome")
        again = await eva.command("mute_audio")
        done = await admin.until("command.done", id=again.json()["id"])
        assert done["data"]["outcome"] == "already"
        await eva.command("unmute_audio")
        assert (await studio.until("command"))["data"]["action"] == "unmute_audio"
    lines = [line for line in await place.audit() if line["action"] == "mute_audio"]
    assert [(line["actor_name"], line["outcome"]) for line in lines] == [("Eva", "effective"), ("Eva", "already")]


async def test_two_admins_at_once_get_one_order_that_both_see(place: Place) -> None:
    eva, max, host = await place.join("Eva", "admin"), await place.join("Max", "admin"), await place.host()
    await place.go_live(host.bearer)
    async with eva.socket() as one, max.socket() as two:
        await one.until("welcome")
        await two.until("welcome")
        await asyncio.gather(
            *(admin.command(action) for action in ("mute_audio", "unmute_audio") * 3 for admin in (eva, max))
        )
        orders = [order.muted for order in place.router.told_of(SetMute)]
        head = (await place.owner("GET", "/api/v1/sessions/studio")).json()["seq"]
        for line in (one, two):
            while line.seen[-1]["seq"] < head:
                await line.next()
    seen = [
        [(m["seq"], m["id"], m["type"]) for m in line.seen if m["type"].startswith("command")] for line in (one, two)
    ]
    assert seen[0] == seen[1] and len(seen[0]) >= 12
    effective = [m["data"]["action"] == "mute_audio" for m in one.seen if m["type"] == "command"]
    assert effective[-1] == orders[-1]


async def test_stop_ends_the_session_until_an_admin_releases_it(place: Place) -> None:
    eva, host, ann = await place.join("Eva", "admin"), await place.host(), await place.join("Ann")
    await place.go_live(host.bearer)
    async with host.socket() as studio, ann.socket() as viewer:
        await studio.until("welcome")
        await viewer.until("welcome")
        await eva.command("stop")
        assert place.router.told_of(EndPublisher)[-1].why is EndReason.STOPPED
        assert (await studio.until("command"))["data"]["action"] == "stop"
        assert (await viewer.until("session.state"))["data"]["state"] == "ended"
    await place.router.publisher_stopped("r1", EndReason.STOPPED)
    for bearer in (host.bearer, "the-owner-of-the-machine"):
        refused = await place.call("POST", "/whip/studio", bearer, content=OFFER, headers=SDP)
        assert (refused.status_code, refused.json()["code"]) == (403, "session_stopped")
    status = (await place.owner("GET", "/api/v1/sessions/studio")).json()
    assert (status["state"], status["needs_release"]) == ("ended", True)
    body = {"id": "command-x", "action": "release"}
    by_owner = await place.owner("POST", "/api/v1/sessions/studio/commands", json=body)
    assert by_owner.status_code == 403, "only an admin may release"
    await eva.command("release")
    await place.go_live(host.bearer)
    status = (await place.owner("GET", "/api/v1/sessions/studio")).json()
    assert (status["state"], status["needs_release"]) == ("live", False)


async def test_a_stop_beats_a_reconnect_that_is_under_way(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await place.go_live(host.bearer)
    await place.router.publisher_stopped("r1", EndReason.LOST)
    place.router.deaf = True
    coming = asyncio.create_task(place.call("POST", "/whip/studio", host.bearer, content=OFFER, headers=SDP))
    while len(place.router.told_of(Offer)) < 2:
        await asyncio.sleep(0.01)
    offer = place.router.told_of(Offer)[-1]
    place.router.deaf = False
    await eva.command("stop")
    place.router._answer(offer)
    answer = await coming
    assert (answer.status_code, answer.json()["code"]) == (403, "session_stopped")
    assert place.router.told_of(EndResource)[-1].resource == "r2"


async def test_a_studio_that_does_not_answer_is_said_not_to_and_may_answer_late(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    async with host.socket() as studio, eva.socket() as admin:
        await studio.until("welcome")
        await admin.until("welcome")
        id = (await eva.command("stop")).json()["id"]
        place.clock.forward(10.1)
        await place.house.sweep()
        failed = await admin.until("command.done", id=id)
        assert failed["data"]["outcome"] == "failed" and "not answered" in failed["data"]["words"]
        await studio.done(id, "done", "Late, but done.")
        late = await admin.until("command.done", id=id)
        assert (late["data"]["outcome"], late["data"]["words"]) == ("done", "Late, but done.")
        await studio.done(id, "failed")
        assert (await studio.until("ack"))["data"]["already"] in (True, False)


async def test_without_a_studio_the_server_answers_and_the_studio_gets_the_command_later(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    async with eva.socket() as admin:
        await admin.until("welcome")
        id = (await eva.command("mute_video")).json()["id"]
        done = await admin.until("command.done", id=id)
        assert (done["data"]["outcome"], done["data"]["by"]) == ("done", "server")
        assert "not connected" in done["data"]["words"]
    async with host.socket(after=0) as studio:
        assert (await studio.until("command"))["id"] == id


async def test_a_host_in_a_browser_has_nothing_to_obey_and_is_not_waited_for(place: Place) -> None:
    admin, cora = await place.join("Eva", "admin"), await place.join("Cora", "broadcaster")
    url = f"{place.base.replace('http', 'ws', 1)}/api/v1/sessions/studio/events"
    bearer = {"Authorization": f"Bearer {cora.bearer}"}
    async with admin.socket() as seen, connect(url, origin=Origin(place.base), additional_headers=bearer) as page:
        await Line(page).until("welcome")
        for action, target, text in (("announce", "", "Five minutes."), ("kick", cora.id, "")):
            await admin.command(action, target, text)
            assert (await seen.until("command.done"))["data"]["outcome"] == "done", action
        assert await Line(page).closed() == 4403, "nor is there a farewell to wait for"


async def test_only_whom_a_command_is_for_may_acknowledge_it(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    cohost = await place.join("Cohost", "broadcaster")
    async with host.socket() as studio:
        await studio.until("welcome")
        id = (await eva.command("mute_audio")).json()["id"]
        path = f"/api/v1/sessions/studio/commands/{id}/done"
        assert (await cohost.call("POST", path, json={"outcome": "done"})).status_code == 404
        assert (await eva.call("POST", path, json={"outcome": "done"})).status_code == 403
        assert (await host.call("POST", path, json={"outcome": "done"})).json()["already"] is False
        assert (await host.call("POST", path, json={"outcome": "done"})).json()["already"] is True


async def test_commands_that_cannot_be_are_refused_in_words(place: Place) -> None:
    eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
    nobody = await eva.command("kick", "p_nobody")
    sends_nothing = await eva.command("mute_audio", ann.id)
    herself = await eva.command("kick", eva.id)
    empty = await eva.command("announce", text="  ")
    for answer, code in ((nobody, "not_found"), (sends_nothing, "bad_request"), (herself, "bad_request")):
        assert answer.json()["code"] == code and answer.json()["remedy"]
    assert empty.json()["code"] == "text_bad"
    assert place.router.told_of(SetMute) == place.router.told_of(EndPerson) == []


async def test_a_router_that_is_away_does_not_keep_a_command_from_holding(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    place.house.line.lost()
    await eva.command("mute_audio")
    place.house.line.up = True
    await place.go_live(host.bearer)
    assert place.router.told_of(Offer)[-1].muted_audio is True


async def test_a_command_that_a_crash_cut_in_two_is_finished_at_the_next_start(tmp_path: Path) -> None:
    async with running_house(tmp_path) as place:
        eva, ann = await place.join("Eva", "admin"), await place.join("Ann")
        caller = Caller(eva.id, "Eva", Role.ADMIN, "studio", "t")
        order = Order("command-cut", CommandAction.KICK, ann.id)
        await place.house.record.run(lambda t: commands._accept(t, caller, "studio", order))
    async with running_house(tmp_path) as place:
        eva = Guest(place, eva.bearer, {"id": eva.id, "name": "Eva"})
        async with eva.socket(after=0) as line:
            assert (await line.until("command"))["id"] == "command-cut"
            assert (await line.until("command.done"))["data"]["outcome"] == "done"
        assert (await place.call("GET", "/api/v1/me", ann.bearer)).json()["code"] == "removed"


async def test_the_audit_log_has_everything_in_order_and_cannot_be_changed(place: Place, tmp_path: Path) -> None:
    eva, host, ann = await place.join("Eva", "admin"), await place.host(), await place.join("Ann")
    await place.go_live(host.bearer)
    async with host.socket() as studio:
        await studio.until("welcome")
        given = (("mute_audio", "", ""), ("announce", "", "Soon."), ("stop", "", ""), ("kick", host.id, ""))
        for action, target, words in given:
            id = (await eva.command(action, target, words)).json()["id"]
            await studio.until("command")
            await studio.done(id, "done", "Obeyed.")
            if action != "kick":
                await studio.until("ack")
    lines = await place.audit()
    assert [line["number"] for line in lines] == sorted(line["number"] for line in lines)
    told = [(line["action"], line["outcome"]) for line in lines if line["command"]]
    assert told == [pair for action, _, _ in given for pair in ((action, "effective"), ("command.done", "done"))]
    assert all(line["actor_name"] == "Eva" and line["address"] for line in lines if line["outcome"] == "effective")
    assert (await ann.call("GET", "/api/v1/sessions/studio/audit")).json()["code"] == "no_right"
    store = place.house.store
    for statement in ("DELETE FROM audit", "UPDATE audit SET words = 'nothing happened'"):
        with pytest.raises(Exception, match="append-only"):
            await store.run(lambda db, s=statement: db.execute(text(s)))  # type: ignore[misc]
    assert await place.audit() == lines
