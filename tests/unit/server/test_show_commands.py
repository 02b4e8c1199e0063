"""What runs the show as a whole: mutes of everyone, recording, locking, ending, announcing, hands; and forgeries."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import connect

from studio.server import hands
from studio.server.model import PersonRow, SessionRow
from studio.server.record import Transaction
from studio.server.right_words import sentence_start
from studio.server.rights import Right
from studio.server.router_pipe import EndPublisher, EndReason, EndResource, MediaKind, Offer, SetMute
from tests.fakes.server_house import OFFER, Line, Place, fresh_id

SDP = {"Content-Type": "application/sdp"}


async def done(line: Line, command: str, outcome: str, words: str = "") -> None:
    data = {"id": command, "outcome": outcome, "words": words}
    await line.connection.send(json.dumps({"type": "command.done", "id": fresh_id("done"), "data": data}))


async def outcomes(place: Place, action: str) -> list[tuple[str, str]]:
    lines = await place.audit()
    given = {line["command"] for line in lines if line["action"] == action}
    beginning = sentence_start(Right(action))
    return [
        (line["outcome"], line["words"]) for line in lines
        if line["action"] == "command.done" and (line["command"] in given or line["words"].startswith(beginning))
    ]  # fmt: skip


async def test_a_mute_of_everyone_is_one_command_with_one_outcome(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    bob, ann = await place.join("Bob", "broadcaster"), await place.join("Ann")
    gone = await place.join("Gone", "broadcaster")
    await eva.command("kick", gone.id)
    await place.go_live(bob.bearer)
    async with host.socket() as one, bob.socket() as two, eva.socket() as admin, ann.socket() as viewer:
        for line in (one, two, admin, viewer):
            await line.until("welcome")
        id = (await eva.command("mute_audio", "all")).json()["id"]
        told = [(order.person, order.kind, order.muted) for order in place.router.told_of(SetMute)]
        assert told == [(person, MediaKind.AUDIO, True) for person in sorted((host.id, bob.id))]
        for studio in (one, two):
            assert (await studio.until("command"))["data"]["target"] == "all"
        assert (await viewer.until("session.state"))["data"]["muted_audio"] is True
        await done(two, id, "done", "Silence.")
        ended = await admin.until("command.done", id=id)
        assert ended["data"]["outcome"] == "done" and ended["data"]["by"] == bob.id
        await done(one, id, "failed", "The microphone does not close.")
        ended = await admin.until("command.done", id=id)
        assert ended["data"]["outcome"] == "failed" and ended["data"]["by"] == host.id, "what one did hides no failure"
        await done(two, id, "done", "Silence again.")
        assert (await two.until("ack"))["data"]["already"] is False
        assert (await two.until("ack"))["data"]["already"] is True
    people = (await eva.call("GET", "/api/v1/sessions/studio/people")).json()["people"]
    assert {one["name"] for one in people if one["muted_audio"]} == {"Host", "Bob"}
    await eva.command("unmute_audio", bob.id)
    await eva.command("unmute_audio", "all")
    await eva.command("unmute_audio", "all")
    assert [outcome for outcome, _ in await outcomes(place, "unmute_audio")] == ["done", "done", "already"]
    assert (await eva.command("stop", "all")).status_code == 400


@pytest.mark.parametrize(
    ("outcome", "words"),
    [("done", "Recording to show.mkv."), ("already", ""), ("refused", "Not now."), ("failed", "The disk is full.")],
)
@pytest.mark.parametrize("action", ["record_start", "record_stop"])
async def test_a_recording_is_what_the_studio_says_that_it_is(
    place: Place, action: str, outcome: str, words: str
) -> None:
    host, eva = await place.host(), await place.join("Eva", "admin")
    ann = await place.join("Ann")
    await eva.command("promote", ann.id, role="director")
    bob = await place.join("Bob", "broadcaster")
    async with host.socket() as studio, ann.socket() as director, bob.socket() as other:
        for line in (studio, director, other):
            await line.until("welcome")
        id = (await ann.command(action)).json()["id"]
        command = await studio.until("command")
        assert (command["id"], command["data"]["target"]) == (id, host.id)
        assert (await studio.until("notice"))["data"]["level"] == "information"
        assert (await other.until("command"))["data"]["target"] == host.id, "seen, and not theirs to obey"
        await done(other, id, "done", "Not mine.")
        assert (await other.until("error"))["data"]["code"] == "not_found"
        await done(studio, id, outcome, words)
        told = await director.until("command.done", id=id)
        assert (told["data"]["outcome"], told["data"]["words"]) == (outcome, words)


async def test_without_a_studio_nothing_is_recorded_then_or_later(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    async with eva.socket() as admin:
        await admin.until("welcome")
        await eva.command("record_start")
        told = await admin.until("command.done")
        assert told["data"]["outcome"] == "failed" and "No studio is connected" in told["data"]["words"]
    async with host.socket(after=0) as studio:
        await studio.until("welcome")
        assert "command" not in [message["type"] for message in studio.seen]


async def test_a_locked_session_lets_nobody_new_in_and_who_was_in_returns(place: Place) -> None:
    eva, ann, link = await place.join("Eva", "admin"), await place.join("Ann"), await place.invite()
    admins, bob = await place.invite("admin"), await place.join("Bob")
    async with ann.socket() as viewer:
        await viewer.until("welcome")
        await eva.command("lock")
        state = (await viewer.until("session.state"))["data"]
        assert state["locked"] is True and state["why"] == "locked"
    assert (await ann.call("GET", "/api/v1/sessions/studio")).json()["locked"] is True
    for invite in (link, admins):
        new = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "New"})
        assert (new.status_code, new.json()["code"]) == (403, "session_locked")
    bare = await place.call("POST", "/whep/studio", link["invite"], content=OFFER, headers=SDP)
    assert bare.json()["code"] == "session_locked"
    again = await place.call("POST", "/api/v1/join", ann.bearer, json={"invite": link["invite"], "name": "Ann"})
    assert again.json()["person"]["id"] == ann.id
    await bob.call("POST", "/api/v1/leave")
    passed_on = await place.call("POST", "/api/v1/join", bob.bearer, json={"invite": link["invite"], "name": "Zoe"})
    assert (passed_on.status_code, passed_on.json()["code"]) == (403, "session_locked"), "who left is out"
    async with ann.socket() as viewer:
        assert (await viewer.until("welcome"))["data"]["state"]["locked"] is True
    assert (await place.owner("POST", "/api/v1/join", json={})).status_code == 200, "the owner's studio comes in"
    await eva.command("unlock")
    new = await place.call("POST", "/api/v1/join", json={"invite": link["invite"], "name": "New"})
    assert new.status_code == 200
    assert [outcome for outcome, _ in await outcomes(place, "lock")] == ["done"]


async def test_an_ended_session_is_over_for_all_and_needs_no_release(place: Place) -> None:
    eva, host, ann = await place.join("Eva", "admin"), await place.host(), await place.join("Ann")
    resource = await place.go_live(host.bearer)
    async with host.socket() as studio, ann.socket() as viewer:
        await studio.until("welcome")
        await viewer.until("welcome")
        id = (await eva.command("end")).json()["id"]
        assert place.router.told_of(EndPublisher)[-1].why is EndReason.STOPPED
        assert (await studio.until("command"))["id"] == id
        state = (await viewer.until("session.state"))["data"]
        assert (state["state"], state["why"], state["needs_release"]) == ("ended", "ended", False)
        await place.router.publisher_stopped(resource, EndReason.STOPPED)
        await done(studio, id, "done", "Off air.")
    assert (await ann.call("GET", "/api/v1/sessions/studio")).json()["words"] == "The show was ended."
    await eva.command("end")
    assert [outcome for outcome, _ in await outcomes(place, "end")] == ["done", "already"]
    await place.go_live(host.bearer)
    assert (await ann.call("GET", "/api/v1/sessions/studio")).json()["state"] == "live"


async def test_an_end_beats_a_reconnect_that_is_under_way(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    await place.go_live(host.bearer)
    place.router.deaf = True
    coming = asyncio.create_task(host.call("POST", "/whip/studio", content=OFFER, headers=SDP))
    while len(place.router.told_of(Offer)) < 2:
        await asyncio.sleep(0.01)
    place.router.deaf = False
    place.wall.forward(1)
    await eva.command("end")
    place.router._answer(place.router.told_of(Offer)[-1])
    answer = await coming
    assert (answer.status_code, answer.json()["code"]) == (403, "session_stopped")
    assert place.router.told_of(EndResource)[-1].resource == "r2"


async def test_an_announcement_reaches_all_or_the_hosts_or_one(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    ann, mia, dan = await place.join("Ann"), await place.join("Mia"), await place.join("Dan")
    await eva.command("promote", dan.id, role="director")
    await eva.command("announce", text="To all.", to="all")
    await eva.command("announce", text="To the hosts.", to="hosts")
    await eva.command("announce", ann.id, "To Ann.", to="person")
    await eva.command("announce", text="The last.")
    got: dict[str, list[Any]] = {}
    for person in (host, ann, mia, dan):
        async with person.socket(after=0) as line:
            await line.until("welcome")
            texts = [m["data"]["text"] for m in line.seen if m["type"] == "notice"]
            got[person.name] = [text for text in texts if text.startswith(("To", "The"))]
    assert got == {
        "Host": ["To all.", "To the hosts.", "The last."],
        "Ann": ["To all.", "To Ann.", "The last."],
        "Mia": ["To all.", "The last."],
        "Dan": ["To all.", "To the hosts.", "The last."],
    }
    for wrong in ({"target": ann.id, "to": "all"}, {"target": "", "to": "person"}, {"target": ann.id, "to": "hosts"}):
        answer = await eva.command("announce", wrong["target"], "No.", to=wrong["to"])
        assert answer.json()["code"] == "bad_request", wrong
    assert (await eva.command("mute_audio", to="all")).json()["code"] == "bad_request"


async def test_a_host_lowers_a_raised_hand(place: Place) -> None:
    host, ann, mia = await place.host(), await place.join("Ann"), await place.join("Mia")

    def raise_hand(transaction: Transaction) -> bool:
        return hands.set_hand(transaction, transaction.db.get_one(PersonRow, ann.id), up=True)

    assert await place.house.record.run(raise_hand) is True
    assert await place.house.record.run(raise_hand) is False
    async with mia.socket() as viewer, ann.socket() as theirs:
        await viewer.until("welcome")
        await theirs.until("welcome")
        people = (await mia.call("GET", "/api/v1/sessions/studio/people")).json()["people"]
        assert [bool(one["hand_s"]) for one in people if one["id"] == ann.id] == [True]
        await host.command("lower_hand", ann.id)
        assert (await viewer.until("hand"))["data"]["up"] is False
        assert (await theirs.until("command"))["data"]["words"] == "Host lowered your hand."
    await host.command("lower_hand", ann.id)
    assert [outcome for outcome, _ in await outcomes(place, "lower_hand")] == ["done", "already"]


# Forged and replayed


@pytest.mark.parametrize(
    "change",
    [
        {"action": "demote"},
        {"role": "guest"},
        {"text": "another reason"},
        {"target": "other"},
    ],
)
async def test_an_id_is_good_for_one_command_only(place: Place, change: dict[str, str]) -> None:
    eva, ann, other = await place.join("Eva", "admin"), await place.join("Ann"), await place.join("Other")
    body = {"id": "command-1", "action": "promote", "target": ann.id, "role": "director", "text": "why"}
    path = "/api/v1/sessions/studio/commands"
    assert (await eva.call("POST", path, json=body)).json()["already"] is False
    assert (await eva.call("POST", path, json=body)).json()["already"] is True
    forged = {**body, **change, **({"target": other.id} if "target" in change else {})}
    answer = await eva.call("POST", path, json=forged)
    assert (answer.status_code, answer.json()["code"]) == (409, "id_used")
    refused = [line for line in await place.audit() if line["outcome"] == "refused"]
    assert [(line["command"], line["actor_id"]) for line in refused] == [("command-1", eva.id)]


async def test_a_command_replayed_over_another_persons_line_is_refused_and_logged(place: Place) -> None:
    eva, tom = await place.join("Eva", "admin"), await place.join("Tom", "admin")
    ann, mia = await place.join("Ann"), await place.join("Mia")
    data = {"action": "kick", "target": ann.id, "text": ""}
    async with eva.socket() as line:
        await line.send("command", "command-1", **data)
        await line.until("ack")
    for person, code in ((tom, "id_used"), (mia, "no_right")):
        async with person.socket() as line:
            await line.until("welcome")
            await line.send("command", "command-1", **data)
            assert (await line.until("error"))["data"]["code"] == code
    refused = [line for line in await place.audit() if line["outcome"] == "refused"]
    assert [line["actor_id"] for line in refused] == [tom.id, mia.id]


async def test_a_command_to_another_session_is_refused_and_logged(place: Place) -> None:
    def second(transaction: Transaction) -> None:
        facts = {"title": "Other", "state": "waiting", "since": "", "why": "new", "needs_release": False}
        transaction.db.add(SessionRow(id="other", **facts))

    await place.house.record.run(second)
    eva = await place.join("Eva", "admin")
    for session in ("other", "nowhere"):
        body = {"id": "command-1", "action": "stop"}
        answer = await eva.call("POST", f"/api/v1/sessions/{session}/commands", json=body)
        assert answer.json()["code"] == "not_found"
    refused = [line for line in await place.audit() if line["outcome"] == "refused"]
    assert [(line["actor_id"], line["command"]) for line in refused] == [(eva.id, "command-1")] * 2
    assert "other" in refused[0]["words"] and "nowhere" in refused[1]["words"]
    status = (await place.owner("GET", "/api/v1/sessions/other")).json()
    assert status["needs_release"] is False


async def test_a_dead_token_and_an_unknown_one_command_nothing_and_are_logged_a_few_times(place: Place) -> None:
    tom = await place.join("Tom", "admin")
    order = {"id": "command-0", "action": "kick", "target": tom.id}
    assert (await place.owner("POST", "/api/v1/sessions/studio/commands", json=order)).status_code == 200
    before = len(place.router.told)
    for number, bearer in enumerate((tom.bearer, "forged", ""), 1):
        body = {"id": f"command-{number}", "action": "stop"}
        answer = await place.call("POST", "/api/v1/sessions/studio/commands", bearer, json=body)
        assert answer.status_code in (401, 403)
    assert len(place.router.told) == before
    refused = [line for line in await place.audit() if line["outcome"] == "refused"]
    assert [(line["actor_id"], line["command"]) for line in refused] == [("", f"command-{n}") for n in (1, 2, 3)]
    for number in range(60):
        body = {"id": f"command-f-{number}", "action": "stop"}
        await place.call("POST", "/api/v1/sessions/studio/commands", "forged", json=body)
    refused = [line for line in await place.audit() if line["outcome"] == "refused"]
    assert len(refused) == 20, "a flood must not fill the log"


async def test_who_was_removed_commands_nothing_over_the_line_that_is_still_open(place: Place) -> None:
    eva, bob, ann = await place.join("Eva", "admin"), await place.join("Bob", "broadcaster"), await place.join("Ann")
    async with bob.socket() as line:
        await line.until("welcome")
        await eva.command("kick", bob.id)  # a studio is given time to say that it obeyed
        await line.send("command", "command-9", action="lower_hand", target=ann.id, text="")
        assert (await line.until("error"))["data"]["code"] == "removed"
    refused = [line for line in await place.audit() if line["outcome"] == "refused"]
    assert [(line["actor_id"], line["command"]) for line in refused] == [(bob.id, "command-9")]


async def test_two_admins_who_lock_and_ban_at_once_see_one_order(place: Place) -> None:
    eva, tom, ann = await place.join("Eva", "admin"), await place.join("Tom", "admin"), await place.join("Ann")
    async with eva.socket() as one, tom.socket() as two:
        await one.until("welcome")
        await two.until("welcome")
        await asyncio.gather(
            *(admin.command("ban", ann.id) for admin in (eva, tom)),
            *(admin.command(action) for action in ("lock", "unlock") for admin in (eva, tom)),
        )
        head = (await place.owner("GET", "/api/v1/sessions/studio")).json()["seq"]
        for line in (one, two):
            while line.seen[-1]["seq"] < head:
                await line.next()
    seen = [
        [(m["seq"], m["type"], m["data"].get("outcome")) for m in line.seen if m["type"].startswith("command")]
        for line in (one, two)
    ]
    assert seen[0] == seen[1]
    bans = [m["data"]["outcome"] for m in one.seen if m["type"] == "command.done" and m["data"]["action"] == "ban"]
    assert bans == ["done", "already"]


async def test_a_line_that_opens_while_the_role_changes_has_the_new_one(place: Place) -> None:
    eva, tom = await place.join("Eva", "admin"), await place.join("Tom")
    url = place.base.replace("http", "ws", 1) + "/api/v1/sessions/studio/events"
    for role in ("director", "guest", "broadcaster"):
        action = "demote" if role == "guest" else "promote"
        opening, _ = await asyncio.gather(
            connect(url, additional_headers={"Authorization": f"Bearer {tom.bearer}"}),
            eva.command(action, tom.id, role=role),
        )
        line = Line(opening)
        await line.until("welcome")
        (connection,) = place.house.hub.of_person("studio", tom.id)
        assert connection.caller.role == role
        await opening.close()
        while list(place.house.hub.of_person("studio", tom.id)):
            await asyncio.sleep(0.01)
