"""Where `stoa token` has an API key and its secret from: the environment, the keyring, or a person at a terminal.

Never from an argument: those stand in the process list. The secret is never shown.
"""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Sequence

import msgspec

from studio.media.errors import ErrorKind, StoaError
from studio.media.home import stoa_home
from studio.media.system_keyring import NoKeyring, SystemKeyring
from studio.token.signed import ApiKey

KEY_VARIABLE, SECRET_VARIABLE = "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"
LONGEST_SECRET = 1024
_ENTRY = "api-key"
_SECRET_WORDS = ("secret", "apikey", "api-key", "api_key", "password")


class _Kept(msgspec.Struct, frozen=True):
    """The keyring's entry: one key for each STOA_HOME."""

    key: str
    secret: str


def refuse_secret_arguments(argv: Sequence[str]) -> None:
    """Raises StoaError(BAD_ARGUMENT) where an option would carry a secret; what was typed is not repeated."""
    for word in argv:
        name = word.partition("=")[0].lower()
        if word.startswith("-") and (name in ("--key", "-k") or any(part in name for part in _SECRET_WORDS)):
            raise StoaError(
                ErrorKind.BAD_ARGUMENT,
                "A key and its secret are not taken from arguments: everyone on this machine can read those.",
                remedy=f"Set {KEY_VARIABLE} and {SECRET_VARIABLE}, or keep them by `stoa token keep`.",
                permanent=True,
            )


def from_environment() -> ApiKey | None:
    """None where neither variable is set. Raises StoaError(BAD_ARGUMENT) where one is missing."""
    name, secret = os.environ.get(KEY_VARIABLE, "").strip(), os.environ.get(SECRET_VARIABLE, "").strip()
    if name and secret:
        return _api_key(name, secret)
    if name or secret:
        missing, there = (SECRET_VARIABLE, KEY_VARIABLE) if name else (KEY_VARIABLE, SECRET_VARIABLE)
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            f"The environment has {there} and no {missing}.",
            remedy="Set both, or neither to take what the keyring has.",
            permanent=True,
        )
    return None


def from_keyring() -> ApiKey | None:
    """What `stoa token keep` kept; None where it kept nothing or no keyring can be opened. May wait for its person."""
    try:
        stored = _keyring().find(_ENTRY)
    except NoKeyring:
        return None
    if stored is None:
        return None
    try:
        kept = msgspec.json.decode(stored, type=_Kept)
    except msgspec.DecodeError as cause:
        raise StoaError(
            ErrorKind.BAD_DATA,
            "What the keyring has for LiveKit is not Stoa's.",
            remedy="Run `stoa token keep` again.",
            permanent=True,
        ) from cause
    return ApiKey(kept.key, kept.secret.encode())


def at_a_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask_for_key() -> ApiKey:
    """Ask for key and secret. Raises StoaError(BAD_ARGUMENT) where nothing was typed. Ctrl-C: KeyboardInterrupt."""
    sys.stderr.write("LiveKit API key: ")
    sys.stderr.flush()
    name = sys.stdin.readline().strip()
    secret = ask_for_secret(f"Secret of {name}: ") if name else ""
    if not secret:
        raise StoaError(
            ErrorKind.BAD_ARGUMENT, "Nothing was typed.", remedy="Begin again, with key and secret.", permanent=True
        )
    return _api_key(name, secret)


def ask_for_secret(prompt: str) -> str:
    """What was typed, without showing it; empty where nothing was."""
    try:
        return getpass.getpass(prompt, stream=sys.stderr).strip()
    except EOFError:
        sys.stderr.write("\n")
        return ""


def find_key() -> ApiKey:
    """From the environment, else the keyring, else by asking. Raises StoaError(BAD_ARGUMENT) where there is none."""
    found = from_environment() or from_keyring()
    if found is not None:
        return found
    if at_a_terminal():
        return ask_for_key()
    raise StoaError(
        ErrorKind.BAD_ARGUMENT,
        "There is no API key to sign with: none in the environment, none in a keyring, nobody at a terminal to ask.",
        remedy=f"Set {KEY_VARIABLE} and {SECRET_VARIABLE}, or keep them by `stoa token keep`.",
        permanent=True,
    )


def keep(key: ApiKey) -> None:
    """Put it into the keyring, in place of what is there. Raises StoaError(NOT_SUPPORTED): nothing is written then."""
    kept = msgspec.json.encode(_Kept(key.name, key.secret.decode())).decode()
    try:
        _keyring().keep(_ENTRY, kept)
    except NoKeyring as cause:
        raise _no_keyring() from cause


def forget() -> bool:
    """Take it out of the keyring. False where there was none. Raises StoaError(NOT_SUPPORTED)."""
    try:
        return _keyring().forget(_ENTRY)
    except NoKeyring as cause:
        raise _no_keyring() from cause


def _api_key(name: str, secret: str) -> ApiKey:
    if len(name) > LONGEST_SECRET or len(secret) > LONGEST_SECRET or not (name + secret).isprintable():
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            f"That is no API key with its secret: both are printable, and of at most {LONGEST_SECRET} characters.",
            remedy="Copy them again from the LiveKit server's settings.",
            permanent=True,
        )
    return ApiKey(name, secret.encode())


def _keyring() -> SystemKeyring:
    return SystemKeyring(stoa_home(), "LiveKit")


def _no_keyring() -> StoaError:
    return StoaError(
        ErrorKind.NOT_SUPPORTED,
        "There is no keyring here that can be opened, so nothing is kept.",
        remedy=f"Start one (gnome-keyring, KWallet), or set {KEY_VARIABLE} and {SECRET_VARIABLE}.",
    )
