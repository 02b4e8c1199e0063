"""LiveKit's claims, and the one of Stoa's beside them. Times are Unix seconds.

The names are those of LiveKit's `ClaimGrants` and `VideoGrant` (github.com/livekit/protocol, auth/grants.go), and so is
what a missing one means. LiveKit knows no end of a single grant: those stand in the claim `stoa`, which it passes over.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from studio.token.grants import NO_END_S, Grant, Grants
from studio.token.shown import LAST_S


class Source(StrEnum):
    """LiveKit's names of what a person publishes."""

    CAMERA = "camera"
    MICROPHONE = "microphone"
    SCREEN_SHARE = "screen_share"
    SCREEN_SHARE_AUDIO = "screen_share_audio"


SOURCES_OF = {
    Grant.CAMERA: (Source.CAMERA,),
    Grant.MICROPHONE: (Source.MICROPHONE,),
    Grant.SCREEN: (Source.SCREEN_SHARE, Source.SCREEN_SHARE_AUDIO),
}

_DATED = msgspec.Meta(ge=0, le=LAST_S)
_Instant = Annotated[int, _DATED] | Annotated[float, _DATED]
_End = Annotated[int, msgspec.Meta(gt=NO_END_S, le=LAST_S)]


class VideoGrant(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """LiveKit's claim `video`. None: it does not stand in the token, which LiveKit takes as its default."""

    room: str | None = None
    room_join: bool | None = None
    can_publish: bool | None = None
    can_publish_sources: tuple[str, ...] | None = None
    can_subscribe: bool | None = None
    can_publish_data: bool | None = None
    room_admin: bool | None = None
    hidden: bool | None = None
    room_create: bool | None = None
    room_list: bool | None = None
    room_record: bool | None = None
    ingress_admin: bool | None = None
    recorder: bool | None = None
    agent: bool | None = None
    can_update_own_metadata: bool | None = None
    can_subscribe_metrics: bool | None = None
    destination_room: str | None = None

    def may_publish(self, source: Source) -> bool:
        """A list without a source is no list, so that all of them may be published: so has LiveKit it."""
        return self.can_publish is not False and (not self.can_publish_sources or source in self.can_publish_sources)

    def may_send_data(self) -> bool:
        return self.can_publish is not False if self.can_publish_data is None else self.can_publish_data

    def may_subscribe(self) -> bool:
        return self.can_subscribe is not False


class Ends(msgspec.Struct, frozen=True, omit_defaults=True):
    """When single grants end, where that is before the token does."""

    join: _End | None = None
    camera: _End | None = None
    microphone: _End | None = None
    screen: _End | None = None
    data: _End | None = None


class StoaClaim(msgspec.Struct, frozen=True):
    """The claim `stoa`, beside LiveKit's. It takes away, and never gives what LiveKit's claims do not."""

    ends: Ends


class Claims(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What a token says. `iss` is the API key (its name, no secret), `sub` the identity."""

    iss: str = ""
    sub: str = ""
    jti: str = ""
    name: str = ""
    nbf: _Instant | None = None
    exp: _Instant | None = None
    metadata: str = ""
    attributes: dict[str, str] = {}
    video: VideoGrant | None = None
    stoa: StoaClaim | None = None

    def grants(self) -> Grants:
        """What is granted, and until when: LiveKit's claims, cut short by the claim `stoa`."""
        video = self.video
        if video is None or not video.room_join:
            return Grants()
        ends = self.stoa.ends if self.stoa else Ends()
        given = {
            Grant.JOIN: (True, ends.join),
            Grant.CAMERA: (video.may_publish(Source.CAMERA), ends.camera),
            Grant.MICROPHONE: (video.may_publish(Source.MICROPHONE), ends.microphone),
            Grant.SCREEN: (video.may_publish(Source.SCREEN_SHARE), ends.screen),
            Grant.DATA: (video.may_send_data(), ends.data),
        }
        return Grants(**{grant.value: end or NO_END_S for grant, (may, end) in given.items() if may})
