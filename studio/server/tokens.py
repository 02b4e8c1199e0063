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

import jwt

from studio.server.rights import Right, Role, may

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
    """The token that carries this grant."""
    publishes = may(grant.role, Right.PUBLISH)
    claims = {
        "iss": ISSUER,
        "sub": grant.person_id,
        "jti": grant.token_id,
        "name": grant.name,
        "nbf": grant.issued_s,
        "exp": grant.expires_s,
        "metadata": grant.role.value,
        "video": {
            "room": grant.session_id,
            "roomJoin": True,
            "canPublish": publishes,
            "canPublishSources": ["camera", "microphone", "screen_share", "screen_share_audio"] if publishes else [],
            "canSubscribe": may(grant.role, Right.WATCH),
            "canPublishData": may(grant.role, Right.CHAT),
            "roomAdmin": may(grant.role, Right.KICK),
            "hidden": False,
        },
    }
    return jwt.encode(claims, key, algorithm="HS256")


def token_id_of(token: str, key: bytes, now_s: int) -> str | None:
    """The id of a token that this server signed and that has not run out; None for any other."""
    try:
        claims = jwt.decode(
            token,
            key,
            algorithms=["HS256"],
            issuer=ISSUER,
            options={"require": ["jti", "sub", "exp"], "verify_exp": False, "verify_nbf": False},
        )
    except jwt.PyJWTError:
        return None
    expires = claims["exp"]
    return str(claims["jti"]) if isinstance(expires, int) and now_s < expires else None
