"""Invites that are good for making an account: who may make them, and that they let nobody in."""

from __future__ import annotations

import pytest

from studio.server.rights import Right, Role, may
from tests.fakes.server_house import OFFER, Place

INVITES = "/api/v1/sessions/studio/invites"
FOLLOWS = {
    Role.ADMIN: Right.INVITE_ADMIN,
    Role.DIRECTOR: Right.INVITE_BROADCASTER,
    Role.BROADCASTER: Right.INVITE_BROADCASTER,
    Role.GUEST: Right.INVITE_BROADCASTER,
    Role.VIEWER: Right.INVITE_VIEWER,
}


@pytest.mark.parametrize("role", FOLLOWS)
async def test_who_may_invite_a_role_may_invite_to_an_account_of_it_and_nobody_else(place: Place, role: Role) -> None:
    for by in ("admin", "director", "broadcaster", "guest", "viewer"):
        person = await place.someone(f"A {by}", by)
        answer = await person.call("POST", INVITES, json={"role": role.value, "account": True})
        assert (answer.status_code == 200) is may(Role(by), FOLLOWS[role]), (by, answer.text)
    made = await place.invite(role.value, account=True, uses=50)
    assert made["account"] is True and made["uses"] == 1
    assert made["link"] == f"{place.base}/sign-in#a={made['invite']}"


async def test_nobody_is_invited_as_owner(place: Place) -> None:
    answer = await place.owner("POST", INVITES, json={"role": "owner", "account": True})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize("role", ["admin", "viewer"])
async def test_an_invite_to_an_account_lets_nobody_into_a_session(place: Place, role: str) -> None:
    secret = (await place.invite(role, account=True))["invite"]
    joined = await place.call("POST", "/api/v1/join", json={"invite": secret, "name": "Ann"})
    assert (joined.status_code, joined.json()["code"]) == (403, "invite_unknown")
    watched = await place.call(
        "POST", "/whep/studio", secret, content=OFFER, headers={"Content-Type": "application/sdp"}
    )
    assert watched.status_code in (401, 403)
    listed = (await place.owner("GET", INVITES)).json()["invites"]
    assert [(one["account"], one["used"], one["link"]) for one in listed] == [(True, 0, None)]


async def test_an_invite_to_an_account_is_taken_back_by_who_may_make_it(place: Place) -> None:
    made = await place.invite("director", account=True)
    viewer, admin = await place.join("Ann"), await place.join("Eva", "admin")
    assert (await viewer.call("DELETE", f"{INVITES}/{made['id']}")).status_code == 403
    assert (await admin.call("DELETE", f"{INVITES}/{made['id']}")).json() == {"changed": True}
