"""The keyring of the tests keeps a secret for another process, and only for who asks on its bus."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.secret_service import SecretService

_SET = "import keyring; keyring.set_password('stoa-test', 'key', 'abc')"
_GET = "import keyring; print(keyring.get_keyring().__class__.__module__, keyring.get_password('stoa-test', 'key'))"


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_one_process_keeps_and_another_finds(secret_service: SecretService) -> None:
    python(_SET)
    assert python(_GET) == "keyring.backends.SecretService abc"


LATE = """
import pathlib
from studio.media.system_keyring import NoKeyring, SystemKeyring
kept = SystemKeyring(pathlib.Path("home"))
try:
    kept.keep("key", "abc")
except NoKeyring:
    print("none", flush=True)
input()
kept.keep("key", "abc")
print(kept.find("key"))
"""


def test_one_that_was_started_after_the_studio_is_found(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={short_folder}/bus")
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    with subprocess.Popen(
        [sys.executable, "-c", LATE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as studio:
        assert studio.stdout is not None and studio.stdout.readline() == "none\n"
        request.getfixturevalue("secret_service")
        assert studio.communicate("\n", timeout=20)[0] == "abc\n"
