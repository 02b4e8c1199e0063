"""Secrets in the system's keyring, and nowhere else. Every call may wait for a person: never on the event loop."""

from __future__ import annotations

from pathlib import Path

import msgspec

from studio.engine.contract import DestinationSecret
from studio.media import ErrorKind, StoaError
from studio.media.system_keyring import NoKeyring, SystemKeyring


class Keychain:
    """The secrets of one STOA_HOME. Any thread; blocks while the system asks its person."""

    def __init__(self, home: Path) -> None:
        self._keyring = SystemKeyring(home)

    def keep(self, name: str, address: DestinationSecret) -> None:
        """Store a secret. Raises StoaError(NOT_SUPPORTED) where there is no keyring: nothing is written then."""
        try:
            self._keyring.keep(name, msgspec.json.encode(address).decode())
        except NoKeyring as cause:
            raise _no_keyring() from cause

    def find(self, name: str) -> DestinationSecret:
        """Read a secret. Raises StoaError: NOT_FOUND, NOT_SUPPORTED."""
        try:
            stored = self._keyring.find(name)
        except NoKeyring as cause:
            raise _no_keyring() from cause
        if stored is None:
            raise StoaError(
                ErrorKind.NOT_FOUND,
                f"The keyring has no key for “{name}”.",
                remedy="Enter it again in the destination's settings.",
                permanent=True,
            )
        try:
            return msgspec.json.decode(stored, type=DestinationSecret)
        except msgspec.DecodeError as cause:
            raise StoaError(
                ErrorKind.BAD_DATA,
                f"What the keyring has for “{name}” is not Stoa's.",
                remedy="Enter the key again.",
                permanent=True,
            ) from cause

    def forget(self, name: str) -> None:
        """Delete a secret; harmless where it is not there."""
        try:
            self._keyring.forget(name)
        except NoKeyring as cause:
            raise _no_keyring() from cause


def _no_keyring() -> StoaError:
    return StoaError(
        ErrorKind.NOT_SUPPORTED,
        "There is no keyring here that can be opened, so the key is not kept; you are asked for it next time.",
        remedy="Start one (gnome-keyring, KWallet) and add the destination again.",
    )
