"""Tokens and invites: what is handed out, and what of it is kept.

A person's token is a JWT (HS256) with LiveKit's claims, so that a cluster may take over later; it is good for minutes,
and only while the database holds its id alive. Beside it goes a renewal, which is good for one thing: a fresh token of
the same id. An invite is a random word of which the database keeps the hash (a viewer's invite is kept whole: it is no
secret, and the link is shown again).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from studio.server.rights import Right, Role, may
from studio.token.access import Access, sign_access
from studio.token.grants import Grants
from studio.token.reading import Signature, examine
from studio.token.signed import ApiKey, Fault

ISSUER = "stoa"
TOKEN_LIFE_S = 600
"""A token is good for so long; whoever is still there gets a fresh one before."""
SEAT_LIFE_S = 30 * 86400
"""So long after the last renewal a person may still renew."""


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
    """For whom a token is made, and what for. Times are Unix seconds."""

    token_id: str
    person_id: str
    name: str
    role: Role
    session_id: str
    issued_s: int
    expires_s: int
    grants: Grants


def sign(grant: TokenGrant, key: bytes) -> str:
    """The token that carries this: LiveKit's claims, with the ends that single grants have."""
    access = Access(
        identity=grant.person_id,
        room=grant.session_id,
        grants=grant.grants,
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
    """The id of a token that this server signed and that is good now; None for any other."""
    return _id_of(token, key, now_s, frozenset())


def began_with(token: str, key: bytes, now_s: int) -> str | None:
    """As `token_id_of`, of a token that may have run out since: who began a connection with it may end it."""
    return _id_of(token, key, now_s, frozenset({Fault.EXPIRED}))


def _id_of(token: str, key: bytes, now_s: int, let_pass: frozenset[Fault]) -> str | None:
    reading = examine(token, now_s, ApiKey(ISSUER, key))
    if reading.claims is None or reading.signature is not Signature.GOOD or reading.faults - let_pass:
        return None
    return reading.claims.jti or None


def renewal_of(token_id: str, key: bytes) -> str:
    """What gets fresh tokens of this id. Nothing of it is kept: it is known again by the server's key."""
    digest = hmac.new(key, f"renewal {token_id}".encode(), hashlib.sha256).digest()
    return f"{token_id}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def renewed_id(renewal: str, key: bytes) -> str | None:
    """The token's id of a renewal that this server made; None for any other."""
    token_id = renewal.partition(".")[0]
    return token_id if token_id and same(renewal, renewal_of(token_id, key)) else None
