"""Joining by an account: the same person each time, with the standing role, and what an admin did to them holds."""

from __future__ import annotations

import pytest

from tests.fakes.account_holder import PASSWORD, ask_sign_in, signed_in, signed_up
from tests.fakes.server_house import Guest, Place


@pytest.mark.parametrize("role", ["admin", "director", "broadcaster", "guest", "viewer"])
async def test_who_is_signed_in_joins_without_an_invite_with_the_role_of_the_account(place: Place, role: str) -> None:
    eva = await signed_up(place, "eva", role)
    person = await eva.join(session="studio")
    me = (await person.call("GET", "/api/v1/me")).json()
    assert (me["person"]["name"], me["person"]["role"], me["session"]) == ("Eva", role, "studio")
    joined = [line for line in await place.audit() if line["action"] == "joined"]
    assert [(line["actor_id"], line["words"]) for line in joined] == [(person.id, "by account")]


async def test_an_account_is_the_same_person_each_time_and_from_everywhere(place: Place) -> None:
    eva = await signed_up(place, "eva")
    first, again = await eva.join(), await eva.join()
    elsewhere = await (await signed_in(place, "eva")).join()
    assert first.id == again.id == elsewhere.id
    await first.call("POST", "/api/v1/leave")
    await elsewhere.call("POST", "/api/v1/leave")
    assert (await eva.join()).id == first.id


async def test_a_page_joins_by_the_cookie_and_gets_the_sessions_cookie(place: Place) -> None:
    await signed_up(place, "eva")
    own = {"Origin": place.base}
    cookie = (await ask_sign_in(place, "eva", headers=own)).headers["set-cookie"].split(";")[0]
    joined = await place.call("POST", "/api/v1/join", json={"session": "studio"}, headers={**own, "Cookie": cookie})
    assert joined.json()["bearer"] is None
    session = joined.headers["set-cookie"].split(";")[0]
    assert session.split("=")[0] != cookie.split("=")[0]
    me = await place.call("GET", "/api/v1/me", headers={"Cookie": f"{session}; {cookie}"})
    assert me.json()["person"]["name"] == "Eva"


async def test_a_name_that_somebody_has_can_be_changed_for_the_session(place: Place) -> None:
    await place.join("Eva")
    eva = await signed_up(place, "eva")
    taken = await eva.call("POST", "join", json={})
    assert taken.json()["code"] == "name_taken"
    assert (await eva.join(name="Eva L")).name == "Eva L"
    assert (await eva.join()).name == "Eva L"


async def test_no_account_comes_into_a_session_that_is_not_there(place: Place) -> None:
    eva = await signed_up(place, "eva")
    answer = await eva.call("POST", "join", json={"session": "other"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_an_invite_counts_before_the_account(place: Place) -> None:
    eva = await signed_up(place, "eva", "admin")
    invite = (await place.invite())["invite"]
    person = await eva.join(invite=invite, name="Somebody")
    assert person.name == "Somebody"
    assert (await person.call("GET", "/api/v1/me")).json()["person"]["role"] == "viewer"


async def test_a_token_of_a_sign_in_that_ended_brings_nobody_back_by_a_link(place: Place) -> None:
    phone = await signed_up(place, "eva", "admin")
    laptop = await signed_in(place, "eva")
    person = await phone.join()
    await laptop.call("POST", "password", json={"old": PASSWORD, "new": "eight quiet herons"})
    assert (await person.call("GET", "/api/v1/me")).status_code in (401, 403)
    viewers = (await place.invite())["invite"]
    again = await place.call("POST", "/api/v1/join", person._bearer, json={"invite": viewers, "name": "Eve"})
    assert again.json()["person"]["role"] == "viewer" and again.json()["person"]["id"] != person.id, again.text


async def admin_of(place: Place) -> Guest:
    return await place.join("Ada", "admin")


async def test_who_was_kicked_stays_out_until_an_admin_lets_them_in_again(place: Place) -> None:
    admin, eva = await admin_of(place), await signed_up(place, "eva")
    person = await eva.join()
    await admin.command("kick", person.id)
    refused = await eva.call("POST", "join", json={"name": "Another"})
    assert (refused.status_code, refused.json()["code"]) == (403, "removed")
    assert (await eva.call("GET", "account")).status_code == 200, "the account is no part of the session"
    await admin.command("readmit", person.id)
    assert (await eva.join()).id == person.id


async def test_a_ban_holds_against_the_account_for_its_time(place: Place) -> None:
    admin, eva = await admin_of(place), await signed_up(place, "eva")
    person = await eva.join()
    await admin.command("ban", person.id, seconds=600)
    assert (await eva.call("POST", "join", json={})).json()["code"] == "removed"
    place.wall.forward(601)
    await place.house.sweep()
    assert (await eva.join()).id == person.id


async def test_a_locked_session_lets_in_who_was_there_and_nobody_new(place: Place) -> None:
    admin = await admin_of(place)
    old, new = await signed_up(place, "eva"), await signed_up(place, "tom")
    person = await old.join()
    await admin.command("lock")
    assert (await new.call("POST", "join", json={})).json()["code"] == "session_locked"
    assert (await old.join()).id == person.id


async def test_a_demotion_in_the_session_is_not_undone_by_coming_again(place: Place) -> None:
    eva = await signed_up(place, "eva", "broadcaster")
    person = await eva.join()
    order = {"id": "command-1", "action": "demote", "target": person.id, "role": "viewer"}
    assert (await place.owner("POST", "/api/v1/sessions/studio/commands", json=order)).status_code == 200
    again = await eva.join()
    assert (await again.call("GET", "/api/v1/me")).json()["person"]["role"] == "viewer"
