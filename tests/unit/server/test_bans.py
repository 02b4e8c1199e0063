"""Bans: the person, their link, their token and names like theirs stay out until it ends, and then come in again."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.server.router_pipe import EndPerson, EndReason
from tests.fakes.server_house import OFFER, Guest, Place, running_house

SDP = {"Content-Type": "application/sdp"}


async def join_code(place: Place, invite: str, name: str, bearer: str = "") -> str:
    answer = await place.call("POST", "/api/v1/join", bearer, json={"invite": invite, "name": name})
    return answer.json().get("code", "")


async def joined_by_link(place: Place, name: str) -> tuple[Guest, str]:
    link = await place.invite(label="theirs")
    answer = (await place.call("POST", "/api/v1/join", json={"invite": link["invite"], "name": name})).json()
    return Guest(place, answer["bearer"], answer["person"]), link["invite"]


@pytest.mark.parametrize("seconds", [0, 600])
async def test_a_ban_keeps_out_the_person_their_link_their_token_and_names_like_theirs(
    place: Place, seconds: int
) -> None:
    eva = await place.join("Eva", "admin")
    ann, invite = await joined_by_link(place, "Annie")
    async with ann.socket() as line:
        await line.until("welcome")
        assert (await eva.command("ban", ann.id, "spam", seconds=seconds)).status_code == 200
        words = (await line.until("command"))["data"]["words"]
        assert words.startswith(f"Eva banned you from the session {'for 10 minutes' if seconds else 'for good'}.")
        assert await line.closed() == 4403
    assert [(order.person, order.why) for order in place.router.told_of(EndPerson)] == [(ann.id, EndReason.REMOVED)]
    me = await ann.call("GET", "/api/v1/me")
    assert (me.status_code, me.json()["code"]) == (403, "removed") and "banned" in me.json()["message"]
    assert (await ann.call("POST", "/whep/studio", content=OFFER, headers=SDP)).json()["code"] == "removed"
    place.wall.forward(5)
    fresh = (await place.invite())["invite"]  # a kick alone would let them in by this one
    for link, name, bearer in (
        (fresh, "Somebody", ann.bearer),
        (fresh, "Annie", ""),
        (fresh, "ÀNN1E".replace("1", "I"), ""),
        (fresh, "Аnniе", ""),  # Cyrillic A and e
        (fresh, "an nie", ""),
    ):
        assert await join_code(place, link, name, bearer) == "removed", name
    assert await join_code(place, invite, "Somebody") == "invite_revoked"
    assert await join_code(place, fresh, "Anton") == ""


async def test_a_ban_that_ran_out_lets_them_in_again_with_the_token_they_had(place: Place) -> None:
    eva = await place.join("Eva", "admin")
    ann, _ = await joined_by_link(place, "Annie")
    await eva.command("ban", ann.id, seconds=300)
    place.wall.forward(299)
    await place.house.sweep()
    assert (await ann.call("GET", "/api/v1/me")).status_code == 403
    place.wall.forward(2)
    await place.house.sweep()
    assert (await ann.call("GET", "/api/v1/me")).status_code == 200
    assert await join_code(place, (await place.invite())["invite"], "Annie", ann.bearer) == ""
    over = [line for line in await place.audit() if line["action"] == "ban.over"]
    assert [(line["target"], line["outcome"]) for line in over] == [(ann.id, "done")]


async def test_a_ban_for_good_kills_the_tokens_and_an_unban_lets_them_in_by_a_link(place: Place) -> None:
    eva = await place.join("Eva", "admin")
    ann, _ = await joined_by_link(place, "Annie")
    await eva.command("ban", ann.id)
    place.wall.forward(400 * 86400)
    await place.house.sweep()
    fresh = (await place.invite())["invite"]
    assert await join_code(place, fresh, "Annie") == "removed"
    tom = await place.join("Tom", "admin")  # the other admin's token is too old by now
    await tom.command("unban", ann.id)
    assert (await ann.call("GET", "/api/v1/me")).status_code == 401, "the old token stays dead"
    assert await join_code(place, fresh, "Annie") == ""


async def test_admins_see_who_is_banned_and_until_when_viewers_do_not(place: Place) -> None:
    eva, mia = await place.join("Eva", "admin"), await place.join("Mia")
    ann, _ = await joined_by_link(place, "Annie")
    await eva.command("ban", ann.id, seconds=3600)
    seen = {}
    for person in (eva, mia):
        people = (await person.call("GET", "/api/v1/sessions/studio/people")).json()["people"]
        seen[person.name] = [(one["id"], one["banned"], one["ban_ends"]) for one in people if one["id"] == ann.id]
    assert seen["Mia"] == []
    ((_, banned, ends),) = seen["Eva"]
    assert banned and ends == "2026-11-21T01:13:20.000Z"


async def test_a_ban_holds_through_a_restart_and_still_ends(place: Place, tmp_path: Path) -> None:
    eva = await place.join("Eva", "admin")
    ann, _ = await joined_by_link(place, "Annie")
    await eva.command("ban", ann.id, seconds=300)
    place.house.store.close()
    async with running_house(tmp_path, database=place.database) as again:
        assert (await again.call("GET", "/api/v1/me", ann.bearer)).json()["code"] == "removed"
        again.wall.forward(301)
        await again.house.sweep()
        assert (await again.call("GET", "/api/v1/me", ann.bearer)).status_code == 200


async def test_nobody_bans_themselves_and_what_is_so_is_said_to_be(place: Place) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    ann, _ = await joined_by_link(place, "Annie")
    assert (await eva.command("ban", eva.id)).json()["code"] == "bad_request"
    body = {"id": "command-x", "action": "ban", "target": host.id}
    by_owner = await place.owner("POST", "/api/v1/sessions/studio/commands", json=body)
    assert by_owner.json()["code"] == "bad_request"
    assert (await eva.command("kick", ann.id, seconds=60)).json()["code"] == "bad_request"
    for action in ("unban", "ban", "ban", "unban", "unban"):
        await eva.command(action, ann.id)
    done = [line["outcome"] for line in await place.audit() if line["action"] == "command.done"]
    assert done == ["already", "done", "already", "done", "already"]


async def test_who_is_only_kicked_is_let_in_by_readmit_and_a_ban_is_lifted_by_it_too(place: Place) -> None:
    eva = await place.join("Eva", "admin")
    ann, _ = await joined_by_link(place, "Annie")
    await eva.command("kick", ann.id)
    await eva.command("ban", ann.id, seconds=600)
    await eva.command("readmit", ann.id)
    people = (await eva.call("GET", "/api/v1/sessions/studio/people")).json()["people"]
    assert ann.id not in [one["id"] for one in people if one["removed"] or one["banned"]]
    place.wall.forward(601)
    await place.house.sweep()
    assert "ban.over" not in [line["action"] for line in await place.audit()]
