"""A keyring in this process's memory, in place of the system's."""

from __future__ import annotations

import keyring
import keyring.errors
import pytest


def keep_in_memory(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """What it has, by service and name."""
    made: dict[tuple[str, str], str] = {}

    def delete(service: str, name: str) -> None:
        if made.pop((service, name), None) is None:
            raise keyring.errors.PasswordDeleteError

    monkeypatch.setattr(keyring, "set_password", lambda service, name, secret: made.update({(service, name): secret}))
    monkeypatch.setattr(keyring, "get_password", lambda service, name: made.get((service, name)))
    monkeypatch.setattr(keyring, "delete_password", delete)
    return made
