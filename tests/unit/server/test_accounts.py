"""Accounts over the real application: signing up by invite, in, out, out everywhere, and passwords."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import text

from studio.server.data_folder import FILE_NAME
from studio.server.passwords import Passwords
from studio.server.router_pipe import EndTokens
from tests.fakes.account_holder import PASSWORD, ask_sign_in, ask_sign_up, signed_in, signed_up
from tests.fakes.server_house import Place

NEW = "eight loud herons"


async def test_an_invite_to_an_account_makes_one_of_its_role_once(place: Place) -> None:
    invite = (await place.invite("director", account=True))["invite"]
    answer = await ask_sign_up(place, invite, "eva@example.org")
    account = answer.json()["account"]
    assert (account["login"], account["role"], account["mine"]) == ("eva@example.org", "director", True)
    again = await ask_sign_up(place, invite, "tom@example.org")
    assert (again.status_code, again.json()["code"]) == (403, "invite_spent")
    (line,) = [line for line in await place.audit() if line["action"] == "account.made"]
    assert (line["actor_id"], line["target"], line["outcome"]) == (account["id"], account["id"], "done")


async def test_eight_who_use_an_invite_at_once_are_one_account(place: Place) -> None:
    invite = (await place.invite("admin", account=True))["invite"]
    answers = await asyncio.gather(*(ask_sign_up(place, invite, f"eva{number}") for number in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [403] * 7


async def test_without_an_invite_to_an_account_nobody_signs_up(place: Place) -> None:
    viewers = (await place.invite("viewer"))["invite"]
    taken_back = await place.invite("viewer", account=True)
    await place.owner("DELETE", f"/api/v1/sessions/studio/invites/{taken_back['id']}")
    codes = [
        (await ask_sign_up(place, invite, "eva")).json()["code"]
        for invite in ("", "nonsense", viewers, taken_back["invite"])
    ]
    assert codes == ["invite_unknown"] * 3 + ["invite_revoked"]
    late = (await place.invite("viewer", account=True, expires_s=60))["invite"]
    place.wall.forward(61)
    assert (await ask_sign_up(place, late, "eva")).json()["code"] == "invite_expired"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"login": "ev"}, "login_bad"),
        ({"login": "e v a"}, "login_bad"),
        ({"login": "ev\u200ba"}, "login_bad"),
        ({"login": "x" * 65}, "login_bad"),
        ({"login": "TOM"}, "login_taken"),
        ({"login": "\uff54om"}, "login_taken"),
        ({"name": ""}, "name_bad"),
        ({"name": "Stoa"}, "name_taken"),
        ({"name": "T\u043em"}, "name_taken"),
        ({"password": "short"}, "password_bad"),
        ({"password": "password123"}, "password_bad"),
        ({"password": 7}, "bad_request"),
        ({"role": "admin"}, "bad_request"),
    ],
    ids=ascii,
)
async def test_a_sign_up_that_cannot_be_spends_no_invite(place: Place, wrong: dict[str, str], code: str) -> None:
    await signed_up(place, "tom", "broadcaster")
    invite = (await place.invite("viewer", account=True))["invite"]
    refused = await ask_sign_up(place, invite, "eva", **wrong)
    assert (refused.json()["code"], bool(refused.json()["remedy"])) == (code, True)
    assert (await ask_sign_up(place, invite, "eva")).status_code == 200


async def test_one_signs_in_by_login_and_password_however_the_login_is_written(place: Place) -> None:
    eva = await signed_up(place, "eva@example.org")
    again = await signed_in(place, " EVA@Example.ORG ")
    assert again.id == eva.id and again.bearer != eva.bearer
    account = (await again.call("GET", "account")).json()
    assert (account["login"], account["sign_ins"]) == ("eva@example.org", 2)
    signed = [line for line in await place.audit() if line["action"] == "account.signed_in"]
    assert [(line["actor_id"], line["outcome"]) for line in signed] == [(eva.id, "done")]


async def test_a_wrong_password_and_an_unknown_login_are_answered_alike_and_both_written_down(place: Place) -> None:
    eva = await signed_up(place, "eva")
    wrong, unknown = await ask_sign_in(place, "eva", "not the password"), await ask_sign_in(place, "hunter2hunter2")
    assert wrong.status_code == unknown.status_code == 403
    assert wrong.content == unknown.content and wrong.json()["code"] == "sign_in_wrong"
    lines = [line for line in await place.audit() if line["action"] == "account.signed_in"]
    assert [(line["outcome"], line["target"]) for line in lines] == [("refused", eva.id), ("refused", "")]
    assert all(line["address"] == "127.0.0.1" for line in lines)
    told = str(await place.audit())
    assert "hunter2hunter2" not in told and "not the password" not in told and PASSWORD not in told


async def test_an_unknown_login_costs_a_hash_as_a_wrong_password_does(place: Place) -> None:
    costs: list[str] = []

    class Counting(PasswordHasher):
        def hash(self, password: str | bytes, *, salt: bytes | None = None) -> str:
            costs.append("hash")
            return super().hash(password, salt=salt)

        def verify(self, hash: str | bytes, password: str | bytes) -> bool:
            costs.append("verify")
            return super().verify(hash, password)

    await signed_up(place, "eva")
    place.house.accounts.passwords = Passwords(Counting(time_cost=1, memory_cost=64, parallelism=1))
    for login in ("eva", "nobody"):
        await ask_sign_in(place, login, "not the password")
    assert costs == ["verify", "hash"]


async def test_five_attempts_at_a_login_and_then_one_each_30_seconds_and_others_are_not_held_up(place: Place) -> None:
    await signed_up(place, "eva")
    await signed_up(place, "tom")
    wrong = [await ask_sign_in(place, "Eva", "not the password") for _ in range(6)]
    assert [answer.json()["code"] for answer in wrong] == ["sign_in_wrong"] * 5 + ["too_fast"]
    assert 28 <= int(wrong[-1].headers["Retry-After"]) <= 31
    right = await ask_sign_in(place, "eva")
    assert right.json()["code"] == "too_fast", "the right password must not be told from a wrong one"
    await signed_in(place, "tom")
    place.clock.forward(31)
    await signed_in(place, "eva")
    await signed_in(place, "eva")


async def test_an_address_that_tries_many_logins_is_slowed_down(place: Place) -> None:
    codes = [(await ask_sign_in(place, f"login{number}", "guess")).json()["code"] for number in range(22)]
    assert codes == ["sign_in_wrong"] * 20 + ["too_fast"] * 2


async def test_a_page_gets_a_cookie_that_scripts_cannot_read_and_no_bearer(place: Place) -> None:
    await signed_up(place, "eva")
    answer = await ask_sign_in(place, "eva", headers={"Origin": place.base})
    cookie = answer.headers["set-cookie"]
    assert answer.json()["bearer"] is None
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie
    assert "Secure" not in cookie, "over plain HTTP the browser would drop it"
    mine = await place.call("GET", "/api/v1/account", headers={"Cookie": cookie.split(";")[0]})
    assert mine.json()["login"] == "eva"


CHANGES = ["sign-out", "sign-out-everywhere", "password", "join", "accounts/a_none/reset"]


@pytest.mark.parametrize("path", CHANGES)
async def test_with_the_cookie_only_the_own_origin_may_change_anything(place: Place, path: str) -> None:
    await signed_up(place, "eva", "admin")
    signed = await ask_sign_in(place, "eva", headers={"Origin": place.base})
    cookie = {"Cookie": signed.headers["set-cookie"].split(";")[0]}
    body = {"password": {"old": PASSWORD, "new": NEW}, "join": {"session": "studio"}}.get(path, {})
    for origin in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {}):
        refused = await place.call("POST", f"/api/v1/{path}", json=body, headers={**cookie, **origin})
        assert (refused.status_code, refused.json()["code"]) == (403, "bad_origin"), origin
        assert "set-cookie" not in refused.headers
    form = {**cookie, "Origin": place.base, "Content-Type": "text/plain"}
    if path in ("password", "join"):
        posted = await place.call("POST", f"/api/v1/{path}", content='{"session": "studio"}', headers=form)
        assert (posted.status_code, posted.json()["code"]) == (400, "bad_request")
    assert (await place.call("GET", "/api/v1/account", headers=cookie)).json()["sign_ins"] == 2


@pytest.mark.parametrize("path", ["sign-in", "accounts", "reset"])
async def test_a_page_of_another_site_signs_nobody_in(place: Place, path: str) -> None:
    body = {"login": "eva", "password": PASSWORD}
    answer = await place.call("POST", f"/api/v1/{path}", json=body, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (403, "bad_origin")


async def test_who_signs_out_is_out_here_and_nowhere_else(place: Place) -> None:
    here = await signed_up(place, "eva")
    there = await signed_in(place, "eva")
    person_here, person_there = await here.join(), await there.join()
    assert (await here.call("POST", "sign-out")).json() == {"changed": True}
    assert (await here.call("GET", "account")).status_code == 401
    assert (await person_here.call("GET", "/api/v1/me")).status_code == 401
    assert (await there.call("GET", "account")).json()["sign_ins"] == 1
    assert (await person_there.call("GET", "/api/v1/me")).status_code == 200


async def test_signing_out_everywhere_ends_every_sign_in_token_socket_and_stream(place: Place) -> None:
    eva = await signed_up(place, "eva", "broadcaster")
    other = await signed_in(place, "eva")
    tom = await (await signed_up(place, "tom")).join()
    first, second = await eva.join(), await other.join()
    assert first.id == second.id
    async with first.socket() as one, second.socket() as two, tom.socket() as kept:
        for line in (one, two, kept):
            await line.until("welcome")
        await place.go_live(first.bearer)
        assert (await eva.call("POST", "sign-out-everywhere")).json() == {"changed": True}
        assert await one.closed() == await two.closed() == 4401
        (ended,) = place.router.told_of(EndTokens)
        assert len(ended.tokens) == 2
        await kept.send("ping")
        await kept.until("pong")
    for bearer in (eva.bearer, other.bearer):
        assert (await place.call("GET", "/api/v1/account", bearer)).status_code == 401
        assert (await place.call("POST", "/api/v1/join", bearer, json={})).status_code == 401
    for person in (first, second):
        assert (await person.call("GET", "/api/v1/me")).json()["code"] == "not_signed_in"
    line = [line for line in await place.audit() if line["action"] == "account.signed_out_everywhere"]
    assert [one["actor_id"] for one in line] == [eva.id]


async def test_a_new_password_signs_the_others_out_and_takes_the_old_one_and_only_with_it(place: Place) -> None:
    eva = await signed_up(place, "eva")
    other = await signed_in(place, "eva")
    mine, theirs = await eva.join(), await other.join()
    wrong = await eva.call("POST", "password", json={"old": "not the password", "new": NEW})
    assert (wrong.status_code, wrong.json()["code"]) == (403, "sign_in_wrong")
    weak = await eva.call("POST", "password", json={"old": PASSWORD, "new": "eva"})
    assert weak.json()["code"] == "password_bad"
    assert (await other.call("GET", "account")).status_code == 200
    assert (await eva.call("POST", "password", json={"old": PASSWORD, "new": NEW})).json() == {"changed": True}
    assert (await eva.call("GET", "account")).status_code == 200
    assert (await mine.call("GET", "/api/v1/me")).status_code == 200
    assert (await other.call("GET", "account")).status_code == 401
    assert (await theirs.call("GET", "/api/v1/me")).status_code == 401
    assert (await ask_sign_in(place, "eva")).json()["code"] == "sign_in_wrong"
    await signed_in(place, "eva", NEW)
    lines = [line["outcome"] for line in await place.audit() if line["action"] == "account.password"]
    assert lines == ["refused", "done"]


async def test_whoever_has_the_cookie_cannot_guess_the_password_either(place: Place) -> None:
    eva = await signed_up(place, "eva")
    guess = {"old": "a guess", "new": NEW}
    codes = [(await eva.call("POST", "password", json=guess)).json()["code"] for _ in range(6)]
    assert codes == ["sign_in_wrong"] * 5 + ["too_fast"]


async def test_who_signs_in_by_a_hash_of_weaker_parameters_is_hashed_anew(place: Place) -> None:
    await signed_up(place, "eva")
    weak = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1).hash(PASSWORD)
    update = text("UPDATE account SET password_hash = :weak")
    await place.house.record.run(lambda t: t.db.execute(update, {"weak": weak}))
    await signed_in(place, "eva")
    kept = await place.house.record.run(lambda t: t.db.execute(text("SELECT password_hash FROM account")).scalar())
    assert kept != weak and str(kept).startswith("$argon2id$v=19$m=64,")
    await signed_in(place, "eva")


async def test_a_sign_in_runs_out_after_thirty_days(place: Place) -> None:
    eva = await signed_up(place, "eva")
    place.wall.forward(30 * 86400 - 1)
    assert (await eva.call("GET", "account")).status_code == 200
    place.wall.forward(2)
    assert (await eva.call("GET", "account")).json()["code"] == "not_signed_in"


async def test_unknown_and_foreign_sign_ins_are_nobody(place: Place) -> None:
    viewer = await place.join("Ann")
    for bearer in ("", "sa_", "sa_nonsense", "nonsense", viewer.bearer):
        answer = await place.call("GET", "/api/v1/account", bearer)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    eva = await signed_up(place, "eva", "admin")
    assert (await eva.call("GET", "me")).status_code == 401, "a sign-in is no token of a session"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_is_kept_of_passwords_and_sign_ins_cannot_be_used(place: Place, tmp_path: Path) -> None:
    eva = await signed_up(place, "eva")
    content = b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE_NAME}*"))
    assert b"$argon2id$" in content
    for secret in (PASSWORD, eva.bearer):
        assert secret.encode() not in content
