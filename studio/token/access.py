"""A person's access to a session as a token: the session server signs it by these. Times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from studio.token.claims import SOURCES_OF, Claims, Ends, StoaClaim, VideoGrant
from studio.token.grants import Grant, Grants
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
