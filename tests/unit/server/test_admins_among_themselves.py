"""Who is an admin, and stays one, only the owner decides; and the owner can undo what was done."""

from __future__ import annotations

import pytest

from tests.fakes.server_house import OWNER_TOKEN, Place, fresh_id


async def give(place: Place, bearer: str, action: str, target: str, **more: object) -> tuple[int, str]:
    body = {"id": fresh_id("command"), "action": action, "target": target, **more}
    answer = await place.call("POST", "/api/v1/sessions/studio/commands", bearer, json=body)
    return answer.status_code, answer.json().get("code", "")


@pytest.mark.parametrize("action", ["kick", "ban", "demote"])
async def test_an_admin_puts_no_other_admin_out_and_it_is_written_down(place: Place, action: str) -> None:
    eva, tom = await place.join("Eva", "admin"), await place.join("Tom", "admin")
    more = {"role": "viewer"} if action == "demote" else {}
    assert await give(place, eva.bearer, action, tom.id, **more) == (403, "no_right")
    assert (await tom.command("announce", text="I am here.")).status_code == 200
    (line,) = [line for line in await place.audit() if line["action"] == action]
    assert (line["outcome"], line["actor_id"], line["target"]) == ("refused", eva.id, tom.id)
    assert await give(place, OWNER_TOKEN, action, tom.id, **more) == (200, "")


@pytest.mark.parametrize(("out", "back"), [("kick", "readmit"), ("ban", "unban"), ("ban", "readmit")])
async def test_the_owner_undoes_what_was_done_and_no_admin_brings_an_admin_back(
    place: Place, out: str, back: str
) -> None:
    eva, tom, ann = await place.join("Eva", "admin"), await place.join("Tom", "admin"), await place.join("Ann")
    assert await give(place, OWNER_TOKEN, out, tom.id) == (200, "")
    assert await give(place, eva.bearer, back, tom.id) == (403, "no_right")
    assert await give(place, OWNER_TOKEN, back, tom.id) == (200, "")
    people = (await place.owner("GET", "/api/v1/sessions/studio/people")).json()["people"]
    assert tom.id not in [one["id"] for one in people if one["removed"]]
    assert await give(place, eva.bearer, out, ann.id) == (200, "")
    assert await give(place, OWNER_TOKEN, back, ann.id) == (200, ""), "what an admin did to others too"


@pytest.mark.parametrize(("out", "back"), [("kick", "readmit"), ("ban", "unban")])
async def test_only_an_admin_lets_the_owners_own_host_back_in(place: Place, out: str, back: str) -> None:
    eva, host = await place.join("Eva", "admin"), await place.host()
    assert await give(place, eva.bearer, out, host.id) == (200, "")
    assert await give(place, OWNER_TOKEN, back, host.id) == (403, "no_right")
    assert await give(place, eva.bearer, back, host.id) == (200, "")
