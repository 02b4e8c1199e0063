"""The keyring of the tests keeps a secret for another process, and only for who asks on its bus."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import keyring.backend
import keyring.core
import pytest

from studio.media.system_keyring import NoKeyring, SystemKeyring
from tests.fixtures.secret_service import SecretService

_SET = "import keyring; keyring.set_password('stoa-test', 'key', 'abc')"
_GET = "import keyring; print(keyring.get_keyring().__class__.__module__, keyring.get_password('stoa-test', 'key'))"


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_one_process_keeps_and_another_finds(secret_service: SecretService) -> None:
    python(_SET)
    assert python(_GET) == "keyring.backends.SecretService abc"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # its lines are left to the collector
def test_one_that_was_started_after_the_studio_is_found(
    stoa_home: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", None)
    monkeypatch.delitem(vars(keyring.backend.get_all_keyring), "saved_result", raising=False)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={stoa_home}/none")
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    kept = SystemKeyring(stoa_home)
    with pytest.raises(NoKeyring):
        kept.keep("key", "abc")
    request.getfixturevalue("secret_service")
    kept.keep("key", "abc")
    assert kept.find("key") == "abc"
    gc.collect()
