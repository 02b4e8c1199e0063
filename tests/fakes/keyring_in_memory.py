"""A keyring in this process's memory, in place of the system's."""

from __future__ import annotations

import keyring
import keyring.backends.fail
import keyring.core
import keyring.errors
import pytest


class Shut(keyring.backends.fail.Keyring):
    """One that cannot be opened. (Where the library itself found none, the product looks for another.)"""

    priority = -1.0  # the library knows every class there is: no test may be given this one as its system's


def keep_in_memory(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """What it has, by service and name."""
    made: dict[tuple[str, str], str] = {}

    def delete(service: str, name: str) -> None:
        if made.pop((service, name), None) is None:
            raise keyring.errors.PasswordDeleteError

    monkeypatch.setattr(keyring.core, "_keyring_backend", Shut())
    monkeypatch.setattr(keyring, "set_password", lambda service, name, secret: made.update({(service, name): secret}))
    monkeypatch.setattr(keyring, "get_password", lambda service, name: made.get((service, name)))
    monkeypatch.setattr(keyring, "delete_password", delete)
    return made
