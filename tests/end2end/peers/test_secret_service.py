"""The keyring of the tests keeps a secret for another process, and only for who asks on its bus."""

from __future__ import annotations

import subprocess
import sys

from tests.fixtures.secret_service import SecretService

_SET = "import keyring; keyring.set_password('stoa-test', 'key', 'abc')"
_GET = "import keyring; print(keyring.get_keyring().__class__.__module__, keyring.get_password('stoa-test', 'key'))"


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_one_process_keeps_and_another_finds(secret_service: SecretService) -> None:
    python(_SET)
    assert python(_GET) == "keyring.backends.SecretService abc"
