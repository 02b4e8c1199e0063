"""The typed contract of the session server's HTTP paths; the WebSocket's messages stand in `studio.server.messages`.

Paths (everything under /api/v1 answers JSON; an error is always an `ErrorBody`):

    /api/v1/sessions/SESSION/schedule, /plans, /shows: studio.server.schedule_api
    /api/v1/accounts, /account, /sign-in, /sign-out, /password, /reset: studio.server.account_api
    GET    /api/v1/health                               -> Health                 nobody need be signed in
    POST   /api/v1/join                    JoinRequest  -> JoinAnswer
    POST   /api/v1/renew                   RenewRequest -> JoinAnswer             a fresh token, before or after its end
    POST   /api/v1/leave                                -> Done                   this token is dead afterwards
    GET    /api/v1/me                                   -> Me
    GET    /api/v1/sessions                             -> SessionList
    GET    /api/v1/sessions/SESSION                     -> SessionStatus
    GET    /api/v1/sessions/SESSION/people              -> PeopleList
    GET    /api/v1/sessions/SESSION/chat?before=&limit=&search=&channel=&with= -> History   oldest first
    POST   /api/v1/sessions/SESSION/chat   ChatRequest  -> Accepted
    GET    /api/v1/sessions/SESSION/chat/rules          -> ChatRulesData           moderators
    POST   /api/v1/sessions/SESSION/messages AnyChatMessage -> Accepted            as over the WebSocket
    POST   /api/v1/sessions/SESSION/commands CommandRequest -> Accepted
    POST   /api/v1/sessions/SESSION/commands/ID/done AcknowledgeRequest -> Accepted   (the studio, without a socket)
    GET    /api/v1/sessions/SESSION/audit?after=&limit=&person=&action=&outcome=&since=&until= -> AuditList
    GET    /api/v1/sessions/SESSION/audit.csv?person=…  -> text/csv               the same filter, all lines of it
    GET    /api/v1/sessions/SESSION/invites             -> InviteList
    POST   /api/v1/sessions/SESSION/invites InviteRequest -> Invite
    DELETE /api/v1/sessions/SESSION/invites/ID          -> Done                   who came by it is out
    GET    /api/v1/sessions/SESSION/invites/ID/qr.svg   -> image/svg+xml          of the link, viewers' invites only
    GET    /api/v1/share                                -> ShareStatus
    POST   /api/v1/share                   ShareRequest -> ShareStatus
    DELETE /api/v1/share                                -> ShareStatus            back to loopback only
    POST   /api/v1/end                                  -> Done                   the whole server ends; owner only
    WS     /api/v1/sessions/SESSION/events?after=SEQ    -> studio.server.messages

    POST   /whip/SESSION    application/sdp -> 201, answer, Location: /media/ID, ETag
    POST   /whep/SESSION    application/sdp -> 201, answer, Location: /media/ID, ETag
    PATCH  /media/ID        application/trickle-ice-sdpfrag, If-Match -> 204 or 200
    DELETE /media/ID        -> 200
    OPTIONS on the three    -> 204, Link: ICE servers

    GET    /                -> 307 to /watch/studio
    GET    /watch/SESSION   -> resources/web/watch.html        GET /admin -> resources/web/admin.html
    GET    /static/PATH     -> resources/web/PATH (js, css, svg, png, ico, woff2)
    GET    /openapi.json

Signing in. A page posts `{invite, name}` (the invite from its fragment `#i=…`) and gets a cookie that scripts cannot
read; a caller without an `Origin` header gets `bearer` in the answer instead and sends `Authorization: Bearer …`. The
owner's run token (run/owner-*.json) is a bearer; `join` with it and no invite gives a bearer of the host. A viewer's
invite is itself good as a bearer at /whep. With a cookie, everything but GET, and the WebSocket, must carry an `Origin`
that is this server's own. Host must be an address or a name of this server (studio.server.known_names): any other is
answered with `bad_origin`, the WebSocket's too.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from studio.server.chat_messages import ChatHeld, ChatRules, Poll
from studio.server.error_codes import ErrorBody as ErrorBody
from studio.server.error_codes import ErrorCode as ErrorCode
from studio.server.messages import (
    AnnounceTo,
    BanSeconds,
    CommandAction,
    EndSeconds,
    Envelope,
    Outcome,
    SessionState,
)
from studio.server.quality_words import ConnectionQuality
from studio.server.rights import Right, Role
from studio.server.schedule_api import Show
from studio.token.grants import Grant

CHAT_CHARACTERS = 500
NAME_CHARACTERS = 40
JSON_BODY_BYTES = 64 * 1024
SDP_BODY_BYTES = 256 * 1024
FIRST_SESSION = "studio"

ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


class _Body(BaseModel):
    """A request's body: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Health(_Answer):
    """Alive, and whether media can be forwarded now."""

    ok: bool
    media: bool
    version: str


class Done(_Answer):
    """`changed` is False where it had been so before."""

    changed: bool


class Accepted(_Answer):
    """The message's place in the session's order. `already` where this id had been taken before.

    `held`: a chat message that a moderator reads first.
    """

    id: str
    seq: int
    already: bool = False
    held: bool = False


class Person(_Answer):
    """A person of a session. `since` is when they came (ISO 8601, UTC). `publishing` names the tracks on air.

    `hand_s`: since when their hand is up, in seconds of the epoch, or 0.
    `banned`: removed, and not let in again before `ban_ends` (empty: never).
    `ends`: when what they are granted is over, of each grant with an end (Unix seconds, the server's clock; also past
    ones); told to themselves, to admins and to the owner.
    `device` ("Firefox 143 on Windows") and `quality` are told to the person themself and to those with the right
    see_connections; empty for all others, and where they are not known.
    """

    id: str
    name: str
    role: Role
    present: bool
    since: str
    publishing: tuple[str, ...] = ()
    muted_audio: bool = False
    muted_video: bool = False
    removed: bool = False
    hand_s: int = 0
    banned: bool = False
    ban_ends: str = ""
    ends: dict[Grant, int] = {}
    device: str = ""
    quality: ConnectionQuality | None = None


class JoinRequest(_Body):
    """`invite` may be left out by the owner of the machine and by who is signed in with an account; `name` by whom an
    earlier name is known.
    """

    invite: Annotated[str, Field(max_length=200)] = ""
    name: Annotated[str, Field(max_length=200)] = ""
    session: Annotated[str, Field(max_length=64)] = FIRST_SESSION


class RenewRequest(_Body):
    """`renewal`: of the answer to join. Left out by pages, which have it as a cookie, and by who shows a good token."""

    renewal: Annotated[str, Field(max_length=200)] = ""


class Me(_Answer):
    """Who is asking."""

    session: str
    person: Person
    rights: tuple[Right, ...]


class JoinAnswer(Me):
    """`bearer` and `renewal` are there for callers without an `Origin` only; pages have them as cookies.

    The token is good until `expires`, for `lasts_s`; ask for a fresh one before (/api/v1/renew).
    """

    bearer: str | None = None
    renewal: str | None = None
    expires: str
    lasts_s: int = 0


class SessionSummary(_Answer):
    """One show."""

    id: str
    title: str
    state: SessionState


class SessionList(_Answer):
    sessions: tuple[SessionSummary, ...]


class Reactions(_Answer):
    """How many put this emoji on the message, and whether the caller did."""

    message: int
    emoji: str
    count: int
    mine: bool


class ChatState(_Answer):
    """What stands beside the messages. `held`: for moderators all that wait, for others their own.

    `poll` is the newest, open or closed; `my_vote` the caller's option of it, -1 for none. `muted_s`: for so many
    seconds the caller may not write; `muted_as_neighbour`: since they came from the network of somebody who was muted.
    """

    rules: ChatRules = ChatRules()
    pinned: Envelope | None = None
    held: tuple[ChatHeld, ...] = ()
    poll: Poll | None = None
    my_vote: int = -1
    muted_s: int = 0
    muted_as_neighbour: bool = False
    reactions: tuple[Reactions, ...] = ()


class SessionStatus(_Answer):
    """All that a page needs to begin; then open the WebSocket with `after` = `seq`.

    `present` counts people, not connections; `watching` who receives media; `by_link` those of them who came by a bare
    link and are no person, `by_link_words` tells admins how they are ended.
    `needs_release`: an admin stopped the session, Go live waits for an admin. `locked`: nobody new may come in.
    `show`: of the schedule, what is live, else what comes next. `now`: the server's time.
    `words` says the state for a person to read, `why` is messages.StateChange's. `recent` holds the last chat messages
    and notices, oldest first.
    """

    id: str
    title: str
    state: SessionState
    words: str
    since: str
    needs_release: bool
    muted_audio: bool
    muted_video: bool
    locked: bool = False
    why: str = ""
    over_audio: bool = False
    over_video: bool = False
    present: int
    watching: int
    by_link: int = 0
    by_link_words: str = ""
    people: tuple[Person, ...]
    recent: tuple[Envelope, ...]
    seq: int
    chat: ChatState = ChatState()
    show: Show | None = None
    now: str = ""


class PeopleList(_Answer):
    """Admins and the owner also see who was removed and may be let back in. `by_link`: as of SessionStatus."""

    people: tuple[Person, ...]
    present: int
    watching: int
    by_link: int = 0
    by_link_words: str = ""


class History(_Answer):
    """`more`: there are older ones; ask again with `before` = the first one's seq."""

    messages: tuple[Envelope, ...]
    more: bool
    reactions: tuple[Reactions, ...] = ()


class ChatRequest(_Body):
    """`id` is the sender's own; sending it twice is one message."""

    id: ClientId
    text: Annotated[str, Field(max_length=4 * CHAT_CHARACTERS)]


class CommandRequest(_Body):
    """An admin's command. `target` is a person's id; empty for what is about the whole session, and for "the host" of a
    mute or a recording; `all` mutes everyone who may send.

    `text` is what is announced, or a reason that the person reads. `role` is given with promote and demote, `seconds`
    with ban (0: for good), `to` with announce. `ends` with grant: in so many seconds that is over (0: at once), or
    never (null); what is not named stays as it is.
    """

    id: ClientId
    action: CommandAction
    target: Annotated[str, Field(max_length=64)] = ""
    text: Annotated[str, Field(max_length=4 * CHAT_CHARACTERS)] = ""
    role: Role | None = None
    seconds: BanSeconds = 0
    to: AnnounceTo | None = None
    ends: dict[Grant, EndSeconds | None] = {}


class AcknowledgeRequest(_Body):
    """What the studio did about a command."""

    outcome: Outcome
    words: Annotated[str, Field(max_length=1000)] = ""


class AuditEntry(_Answer):
    """One line of the append-only audit log, in the order in which things happened. `hash`: audit_chain."""

    number: int
    at: str
    session: str
    actor_id: str
    actor_name: str
    actor_role: Role | None
    action: str
    target: str
    target_name: str
    command: str
    outcome: str
    words: str
    address: str
    hash: str


class AuditList(_Answer):
    entries: tuple[AuditEntry, ...]
    more: bool


class InviteRequest(_Body):
    """An admin's invite is always good once. `uses` 0 is any number of times, `expires_s` 0 is never.

    `account`: it lets in nobody; it is good for making one account of this role, once (studio.server.account_api).
    """

    role: Role = Role.VIEWER
    account: StrictBool = False
    uses: Annotated[StrictInt, Field(ge=0, le=100_000)] = 0
    expires_s: Annotated[StrictInt, Field(ge=0, le=366 * 86400)] = 0
    label: Annotated[str, Field(max_length=80)] = ""


class Invite(_Answer):
    """`link` is there for a viewer's invite always, for any other only in the answer that made it."""

    id: str
    role: Role
    session: str
    label: str
    link: str | None
    invite: str | None
    uses: int
    used: int
    created: str
    expires: str | None
    revoked: bool
    account: bool = False


class InviteList(_Answer):
    invites: tuple[Invite, ...]


class Https(StrEnum):
    """`given`: a certificate of the owner's; `self_made`: made on the spot, browsers warn about it."""

    OFF = "off"
    GIVEN = "given"
    SELF_MADE = "self_made"


class ShareRequest(_Body):
    """Listen on this address too. `port` 0 takes the usual one, or a free one where that is taken."""

    address: Annotated[str, Field(max_length=100)]
    port: Annotated[StrictInt, Field(ge=0, le=65535)] = 0
    https: Https = Https.OFF
    certificate: Annotated[str, Field(max_length=1000)] = ""
    key: Annotated[str, Field(max_length=1000)] = ""


class ShareChoice(_Answer):
    """An address of this machine, and in words who could reach it there."""

    address: str
    interface: str
    words: str


class ShareStatus(_Answer):
    """Who can reach the server now. `links_base` begins every link; the three `_words` are for the person to read.

    `returning`: what an earlier life of the server shared cannot be had yet; it is tried on, and the words say why.
    """

    shared: StrictBool
    address: str
    port: int
    https: Https
    links_base: str
    loopback_base: str
    fingerprint: str
    reach_words: str
    firewall_words: str
    warning_words: str
    choices: tuple[ShareChoice, ...]
    returning: StrictBool
