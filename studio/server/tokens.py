"""Tokens and invites: what is handed out, and what of it is kept.

A person's token is a JWT (HS256) with LiveKit's claims, so that a cluster may take over later; it is good only while
the database holds its id alive. An invite is a random word of which the database keeps the hash (a viewer's invite is
kept whole: it is no secret, and the link is shown again).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from studio.server.rights import Right, Role, may
from studio.token.access import Access, sign_access
from studio.token.grants import NO_END_S, Grant, Grants
from studio.token.reading import Signature, examine
from studio.token.signed import ApiKey, Fault

ISSUER = "stoa"
TOKEN_LIFE_S = 30 * 86400


def new_id(prefix: str) -> str:
    """A short unguessable id that says what it is of."""
    return f"{prefix}_{secrets.token_urlsafe(12)}"


def new_invite() -> str:
    """An invite, 144 bits."""
    return secrets.token_urlsafe(18)


def new_key() -> bytes:
    """A signing key."""
    return secrets.token_bytes(32)


def hash_of(secret: str) -> str:
    """What the database keeps of a secret with full entropy."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare secrets in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """For whom a token is made. Times are Unix seconds."""

    token_id: str
    person_id: str
    name: str
    role: Role
    session_id: str
    issued_s: int
    expires_s: int


def sign(grant: TokenGrant, key: bytes) -> str:
    """The token that carries this grant. LiveKit's claims; nothing of it ends before the token does."""
    given = [Grant.JOIN]
    if may(grant.role, Right.PUBLISH):
        given += [Grant.CAMERA, Grant.MICROPHONE, Grant.SCREEN]
    if may(grant.role, Right.CHAT):
        given += [Grant.DATA]
    access = Access(
        identity=grant.person_id,
        room=grant.session_id,
        grants=Grants.until(NO_END_S, given),
        issued_s=grant.issued_s,
        expires_s=grant.expires_s,
        name=grant.name,
        metadata=grant.role.value,
        token_id=grant.token_id,
        subscribe=may(grant.role, Right.WATCH),
        admin=may(grant.role, Right.KICK),
    )
    return sign_access(access, ApiKey(ISSUER, key))


def token_id_of(token: str, key: bytes, now_s: int) -> str | None:
    """The id of a token that this server signed and that has not run out; None for any other.

    A clock that was set back puts nobody out: of our own tokens it does not matter when they begin.
    """
    reading = examine(token, now_s, ApiKey(ISSUER, key))
    if reading.claims is None or reading.signature is not Signature.GOOD or reading.faults - {Fault.NOT_YET}:
        return None
    return reading.claims.jti or None
