"""Whether the session is waiting, live or ended: moved here only, by what the router reports and what admins command.

waiting --publisher started--> live --it left (DELETE)--> ended --publisher started--> live
                               live --connection lost--> waiting
any --stop--> ended, needs release --release--> waiting
any --end--> ended --publisher started that has heard of it (studio.server.endings)--> live
                   --release--> waiting
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from studio.server import shows
from studio.server.api import ErrorCode
from studio.server.caller import SERVER, host_id
from studio.server.endings import holds_against, refuse_the_unaware
from studio.server.errors import Refusal
from studio.server.go_live import who_went_live
from studio.server.grant_ends import ends_in, for_router, join_end_s, over_of
from studio.server.media_line import MediaLine
from studio.server.messages import EventType, Sender, SessionState, StateChange
from studio.server.model import InviteRow, PersonRow, SessionRow, TokenRow
from studio.server.record import Record, Transaction
from studio.server.rights import Right, Role, may
from studio.server.router_pipe import (
    DescribeState,
    Direction,
    Done,
    EndPublisher,
    EndReason,
    EndResource,
    EndTokens,
    MediaKind,
    Picture,
    PublisherStarted,
    PublisherStopped,
    Reach,
    ResourceState,
    RouterState,
    SetEnds,
    SetMute,
    ViewerJoined,
    ViewerLeft,
)

TELL_LIMIT_S = 2.0
WORDS = {
    "new": "The show has not begun yet.",
    "planned": "The show has not begun yet.",
    "on_air": "On air.",
    "off_air": "The show is over.",
    "lost": "The studio's connection was lost. The show goes on as soon as it is back.",
    "stopped": "An admin ended the show.",
    "ended": "The show was ended.",
    "released": "The show has not begun yet.",
    "removed": "The show is over.",
}
_LEFT_FOR_GOOD = (EndReason.LEFT, EndReason.STOPPED, EndReason.REMOVED, EndReason.REVOKED, EndReason.TIME_OVER)


@dataclass(frozen=True, slots=True)
class OnStage:
    """What a session's publisher sends now."""

    resource: str
    person: str
    kinds: tuple[MediaKind, ...]


def mutes_of(transaction: Transaction, session_id: str, person_id: str = "") -> tuple[bool, bool]:
    """Whether sound and picture of the publisher (or the host) are muted."""
    person = transaction.db.get(PersonRow, person_id or host_id(session_id))
    return (person.muted_audio, person.muted_video) if person else (False, False)


def state_of(transaction: Transaction, session: SessionRow, publisher: str = "") -> StateChange:
    """The session's state as it is told."""
    muted_audio, muted_video = mutes_of(transaction, session.id, publisher)
    over_audio, over_video = over_of(transaction, publisher or host_id(session.id))
    return StateChange(
        state=SessionState(session.state),
        since=session.since,
        why=session.why,
        words=WORDS.get(session.why, ""),
        needs_release=session.needs_release,
        muted_audio=muted_audio,
        muted_video=muted_video,
        locked=session.locked,
        over_audio=over_audio,
        over_video=over_video,
    )


def move(
    transaction: Transaction, session_id: str, state: SessionState, why: str, by: Sender = SERVER, publisher: str = ""
) -> bool:
    """Change the state and say so. False where it was so already."""
    session = transaction.db.get_one(SessionRow, session_id)
    if session.state == state.value and session.why == why:
        return False
    if session.needs_release and why not in ("stopped", "released"):
        return False
    if (session.why, why) == ("ended", "off_air"):  # what was sent ends because of it
        return False
    session.state, session.why, session.since = state.value, why, transaction.at
    session.needs_release = why == "stopped"
    transaction.db.flush()
    transaction.say(session_id, EventType.SESSION_STATE, by, state_of(transaction, session, publisher))
    person = transaction.db.get(PersonRow, publisher) if publisher else None
    name = person.name if person else ""
    words = WORDS.get(why, why)
    transaction.audit(session_id, by, f"session.{state.value}", target=publisher, target_name=name, words=words)
    shows.follow(transaction, session_id, state, why, by, publisher)
    return True


def _go_live(transaction: Transaction, session: SessionRow, publisher: str) -> None:
    """Somebody is on air. Of who was before them, and whose end nobody saw, it is told first that they are gone."""
    if session.state == SessionState.LIVE.value and who_went_live(transaction, session.id) not in ("", publisher):
        move(transaction, session.id, SessionState.WAITING, "lost")
    move(transaction, session.id, SessionState.LIVE, "on_air", publisher=publisher)


def say_state(transaction: Transaction, session_id: str, why: str, by: Sender, publisher: str = "") -> None:
    """Say the state again because a mute, the lock or somebody's time changed."""
    session = transaction.db.get_one(SessionRow, session_id)
    change = state_of(transaction, session, publisher).model_copy(update={"why": why})
    transaction.say(session_id, EventType.SESSION_STATE, by, change)


class OnAir:
    """Follows the router. Belongs to the event loop; messages are handled one after the other."""

    def __init__(self, record: Record, line: MediaLine, reach: Callable[[], Reach]) -> None:
        self._record = record
        self._line = line
        self._reach = reach
        self._stage: dict[str, OnStage] = {}
        self._watching: dict[str, int] = {}
        self._left: set[str] = set()
        self._pictures: dict[tuple[str, str], Picture] = {}

    def on_stage(self, session_id: str) -> OnStage | None:
        """Who publishes in the session now."""
        return self._stage.get(session_id)

    def last_picture(self, session_id: str, person_id: str) -> Picture | None:
        """What counted as this person's picture when they were on air last; None where nobody knows."""
        return self._pictures.get((session_id, person_id))

    def watching(self, session_id: str) -> int:
        """How many receive media."""
        return self._watching.get(session_id, 0)

    def require_free(self, transaction: Transaction, session: SessionRow, person_id: str) -> None:
        """Raises Refusal(SESSION_STOPPED, ALREADY_LIVE) where this person may not go live now."""
        refuse_the_unaware(transaction, session, person_id)
        if session.needs_release:
            raise Refusal(
                ErrorCode.SESSION_STOPPED,
                "An admin stopped this session.",
                "Go live needs an admin's release. You may leave the session and go on without it.",
            )
        stage = self._stage.get(session.id)
        if stage is not None and stage.person != person_id:
            raise Refusal(
                ErrorCode.ALREADY_LIVE, "Another person is on air in this session.", "Wait until they have stopped."
            )

    async def end_tokens(self, tokens: tuple[str, ...]) -> None:
        """Let nobody watch any more by these dead tokens. A router that is away is told when it is back."""
        with contextlib.suppress(Refusal):
            await self._line.ask(Done, lambda n: EndTokens(n, tokens, EndReason.REVOKED), limit_s=TELL_LIMIT_S)

    def people_started(self) -> None:
        """This process is ready: tell the router what it may bind, and ask what it carries."""
        self._line.tell(self._reach())
        self._line.tell(DescribeState())

    async def router_lost(self) -> None:
        """The router is gone, and with it every connection."""
        self._line.lost()
        stages, self._stage = self._stage, {}
        self._watching.clear()
        for session_id in stages:
            await self._record.run(lambda t, s=session_id: move(t, s, SessionState.WAITING, "lost"))  # type: ignore[misc]

    async def router_said_all(self, message: RouterState) -> None:
        """Compare what the router carries with what the database allows, and make it so."""
        self._line.up = True
        self._line.tell(self._reach())
        carried = [resource for resource in message.resources if resource.connected]
        self._stage = {
            resource.session: OnStage(resource.resource, resource.person, resource.kinds)
            for resource in carried
            if resource.direction is Direction.PUBLISH
        }
        self._watching = {}
        for resource in carried:
            if resource.direction is Direction.SUBSCRIBE:
                self._watching[resource.session] = self._watching.get(resource.session, 0) + 1
            else:
                self._pictures[resource.session, resource.person] = resource.picture
        stages, left = dict(self._stage), frozenset(self._left)
        orders = await self._record.run(lambda transaction: _settle(transaction, message.resources, stages, left))
        self._left -= left
        for make in orders:
            try:
                await self._line.ask(Done, make)
            except Refusal:
                continue  # the resource is gone, or the router, which then sends its state again

    async def publisher_started(self, message: PublisherStarted) -> None:
        """A publisher is on air."""
        self._stage[message.session] = OnStage(message.resource, message.person, message.kinds)
        self._left.discard(message.session)
        self._pictures[message.session, message.person] = message.picture

        def work(transaction: Transaction) -> bool:
            session = transaction.db.get_one(SessionRow, message.session)
            if holds_against(transaction, session, message.person):
                return True
            _go_live(transaction, session, message.person)
            return session.needs_release

        if await self._record.run(work):
            await self._line.ask(Done, lambda n: EndPublisher(n, message.session, EndReason.STOPPED))

    async def publisher_stopped(self, message: PublisherStopped) -> None:
        """A publisher is off air; where it was not replaced already, the session is too."""
        stage = self._stage.get(message.session)
        if stage is None or stage.resource != message.resource:
            return
        del self._stage[message.session]
        over = message.why in _LEFT_FOR_GOOD
        if over:
            self._left.add(message.session)  # until it is written down, be it when the router has told its state
        await self._record.run(lambda transaction: move(transaction, message.session, *_off(over)))
        self._left.discard(message.session)

    def viewers_changed(self, message: ViewerJoined | ViewerLeft) -> None:
        """Somebody began or ceased to receive media."""
        self._watching[message.session] = message.watching


def _off(over: bool) -> tuple[SessionState, str]:
    """The state of a session whose publisher is gone, for good or not."""
    return (SessionState.ENDED, "off_air") if over else (SessionState.WAITING, "lost")


def _settle(
    transaction: Transaction, resources: tuple[ResourceState, ...], stages: dict[str, OnStage], left: frozenset[str]
) -> list[Callable[[int], EndResource | SetMute | SetEnds]]:
    """What the router has to be told; and the sessions' states follow what is really on air.

    `left`: whose publisher had left for good when that could not be written down.
    """
    orders: list[Callable[[int], EndResource | SetMute | SetEnds]] = []
    limited = {session_id: ends_in(transaction, session_id) for session_id in {one.session for one in resources}}
    for session_id, person_id in sorted({(one.session, one.person) for one in resources}):
        if person_id in limited[session_id]:
            ends = for_router(transaction, person_id)
            orders.append(lambda n, s=session_id, p=person_id, e=ends: SetEnds(n, s, p, e))  # type: ignore[misc]
    for resource in resources:
        publishes = resource.direction is Direction.PUBLISH
        why = _why_not(transaction, resource)
        if why is not None:
            orders.append(lambda n, r=resource, w=why: EndResource(n, r.resource, w))  # type: ignore[misc]
        elif publishes:
            mutes = mutes_of(transaction, resource.session, resource.person)
            for kind, wanted, had in zip(MediaKind, mutes, (resource.muted_audio, resource.muted_video), strict=True):
                if wanted != had:
                    orders.append(
                        lambda n, r=resource, k=kind, w=wanted: SetMute(n, r.session, r.person, k, w)  # type: ignore[misc]
                    )
    for session in transaction.db.scalars(select(SessionRow)):
        if session.id in stages:
            if not holds_against(transaction, session, stages[session.id].person):
                _go_live(transaction, session, stages[session.id].person)
        elif session.state == SessionState.LIVE.value:
            move(transaction, session.id, *_off(session.id in left))
    return orders


def _why_not(transaction: Transaction, resource: ResourceState) -> EndReason | None:
    """Why the router must not carry this any more; None where it may."""
    session = transaction.db.get(SessionRow, resource.session)
    person = transaction.db.get(PersonRow, resource.person)
    token = transaction.db.get(TokenRow, resource.token)
    publishes = resource.direction is Direction.PUBLISH
    if session is None or (publishes and session.needs_release):
        return EndReason.STOPPED
    if publishes and holds_against(transaction, session, resource.person):
        return EndReason.STOPPED
    if person is not None and person.removed_s:
        return EndReason.REMOVED
    if person is not None and 0 < join_end_s(transaction, person.id) <= transaction.now_s:
        return EndReason.TIME_OVER
    if person is not None and publishes and not may(Role(person.role), Right.PUBLISH):
        return EndReason.REVOKED
    invite = transaction.db.get(InviteRow, resource.token.removeprefix("invite:"))
    if (token is not None and token.dead) or (invite is not None and invite.revoked):
        return EndReason.REVOKED
    return None
