"""`stoa token` as a process: the token alone on standard output, secrets from where nobody else can read them."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import jwt
import pytest

from tests.fixtures.secret_service import SecretService
from tests.fixtures.waiting import until

KEY, SECRET = "APIend2end", "Secret-5b19d4c0-and-long-enough-for-it"
KNOWN = {"LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET}
MAKE = ("livekit", "--identity", "ann", "--room", "weekly", "--publish", "camera,data")
NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}


@dataclass(frozen=True)
class Said:
    """How a command ended."""

    status: int
    out: str
    error: str


Token = Callable[..., Said]


def environ(home: Path, more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without a key of LiveKit's in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIVEKIT_")}
    return {**kept, "STOA_HOME": str(home), **more}


def command(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "studio", "token", *words]


@pytest.fixture
def token(stoa_home: Path) -> Token:
    """Runs `stoa token` with what is given on standard input; nobody is at a terminal."""

    def run(*words: str, given: str = "", **more: str) -> Said:
        ended = subprocess.run(
            command(*words),
            env=environ(stoa_home, more),
            input=given,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert SECRET not in ended.stdout + ended.stderr
        return Said(ended.returncode, ended.stdout, ended.stderr)

    return run


def test_what_one_call_makes_the_next_explains(token: Token) -> None:
    made = token(*MAKE, **KNOWN, **NO_KEYRING)
    assert (made.status, made.error) == (0, "")
    claims = jwt.decode(made.out.strip(), SECRET, algorithms=["HS256"], issuer=KEY)
    assert (claims["sub"], claims["video"]["canPublishSources"]) == ("ann", ["camera"])
    told = token("explain", "-", given=made.out, **KNOWN, **NO_KEYRING)
    assert (told.status, told.error, told.out.splitlines()[0]) == (0, "", "valid")
    changed = made.out.replace(".", ".A", 1)
    assert token("explain", "-", given=changed, **KNOWN, **NO_KEYRING).status == 1
    other = {**KNOWN, "LIVEKIT_API_SECRET": SECRET[::-1]}
    told = token("explain", "-", "--json", given=made.out, **other, **NO_KEYRING)
    assert (told.status, json.loads(told.out)["faults"]) == (1, ["tampered"])


def test_a_secret_in_an_argument_is_refused(token: Token) -> None:
    ended = token(*MAKE, "--secret", SECRET, **NO_KEYRING)
    assert (ended.status, ended.out) == (2, "") and "LIVEKIT_API_SECRET" in ended.error
    ended = token(*MAKE, **NO_KEYRING)
    assert (ended.status, ended.out) == (2, "") and "no API key" in ended.error


def test_more_than_a_token_on_standard_input_ends(token: Token) -> None:
    ended = token("explain", "-", given="a" * 3_000_000, **NO_KEYRING)
    assert ended.status == 1 and "longer than" in ended.out


def test_the_keyring_has_it_for_the_next_call(token: Token, secret_service: SecretService, stoa_home: Path) -> None:
    assert token("keep", **KNOWN).status == 0
    made = token(*MAKE)
    assert made.status == 0 and jwt.decode(made.out.strip(), SECRET, algorithms=["HS256"])["iss"] == KEY
    assert token("explain", "-", given=made.out).status == 0
    assert not any(SECRET.encode() in path.read_bytes() for path in stoa_home.rglob("*") if path.is_file())
    assert token("forget").status == 0
    assert token(*MAKE).status == 2


class Terminal:
    """A person at a terminal: what `stoa token` says there, and what is typed into it."""

    def __init__(self, words: tuple[str, ...], env: dict[str, str], out: Path) -> None:
        self._near, self._far = pty.openpty()
        os.set_blocking(self._near, False)
        self._said = b""
        with out.open("wb") as stdout:
            self.process = subprocess.Popen(
                command(*words), env=env, stdin=self._far, stdout=stdout, stderr=self._far, start_new_session=True
            )

    def said(self) -> str:
        try:
            self._said += os.read(self._near, 65536)
        except BlockingIOError:
            pass
        return self._said.decode()

    def wait_for(self, words: str) -> None:
        until(lambda: words in self.said(), 20, f"“{words}” is asked")

    def shows_what_is_typed(self) -> bool:
        return bool(termios.tcgetattr(self._far)[3] & termios.ECHO)

    def enter(self, text: str) -> None:
        os.write(self._near, f"{text}\n".encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._near)
        os.close(self._far)


@pytest.fixture
def terminal(stoa_home: Path, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts `stoa token` at a terminal; its standard output goes to the file `out`."""
    started: list[Terminal] = []

    def start(*words: str) -> Terminal:
        started.append(Terminal(words, environ(stoa_home, NO_KEYRING), tmp_path / "out"))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_a_person_is_asked_and_the_secret_is_not_shown(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    asked = terminal(*MAKE)
    asked.wait_for("LiveKit API key: ")
    asked.enter(KEY)
    asked.wait_for(f"Secret of {KEY}: ")
    until(lambda: not asked.shows_what_is_typed(), 10, "the terminal shows nothing of what is typed")
    asked.enter(SECRET)
    assert asked.process.wait(20) == 0
    assert SECRET not in asked.said() and asked.shows_what_is_typed()
    made = (tmp_path / "out").read_text()
    assert jwt.decode(made.strip(), SECRET, algorithms=["HS256"])["iss"] == KEY

    judged = terminal("explain", made.strip())
    judged.wait_for(f"Secret of the API key {KEY}")
    until(lambda: not judged.shows_what_is_typed(), 10, "the terminal shows nothing of what is typed")
    judged.enter(SECRET)
    assert judged.process.wait(20) == 0
    assert (tmp_path / "out").read_text().startswith("valid\n") and SECRET not in judged.said()


def test_who_leaves_while_asked_gets_the_terminal_back(terminal: Callable[..., Terminal], tmp_path: Path) -> None:
    asked = terminal(*MAKE)
    asked.wait_for("LiveKit API key: ")
    asked.enter(KEY)
    until(lambda: not asked.shows_what_is_typed(), 20, "the secret is asked for")
    asked.process.send_signal(signal.SIGINT)
    assert asked.process.wait(20) == 130
    assert asked.shows_what_is_typed(), "the shell shows again what is typed"
    assert "Traceback" not in asked.said() and not (tmp_path / "out").read_bytes()
