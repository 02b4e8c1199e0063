"""Coming in: invites, names, cookies and bearers, one-time links, and the owner's run token."""

from __future__ import annotations

import stat
from pathlib import Path

import jwt
import pytest

from studio.server.data_folder import FILE_NAME
from studio.server.router_pipe import EndReason, EndTokens
from tests.fakes.server_house import OFFER, OWNER_TOKEN, Place


async def test_an_invite_and_a_name_give_a_bearer_with_the_claims_of_livekit(place: Place) -> None:
    ann = await place.join("Ann")
    me = (await ann.call("GET", "/api/v1/me")).json()
    assert (me["person"]["name"], me["person"]["role"], me["session"]) == ("Ann", "viewer", "studio")
    claims = jwt.decode(ann.bearer, options={"verify_signature": False})
    assert claims["sub"] == ann.id
    assert claims["video"]["room"] == "studio" and claims["video"]["canSubscribe"] is True
    assert claims["video"]["canPublish"] is False and claims["video"]["roomAdmin"] is False


async def test_a_page_gets_a_cookie_that_scripts_cannot_read_and_no_bearer(place: Place) -> None:
    invite = await place.invite()
    body = {"invite": invite["invite"], "name": "Ann"}
    answer = await place.call("POST", "/api/v1/join", json=body, headers={"Origin": place.base})
    assert answer.status_code == 200
    assert answer.json()["bearer"] is None
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie
    assert "Secure" not in cookie, "over plain HTTP the browser would drop it"
    value = cookie.split(";")[0]
    me = await place.call("GET", "/api/v1/me", headers={"Cookie": value})
    assert me.json()["person"]["name"] == "Ann"


async def test_with_a_cookie_only_the_own_origin_may_change_anything(place: Place) -> None:
    invite = await place.invite()
    own = {"Origin": place.base}
    joined = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "Ann"}, headers=own)
    cookie = {"Cookie": joined.headers["set-cookie"].split(";")[0]}
    path, body = "/api/v1/sessions/studio/chat", {"id": "message-1", "text": "hello"}
    foreign = await place.call("POST", path, json=body, headers={**cookie, "Origin": "http://evil.example"})
    nowhere = await place.call("POST", path, json=body, headers=cookie)
    opaque = await place.call("POST", path, json=body, headers={**cookie, "Origin": "null"})
    assert [answer.status_code for answer in (foreign, nowhere, opaque)] == [403, 403, 403]
    assert foreign.json()["code"] == nowhere.json()["code"] == "bad_origin"
    assert (await place.call("POST", path, json=body, headers={**cookie, **own})).json()["already"] is False


async def test_a_page_of_another_site_cannot_sign_a_browser_in(place: Place) -> None:
    invite = await place.invite()
    body = {"invite": invite["invite"], "name": "Ann"}
    answer = await place.call("POST", "/api/v1/join", json=body, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


@pytest.mark.parametrize("name", ["ann", "ANN", " A nn ", "Ａｎｎ", "A\u200bnn", "A\u202enn"])
async def test_a_name_that_somebody_has_is_refused_however_it_is_written(place: Place, name: str) -> None:
    await place.join("Ann")
    invite = await place.invite()
    answer = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": name})
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert answer.json()["remedy"]


async def test_a_name_is_free_again_when_its_owner_has_left(place: Place) -> None:
    ann = await place.join("Ann")
    assert (await ann.call("POST", "/api/v1/leave")).json() == {"changed": True}
    again = await place.join("Ann")
    assert again.id != ann.id
    assert (await ann.call("GET", "/api/v1/me")).status_code == 401


async def test_who_has_left_reads_and_watches_no_more(place: Place) -> None:
    ann, ben = await place.join("Ann"), await place.join("Ben")
    sdp = {"Content-Type": "application/sdp"}
    assert (await ann.call("POST", "/whep/studio", content=OFFER, headers=sdp)).status_code == 201
    async with ann.socket() as line, ben.socket() as other:
        await line.until("welcome")
        await other.until("welcome")
        assert (await ann.call("POST", "/api/v1/leave")).status_code == 200
        assert await line.closed() == 4401
        assert (await ben.say("Is she gone?")).status_code == 200
        await other.until("chat.message")
    watched = next(offer.token for offer in place.router.resources.values() if offer.person == ann.id)
    (ended,) = place.router.told_of(EndTokens)
    assert (ended.tokens, ended.why) == ((watched,), EndReason.LEFT), "nobody watches who is on no list"


async def test_a_name_is_held_for_a_minute_for_who_joined_and_never_came(place: Place) -> None:
    await place.join("Ann")
    place.wall.forward(61)
    await place.join("Ann")


async def test_the_host_keeps_their_name_also_while_away(place: Place) -> None:
    answer = await place.owner("POST", "/api/v1/join", json={"name": "Maria"})
    assert answer.json()["person"]["role"] == "broadcaster"
    place.wall.forward(3600)
    invite = await place.invite()
    taken = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "maria"})
    assert taken.json()["code"] == "name_taken"


# The same names in the letters of other scripts: the point of the test, and hard to see, hence by their numbers.
BORROWED = [
    *(
        "Stoa",
        "STOA",
        " s t o a ",
        "St\u200boa",
        "Sto\u0301a",
        "\uff33toa",
        "\u0405toa",
        "S\u0442\u043e\u0430",
        "St0a.",
    ),
    *("Host", "HOST", "h o s t", "Ho\u0336st", "\u041dost", "H\u03bfst", "\u24bdost", "H\u00f6st!", "H\u00f8st"),
    *("\U0001f177\U0001f17e\U0001f182\U0001f183", "\u029c\u1d0f\ua731\u1d1b", "Ho\u1160st", "Stoa Studio"),
]


@pytest.mark.parametrize("name", BORROWED, ids=ascii)
@pytest.mark.parametrize("role", ["viewer", "admin"])
async def test_the_studios_and_the_hosts_names_are_kept_before_anybody_has_come(
    place: Place, name: str, role: str
) -> None:
    invite = await place.invite(role)
    answer = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": name})
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert "is kept for" in answer.json()["message"] and answer.json()["remedy"]


@pytest.mark.parametrize(
    "name",
    [
        "maria",
        "M a r i a",
        "Mari\u0301a",
        "Mar\u0456a",
        "\u041caria",
        "Mar\u200dia",
        "\u2022Maria\u2022",
    ],
    ids=ascii,
)
async def test_nobody_can_be_taken_for_the_broadcaster(place: Place, name: str) -> None:
    await place.owner("POST", "/api/v1/join", json={"name": "Maria"})
    invite = await place.invite()
    answer = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": name})
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert "Maria" in answer.json()["message"] or "is called" in answer.json()["message"]


async def test_a_capital_i_passes_for_a_small_l_and_a_small_i_does_not(place: Place) -> None:
    await place.owner("POST", "/api/v1/join", json={"name": "Carla"})
    invite = await place.invite()
    answer = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "CarIa"})
    assert answer.json()["code"] == "name_taken"
    assert (await place.join("Caria")).id


async def test_names_of_every_script_that_differ_are_free(place: Place) -> None:
    names = [
        "\u0905\u0928\u0940",
        "\u0905\u0928\u093f",
        "Hostess",
        "Stoan",
        "\U0001f3ac",
        "\u738b\u82b3",
        "\u738b\u65b9",
    ]
    await place.owner("POST", "/api/v1/join", json={"name": names[0]})
    for name in names[1:]:
        assert (await place.join(name)).id


async def test_the_host_may_be_called_host_and_nobody_is_called_stoa(place: Place) -> None:
    answer = await place.owner("POST", "/api/v1/join", json={"name": "Host"})
    assert answer.json()["person"]["name"] == "Host"
    answer = await place.owner("POST", "/api/v1/join", json={"name": "stoa"})
    assert answer.json()["code"] == "name_taken"


async def test_signs_that_draw_nothing_make_no_other_name(place: Place) -> None:
    """Soft hyphen, joiners, a Hangul filler, the blank of Braille, marks of Arabic, Mongolian and annotations."""
    await place.join("Mia Li")
    invite = (await place.invite())["invite"]
    for sign in "\u00ad\u034f\u061c\u115f\u180e\u2800\u3164\uffa0\ufff9\U000e0101":
        answer = await place.call("POST", "/api/v1/join", json={"invite": invite, "name": f"Mi{sign}a Li"})
        assert answer.json().get("code") == "name_taken", ascii(sign)
    shown = await place.call("POST", "/api/v1/join", json={"invite": invite, "name": "\u061cAn\u00adn\u2800"})
    assert shown.json()["person"]["name"] == "Ann"


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u200b", "\u2800", "\u3164 \u00ad", "x" * 41])
async def test_a_name_that_nobody_could_read_is_refused(place: Place, name: str) -> None:
    invite = await place.invite()
    answer = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": name})
    assert (answer.status_code, answer.json()["code"]) == (400, "name_bad")


async def test_an_admins_link_works_once(place: Place) -> None:
    invite = await place.invite("admin")
    assert invite["link"] == f"{place.base}/admin#i={invite['invite']}"
    first = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "Eva"})
    assert first.json()["person"]["role"] == "admin"
    second = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "Mallory"})
    assert (second.status_code, second.json()["code"]) == (403, "invite_spent")


async def test_two_who_open_an_admins_link_at_once_are_one_admin(place: Place) -> None:
    import asyncio

    invite = await place.invite("admin")
    answers = await asyncio.gather(
        *(
            place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": f"Eva {number}"})
            for number in range(8)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [403] * 7


async def test_an_admins_link_is_shown_once_and_runs_out_after_a_day(place: Place) -> None:
    invite = await place.invite("admin")
    listed = (await place.owner("GET", "/api/v1/sessions/studio/invites")).json()["invites"]
    assert [(one["id"], one["link"], one["invite"]) for one in listed] == [(invite["id"], None, None)]
    place.wall.forward(25 * 3600)
    late = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "Eva"})
    assert late.json()["code"] == "invite_expired"


async def test_a_viewers_link_is_shown_again(place: Place) -> None:
    invite = await place.invite()
    assert invite["link"] == f"{place.base}/watch/studio#i={invite['invite']}"
    listed = (await place.owner("GET", "/api/v1/sessions/studio/invites")).json()["invites"]
    assert listed[0]["link"] == invite["link"]
    drawn = await place.owner("GET", f"/api/v1/sessions/studio/invites/{invite['id']}/qr.svg")
    assert drawn.headers["content-type"] == "image/svg+xml" and drawn.text.startswith("<svg")


async def test_who_came_by_an_invite_that_is_taken_back_is_out(place: Place) -> None:
    invite = await place.invite()
    answer = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "Ann"})
    bearer = answer.json()["bearer"]
    path = f"/api/v1/sessions/studio/invites/{invite['id']}"
    assert (await place.owner("DELETE", path)).json() == {"changed": True}
    assert (await place.owner("DELETE", path)).json() == {"changed": False}
    refused = await place.call("GET", "/api/v1/me", bearer)
    assert (refused.status_code, refused.json()["code"]) == (403, "invite_revoked")
    again = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "Ann"})
    assert again.json()["code"] == "invite_revoked"


async def test_an_admin_who_opens_the_viewers_link_stays_an_admin(place: Place) -> None:
    eva = await place.join("Eva", "admin")
    invite = await place.invite()
    answer = await place.call("POST", "/api/v1/join", eva.bearer, json={"invite": invite["invite"], "name": "Eva"})
    assert (answer.json()["person"]["id"], answer.json()["person"]["role"]) == (eva.id, "admin")


@pytest.mark.parametrize("role", ["admin", "broadcaster"])
async def test_who_shows_a_dead_token_is_not_again_what_they_were(place: Place, role: str) -> None:
    invite = await place.invite(role)
    joined = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "Eva"})
    was, bearer = joined.json()["person"], joined.json()["bearer"]
    await place.owner("DELETE", f"/api/v1/sessions/studio/invites/{invite['id']}")
    viewers = (await place.invite())["invite"]
    again = await place.call("POST", "/api/v1/join", bearer, json={"invite": viewers, "name": "Eve"})
    now = again.json()
    assert now["person"]["role"] == "viewer" and now["person"]["id"] != was["id"], again.text
    assert "kick" not in now["rights"]
    for token in (bearer, now["bearer"]):
        refused = await place.call(
            "POST", "/whip/studio", token, content="v=0", headers={"Content-Type": "application/sdp"}
        )
        assert refused.status_code == 403


async def test_the_same_page_comes_back_as_the_same_person(place: Place) -> None:
    invite = await place.invite()
    own = {"Origin": place.base}
    first = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "Ann"}, headers=own)
    own["Cookie"] = first.headers["set-cookie"].split(";")[0]
    second = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "Anna"}, headers=own)
    assert second.json()["person"]["id"] == first.json()["person"]["id"]
    assert second.json()["person"]["name"] == "Anna"


async def test_unknown_tampered_and_foreign_tokens_are_nobody(place: Place) -> None:
    ann = await place.join("Ann")
    head, claims, signature = ann.bearer.split(".")
    forged = jwt.encode(jwt.decode(ann.bearer, options={"verify_signature": False}), b"x" * 32, algorithm="HS256")
    none = jwt.encode(jwt.decode(ann.bearer, options={"verify_signature": False}), None, algorithm="none")
    for token in ("nonsense", f"{head}.{claims}.{signature[::-1]}", forged, none, OWNER_TOKEN + "x"):
        answer = await place.call("GET", "/api/v1/me", token)
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


async def test_the_owner_is_signed_in_by_the_run_token_and_is_not_counted(place: Place) -> None:
    me = (await place.owner("GET", "/api/v1/me")).json()
    assert (me["person"]["id"], me["person"]["role"]) == ("owner", "owner")
    assert (await place.owner("GET", "/api/v1/sessions/studio")).json()["people"] == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_is_kept_of_secrets_cannot_be_read_by_others(place: Place, tmp_path: Path) -> None:
    invite = await place.invite("admin")
    ann = await place.join("Ann")
    database = tmp_path / FILE_NAME
    assert stat.S_IMODE(database.stat().st_mode) == 0o600
    content = b"".join(path.read_bytes() for path in tmp_path.glob(f"{FILE_NAME}*"))
    for secret in (invite["invite"], ann.bearer, OWNER_TOKEN):
        assert secret.encode() not in content


async def test_guessing_invites_is_slowed_down(place: Place) -> None:
    codes = set()
    for number in range(40):
        answer = await place.call("POST", "/api/v1/join", json={"invite": f"guess-{number}", "name": "Ann"})
        codes.add(answer.json()["code"])
        if answer.status_code == 429:
            assert int(answer.headers["Retry-After"]) >= 1
    assert codes == {"invite_unknown", "too_fast"}
