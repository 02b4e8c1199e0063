"""A person's access to a session as a token: the session server signs and reads it by these. Times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from studio.media.errors import ErrorKind, StoaError
from studio.token.claims import SOURCES_OF, Claims, Ends, StoaClaim, VideoGrant
from studio.token.grants import Grant, Grants
from studio.token.reading import examine
from studio.token.signed import ApiKey, seal


@dataclass(frozen=True, slots=True)
class Access:
    """One person's access to one session, for as long as a token lasts. `subscribe`: may watch and listen."""

    identity: str
    room: str
    grants: Grants
    issued_s: int
    expires_s: int
    name: str = ""
    metadata: str = ""
    token_id: str = ""
    subscribe: bool = True
    admin: bool = False
    hidden: bool = False


def sign(claims: Claims, key: ApiKey) -> str:
    """The token that says this, as `key`. Raises StoaError(BAD_ARGUMENT) for a secret that cannot sign."""
    return seal(msgspec.json.encode(msgspec.structs.replace(claims, iss=key.name)), key.secret)


def sign_access(access: Access, key: ApiKey) -> str:
    """The token of a person's access. What is over already is not granted; it is over for all where `join` ends."""
    now_s, grants = access.issued_s, access.grants
    sources = tuple(source for grant in SOURCES_OF if grants.holds(grant, now_s) for source in SOURCES_OF[grant])
    video = VideoGrant(
        room=access.room,
        room_join=grants.holds(Grant.JOIN, now_s),
        can_publish=bool(sources),
        can_publish_sources=sources,
        can_subscribe=access.subscribe,
        can_publish_data=grants.holds(Grant.DATA, now_s),
        room_admin=access.admin,
        hidden=access.hidden,
    )
    expires_s = min(access.expires_s, grants.join) if grants.join else access.expires_s
    ends = Ends(**{grant.value: grants.end_of(grant) or None for grant in Grant if grants.holds(grant, now_s)})
    claims = Claims(
        sub=access.identity,
        jti=access.token_id,
        name=access.name,
        nbf=access.issued_s,
        exp=expires_s,
        metadata=access.metadata,
        video=video,
        stoa=StoaClaim(ends) if ends != Ends() else None,
    )
    return sign(claims, key)


def read_access(token: str, key: ApiKey, now_s: float) -> Access:
    """The access that a valid token gives. Raises StoaError(DENIED, permanent) with the first fault in words."""
    reading = examine(token, now_s, key)
    claims = reading.claims
    if claims is None or not reading.valid:
        raise StoaError(
            ErrorKind.DENIED,
            f"This token is not valid. {reading.problems[0].words}",
            remedy="Ask for a new one.",
            permanent=True,
        )
    video = claims.video or VideoGrant()
    return Access(
        identity=claims.sub,
        room=video.room or "",
        grants=claims.grants(),
        issued_s=int(claims.nbf or 0),
        expires_s=int(claims.exp or 0),
        name=claims.name,
        metadata=claims.metadata,
        token_id=claims.jti,
        subscribe=video.may_subscribe(),
        admin=bool(video.room_admin),
        hidden=bool(video.hidden),
    )
