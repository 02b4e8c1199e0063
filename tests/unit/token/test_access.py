"""A person's access, signed and read again."""

from __future__ import annotations

import json

import jwt
import pytest

from studio.media import StoaError
from studio.token.access import Access, sign, sign_access
from studio.token.claims import Claims, VideoGrant
from studio.token.grants import NO_END_S, Grant, Grants
from studio.token.reading import examine
from studio.token.signed import ApiKey, Fault
from tests.unit.token import livekit_vectors as vectors

KEY = ApiKey("stoa", b"k" * 32)
NOW_S = 1_800_000_000
ALL = Grants.until(NO_END_S, Grant)


def access(grants: Grants = ALL, **changed: object) -> Access:
    facts = {"issued_s": NOW_S, "expires_s": NOW_S + 900, "name": "Ann", "token_id": "t_1", **changed}
    return Access("p_1", "weekly", grants, **facts)  # type: ignore[arg-type]


def claims_in(token: str) -> dict[str, object]:
    return jwt.decode(token, options={"verify_signature": False})


def read(token: str, now_s: int = NOW_S) -> Claims:
    """The claims of a token that is valid."""
    reading = examine(token, now_s, KEY)
    assert reading.valid and reading.claims is not None, reading.problems
    return reading.claims


def test_the_claims_are_exactly_livekits() -> None:
    assert claims_in(sign_access(access(metadata="broadcaster", admin=True), KEY)) == {
        "iss": "stoa",
        "sub": "p_1",
        "jti": "t_1",
        "name": "Ann",
        "nbf": NOW_S,
        "exp": NOW_S + 900,
        "metadata": "broadcaster",
        "video": {
            "room": "weekly",
            "roomJoin": True,
            "canPublish": True,
            "canPublishSources": ["camera", "microphone", "screen_share", "screen_share_audio"],
            "canSubscribe": True,
            "canPublishData": True,
            "roomAdmin": True,
            "hidden": False,
        },
    }


def test_who_publishes_nothing_gets_no_empty_list_that_livekit_takes_for_everything() -> None:
    video = claims_in(sign_access(access(Grants(join=NO_END_S, data=NO_END_S)), KEY))["video"]
    assert isinstance(video, dict)
    assert (video["canPublish"], video["canPublishSources"], video["canPublishData"]) == (False, [], True)


def test_ends_of_their_own_stand_in_a_claim_of_their_own() -> None:
    ends = Grants(join=NO_END_S, camera=NOW_S + 60, microphone=NO_END_S, screen=NOW_S + 120)
    token = sign_access(access(ends), KEY)
    assert claims_in(token)["stoa"] == {"ends": {"camera": NOW_S + 60, "screen": NOW_S + 120}}
    grants = read(token, NOW_S + 90).grants()
    assert grants == ends
    assert not grants.holds(Grant.CAMERA, NOW_S + 90), "the camera is over"
    assert grants.holds(Grant.SCREEN, NOW_S + 90) and grants.holds(Grant.MICROPHONE, NOW_S + 90)


def test_what_is_read_is_what_was_signed() -> None:
    given = access(ALL, metadata="guest", subscribe=False, admin=True, hidden=True)
    claims = read(sign_access(given, KEY))
    video = claims.video
    assert video is not None and (claims.sub, video.room, claims.grants()) == (given.identity, given.room, given.grants)
    assert (claims.nbf, claims.exp, claims.jti) == (given.issued_s, given.expires_s, given.token_id)
    assert (claims.name, claims.metadata) == (given.name, given.metadata)
    assert (video.may_subscribe(), video.room_admin, video.hidden) == (False, True, True)


def test_what_is_over_when_it_is_signed_is_not_granted_to_a_livekit_server_either() -> None:
    video = claims_in(sign_access(access(Grants(join=NO_END_S, camera=NOW_S, microphone=NOW_S + 1)), KEY))["video"]
    assert isinstance(video, dict) and video["canPublishSources"] == ["microphone"]


def test_the_token_ends_where_join_does() -> None:
    token = sign_access(access(Grants(join=NOW_S + 30, camera=NO_END_S)), KEY)
    assert claims_in(token)["exp"] == NOW_S + 30
    read(token, NOW_S + 29)
    assert examine(token, NOW_S + 30, KEY).faults == {Fault.EXPIRED}


def test_the_claim_of_stoa_takes_away_and_never_gives() -> None:
    secret = KEY.secret
    claims = claims_in(sign_access(access(Grants(join=NO_END_S)), KEY)) | {"stoa": {"ends": {"camera": NOW_S + 60}}}
    assert read(jwt.encode(claims, secret)).grants() == Grants(join=NO_END_S)


def test_a_claim_of_a_newer_stoa_is_read_as_far_as_it_is_known() -> None:
    ends = {"camera": NOW_S + 60, "hologram": NOW_S + 5}
    claims = claims_in(sign_access(access(), KEY)) | {"stoa": {"ends": ends, "more": 1}}
    assert read(jwt.encode(claims, KEY.secret)).grants().camera == NOW_S + 60


@pytest.mark.parametrize("claim", [5, {"ends": {"camera": "soon"}}, {"ends": {"camera": -1}}, {"ends": []}])
def test_ends_that_nobody_can_read_are_no_reason_to_grant_for_ever(claim: object) -> None:
    claims = claims_in(sign_access(access(), KEY)) | {"stoa": claim}
    reading = examine(jwt.encode(claims, KEY.secret), NOW_S, KEY)
    assert reading.claims is None and not reading.valid and reading.faults == {Fault.MALFORMED}


def test_an_empty_secret_signs_nothing() -> None:
    with pytest.raises(StoaError, match="cannot sign"):
        sign_access(access(), ApiKey("stoa", b""))


def test_a_key_does_not_tell_its_secret() -> None:
    assert "kkk" not in repr(KEY) and "kkk" not in str(KEY)


def test_livekits_verifier_took_this_very_token() -> None:
    """Signing the same again gives the bytes that were recorded as accepted: no claim has changed since."""
    sources = ("camera", "microphone", "screen_share")
    video = VideoGrant(
        room="weekly",
        room_join=True,
        can_publish=True,
        can_publish_sources=sources,
        can_subscribe=True,
        can_publish_data=True,
        room_admin=True,
        hidden=False,
    )
    begins_s = vectors.OURS_S
    claims = Claims(sub="ann", name="Ann É", nbf=begins_s, exp=begins_s + 3600, video=video)
    assert sign(claims, vectors.KEY) == vectors.OURS


def test_livekits_verifier_passes_over_ends_of_their_own() -> None:
    begins_s = vectors.OURS_WITH_ENDS_S
    grants = Grants(join=begins_s + 2000, camera=begins_s + 1500, data=NO_END_S, screen=begins_s + 900)
    given = Access("ann", "r", grants, begins_s, begins_s + 5000, token_id="t_1")
    assert sign_access(given, vectors.KEY) == vectors.OURS_WITH_ENDS
    assert json.dumps(claims_in(vectors.OURS_WITH_ENDS)["stoa"])
