"""What waits for its turn behind a kick or a demotion is asked again then: nobody does it with the role they had."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from studio.server import account_admin, invites, plans
from studio.server.account_admin import Manager
from studio.server.account_api import AccountChange
from studio.server.api import InviteRequest
from studio.server.caller import Caller
from studio.server.errors import Refusal
from studio.server.messages import CLIENT_MESSAGE
from studio.server.record import Transaction
from studio.server.rights import Role
from studio.server.schedule_api import PlanRequest
from tests.fakes.account_holder import Holder, signed_up
from tests.fakes.server_house import Guest, Place, fresh_id

SHOW: dict[str, Any] = {"title": "Show", "starts": "2030-01-01T20:00", "zone": "Europe/Berlin", "length_s": 3600}
MESSAGES: list[tuple[str, dict[str, Any]]] = [
    ("chat.send", {"text": "Hello.", "channel": "backstage"}),
    ("chat.typing", {"channel": "backstage"}),
    ("chat.pin", {"message": 1}),
]
BY_ADMINS: dict[str, Callable[[Transaction, Caller, str], object]] = {
    "plan": lambda t, who, tom: plans.make(t, who, "studio", TypeAdapter(PlanRequest).validate_python(SHOW)),
    "invite": lambda t, who, tom: invites.make(t, who, "studio", InviteRequest(role=Role.BROADCASTER), "http://x"),
    "role": lambda t, who, tom: account_admin.change(t, Manager(who, ""), tom, AccountChange(role=Role.GUEST)),
    "reset": lambda t, who, tom: account_admin.reset_link(t, Manager(who, ""), tom, "http://x"),
}


async def as_they_were(place: Place, guest: Guest) -> Caller:
    """As the look at their token found them."""
    return await place.house.admission.identify(guest.bearer, "198.51.100.7")


async def order_of_owner(place: Place, action: str, target: str, **more: Any) -> None:
    order = {"id": fresh_id("command"), "action": action, "target": target, **more}
    assert (await place.owner("POST", "/api/v1/sessions/studio/commands", json=order)).status_code == 200


@pytest.mark.parametrize(
    ("action", "more", "code"), [("kick", {}, "removed"), ("demote", {"role": "viewer"}, "no_right")]
)
@pytest.mark.parametrize(("kind", "data"), MESSAGES)
async def test_a_message_that_comes_after_a_kick_or_a_demotion_is_refused(
    place: Place, action: str, more: dict[str, Any], code: str, kind: str, data: dict[str, Any]
) -> None:
    bob = await place.join("Bob", "broadcaster")
    was = await as_they_were(place, bob)
    await order_of_owner(place, action, bob.id, **more)
    message = CLIENT_MESSAGE.validate_python({"type": kind, "id": fresh_id(), "data": data})
    with pytest.raises(Refusal) as refused:
        await place.house.chat.take(was, "studio", message)  # type: ignore[arg-type]
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("action", "more", "code"),
    [
        ("kick", {}, "removed"),
        ("demote", {"role": "director"}, "no_right"),
        ("grant", {"ends": {"join": 0}}, "time_over"),
    ],
)
@pytest.mark.parametrize("what", BY_ADMINS)
async def test_what_admins_make_is_refused_after_a_kick_or_a_demotion_or_their_time(
    place: Place, action: str, more: dict[str, Any], code: str, what: str
) -> None:
    eva, tom = await place.join("Eva", "admin"), await signed_up(place, "tom")
    was = await as_they_were(place, eva)
    await order_of_owner(place, action, eva.id, **more)
    with pytest.raises(Refusal) as refused:
        await place.house.record.run(lambda t: BY_ADMINS[what](t, was, tom.id))
    assert refused.value.code == code


async def manager(place: Place, ada: Holder) -> Manager:
    who = await place.house.accounts.identify(ada.bearer, "198.51.100.7")
    return Manager(Caller(who.account_id, who.name, who.role, "", who.id, hidden=True), who.account_id)


@pytest.mark.parametrize(
    ("how", "code"), [("kick", "removed"), ("demote", "no_right"), ("sign out", "not_signed_in"), ("role", "no_right")]
)
async def test_an_account_that_manages_others_is_asked_again_too(place: Place, how: str, code: str) -> None:
    await signed_up(place, "mia", "admin")
    ada, tom = await signed_up(place, "ada", "admin"), await signed_up(place, "tom")
    by = await manager(place, ada)
    if how == "sign out":
        await ada.call("POST", "sign-out")
    elif how == "role":
        await place.owner("PATCH", f"/api/v1/accounts/{ada.id}", json={"role": "guest"})
    else:
        person = await ada.join()
        await order_of_owner(place, how, person.id, **({"role": "director"} if how == "demote" else {}))
    with pytest.raises(Refusal) as refused:
        await place.house.record.run(lambda t: account_admin.change(t, by, tom.id, AccountChange(role=Role.GUEST)))
    assert refused.value.code == code
