"""Tokens of LiveKit's own tools are read; everything that is wrong with one is told in one sentence."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.token.claims import Claims, Source, VideoGrant
from studio.token.grants import NO_END_S, Grants
from studio.token.reading import CLOCK_SLACK_S, Reading, Signature, examine
from studio.token.signed import LONGEST_TOKEN, ApiKey, Fault, seal
from tests.unit.token import livekit_vectors as vectors

KEY = ApiKey("APIown", b"s" * 32)
NOW_S = 1_800_000_000
GOOD: dict[str, object] = {
    "iss": "APIown",
    "sub": "ann",
    "nbf": NOW_S - 10,
    "exp": NOW_S + 600,
    "video": {"room": "weekly", "roomJoin": True},
}


def signed(*, secret: bytes = KEY.secret, **changed: object) -> str:
    claims = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    return jwt.encode(claims, secret, algorithm="HS256")


def part(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def the_problem(reading: Reading) -> tuple[Fault, str]:
    """The one thing that is wrong: a sentence, and no valid token."""
    assert not reading.valid and len(reading.problems) == 1, reading.problems
    problem = reading.problems[0]
    assert problem.words.endswith(".") and "\n" not in problem.words and len(problem.words) < 400
    return problem.fault, problem.words


def test_a_good_token_is_valid() -> None:
    reading = examine(signed(), NOW_S, KEY)
    assert reading.valid and reading.problems == () and reading.signature is Signature.GOOD


def test_livekits_own_tokens_are_read() -> None:
    reading = examine(vectors.THEIRS_OF_AN_ADMIN, vectors.MADE_S, vectors.KEY)
    assert reading.valid and reading.claims is not None
    claims = reading.claims
    assert (claims.sub, claims.name, claims.metadata, claims.attributes) == (
        "ann",
        "Ann É",
        '{"seat": 7}',
        {"team": "red"},
    )
    assert claims.exp == vectors.MADE_S + 7200
    assert claims.video is not None and claims.video.room_admin
    assert claims.grants() == Grants(join=NO_END_S, camera=NO_END_S, screen=NO_END_S)
    assert not claims.video.may_publish(Source.SCREEN_SHARE_AUDIO)
    defaults = examine(vectors.THEIRS_WITH_DEFAULTS, vectors.MADE_S, vectors.KEY)
    assert defaults.valid and defaults.claims is not None
    assert defaults.claims.grants() == Grants(NO_END_S, NO_END_S, NO_END_S, NO_END_S, NO_END_S)
    server = examine(vectors.THEIRS_FOR_A_SERVER, vectors.MADE_S, vectors.KEY)
    assert server.valid and server.claims is not None, "a token for the server's API names nobody"
    assert server.claims.grants() == Grants()


@pytest.mark.parametrize(
    ("video", "sources", "data"),
    [
        ({}, set(Source), True),
        ({"canPublish": True, "canPublishSources": []}, set(Source), True),
        ({"canPublish": True, "canPublishSources": None}, set(Source), True),
        ({"canPublishSources": ["camera"]}, {Source.CAMERA}, True),
        ({"canPublish": False, "canPublishSources": ["camera"]}, set(), False),
        ({"canPublish": False, "canPublishData": True}, set(), True),
        ({"canPublish": True, "canPublishData": False}, set(Source), False),
    ],
)
def test_what_is_not_said_means_what_livekits_server_takes_it_for(
    video: dict[str, object], sources: set[Source], data: bool
) -> None:
    claims = examine(signed(video={"room": "weekly", "roomJoin": True, **video}), NOW_S, KEY).claims
    assert isinstance(claims, Claims) and isinstance(claims.video, VideoGrant)
    assert {source for source in Source if claims.video.may_publish(source)} == sources
    assert claims.video.may_send_data() is data


def test_without_a_secret_nothing_is_valid() -> None:
    reading = examine(signed(), NOW_S, None)
    assert not reading.valid and reading.problems == () and reading.signature is Signature.UNCHECKED
    assert reading.claims is not None and reading.claims.sub == "ann"


def test_a_changed_token_is_found_out() -> None:
    head, _, signature = signed().split(".")
    changed = f"{head}.{part({**GOOD, 'sub': 'eva'})}.{signature}"
    fault, words = the_problem(examine(changed, NOW_S, KEY))
    assert fault is Fault.TAMPERED and "signature" in words


@pytest.mark.parametrize("secret", [b"another secret that is long enough", b"s" * 31])
def test_so_is_another_secret(secret: bytes) -> None:
    reading = examine(signed(), NOW_S, ApiKey("APIown", secret))
    assert the_problem(reading)[0] is Fault.TAMPERED and reading.signature is Signature.BAD


def test_an_empty_secret_checks_nothing() -> None:
    forged = f"{part({'alg': 'HS256'})}.{part(GOOD)}."
    assert the_problem(examine(forged, NOW_S, ApiKey("APIown", b"")))[0] is Fault.TAMPERED


@pytest.mark.parametrize("name", ["none", "None", "NONE", ""])
def test_alg_none_is_nobodys(name: str) -> None:
    for signature in ("", signed().rpartition(".")[2]):
        token = f"{part({'alg': name, 'typ': 'JWT'})}.{part(GOOD)}.{signature}"
        fault, words = the_problem(examine(token, NOW_S, KEY))
        assert fault is Fault.UNSIGNED and "not signed" in words


def test_other_algorithms_are_refused_even_where_the_secret_fits() -> None:
    token = jwt.encode(GOOD, b"s" * 64, algorithm="HS512")
    fault, words = the_problem(examine(token, NOW_S, ApiKey("APIown", b"s" * 64)))
    assert fault is Fault.ALGORITHM and "HS512" in words and "HS256" in words
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert the_problem(examine(jwt.encode(GOOD, private, algorithm="RS256"), NOW_S, KEY))[0] is Fault.ALGORITHM


def test_another_keys_token_is_foreign() -> None:
    fault, words = the_problem(examine(signed(iss="APIother"), NOW_S, KEY))
    assert fault is Fault.FOREIGN and "APIother" in words and "APIown" in words
    assert the_problem(examine(signed(iss=None), NOW_S, KEY))[0] is Fault.FOREIGN


def test_it_runs_out_to_the_second() -> None:
    assert examine(signed(), NOW_S + 599, KEY).valid
    fault, words = the_problem(examine(signed(), NOW_S + 600 + 3 * 3600, KEY))
    assert fault is Fault.EXPIRED and "3 h ago" in words and "2027-01-15 08:10:00 UTC" in words


def test_it_begins_with_a_minutes_grace_for_clocks() -> None:
    begins_s = NOW_S + CLOCK_SLACK_S
    assert examine(signed(nbf=begins_s), NOW_S, KEY).valid
    fault, words = the_problem(examine(signed(nbf=begins_s + 1), NOW_S, KEY))
    assert fault is Fault.NOT_YET and "1 min 1 s" in words


def test_what_never_runs_out_is_refused() -> None:
    assert the_problem(examine(signed(exp=None), NOW_S, KEY))[0] is Fault.NO_EXPIRY


@pytest.mark.parametrize("missing", [{"sub": None}, {"video": {"roomJoin": True}}])
def test_to_join_a_token_names_who_and_where(missing: dict[str, object]) -> None:
    assert the_problem(examine(signed(**missing), NOW_S, KEY))[0] is Fault.NOWHERE


def test_everything_that_is_wrong_is_told() -> None:
    reading = examine(signed(exp=NOW_S - 60, nbf=NOW_S + 3600, secret=b"x" * 32), NOW_S, KEY)
    assert [problem.fault for problem in reading.problems] == [Fault.TAMPERED, Fault.EXPIRED, Fault.NOT_YET]


def test_huge_tokens_are_not_even_opened() -> None:
    fault, words = the_problem(examine("a" * (LONGEST_TOKEN + 1), NOW_S, KEY))
    assert fault is Fault.HUGE and str(LONGEST_TOKEN) in words
    longest = signed(metadata="m" * 11_000)
    assert len(longest) <= LONGEST_TOKEN and examine(longest, NOW_S, KEY).valid


HEAD = part({"alg": "HS256", "typ": "JWT"})
MALFORMED = {
    "nothing": "",
    "words": "not a token",
    "two parts": "aaaa.bbbb",
    "four parts": "aaaa.bbbb.cccc.dddd",
    "other letters": f"{HEAD}.{part(GOOD)}.ab+/",
    "not ASCII": "é.é.é",
    "lone surrogate": "\udc80.a.b",
    "a length that base64 has not": f"aaaaa.{part(GOOD)}.aaaa",
    "a header that is no JSON": f"{part(b'HS256')}.{part(GOOD)}.aaaa",
    "a header that is a list": f"{part(['HS256'])}.{part(GOOD)}.aaaa",
    "an algorithm that is a number": f"{part({'alg': 256})}.{part(GOOD)}.aaaa",
    "no algorithm": f"{part({'typ': 'JWT'})}.{part(GOOD)}.aaaa",
    "a header without end": f"{part(b'[' * 9000)}.{part(GOOD)}.aaaa",
    "a header that is deep": f"{part(b'{"x":' + b'[' * 9000)}.{part(GOOD)}.aaaa",
    "claims without end": f"{HEAD}.{part(b'{"x":' + b'[' * 9000)}.aaaa",
    "claims that are no JSON": f"{HEAD}.{part(b'sub=ann')}.aaaa",
    "claims that are a list": f"{HEAD}.{part([1])}.aaaa",
    "claims that are no text": f"{HEAD}.{part(bytes([255, 254]))}.aaaa",
}


@pytest.mark.parametrize("token", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_no_token_is_told_so(token: str) -> None:
    reading = examine(token, NOW_S, KEY)
    assert the_problem(reading)[0] is Fault.MALFORMED and reading.claims is None


@pytest.mark.parametrize("extension", [{"crit": ["b64"]}, {"crit": ["exp"], "exp": 1}, {"b64": False}])
def test_extensions_that_change_what_a_token_means_are_refused(extension: dict[str, object]) -> None:
    token = f"{part({'alg': 'HS256', **extension})}.{part(GOOD)}.aaaa"
    fault, words = the_problem(examine(token, NOW_S, KEY))
    assert fault is Fault.MALFORMED and "extension" in words


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sub", 5),
        ("exp", "tomorrow"),
        ("exp", -1),
        ("exp", True),
        ("exp", 1e300),
        ("exp", 10**30),
        ("nbf", []),
        ("video", []),
        ("attributes", {"team": 1}),
    ],
)
def test_claims_of_the_wrong_kind_are_named(name: str, value: object) -> None:
    fault, words = the_problem(examine(signed(**{name: value}), NOW_S, KEY))
    assert fault is Fault.MALFORMED and f"({name}" in words


def test_foreign_text_cannot_move_the_cursor() -> None:
    evil = "\x1b[2J\u202e" + "x" * 5000
    for token in (signed(iss=evil), f"{part({'alg': evil})}.{part(GOOD)}.aaaa"):
        words = the_problem(examine(token, NOW_S, KEY))[1]
        assert words.isprintable() and "\\x1b[2J" in words


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=60), st.from_regex(r"\A[\w-]{1,30}\.[\w-]{1,60}\.[\w-]{0,50}\Z")))
def test_no_text_is_too_strange(text: str) -> None:
    assert not examine(text, NOW_S, KEY).valid


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.dictionaries(st.sampled_from([*GOOD, "stoa"]), st.none() | st.integers() | st.text()))
def test_no_claims_are_too_strange(raw: bytes, claims: dict[str, object]) -> None:
    for payload in (raw, json.dumps(claims).encode()):
        assert not examine(seal(payload, KEY.secret), NOW_S, KEY).valid
