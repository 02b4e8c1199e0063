"""Where a show goes: a destination as it was given, or one of the settings (`--to saved:NAME`)."""

from __future__ import annotations

from dataclasses import dataclass

from studio.media.errors import ErrorKind, StoaError
from studio.media.home import stoa_home


@dataclass(frozen=True, slots=True)
class Address:
    """The whole URL (a secret), and a bearer or passphrase beside it."""

    url: str
    secret: str = ""
    ca_file: str = ""


def saved_destination(name: str) -> Address:
    """Raises StoaError: NOT_FOUND where the settings or the keyring do not have it, BAD_DATA for broken settings."""
    from studio.engine.keychain import Keychain
    from studio.engine.settings import load_settings

    home = stoa_home()
    for saved in load_settings(home / "settings.json").destinations:
        if saved.name == name:
            secret = Keychain(home).find(name)
            return Address(secret.url, secret.secret, saved.ca_file)
    raise StoaError(
        ErrorKind.NOT_FOUND,
        f"The settings have no destination called “{name}”.",
        remedy="Save one in the window, or by destination.add with save.",
        permanent=True,
    )
