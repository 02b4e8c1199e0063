"""The envelope of a token: RFC 7515's compact form, signed with HMAC-SHA256 and with nothing else."""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from warnings import catch_warnings

import jwt
import msgspec

from studio.media.errors import ErrorKind, StoaError
from studio.token.shown import shown

ALGORITHM = "HS256"
LONGEST_TOKEN = 16_384
"""Characters. What proxies and servers let through in a header is about as much."""

SHORT_SECRET_BYTES = 32
"""A secret with fewer bytes is weaker than HMAC-SHA256 (RFC 7518, 3.2)."""

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_JWS = jwt.PyJWS(algorithms=[ALGORITHM])


class Fault(StrEnum):
    """Why a token is not valid."""

    HUGE = "huge"
    MALFORMED = "malformed"
    UNSIGNED = "unsigned"
    ALGORITHM = "algorithm"
    FOREIGN = "foreign"
    TAMPERED = "tampered"
    NO_EXPIRY = "no_expiry"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault, in one sentence."""

    fault: Fault
    words: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """A token taken apart, its signature not looked at. `payload` is what is said to be signed."""

    algorithm: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Who signs: the key's name, which stands in its tokens, and its secret."""

    name: str
    secret: bytes

    def __repr__(self) -> str:
        return f"ApiKey({self.name!r})"


class _Header(msgspec.Struct, frozen=True):
    """What counts of RFC 7515's header: `crit` and `b64` change what the rest means."""

    alg: str
    crit: msgspec.Raw = msgspec.Raw()
    b64: msgspec.Raw = msgspec.Raw()


def seal(payload: bytes, secret: bytes) -> str:
    """The token around `payload`. Raises StoaError(BAD_ARGUMENT) for a secret that cannot sign."""
    try:
        if not secret:
            raise jwt.InvalidKeyError
        with _short_secrets(secret):
            return _JWS.encode(payload, secret, algorithm=ALGORITHM)
    except jwt.InvalidKeyError as cause:
        raise StoaError(
            ErrorKind.BAD_ARGUMENT,
            "That secret cannot sign a token: it is empty, or a key of another kind.",
            remedy="Take the API secret of the LiveKit server.",
            permanent=True,
        ) from cause


def open_envelope(token: str) -> Envelope | Problem:
    """Take a token apart. A Problem (HUGE, MALFORMED) where it is none."""
    if len(token) > LONGEST_TOKEN:
        return Problem(Fault.HUGE, f"It is longer than {LONGEST_TOKEN} characters, which no access token is.")
    if _FORM.fullmatch(token) is None:
        return Problem(Fault.MALFORMED, "It is no JSON Web Token: those are three parts of letters with dots between.")
    first, second, _ = token.split(".")
    try:
        header = msgspec.json.decode(_bytes_of(first), type=_Header)
        payload = _bytes_of(second)
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Problem(Fault.MALFORMED, "It is no JSON Web Token: its first part does not say how it is signed.")
    if bytes(header.crit) or bytes(header.b64):
        return Problem(Fault.MALFORMED, "It asks for an extension of JSON Web Tokens (crit) that nobody here knows.")
    return Envelope(header.alg, payload)


def algorithm_problem(envelope: Envelope) -> Problem | None:
    """A Problem (UNSIGNED, ALGORITHM) for what is signed with anything but HS256."""
    if envelope.algorithm == ALGORITHM:
        return None
    if envelope.algorithm.lower() in ("none", ""):
        return Problem(Fault.UNSIGNED, "It is not signed (alg: none), so anybody may have written it.")
    return Problem(
        Fault.ALGORITHM, f"It is signed by {shown(envelope.algorithm)}; an access token is signed by {ALGORITHM}."
    )


def is_signed_by(token: str, secret: bytes) -> bool:
    """Whether HS256 with this secret made the signature. Compares in constant time."""
    if not secret:
        return False
    try:
        with _short_secrets(secret):
            _JWS.decode(token, secret, algorithms=[ALGORITHM])
    except (jwt.PyJWTError, RecursionError):
        return False
    return True


def _short_secrets(secret: bytes) -> AbstractContextManager[object]:
    """PyJWT warns of each short secret. LiveKit's test servers have one, and `stoa token` tells it in its own words."""
    return nullcontext() if len(secret) >= SHORT_SECRET_BYTES else catch_warnings(action="ignore")


def _bytes_of(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))
