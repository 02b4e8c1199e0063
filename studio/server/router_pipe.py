"""The one pipe between the people process and the media router: who may say what, as tagged structs.

People owns the public port. It checks who asks, and passes each WHIP or WHEP offer on with what that person may do; the
router trusts what comes over this pipe and nothing else. Media goes between the router and its peers over UDP and never
through people: when people dies, no frame is lost, only nobody new can come until it is back.

Both are children of one parent (`studio.server.parent`), which carries the messages from one to the other. What is sent
while the other side is down is lost; therefore whoever starts makes the other tell or be told everything:

    router starts:  router sends RouterState (empty)       people answers Reach
    people starts:  people sends Reach, DescribeState      router answers RouterState with all that it carries
    on RouterState: people compares with its database and sends SetMute, EndResource where the router is behind

Every message with a `request` is answered by exactly one of Answered, Trickled, Done, Refused with the same number.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Direction(StrEnum):
    """`publish` is WHIP, `subscribe` is WHEP."""

    PUBLISH = "publish"
    SUBSCRIBE = "subscribe"


class MediaKind(StrEnum):
    """A track's kind."""

    AUDIO = "audio"
    VIDEO = "video"


class EndReason(StrEnum):
    """Why a resource ended."""

    LEFT = "left"  # its owner deleted it
    LOST = "lost"  # ICE failed, consent ran out, DTLS closed
    REPLACED = "replaced"  # the same person published anew
    STOPPED = "stopped"  # an admin stopped the session
    REMOVED = "removed"  # an admin removed the person
    REVOKED = "revoked"  # the token or the invite it came from is dead
    TIME_OVER = "time_over"  # the person may take part no longer
    CLOSING = "closing"  # the router ends


class Picture(StrEnum):
    """What a publisher's picture is, by its own word: a camera (or a mixed programme), or a screen."""

    CAMERA = "camera"
    SCREEN = "screen"


class GrantEnds(msgspec.Struct, frozen=True):
    """When each grant of a person is over, in Unix milliseconds on this machine's clock; 0 for never."""

    join_ms: int = 0
    microphone_ms: int = 0
    camera_ms: int = 0
    screen_ms: int = 0


# People to router


class Reach(msgspec.Struct, frozen=True, tag="reach"):
    """The addresses that media sockets may be bound to from now on (loopback only until the session is shared).

    `udp_low` to `udp_high` is the range of ports to use on them, 0 and 0 for any. Running connections stay, but one on
    an address that is no longer in the list is ended with `lost`.
    """

    addresses: tuple[str, ...]
    udp_low: int = 0
    udp_high: int = 0


class DescribeState(msgspec.Struct, frozen=True, tag="describe_state"):
    """Send RouterState."""


class Offer(msgspec.Struct, frozen=True, tag="offer"):
    """A WHIP or WHEP offer of a person who may. Answered or Refused.

    `person`, `token` and `name` are kept with the resource and told back. `local_address` is the address of this
    machine that the client reached, `remote_address` the client's. A publisher's mutes hold from its first packet. The
    `ends` are the person's, for everything that they have open. A
    publish of the same person replaces the older resource once the new one is connected; people refuses a second
    publisher of the session. Refused with 429 where this person or this address has enough, with 503 where all places
    are taken.
    """

    request: int
    direction: Direction
    session: str
    person: str
    name: str
    token: str
    sdp: str
    audio: bool = True
    video: bool = True
    muted_audio: bool = False
    muted_video: bool = False
    picture: Picture = Picture.CAMERA
    ends: GrantEnds = GrantEnds()
    local_address: str = "127.0.0.1"
    remote_address: str = "127.0.0.1"


class Trickle(msgspec.Struct, frozen=True, tag="trickle"):
    """A PATCH on a resource. `etag` is the If-Match header, `*` where none was given. Trickled or Refused.

    The token must be the resource's, else Refused with 404.
    """

    request: int
    resource: str
    token: str
    etag: str
    fragment: str


class EndResource(msgspec.Struct, frozen=True, tag="end_resource"):
    """End one resource. With a `token` (a DELETE by its owner) it must be the resource's. Done, or Refused with 404."""

    request: int
    resource: str
    why: EndReason
    token: str = ""


class SetMute(msgspec.Struct, frozen=True, tag="set_mute"):
    """From now on forward this kind of track of this publisher, or do not. Done once it holds, publisher or none."""

    request: int
    session: str
    person: str
    kind: MediaKind
    muted: bool


class SetEnds(msgspec.Struct, frozen=True, tag="set_ends"):
    """From now on this person's grants end then, for all that they have open: what is over is not forwarded, and where
    `join` is over everything of theirs ends. The router does it by itself, people alive or not. Done once it holds.
    """

    request: int
    session: str
    person: str
    ends: GrantEnds


class EndPublisher(msgspec.Struct, frozen=True, tag="end_publisher"):
    """End whatever is published in the session (stop), or by `person` only (demoted). Viewers stay and wait. Done."""

    request: int
    session: str
    why: EndReason
    person: str = ""


class EndPerson(msgspec.Struct, frozen=True, tag="end_person"):
    """End everything of a person in a session, publishing and watching (kick). Done."""

    request: int
    session: str
    person: str
    why: EndReason


class EndTokens(msgspec.Struct, frozen=True, tag="end_tokens"):
    """These tokens are dead: end every resource that came by one. Done."""

    request: int
    tokens: tuple[str, ...]
    why: EndReason


class DescribeQuality(msgspec.Struct, frozen=True, tag="describe_quality"):
    """Send Quality."""


# Router to people


class ResourceState(msgspec.Struct, frozen=True):
    """A resource that the router carries. `connected` once media can flow; `kinds` are its negotiated tracks."""

    resource: str
    direction: Direction
    session: str
    person: str
    token: str
    connected: bool
    kinds: tuple[MediaKind, ...]
    muted_audio: bool = False
    muted_video: bool = False
    picture: Picture = Picture.CAMERA


class RouterState(msgspec.Struct, frozen=True, tag="router_state"):
    """Everything that the router carries; sent at its start and in answer to DescribeState."""

    resources: tuple[ResourceState, ...]


class Answered(msgspec.Struct, frozen=True, tag="answered"):
    """The offer was taken. `resource` is the last part of /media/RESOURCE: unguessable, URL-safe."""

    request: int
    resource: str
    sdp: str
    etag: str


class Trickled(msgspec.Struct, frozen=True, tag="trickled"):
    """The candidates were taken; after an ICE restart `fragment` is the answer's and `etag` the new one."""

    request: int
    fragment: str = ""
    etag: str = ""


class Done(msgspec.Struct, frozen=True, tag="done"):
    """It is so now. `changed` is False where it had been so before."""

    request: int
    changed: bool = True


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """It is not done. `status` is the HTTP status; `kind` a studio.media.ErrorKind; `retry_after_s` 0 for never."""

    request: int
    status: int
    message: str
    kind: str
    remedy: str = ""
    retry_after_s: int = 0


class PublisherStarted(msgspec.Struct, frozen=True, tag="publisher_started"):
    """A publisher is connected and its media is forwarded."""

    session: str
    resource: str
    person: str
    token: str
    kinds: tuple[MediaKind, ...]
    picture: Picture = Picture.CAMERA


class PublisherStopped(msgspec.Struct, frozen=True, tag="publisher_stopped"):
    """A publisher that had started is gone."""

    session: str
    resource: str
    person: str
    token: str
    why: EndReason


class ViewerJoined(msgspec.Struct, frozen=True, tag="viewer_joined"):
    """A viewer is connected. `watching` is how many of the session are connected after it."""

    session: str
    resource: str
    person: str
    token: str
    watching: int


class ViewerLeft(msgspec.Struct, frozen=True, tag="viewer_left"):
    """A viewer that had joined is gone."""

    session: str
    resource: str
    person: str
    token: str
    why: EndReason
    watching: int


class ResourceQuality(msgspec.Struct, frozen=True):
    """How one connection does: what is sent to a viewer, what comes from a publisher.

    Loss and bitrate are of the last 5 s. Loss is what did not come at the first time, before repair: of a viewer as
    its reports (RTCP) say, of a publisher as counted here. The bitrate is that of RTP with its headers and repairs.
    `rtt_ms` is None until it was measured. `silent_s`: since the peer was heard last (checks, reports, answers).
    """

    resource: str
    session: str
    person: str
    direction: Direction
    rtt_ms: float | None
    loss_percent: float
    lost_packets: int
    bitrate_kbps: float
    silent_s: float


class Quality(msgspec.Struct, frozen=True, tag="quality"):
    """Every connection's quality."""

    resources: tuple[ResourceQuality, ...]


PeopleToRouter = (
    Reach
    | DescribeState
    | Offer
    | Trickle
    | EndResource
    | SetMute
    | SetEnds
    | EndPublisher
    | EndPerson
    | EndTokens
    | DescribeQuality
)
RouterToPeople = (
    RouterState
    | Answered
    | Trickled
    | Done
    | Refused
    | PublisherStarted
    | PublisherStopped
    | ViewerJoined
    | ViewerLeft
    | Quality
)
