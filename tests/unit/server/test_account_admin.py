"""What admins do about accounts: roles that hold at once, disabling, links to a new password; and who may not."""

from __future__ import annotations

from typing import Any

import pytest

from studio.server.rights import Right, Role, may
from studio.server.router_pipe import EndPublisher, EndTokens
from tests.fakes.account_holder import Holder, ask_sign_in, signed_in, signed_up
from tests.fakes.server_house import Place, fresh_id

NEW = "eight loud herons"


async def listed(by: Holder) -> dict[str, dict[str, Any]]:
    accounts = (await by.call("GET", "accounts")).json()["accounts"]
    return {account["login"]: account for account in accounts}


async def reset_of(by: Holder, account: str) -> str:
    answer = await by.call("POST", f"accounts/{account}/reset")
    assert answer.status_code == 200, answer.text
    base, secret = answer.json()["link"].split("#r=")
    assert base == f"{by.place.base}/sign-in"
    return str(secret)


@pytest.mark.parametrize("role", ["admin", "director", "broadcaster", "guest", "viewer"])
async def test_the_accounts_paths_ask_the_table(place: Place, role: str) -> None:
    allowed = may(Role(role), Right.MANAGE_ACCOUNTS)
    tom = await signed_up(place, "tom")
    holder, person = await signed_up(place, "eva", role), await place.someone("Ann", role)
    for by in (holder.bearer, person.bearer):
        for method, path, body in (
            ("GET", "accounts", None),
            ("PATCH", f"accounts/{tom.id}", {"role": "guest"}),
            ("POST", f"accounts/{tom.id}/reset", None),
        ):
            answer = await place.call(method, f"/api/v1/{path}", by, **({"json": body} if body else {}))
            assert (answer.status_code == 200) is allowed, (path, answer.text)
            assert allowed or answer.json()["code"] == "no_right"
    assert (await place.owner("GET", "/api/v1/accounts")).status_code == 200
    assert (await place.call("GET", "/api/v1/accounts")).status_code == 401


async def test_the_list_tells_of_every_account_and_of_no_password(place: Place) -> None:
    ada = await signed_up(place, "ada", "admin")
    await signed_up(place, "eva", "director")
    found = await listed(ada)
    assert {login: (one["role"], one["mine"], one["sign_ins"]) for login, one in found.items()} == {
        "ada": ("admin", True, 1),
        "eva": ("director", False, 1),
    }
    assert "argon2" not in str(found)


async def test_another_role_holds_at_once_on_air_and_over_open_connections(place: Place) -> None:
    ada, eva = await signed_up(place, "ada", "admin"), await signed_up(place, "eva", "broadcaster")
    person = await eva.join()
    await place.go_live(person.bearer)
    async with person.socket() as line:
        await line.until("welcome")
        changed = await ada.call("PATCH", f"accounts/{eva.id}", json={"role": "viewer"})
        assert changed.json()["role"] == "viewer"
        told = await line.until("person.changed")
        assert told["data"]["person"]["role"] == "viewer"
    (ended,) = place.router.told_of(EndPublisher)
    assert ended.person == person.id
    me = (await person.call("GET", "/api/v1/me")).json()
    assert me["person"]["role"] == "viewer" and "publish" not in me["rights"]
    (line_of_it,) = [line for line in await place.audit() if line["action"] == "account.role"]
    assert (line_of_it["actor_id"], line_of_it["target"], line_of_it["words"]) == (
        ada.id,
        eva.id,
        "a host, now a viewer",
    )


async def test_who_is_disabled_is_out_at_once_and_stays_out_until_enabled(place: Place) -> None:
    ada, eva = await signed_up(place, "ada", "admin"), await signed_up(place, "eva")
    person = await eva.join()
    async with person.socket() as line:
        await line.until("welcome")
        assert (await ada.call("PATCH", f"accounts/{eva.id}", json={"disabled": True})).json()["disabled"] is True
        assert await line.closed() == 4401
    assert len(place.router.told_of(EndTokens)) == 1
    assert (await eva.call("GET", "account")).status_code == 401
    assert (await person.call("GET", "/api/v1/me")).status_code == 401
    assert (await ask_sign_in(place, "eva")).json()["code"] == "account_disabled"
    assert (await ask_sign_in(place, "eva", "not the password")).json()["code"] == "sign_in_wrong"
    await ada.call("PATCH", f"accounts/{eva.id}", json={"disabled": False})
    assert (await eva.call("GET", "account")).status_code == 401, "what was signed in stays dead"
    await signed_in(place, "eva")


async def test_nobody_changes_their_own_account_by_whichever_way(place: Place) -> None:
    ada = await signed_up(place, "ada", "admin")
    await signed_up(place, "eva", "admin")
    person = await ada.join()
    for bearer in (ada.bearer, person.bearer):
        for method, path, body in (
            ("PATCH", f"accounts/{ada.id}", {"role": "viewer"}),
            ("PATCH", f"accounts/{ada.id}", {"disabled": True}),
            ("POST", f"accounts/{ada.id}/reset", None),
        ):
            answer = await place.call(method, f"/api/v1/{path}", bearer, **({"json": body} if body else {}))
            assert (answer.status_code, answer.json()["code"]) == (403, "no_right")


async def test_only_the_owner_makes_or_unmakes_an_admin(place: Place) -> None:
    ada, eva = await signed_up(place, "ada", "admin"), await signed_up(place, "eva", "admin")
    tom, ann = await signed_up(place, "tom"), await signed_up(place, "ann")
    asked: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
        ("PATCH", f"accounts/{tom.id}", {"role": "admin"}),
        ("PATCH", f"accounts/{eva.id}", {"disabled": True}),
        ("PATCH", f"accounts/{eva.id}", {"role": "viewer"}),
        ("POST", f"accounts/{eva.id}/reset", None),
        ("PATCH", f"accounts/{ann.id}", {"role": "guest"}),
        ("POST", f"accounts/{ann.id}/reset", None),
    )
    admin_here = await ann.join()
    order = {"id": fresh_id("command"), "action": "promote", "target": admin_here.id, "role": "admin"}
    assert (await place.owner("POST", "/api/v1/sessions/studio/commands", json=order)).status_code == 200
    for bearer in (ada.bearer, (await ada.join()).bearer):
        for method, path, body in asked:
            refused = await place.call(method, f"/api/v1/{path}", bearer, **({"json": body} if body else {}))
            assert (refused.status_code, refused.json()["code"]) == (403, "no_right"), (path, body, refused.text)
            assert refused.json()["remedy"] == "Ask the owner."
    found = await listed(ada)
    assert [found[one]["role"] for one in ("eva", "tom", "ann")] == ["admin", "viewer", "viewer"]
    assert not found["eva"]["disabled"]
    for method, path, body in asked:
        done = await place.owner(method, f"/api/v1/{path}", **({"json": body} if body else {}))
        assert done.status_code == 200, (path, body, done.text)


async def test_a_link_that_an_admin_made_is_dead_when_its_account_becomes_an_admins(place: Place) -> None:
    ada, eva = await signed_up(place, "ada", "admin"), await signed_up(place, "eva")
    secret = await reset_of(ada, eva.id)
    assert (await place.owner("PATCH", f"/api/v1/accounts/{eva.id}", json={"role": "admin"})).status_code == 200
    answer = await place.call("POST", "/api/v1/reset", json={"reset": secret, "new": NEW})
    assert answer.json()["code"] == "reset_gone"


@pytest.mark.parametrize(
    ("action", "more", "code"),
    [("kick", {}, "removed"), ("ban", {"seconds": 600}, "removed"), ("demote", {"role": "director"}, "no_right")],
)
async def test_who_was_put_out_or_demoted_in_the_session_manages_no_accounts(
    place: Place, action: str, more: dict[str, Any], code: str
) -> None:
    ada, eva = await signed_up(place, "ada", "admin"), await signed_up(place, "eva")
    own = {"Origin": place.base}
    cookie = (await ask_sign_in(place, "ada", headers=own)).headers["set-cookie"].split(";")[0]
    person = await ada.join()
    await reset_of(ada, eva.id)
    order = {"id": fresh_id("command"), "action": action, "target": person.id, **more}
    assert (await place.owner("POST", "/api/v1/sessions/studio/commands", json=order)).status_code == 200
    for method, path, body in (
        ("GET", "accounts", None),
        ("PATCH", f"accounts/{eva.id}", {"disabled": True}),
        ("POST", f"accounts/{eva.id}/reset", None),
    ):
        given: dict[str, Any] = {"json": body} if body else {}
        refused = await ada.call(method, path, **given)
        assert (refused.status_code, refused.json()["code"]) == (403, code), (path, refused.text)
        refused = await place.call(method, f"/api/v1/{path}", headers={**own, "Cookie": cookie}, **given)
        assert (refused.status_code, refused.json()["code"]) == (403, code), (path, refused.text)
    assert (await ada.call("GET", "account")).status_code == 200, "the account is still theirs"


async def test_the_last_admin_cannot_be_taken_away_even_by_the_owner(place: Place) -> None:
    ada, eva = await signed_up(place, "ada", "admin"), await signed_up(place, "eva", "admin")
    assert (await place.owner("PATCH", f"/api/v1/accounts/{eva.id}", json={"disabled": True})).status_code == 200
    for change in ({"role": "director"}, {"disabled": True}):
        refused = await place.owner("PATCH", f"/api/v1/accounts/{ada.id}", json=change)
        assert (refused.status_code, refused.json()["code"]) == (409, "last_admin")
    await place.owner("PATCH", f"/api/v1/accounts/{eva.id}", json={"disabled": False})
    assert (await eva.place.owner("PATCH", f"/api/v1/accounts/{ada.id}", json={"role": "director"})).status_code == 200


@pytest.mark.parametrize("change", [{"role": "owner"}, {"role": "king"}, {"disabled": "yes"}, {"password": "x"}])
async def test_a_change_that_cannot_be_changes_nothing(place: Place, change: dict[str, Any]) -> None:
    ada, eva = await signed_up(place, "ada", "admin"), await signed_up(place, "eva")
    refused = await ada.call("PATCH", f"accounts/{eva.id}", json=change)
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_request")
    assert (await listed(ada))["eva"]["role"] == "viewer"
    assert (await ada.call("PATCH", "accounts/a_none", json={"role": "guest"})).status_code == 404


async def test_a_link_sets_a_new_password_once_and_ends_every_sign_in(place: Place) -> None:
    ada, eva = await signed_up(place, "ada", "admin"), await signed_up(place, "eva")
    person = await eva.join()
    secret = await reset_of(ada, eva.id)
    assert (await eva.call("GET", "account")).status_code == 200, "the link alone changes nothing"
    weak = await place.call("POST", "/api/v1/reset", json={"reset": secret, "new": "eva"})
    assert weak.json()["code"] == "password_bad"
    assert (await place.call("POST", "/api/v1/reset", json={"reset": secret, "new": NEW})).json() == {"changed": True}
    again = await place.call("POST", "/api/v1/reset", json={"reset": secret, "new": "nine other herons"})
    assert (again.status_code, again.json()["code"]) == (403, "reset_gone")
    assert (await eva.call("GET", "account")).status_code == 401
    assert (await person.call("GET", "/api/v1/me")).status_code == 401
    assert (await ask_sign_in(place, "eva")).json()["code"] == "sign_in_wrong"
    await signed_in(place, "eva", NEW)


async def test_a_link_is_dead_after_a_day_and_as_soon_as_there_is_a_newer_one(place: Place) -> None:
    ada, eva = await signed_up(place, "ada", "admin"), await signed_up(place, "eva")
    first, second = await reset_of(ada, eva.id), await reset_of(ada, eva.id)
    body = {"reset": first, "new": NEW}
    assert (await place.call("POST", "/api/v1/reset", json=body)).json()["code"] == "reset_gone"
    place.wall.forward(24 * 3600)
    body["reset"] = second
    assert (await place.call("POST", "/api/v1/reset", json=body)).json()["code"] == "reset_gone"


async def test_guessing_links_is_slowed_down(place: Place) -> None:
    codes = set()
    for number in range(22):
        answer = await place.call("POST", "/api/v1/reset", json={"reset": f"guess-{number}", "new": NEW})
        codes.add(answer.json()["code"])
    empty = await place.call("POST", "/api/v1/reset", json={"reset": "", "new": NEW})
    assert codes == {"reset_gone", "too_fast"} and empty.json()["code"] in codes
