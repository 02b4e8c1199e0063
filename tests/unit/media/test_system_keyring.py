"""The system's keyring: entries of their own for each home and purpose; whatever a backend raises is one sentence."""

from __future__ import annotations

from pathlib import Path

import keyring
import keyring.errors
import pytest

from studio.media.system_keyring import NoKeyring, SystemKeyring
from tests.fakes.keyring_in_memory import keep_in_memory


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    return keep_in_memory(monkeypatch)


def test_what_is_kept_is_found_and_forgotten(entries: dict[tuple[str, str], str], tmp_path: Path) -> None:
    one = SystemKeyring(tmp_path, "sign-in")
    one.keep("https://a", "secret")
    assert one.find("https://a") == "secret" and one.find("https://b") is None
    assert SystemKeyring(tmp_path / "other", "sign-in").find("https://a") is None
    assert SystemKeyring(tmp_path).find("https://a") is None
    assert one.forget("https://a") and not one.forget("https://a")
    assert not entries


@pytest.mark.parametrize(
    "raised", [keyring.errors.KeyringLocked("no"), RuntimeError("no"), OSError("no"), TypeError("no")]
)
def test_whatever_a_backend_raises_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, raised: Exception
) -> None:
    def refuse(*_: str) -> None:
        raise raised

    for name in ("get_password", "set_password", "delete_password"):
        monkeypatch.setattr(keyring, name, refuse)
    made = SystemKeyring(tmp_path)
    for work in (lambda: made.keep("a", "the secret"), lambda: made.find("a"), lambda: made.forget("a")):
        with pytest.raises(NoKeyring) as told:
            work()
        assert told.value.remedy and "the secret" not in str(told.value)
