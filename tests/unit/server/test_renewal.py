"""Tokens are good for minutes and renewed without a word to anybody; which are refused, and that nothing is gained."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest

from studio.server.router_pipe import EndResource, EndTokens
from studio.server.tokens import SEAT_LIFE_S, TOKEN_LIFE_S, renewal_of
from tests.fakes.server_house import OFFER, Place

SDP = {"Content-Type": "application/sdp"}
PATH = "/api/v1/renew"


async def joined(place: Place, name: str = "Ann", role: str = "viewer") -> dict[str, Any]:
    invite = await place.invite(role)
    answer = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": name})
    found: dict[str, Any] = answer.json()
    return found


def claims_of(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


async def status(place: Place, bearer: str) -> int:
    return (await place.call("GET", "/api/v1/me", bearer)).status_code


async def test_a_token_is_short_lived_and_renewed_before_and_after_its_end(place: Place) -> None:
    ann = await joined(place)
    assert ann["lasts_s"] == TOKEN_LIFE_S <= 900
    first = ann["bearer"]
    place.wall.forward(TOKEN_LIFE_S / 2)
    by_token = (await place.call("POST", PATH, first, json={})).json()
    assert by_token["person"]["id"] == ann["person"]["id"] and await status(place, by_token["bearer"]) == 200
    place.wall.forward(TOKEN_LIFE_S / 2)
    assert (await status(place, first), await status(place, by_token["bearer"])) == (401, 200)
    place.wall.forward(TOKEN_LIFE_S)
    late = await place.call("POST", PATH, by_token["bearer"], json={})
    assert (late.status_code, late.json()["code"]) == (401, "not_signed_in"), "a token that ran out renews nothing"
    by_renewal = (await place.call("POST", PATH, json={"renewal": ann["renewal"]})).json()
    assert by_renewal["person"]["id"] == ann["person"]["id"] and await status(place, by_renewal["bearer"]) == 200
    assert claims_of(by_renewal["bearer"])["jti"] == claims_of(first)["jti"], "the media that it began stay its own"
    place.wall.forward(SEAT_LIFE_S)
    assert (await place.call("POST", PATH, json={"renewal": ann["renewal"]})).status_code == 401


async def test_a_line_and_its_media_go_on_through_a_renewal(place: Place) -> None:
    bob = await joined(place, "Bob", "broadcaster")
    answer = await place.call("POST", "/whip/studio", bob["bearer"], content=OFFER, headers=SDP)
    resource = answer.headers["Location"]
    before = len(place.router.told)
    fresh = (await place.call("POST", PATH, json={"renewal": bob["renewal"]})).json()["bearer"]
    place.wall.forward(TOKEN_LIFE_S - 1)
    assert await status(place, fresh) == 200
    assert len(place.router.told) == before, "the router hears nothing of it"
    place.wall.forward(60)
    assert (await place.call("DELETE", resource, fresh)).status_code == 200, "begun with it, and ended with it"
    assert place.router.told_of(EndResource)[-1].resource == resource.rpartition("/")[2]


async def test_a_page_has_both_as_cookies_and_the_renewal_goes_to_one_path_only(place: Place) -> None:
    invite, own = await place.invite(), {"Origin": place.base}
    answer = await place.call("POST", "/api/v1/join", json={"invite": invite["invite"], "name": "Ann"}, headers=own)
    assert (answer.json()["bearer"], answer.json()["renewal"]) == (None, None)
    cookies = answer.headers.get_list("set-cookie")
    token, renewal = cookies[0], next(one for one in cookies if "_renewal=" in one)
    assert f"Path={PATH}" in renewal and "HttpOnly" in renewal and "SameSite=strict" in renewal
    held = {"Cookie": renewal.split(";")[0]}
    for origin in ({}, {"Origin": "https://evil.example"}):
        refused = await place.call("POST", PATH, json={}, headers={**held, **origin})
        assert (refused.status_code, refused.json()["code"]) == (403, "bad_origin")
    place.wall.forward(TOKEN_LIFE_S)
    cookie = {"Cookie": token.split(";")[0]}
    assert (await place.call("GET", "/api/v1/me", headers=cookie)).status_code == 401
    fresh = await place.call("POST", PATH, json={}, headers={**held, **own})
    assert fresh.json()["bearer"] is None
    cookie = {"Cookie": fresh.headers.get_list("set-cookie")[0].split(";")[0]}
    assert (await place.call("GET", "/api/v1/me", headers=cookie)).status_code == 200
    left = await place.call("POST", "/api/v1/leave", headers={**cookie, **own})
    assert any("_renewal=" in one and "Max-Age=0" in one for one in left.headers.get_list("set-cookie"))


async def test_a_renewal_gives_what_is_granted_now_and_never_more(place: Place) -> None:
    eva, bob = await place.join("Eva", "admin"), await joined(place, "Bob", "broadcaster")
    now_s = place.wall.now_ms() // 1000
    await eva.command("grant", bob["person"]["id"], ends={"camera": 100, "data": 0})
    claims = claims_of((await place.call("POST", PATH, json={"renewal": bob["renewal"]})).json()["bearer"])
    assert claims["stoa"] == {"ends": {"camera": now_s + 100}} and claims["video"]["canPublishData"] is False
    await eva.command("demote", bob["person"]["id"], role="viewer")
    answer = (await place.call("POST", PATH, json={"renewal": bob["renewal"]})).json()
    claims = claims_of(answer["bearer"])
    assert (
        claims["metadata"] == "viewer" and claims["video"]["canPublish"] is False and "publish" not in answer["rights"]
    )
    assert (await place.call("POST", "/whip/studio", bob["bearer"], content=OFFER, headers=SDP)).status_code == 403
    await eva.command("grant", bob["person"]["id"], ends={"join": 50})
    answer = (await place.call("POST", PATH, json={"renewal": bob["renewal"]})).json()
    assert (answer["lasts_s"], claims_of(answer["bearer"])["exp"]) == (50, now_s + 50)
    place.wall.forward(50)
    over = await place.call("POST", PATH, json={"renewal": bob["renewal"]})
    assert (over.status_code, over.json()["code"]) == (403, "time_over")


@pytest.mark.parametrize("how", ["kick", "ban", "leave", "revoke"])
async def test_what_was_revoked_is_dead_at_once_and_cannot_be_renewed(place: Place, how: str) -> None:
    eva, ann = await place.join("Eva", "admin"), await joined(place)
    await place.call("POST", "/whep/studio", ann["bearer"], content=OFFER, headers=SDP)
    if how == "leave":
        await place.call("POST", "/api/v1/leave", ann["bearer"])
    elif how == "revoke":
        (invite,) = [
            one for one in (await place.owner("GET", "/api/v1/sessions/studio/invites")).json()["invites"]
            if one["role"] == "viewer"
        ]  # fmt: skip
        await place.owner("DELETE", f"/api/v1/sessions/studio/invites/{invite['id']}")
        assert place.router.told_of(EndTokens)
    else:
        await eva.command(how, ann["person"]["id"])
    assert await status(place, ann["bearer"]) in (401, 403)
    for body, bearer in (({"renewal": ann["renewal"]}, ""), ({}, ann["bearer"])):
        refused = await place.call("POST", PATH, bearer, json=body)
        assert refused.status_code in (401, 403) and "bearer" not in refused.json(), refused.text


async def test_foreign_tokens_are_refused_whatever_is_wrong_with_them(place: Place) -> None:
    ann, key = await joined(place), place.house.admission._key
    claims, now_s = claims_of(ann["bearer"]), place.wall.now_ms() // 1000
    head, body, signature = ann["bearer"].split(".")
    other = claims_of((await joined(place, "Bob", "admin"))["bearer"])

    def raw(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    bad = {
        "tampered": f"{head}.{raw({**claims, 'jti': other['jti']})}.{signature}",
        "of another key": jwt.encode(claims, b"x" * 32),
        "of another maker": jwt.encode({**claims, "iss": "APIother"}, key),
        "run out": jwt.encode({**claims, "exp": now_s}, key),
        "not valid yet": jwt.encode({**claims, "nbf": now_s + 61}, key),
        "without an end": jwt.encode({name: value for name, value in claims.items() if name != "exp"}, key),
        "alg none": f"{raw({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "unsigned": f"{head}.{body}.",
        "a renewal": ann["renewal"],
        "of another id": jwt.encode({**claims, "jti": "t_nobody"}, key),
        "of another algorithm": f"{raw({'alg': 'HS512', 'typ': 'JWT'})}.{body}.{signature}",
    }
    assert await status(place, jwt.encode(claims, key)) == 200, "what is right is taken"
    for what, token in bad.items():
        for method, path in (("GET", "/api/v1/me"), ("POST", "/whep/studio"), ("POST", PATH)):
            more = {"content": OFFER, "headers": SDP} if "whep" in path else {"json": {}} if method == "POST" else {}
            answer = await place.call(method, path, token, **more)
            assert answer.status_code == 401, (what, path, answer.text)
            assert answer.json()["code"] == "not_signed_in"


@pytest.mark.parametrize("renewal", ["t_1", "t_1.", ".x", "t_1.AAAA", "x" * 200])
async def test_a_renewal_that_was_not_made_here_renews_nothing(place: Place, renewal: str) -> None:
    await joined(place)
    refused = await place.call("POST", PATH, json={"renewal": renewal})
    assert (refused.status_code, refused.json()["code"]) == (401, "not_signed_in")
    unknown = renewal_of("t_unknown", place.house.admission._key)
    assert (await place.call("POST", PATH, json={"renewal": unknown})).status_code == 401
    assert (await place.call("POST", PATH, json={"renewal": "x" * 201})).status_code == 400
