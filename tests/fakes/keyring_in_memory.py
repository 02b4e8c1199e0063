"""Keyrings of this process, in place of the system's."""

from __future__ import annotations

import threading

import keyring.backends.fail
import keyring.core
import keyring.errors
import pytest


class Shut(keyring.backends.fail.Keyring):
    """One that cannot be opened. (Where the library itself found none, the product looks for another.)"""

    priority = -1.0  # the library knows every class there is: no test may be given this one as its system's


class Memory(Shut):
    """A keyring in memory, by service and name; `opened` is not set while it waits for its person."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}
        self.opened = threading.Event()
        self.opened.set()

    def get_password(self, service: str, username: str) -> str | None:
        self.opened.wait(20)
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.opened.wait(20)
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self.opened.wait(20)
        if self.entries.pop((service, username), None) is None:
            raise keyring.errors.PasswordDeleteError


def keep_in_memory(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """What it has, by service and name."""
    made = Memory()
    monkeypatch.setattr(keyring.core, "_keyring_backend", made)
    return made.entries
