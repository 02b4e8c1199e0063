"""What somebody made for others does not outlast their right to make it: links into the session, to accounts, to a new
password.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.fakes.account_holder import Holder, ask_sign_up, signed_up
from tests.fakes.server_house import Guest, Place, fresh_id

INVITES = "/api/v1/sessions/studio/invites"
OUT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("kick", {}),
    ("ban", {}),
    ("ban", {"seconds": 600}),
    ("demote", {"role": "viewer"}),
)


async def order_of_owner(place: Place, action: str, target: str, **more: Any) -> str:
    """Returns the command's id."""
    id = fresh_id("command")
    order = {"id": id, "action": action, "target": target, **more}
    answer = await place.owner("POST", "/api/v1/sessions/studio/commands", json=order)
    assert answer.status_code == 200, answer.text
    return id


async def made(by: Guest, role: str, **more: Any) -> dict[str, Any]:
    answer = await by.call("POST", INVITES, json={"role": role, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def ask_join(place: Place, invite: dict[str, Any], name: str = "Other") -> httpx.Response:
    return await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": name})


async def reset_link(place: Place, bearer: str, account: Holder) -> str:
    answer = await place.call("POST", f"/api/v1/accounts/{account.id}/reset", bearer)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["link"].split("#r=")[1])


async def ask_reset(place: Place, secret: str) -> httpx.Response:
    return await place.call("POST", "/api/v1/reset", json={"reset": secret, "new": "eight loud herons"})


@pytest.mark.parametrize(("action", "more"), OUT)
async def test_an_admin_who_is_out_or_demoted_leaves_no_link_to_come_back_by(
    place: Place, action: str, more: dict[str, Any]
) -> None:
    eva, mia, tom = await place.join("Eva", "admin"), await place.join("Mia", "admin"), await signed_up(place, "tom")
    stage, director = await made(eva, "broadcaster"), await made(eva, "director", account=True)
    watch, of_mia = await made(eva, "viewer"), await made(mia, "broadcaster")
    reset = await reset_link(place, eva.bearer, tom)
    async with mia.socket() as line:
        await line.until("welcome")
        id = await order_of_owner(place, action, eva.id, **more)
        done = await line.until("command.done", id=id)
    assert "3 links they made are dead." in done["data"]["words"]
    assert (await ask_join(place, stage)).json()["code"] == "invite_revoked"
    assert (await ask_sign_up(place, director["invite"], "evil")).json()["code"] == "invite_revoked"
    assert (await ask_reset(place, reset)).json()["code"] == "reset_gone"
    assert (await ask_join(place, watch, "Ann")).status_code == 200, "a viewers' link stays"
    assert (await ask_join(place, of_mia, "Bob")).status_code == 200, "another admin's stays"
    audit = {(line["action"], line["target"]): line["words"] for line in await place.audit()}
    why = "Eva was demoted" if action == "demote" else "Eva was removed"
    assert audit["invite.revoked", stage["id"]] == audit["invite.revoked", director["id"]] == f"{why}, who made it"
    assert audit["account.reset_ended", tom.id] == f"{why}, who made the link"


async def test_a_demotion_leaves_what_the_new_role_may_make(place: Place) -> None:
    eva = await place.join("Eva", "admin")
    account, stage = await made(eva, "viewer", account=True), await made(eva, "broadcaster")
    await order_of_owner(place, "demote", eva.id, role="broadcaster")
    assert (await ask_join(place, stage)).json()["code"] == "invite_revoked"
    assert (await ask_sign_up(place, account["invite"], "ann")).status_code == 200


@pytest.mark.parametrize(("action", "more"), OUT)
async def test_a_link_to_a_new_password_that_was_made_by_an_account_is_dead_with_its_person(
    place: Place, action: str, more: dict[str, Any]
) -> None:
    ada, eva = await signed_up(place, "ada", "admin"), await signed_up(place, "eva", "director")
    person = await ada.join()
    secret = await reset_link(place, ada.bearer, eva)
    await order_of_owner(place, action, person.id, **more)
    assert (await ask_reset(place, secret)).json()["code"] == "reset_gone"


@pytest.mark.parametrize("change", [{"role": "director"}, {"disabled": True}])
async def test_an_admins_account_that_is_demoted_or_disabled_leaves_no_link_either(
    place: Place, change: dict[str, Any]
) -> None:
    await signed_up(place, "mia", "admin")
    ada, eva = await signed_up(place, "ada", "admin"), await signed_up(place, "eva", "director")
    stage = await made(await ada.join(), "broadcaster")
    secret = await reset_link(place, ada.bearer, eva)
    assert (await place.owner("PATCH", f"/api/v1/accounts/{ada.id}", json=change)).status_code == 200
    assert (await ask_join(place, stage)).json()["code"] == "invite_revoked"
    assert (await ask_reset(place, secret)).json()["code"] == "reset_gone"


async def test_who_is_made_admin_in_the_session_has_no_link_to_a_new_password_left(place: Place) -> None:
    ada, eva = await signed_up(place, "ada", "admin"), await signed_up(place, "eva", "director")
    person, secret = await eva.join(), await reset_link(place, ada.bearer, eva)
    async with person.socket() as line:
        await line.until("welcome")
        id = await order_of_owner(place, "promote", person.id, role="admin")
        done = await line.until("command.done", id=id)
    assert "The link to a new password of their account is dead." in done["data"]["words"]
    assert (await ask_reset(place, secret)).json()["code"] == "reset_gone"
