"""`stoa token`: what it takes and refuses, what it prints, and that no secret is ever repeated."""

from __future__ import annotations

import io
import json
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import keyring
import keyring.errors
import pytest

from studio.launcher import livekit_keys
from studio.launcher.commands import run
from studio.launcher.token_words import as_text, explain
from studio.token.access import Access, sign_access
from studio.token.grants import NO_END_S, Grants
from studio.token.reading import examine
from studio.token.signed import ApiKey

SECRET = "hunter2-but-long-enough-for-hmac-256"
WHO = ("--identity", "ann", "--room", "weekly")
VALID_S = 600


class Keyring:
    """A keyring in memory, or none."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.there = True

    def _check(self) -> None:
        if not self.there:
            raise keyring.errors.NoKeyringError

    def get_password(self, service: str, name: str) -> str | None:
        self._check()
        return self.entries.get((service, name))

    def set_password(self, service: str, name: str, value: str) -> None:
        self._check()
        self.entries[service, name] = value

    def delete_password(self, service: str, name: str) -> None:
        self._check()
        if self.entries.pop((service, name), None) is None:
            raise keyring.errors.PasswordDeleteError


@pytest.fixture(autouse=True)
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyring]:
    """An empty keyring, no environment, and nobody at a terminal."""
    made = Keyring()
    monkeypatch.setenv("STOA_HOME", str(tmp_path))
    monkeypatch.delenv("LIVEKIT_API_KEY", raising=False)
    monkeypatch.delenv("LIVEKIT_API_SECRET", raising=False)
    for name in ("get_password", "set_password", "delete_password"):
        monkeypatch.setattr(keyring, name, getattr(made, name))
    monkeypatch.setattr(livekit_keys, "at_a_terminal", lambda: False)
    before = signal.getsignal(signal.SIGINT)
    yield made
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Key and secret stand in the environment."""
    monkeypatch.setenv("LIVEKIT_API_KEY", "APIown")
    monkeypatch.setenv("LIVEKIT_API_SECRET", SECRET)


def made_by(*words: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["token", "livekit", *WHO, *words]) == 0
    said = capsys.readouterr()
    assert not said.err and len(said.out.split()) == 1, "the token alone"
    return said.out.strip()


def claims_in(token: str) -> dict[str, dict[str, object]]:
    return jwt.decode(token, SECRET, algorithms=["HS256"], issuer="APIown")


def give(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands on standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))


@pytest.mark.usefixtures("known")
def test_the_claims_are_livekits(capsys: pytest.CaptureFixture[str]) -> None:
    before_s = int(time.time())
    claims = claims_in(made_by("--name", "Ann É", "--publish", "camera,microphone,screen_share,data", capsys=capsys))
    assert claims.keys() == {"iss", "sub", "name", "nbf", "exp", "video"}
    assert (claims["iss"], claims["sub"], claims["name"]) == ("APIown", "ann", "Ann É")
    assert claims["video"] == {
        "room": "weekly",
        "roomJoin": True,
        "canPublish": True,
        "canPublishSources": ["camera", "microphone", "screen_share"],
        "canSubscribe": True,
        "canPublishData": True,
        "roomAdmin": False,
        "hidden": False,
    }
    assert before_s <= int(str(claims["nbf"])) <= time.time()
    assert int(str(claims["exp"])) - int(str(claims["nbf"])) == 3600


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("words", "publish", "sources", "data", "admin"),
    [
        ((), False, [], False, False),
        (("--publish", "data"), False, [], True, False),
        (("--publish", "microphone, camera,camera"), True, ["camera", "microphone"], False, False),
        (("--publish=screen_share_audio", "--admin"), True, ["screen_share_audio"], False, True),
    ],
)
def test_nothing_is_granted_that_was_not_asked_for(
    words: tuple[str, ...],
    publish: bool,
    sources: list[str],
    data: bool,
    admin: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    video = claims_in(made_by(*words, "--ttl", "60", capsys=capsys))["video"]
    assert (video["canPublish"], video["canPublishSources"]) == (publish, sources)
    assert (video["canPublishData"], video["roomAdmin"], video["canSubscribe"]) == (data, admin, True)


@pytest.mark.usefixtures("known")
def test_json_tells_what_was_made(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "livekit", *WHO, "--publish", "data", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert claims_in(told.pop("token"))["exp"] == told.pop("expires_s")
    assert told == {
        "api_key": "APIown",
        "identity": "ann",
        "room": "weekly",
        "name": "",
        "publish": ["data"],
        "admin": False,
    }


BAD = {
    "no word": [],
    "another word": ["agora"],
    "no identity": ["livekit", "--room", "r"],
    "no room": ["livekit", "--identity", "i"],
    "blank identity": ["livekit", "--identity", " ", "--room", "r"],
    "long room": ["livekit", "--identity", "i", "--room", "r" * 257],
    "control letters": ["livekit", "--identity", "i\x1b", "--room", "r"],
    "no text": ["livekit", "--identity", "i\udc80", "--room", "r"],
    "nothing published": ["livekit", *WHO, "--publish", ""],
    "unknown source": ["livekit", *WHO, "--publish", "camera,smell"],
    "no number": ["livekit", *WHO, "--ttl", "soon"],
    "no time": ["livekit", *WHO, "--ttl", "0"],
    "below": ["livekit", *WHO, "--ttl", "-5"],
    "for ever": ["livekit", *WHO, "--ttl", "99999999"],
    "other digits": ["livekit", *WHO, "--ttl", "٣٠"],
    "no token": ["explain"],
    "empty token": ["explain", " "],
}


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("argv", BAD.values(), ids=BAD.keys())
def test_bad_arguments_end_with_2_and_a_remedy(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status = run(["token", *argv])
    except SystemExit as left:
        status = int(str(left.code))
    said = capsys.readouterr()
    last = said.err.strip().splitlines()[-1]
    assert status == 2 and not said.out and last.startswith("stoa token") and last.count(".") >= 2
    assert last.isprintable()


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "typed",
    [
        ("--secret", "swordfish"),
        ("--secret=swordfish",),
        ("--api-secret", "swordfish"),
        ("--API_SECRET=swordfish",),
        ("--key", "swordfish"),
        ("--api-key", "swordfish"),
        ("--password", "swordfish"),
        ("-k", "swordfish"),
        ("--sekret=swordfish",),
        ("swordfish",),
    ],
)
@pytest.mark.parametrize("word", ["livekit", "explain", "keep", "forget"])
def test_a_secret_in_an_argument_is_refused_and_not_repeated(
    word: str, typed: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    words = {"livekit": WHO, "explain": ("aaaa.bbbb.cccc",)}.get(word, ())
    assert run(["token", word, *words, *typed]) == 2
    said = capsys.readouterr()
    assert "swordfish" not in said.err + said.out and not said.out
    if not typed[0].startswith(("--sek", "sword")):
        assert "arguments" in said.err and "LIVEKIT_API_SECRET" in said.err


def test_without_a_key_the_ways_to_give_one_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "livekit", *WHO]) == 2
    said = capsys.readouterr()
    assert not said.out
    assert "LIVEKIT_API_KEY" in said.err and "LIVEKIT_API_SECRET" in said.err and "stoa token keep" in said.err


@pytest.mark.parametrize("only", ["LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"])
def test_half_an_environment_is_told(
    only: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(only, SECRET)
    assert run(["token", "livekit", *WHO]) == 2
    said = capsys.readouterr().err
    assert f"has {only} and no " in said and SECRET not in said


def test_a_short_secret_signs_and_is_warned_about(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIVEKIT_API_KEY", "devkey")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "devsecret")
    assert run(["token", "livekit", *WHO]) == 0
    said = capsys.readouterr()
    assert "32 bytes" in said.err and "devsecret" not in said.err and said.out.count(".") == 2


def test_the_keyring_keeps_a_key_until_it_is_forgotten(
    kept: Keyring, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIVEKIT_API_KEY", "APIown")
    monkeypatch.setenv("LIVEKIT_API_SECRET", SECRET)
    assert run(["token", "keep"]) == 0
    said = capsys.readouterr()
    assert "APIown" in said.err and SECRET not in said.err + said.out
    monkeypatch.delenv("LIVEKIT_API_KEY")
    monkeypatch.delenv("LIVEKIT_API_SECRET")
    assert claims_in(made_by(capsys=capsys))["sub"] == "ann"
    assert run(["token", "forget"]) == 0 and not kept.entries
    assert "no API key any more" in capsys.readouterr().err
    assert run(["token", "forget"]) == 0
    assert "had no API key" in capsys.readouterr().err
    assert run(["token", "livekit", *WHO]) == 2


@pytest.mark.usefixtures("known")
def test_where_there_is_no_keyring_nothing_is_kept_and_the_environment_does(
    kept: Keyring, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.there = False
    assert run(["token", "keep"]) == 1
    assert "no keyring" in capsys.readouterr().err
    assert run(["token", "forget"]) == 1
    capsys.readouterr()
    assert made_by(capsys=capsys)


def test_what_the_keyring_has_for_livekit_may_be_broken(kept: Keyring, capsys: pytest.CaptureFixture[str]) -> None:
    livekit_keys.keep(ApiKey("APIown", SECRET.encode()))
    kept.entries = dict.fromkeys(kept.entries, "{")
    assert run(["token", "livekit", *WHO]) == 2
    assert "stoa token keep" in capsys.readouterr().err


def test_keeping_needs_somebody_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["token", "keep"]) == 2
    assert "terminal" in capsys.readouterr().err


@pytest.mark.usefixtures("known")
def test_a_token_of_ones_own_is_valid(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    token = made_by("--publish", "camera", "--admin", "--name", "Ann", capsys=capsys)
    give(f"  {token}\n", monkeypatch)
    assert run(["token", "explain", "-"]) == 0
    said = capsys.readouterr()
    assert not said.err
    lines = said.out.splitlines()
    assert lines[0] == "valid" and "runs out in 59 min" in lines[1]
    rows = {" ".join(line.split()) for line in lines}
    assert {"made by API key APIown", "identity ann", "name Ann", "room weekly"} <= rows
    assert {"may join the room", "may publish the camera", "may watch and listen"} <= rows
    assert not any("microphone" in row or "send data" in row for row in rows)


@pytest.mark.usefixtures("known")
def test_a_token_in_an_argument_is_explained_with_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    token = made_by(capsys=capsys)
    assert run(["token", "explain", token]) == 0
    said = capsys.readouterr()
    assert "process list" in said.err and "explain -" in said.err and token not in said.err + said.out


@pytest.mark.parametrize(
    ("claims", "fault", "word"),
    [
        ({"exp": 1_000_000}, "expired", "ran out"),
        ({"nbf": 4_000_000_000}, "not_yet", "not valid yet"),
        ({"iss": "APIother"}, "foreign", "APIother"),
    ],
)
@pytest.mark.usefixtures("known")
def test_why_not_is_told_with_status_1(
    claims: dict[str, object],
    fault: str,
    word: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = {"iss": "APIown", "sub": "ann", "exp": int(time.time()) + VALID_S, "video": {"room": "r", "roomJoin": True}}
    give(jwt.encode(good | claims, SECRET), monkeypatch)
    assert run(["token", "explain", "-", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["valid"], told["faults"], len(told["words"])) == (False, [fault], 1)
    assert word in told["words"][0] and told["identity"] == "ann"


@pytest.mark.parametrize("text", ["nonsense", "a" * 40_000, "aaaa.bbbb.cccc", "é.é.é"])
def test_what_is_no_token_is_not_valid(
    text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    give(text, monkeypatch)
    assert run(["token", "explain", "-"]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == "not valid" and len(said.out.splitlines()) == 2


def test_nobody_is_told_valid_without_a_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    give(jwt.encode({"iss": "APIown", "sub": "ann", "exp": int(time.time()) + VALID_S}, SECRET), monkeypatch)
    assert run(["token", "explain", "-"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "not checked" and "no secret is known" in lines[1]


@pytest.mark.parametrize(("typed", "status"), [(SECRET, 0), ("another", 1), ("", 1)])
def test_at_a_terminal_the_secret_is_asked_for(
    typed: str, status: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(livekit_keys, "at_a_terminal", lambda: True)
    monkeypatch.setattr(livekit_keys, "ask_for_secret", lambda prompt: asked.append(prompt) or typed)
    token = jwt.encode({"iss": "APIown", "exp": int(time.time()) + VALID_S}, SECRET)
    assert run(["token", "explain", token]) == status
    assert len(asked) == 1 and "APIown" in asked[0]
    assert SECRET not in "".join(capsys.readouterr())


def test_nobody_is_asked_for_the_secret_of_what_is_not_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(livekit_keys, "at_a_terminal", lambda: True)
    monkeypatch.setattr(livekit_keys, "ask_for_secret", lambda prompt: asked.append(prompt) or SECRET)
    assert run(["token", "explain", jwt.encode({"iss": "APIown"}, None, algorithm="none")]) == 1
    assert not asked


def test_ends_of_their_own_are_told() -> None:
    key, now_s = ApiKey("stoa", SECRET.encode()), 1_800_000_000
    grants = Grants(join=NO_END_S, camera=now_s + 60, microphone=now_s + 120)
    token = sign_access(Access("p_1", "weekly", grants, now_s, now_s + VALID_S), key)
    told = explain(examine(token, now_s + 90, key), now_s + 90)
    assert told.valid and told.grants == {"join": None, "camera": now_s + 60, "microphone": now_s + 120}
    assert "publish the camera (no longer: that ended at 2027-01-15 08:01:00 UTC)" in told.may
    assert "publish the microphone until 2027-01-15 08:02:00 UTC" in told.may


def test_foreign_text_is_shown_and_does_nothing() -> None:
    evil = "\x1b]0;owned\x07\u202e\n" + "x" * 300
    claims = {"iss": evil, "sub": evil, "name": evil, evil: evil, "metadata": evil, "exp": 2_000_000_000}
    claims["video"] = {"room": evil, "destinationRoom": evil}
    text = as_text(explain(examine(jwt.encode(claims, SECRET), 1_800_000_000, None), 1_800_000_000))
    assert all(line.isprintable() and len(line) < 1000 for line in text.splitlines())
    assert "\\x1b]0;owned" in text
