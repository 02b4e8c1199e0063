"""The tokens of the session's people: their claims, and which of them are still ours."""

from __future__ import annotations

import jwt
import pytest

from studio.server.grant_ends import of_role
from studio.server.rights import Right, Role, may
from studio.server.tokens import TokenGrant, began_with, renewal_of, renewed_id, sign, token_id_of
from studio.token.grants import NO_END_S, Grants

KEY, NOW_S = b"k" * 32, 1_800_000_000


def grant(role: Role = Role.VIEWER) -> TokenGrant:
    return TokenGrant("t_1", "p_1", "Ann", role, "studio", NOW_S, NOW_S + 600, Grants.until(NO_END_S, of_role(role)))


@pytest.mark.parametrize("role", Role)
def test_a_token_says_exactly_what_its_role_may(role: Role) -> None:
    sources = ["camera", "microphone", "screen_share", "screen_share_audio"]
    assert jwt.decode(sign(grant(role), KEY), options={"verify_signature": False}) == {
        "iss": "stoa",
        "sub": "p_1",
        "jti": "t_1",
        "name": "Ann",
        "nbf": NOW_S,
        "exp": NOW_S + 600,
        "metadata": role.value,
        "video": {
            "room": "studio",
            "roomJoin": True,
            "canPublish": may(role, Right.PUBLISH),
            "canPublishSources": sources if may(role, Right.PUBLISH) else [],
            "canSubscribe": may(role, Right.WATCH),
            "canPublishData": may(role, Right.CHAT),
            "roomAdmin": may(role, Right.KICK),
            "hidden": False,
        },
    }


def test_it_is_ours_until_its_last_second() -> None:
    token = sign(grant(), KEY)
    assert token_id_of(token, KEY, NOW_S) == token_id_of(token, KEY, NOW_S + 599) == "t_1"
    assert token_id_of(token, KEY, NOW_S + 600) is None
    assert token_id_of(token, b"x" * 32, NOW_S) is None


def test_one_that_begins_later_is_not_good_yet_but_for_a_minute_of_clocks_that_differ() -> None:
    token = sign(grant(), KEY)
    assert token_id_of(token, KEY, NOW_S - 60) == "t_1"
    assert token_id_of(token, KEY, NOW_S - 61) is None and began_with(token, KEY, NOW_S - 61) is None


def test_one_that_ran_out_still_says_what_was_begun_with_it_and_nothing_else_does() -> None:
    assert began_with(sign(grant(), KEY), KEY, NOW_S + 600) == "t_1"
    assert began_with(sign(grant(), KEY), b"x" * 32, NOW_S + 600) is None


def test_a_renewal_is_known_again_by_the_key_alone() -> None:
    renewal = renewal_of("t_1", KEY)
    assert renewed_id(renewal, KEY) == "t_1" and renewed_id(renewal, b"x" * 32) is None
    for other in ("", ".", "t_1", "t_1.", renewal[:-1], renewal.replace("t_1", "t_2"), sign(grant(), KEY)):
        assert renewed_id(other, KEY) is None, other


@pytest.mark.parametrize(
    "changed", [{"iss": "APIother"}, {"exp": None}, {"jti": None}, {"sub": None}, {"exp": "never"}]
)
def test_a_token_that_says_less_or_something_else_is_nobodys(changed: dict[str, object]) -> None:
    claims = jwt.decode(sign(grant(), KEY), options={"verify_signature": False}) | changed
    kept = {name: value for name, value in claims.items() if value is not None}
    assert token_id_of(jwt.encode(kept, KEY), KEY, NOW_S) is None
