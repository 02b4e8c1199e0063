"""The rights matrix, whole: every right of every role, and every command given by every role to a running server."""

from __future__ import annotations

import re

import pytest

from studio.server.caller import Caller
from studio.server.errors import Refusal
from studio.server.messages import CommandAction
from studio.server.orders import Order
from studio.server.right_words import may_not
from studio.server.rights import Right, Role, may, rights_of
from studio.token.grants import Grant
from tests.fakes.server_house import Place, fresh_id

#                       owner  admin  director broadcaster guest viewer
EXPECTED = """
watch                     x      x       x          x        x     x
chat                      x      x       x          x        x     x
chat_backstage            x      x       x          x        -     -
chat_moderate             x      x       x          x        -     -
react                     x      x       x          x        x     x
raise_hand                x      x       x          x        x     x
pin                       x      x       x          x        -     -
poll                      x      x       x          x        -     -
vote                      x      x       x          x        x     x
see_people                x      x       x          x        x     x
see_connections           x      x       x          x        -     -
publish                   x      -       -          x        -     -
acknowledge               x      -       -          x        -     -
mute_audio                x      x       -          -        -     -
unmute_audio              -      x       -          -        -     -
mute_video                x      x       -          -        -     -
unmute_video              -      x       -          -        -     -
stop                      x      x       -          -        -     -
release                   -      x       -          -        -     -
kick                      x      x       -          -        -     -
readmit                   x      x       -          -        -     -
ban                       x      x       -          -        -     -
unban                     x      x       -          -        -     -
promote                   x      x       -          -        -     -
demote                    x      x       -          -        -     -
grant                     x      x       -          -        -     -
lower_hand                x      x       x          x        -     -
record_start              x      x       x          -        -     -
record_stop               x      x       x          -        -     -
lock                      x      x       -          -        -     -
unlock                    x      x       -          -        -     -
end                       x      x       -          -        -     -
announce                  x      x       -          -        -     -
invite_viewer             x      x       -          x        -     -
invite_broadcaster        x      x       -          -        -     -
invite_admin              x      -       -          -        -     -
manage_accounts           x      x       -          -        -     -
see_schedule              x      x       x          x        x     x
see_plans                 x      x       x          x        -     -
plan                      x      x       -          -        -     -
change_plan               x      x       -          -        -     -
cancel_plan               x      x       -          -        -     -
read_audit                x      x       -          -        -     -
share                     x      -       -          -        -     -
"""
TABLE = {line.split()[0]: line.split()[1:] for line in EXPECTED.strip().splitlines()}
OWNER = Caller("owner", "Owner", Role.OWNER, "studio", "t_1")
CELLS = [
    (Right(right), role, mark == "x") for right, row in TABLE.items() for role, mark in zip(Role, row, strict=True)
]


def test_the_table_names_every_right() -> None:
    assert set(TABLE) == set(Right)


@pytest.mark.parametrize(("right", "role", "allowed"), CELLS, ids=[f"{r}-{role}" for r, role, _ in CELLS])
def test_a_refusal_is_in_words_and_names_the_right_apart(right: Right, role: Role, allowed: bool) -> None:
    caller = Caller("p_1", "Ann", role, "studio", "t_1")
    if allowed:
        caller.require(right)
        return
    with pytest.raises(Refusal) as refused:
        caller.require(right)
    told = refused.value.body().model_dump(mode="json")
    assert told["right"] == right.value
    assert re.fullmatch(r"As (the|an?) [a-z]+ you may not [a-zA-Z' ]+\.", told["message"])
    assert "broadcaster" not in told["message"]
    who = "admin of the session" if may(Role.ADMIN, right) else "owner of the studio"
    assert told["remedy"].endswith(f" {who}.")


def test_what_a_host_reads_of_a_mute() -> None:
    words, _ = may_not(Role.BROADCASTER, Right.MUTE_AUDIO)
    assert words == "As a host you may not mute others' sound."


@pytest.mark.parametrize(("right", "role", "allowed"), CELLS, ids=[f"{r}-{role}" for r, role, _ in CELLS])
def test_each_role_has_the_rights_of_the_table_and_no_others(right: Right, role: Role, allowed: bool) -> None:
    assert may(role, right) is allowed
    assert (right in rights_of(role)) is allowed


@pytest.mark.parametrize("action", CommandAction)
async def test_each_command_is_done_for_the_roles_of_the_table_and_refused_to_all_others(
    place: Place, action: CommandAction
) -> None:
    await place.host()
    target = await place.join("Target")
    about_one = ("kick", "readmit", "ban", "unban", "promote", "demote", "lower_hand", "grant")
    about = target.id if action.value in about_one else ""
    new = {"promote": Role.DIRECTOR, "demote": Role.VIEWER}.get(action.value)
    if action is CommandAction.DEMOTE:
        await place.house.commands.give(OWNER, "studio", Order("command-up", CommandAction.PROMOTE, about, "", new))
    for role, mark in zip(Role, TABLE[action.value], strict=True):
        caller = Caller("owner" if role is Role.OWNER else f"p_{role.value}", "Somebody", role, "studio", "t_1")
        ends = {Grant.CAMERA: 600} if action is CommandAction.GRANT else {}
        order = Order(fresh_id("command"), action, about, "Hello.", new, ends=ends)
        place.clock.forward(60)
        before = (len(place.router.told), len(await place.audit()))
        if mark == "x":
            assert not (await place.house.commands.give(caller, "studio", order)).already
            last = (await place.audit())[before[1] :]
            assert {line["command"] for line in last if line["command"]} == {order.id}, (role, last)
            continue
        with pytest.raises(Refusal) as refused:
            await place.house.commands.give(caller, "studio", order)
        assert refused.value.code == "no_right", role
        (line,) = (await place.audit())[before[1] :]
        assert (line["outcome"], line["action"], line["actor_role"]) == ("refused", action.value, role.value)
        assert len(place.router.told) == before[0], "the router was told all the same"


@pytest.mark.parametrize("role", ["viewer", "broadcaster", "admin"])
async def test_the_paths_ask_the_table(place: Place, role: str) -> None:
    person = await place.join("Somebody", role)
    tried = {
        Right.READ_AUDIT: ("GET", "/api/v1/sessions/studio/audit", None),
        Right.SHARE: ("GET", "/api/v1/share", None),
        Right.INVITE_VIEWER: ("POST", "/api/v1/sessions/studio/invites", {"role": "viewer"}),
        Right.INVITE_BROADCASTER: ("POST", "/api/v1/sessions/studio/invites", {"role": "broadcaster"}),
        Right.INVITE_ADMIN: ("POST", "/api/v1/sessions/studio/invites", {"role": "admin"}),
        Right.SEE_PEOPLE: ("GET", "/api/v1/sessions/studio/people", None),
    }
    for right, (method, path, body) in tried.items():
        answer = await person.call(method, path, **({"json": body} if body else {}))
        assert (answer.status_code == 200) is may(Role(role), right), (right, answer.text)
    me = (await person.call("GET", "/api/v1/me")).json()
    assert me["rights"] == [right.value for right in rights_of(Role(role))]
