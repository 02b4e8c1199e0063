"""Who manages accounts signs somebody out everywhere: dead at once, on air too, and they may sign in again."""

from __future__ import annotations

import pytest

from studio.server.rights import Right, Role, may
from studio.server.router_pipe import EndTokens
from tests.fakes.account_holder import ask_sign_in, signed_in, signed_up
from tests.fakes.server_house import Place


async def test_out_in_all_places_and_off_the_air(place: Place) -> None:
    ada, eva = await signed_up(place, "ada", "admin"), await signed_up(place, "eva", "broadcaster")
    second = await signed_in(place, "eva")
    person = await eva.join()
    await place.go_live(person.bearer)
    async with person.socket() as line:
        await line.until("welcome")
        answer = await ada.call("POST", f"accounts/{eva.id}/sign-out")
        assert answer.json() == {"changed": True}
        assert await line.closed() == 4401
    assert len(place.router.told_of(EndTokens)) == 1
    for bearer in (eva.bearer, second.bearer, person.bearer):
        assert (await place.call("GET", "/api/v1/account", bearer)).status_code == 401
    assert (await ada.call("POST", f"accounts/{eva.id}/sign-out")).json() == {"changed": False}
    assert (await ask_sign_in(place, "eva")).status_code == 200
    lines = [line for line in await place.audit() if line["action"] == "account.signed_out_everywhere"]
    assert [(line["actor_id"], line["target"], line["words"]) for line in lines] == [
        (ada.id, eva.id, "2 sign-ins ended"),
        (ada.id, eva.id, "0 sign-ins ended"),
    ]


@pytest.mark.parametrize("role", [role.value for role in Role if role is not Role.OWNER])
async def test_the_table_is_asked(place: Place, role: str) -> None:
    tom, eva = await signed_up(place, "tom"), await signed_up(place, "eva", role)
    answer = await eva.call("POST", f"accounts/{tom.id}/sign-out")
    assert (answer.status_code == 200) is may(Role(role), Right.MANAGE_ACCOUNTS)
    assert ((await tom.call("GET", "account")).status_code == 401) is (answer.status_code == 200)


async def test_of_an_admin_only_by_the_owner_and_never_of_ones_own(place: Place) -> None:
    ada, ann = await signed_up(place, "ada", "admin"), await signed_up(place, "ann", "admin")
    for whose in (ann, ada):
        refused = await ada.call("POST", f"accounts/{whose.id}/sign-out")
        assert (refused.status_code, refused.json()["code"]) == (403, "no_right")
    assert (await ann.call("GET", "account")).status_code == 200
    assert (await place.owner("POST", f"/api/v1/accounts/{ann.id}/sign-out")).json() == {"changed": True}
    assert (await ann.call("GET", "account")).status_code == 401
    assert (await place.owner("POST", "/api/v1/accounts/a_nobody/sign-out")).status_code == 404
