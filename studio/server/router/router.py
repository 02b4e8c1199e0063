"""The router itself: offers become connections, commands of the people process take effect, events go back to it."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Callable

import msgspec

from studio.media import NS_PER_MS, NS_PER_S, Clock
from studio.server.router import places, router_words
from studio.server.router.answer import (
    AnswerTransport,
    agree_with_publisher,
    agree_with_viewer,
    write_answer,
)
from studio.server.router.broadcast import Broadcast
from studio.server.router.dtls import Certificate
from studio.server.router.grant_clock import GrantClock
from studio.server.router.ntp import NtpClock
from studio.server.router.peer import Peer, PeerState
from studio.server.router.publisher import Publisher
from studio.server.router.resource import Resource
from studio.server.router.sdp import SdpOffer, parse_offer
from studio.server.router.sockets import Candidate, MediaSockets
from studio.server.router.viewer import Viewer
from studio.server.router_pipe import (
    Answered,
    Direction,
    EndReason,
    GrantEnds,
    MediaKind,
    Offer,
    PublisherStarted,
    PublisherStopped,
    Quality,
    ResourceState,
    RouterState,
    Trickle,
    Trickled,
    ViewerJoined,
    ViewerLeft,
)

logger = logging.getLogger(__name__)

TIMER_S = 0.02


class Router:
    """Everything runs on the event loop's thread. `tell` takes the events for the people process; it never blocks.

    Implements BroadcastOwner.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        tell: Callable[[msgspec.Struct], None],
        wall_ms: Callable[[], int] = lambda: time.time_ns() // NS_PER_MS,
    ) -> None:
        self.sockets = MediaSockets(loop, clock)
        self.broadcasts: dict[str, Broadcast] = {}
        self.resources: dict[str, Resource] = {}
        self._loop = loop
        self._clock = clock
        self._tell = tell
        self._ntp = NtpClock(clock)
        self._grants = GrantClock(wall_ms)
        self._certificate = Certificate()
        self._context = self._certificate.context()
        self._timer: asyncio.TimerHandle | None = None
        self._measured_ns = 0

    # --- life ---

    def start(self) -> None:
        """Begin the timer of repairs and reports."""
        self._timer = self._loop.call_later(TIMER_S, self._on_timer)

    def close(self) -> None:
        """End every connection, with a word to each peer."""
        if self._timer is not None:
            self._timer.cancel()
        for resource in list(self.resources.values()):
            self.end(resource, EndReason.CLOSING)
        self.sockets.close_all()

    def _on_timer(self) -> None:
        now_ns = self._clock.now_ns()
        self.sockets.on_timer()
        for session, person in self._grants.limited():
            self._mind_grants(session, person)
        for broadcast in list(self.broadcasts.values()):
            broadcast.on_timer(now_ns)
        if now_ns - self._measured_ns >= NS_PER_S:
            self._measured_ns = now_ns
            for resource in self.resources.values():
                resource.measure(now_ns)
        self._timer = self._loop.call_later(TIMER_S, self._on_timer)

    # --- offers ---

    def take_offer(self, offer: Offer) -> Answered:
        """Make the connection that is offered. Raises StoaError for what cannot be."""
        parsed = parse_offer(offer.sdp)
        candidates = self._candidates_for(offer)
        gives_way = places.make_room(self.resources.values(), offer)
        broadcast = self.broadcasts.get(offer.session) or Broadcast(offer.session, self)
        # A peer that would rather be the DTLS server is let.
        is_server = parsed.setup != "passive"
        now_ns = self._clock.now_ns()
        peer = Peer(
            self._context,
            parsed.fingerprints,
            parsed.ufrag,
            remote_password=parsed.password,
            is_server=is_server,
            now_ns=now_ns,
            wants_flush=self.sockets.wants_flush,
        )
        transport = AnswerTransport(
            peer.ufrag, peer.password, self._certificate.fingerprint, "passive" if is_server else "active", candidates
        )
        resource_id = secrets.token_urlsafe(18)
        make = self._publisher if offer.direction is Direction.PUBLISH else self._viewer
        end, sdp = make(resource_id, offer, parsed, peer, broadcast, transport)
        self.broadcasts[offer.session] = broadcast
        self._grants.keep(offer.session, offer.person, offer.ends)
        kinds = tuple(MediaKind(kind) for kind in end.tracks)
        resource = Resource(resource_id, offer, f'"{secrets.token_hex(8)}"', kinds, end)
        self.resources[resource_id] = resource
        self.sockets.add(peer)
        self._mind_grants(offer.session, offer.person)
        if gives_way is not None:
            self.end(gives_way, EndReason.REPLACED)
        logger.info("%s of %s: offered %s", offer.direction, offer.session, ", ".join(kinds))
        return Answered(offer.request, resource_id, sdp, resource.etag)

    def _publisher(
        self,
        resource_id: str,
        offer: Offer,
        parsed: SdpOffer,
        peer: Peer,
        broadcast: Broadcast,
        transport: AnswerTransport,
    ) -> tuple[Publisher, str]:
        formats, sections = agree_with_publisher(parsed, audio=offer.audio, video=offer.video)
        publisher = Publisher(resource_id, offer.person, peer, formats, broadcast, self._ntp)
        now_ns = self._clock.now_ns()
        for kind, muted in (("audio", offer.muted_audio), ("video", offer.muted_video)):
            broadcast.mute(offer.person, kind, muted=muted, now_ns=now_ns)
        broadcast.publishers.append(publisher)
        return publisher, write_answer(transport, sections)

    def _viewer(
        self,
        resource_id: str,
        offer: Offer,
        parsed: SdpOffer,
        peer: Peer,
        broadcast: Broadcast,
        transport: AnswerTransport,
    ) -> tuple[Viewer, str]:
        tracks, sections, pictures = agree_with_viewer(parsed)
        viewer = Viewer(
            resource_id, peer, tracks, pictures, broadcast, self._ntp, self._loop.call_later, self._clock.now_ns
        )
        level = ""
        if broadcast.publisher is not None and broadcast.publisher.video is not None:
            level = broadcast.publisher.video.format.profile_level_id[4:6].lower()
        return viewer, write_answer(transport, sections, level)

    def _candidates_for(self, offer: Offer) -> tuple[Candidate, ...]:
        """Our addresses, the one that the client's HTTP request reached first."""
        candidates = [
            Candidate(offer.local_address, one.port) if one.host in ("0.0.0.0", "::") else one
            for one in self.sockets.candidates
        ]
        if not candidates:
            raise router_words.not_listening()
        return tuple(sorted(candidates, key=lambda one: one.host != offer.local_address))

    def take_trickle(self, trickle: Trickle) -> Trickled:
        """A PATCH. Candidates are not needed: the peer's checks show where it is. Raises StoaError."""
        resource = self.owned(trickle.resource, trickle.token)
        if trickle.etag not in ("*", resource.etag):
            raise router_words.wrong_etag()
        ufrags = {
            line.partition(":")[2].strip() for line in trickle.fragment.splitlines() if line.startswith("a=ice-ufrag:")
        }
        if ufrags and ufrags != {resource.end.peer.remote_ufrag}:
            raise router_words.no_restart()
        return Trickled(trickle.request)

    def owned(self, resource_id: str, token: str) -> Resource:
        """The resource, where this token made it. Raises StoaError(NOT_FOUND)."""
        resource = self.resources.get(resource_id)
        if resource is None or (token and resource.offer.token != token):
            raise router_words.no_connection()
        return resource

    # --- commands ---

    def end(self, resource: Resource, why: EndReason) -> None:
        """Close one connection for this reason."""
        resource.why = why
        if isinstance(resource.end, Viewer) and resource.end.is_connected:
            resource.end.hang_up(why.value)
        else:
            resource.end.peer.close(why.value)

    def end_where(self, matches: Callable[[Resource], bool], why: EndReason) -> bool:
        """Close all that match; False where none did."""
        ended = [resource for resource in self.resources.values() if matches(resource)]
        for resource in ended:
            self.end(resource, why)
        return bool(ended)

    def mute(self, session: str, person: str, kind: MediaKind, *, muted: bool) -> bool:
        """Stop or resume forwarding; holds for later connections of the person too. False where it was so before."""
        broadcast = self.broadcasts.setdefault(session, Broadcast(session, self))
        changed = broadcast.mute(person, kind.value, muted=muted, now_ns=self._clock.now_ns())
        self._drop_unused(broadcast)
        return changed

    def set_ends(self, session: str, person: str, ends: GrantEnds) -> bool:
        """When a person's grants are over, for what they have open. False where it was so before."""
        if not any((one.offer.session, one.offer.person) == (session, person) for one in self.resources.values()):
            return False
        changed = self._grants.keep(session, person, ends)
        self._mind_grants(session, person)
        return changed

    def _mind_grants(self, session: str, person: str) -> None:
        """What is over now ends, and what was given again goes on."""
        if self._grants.is_out(session, person):
            self.end_where(lambda one: (one.offer.session, one.offer.person) == (session, person), EndReason.TIME_OVER)
            return
        broadcast = self.broadcasts.get(session)
        now_ns = self._clock.now_ns()
        for publisher in list(broadcast.publishers) if broadcast is not None else ():
            if publisher.person == person and broadcast is not None:
                picture = self.resources[publisher.resource].offer.picture
                broadcast.end_kinds(publisher, self._grants.over(session, person, picture), now_ns)

    def state(self) -> RouterState:
        """All that is carried."""
        return RouterState(tuple(self._describe(resource) for resource in self.resources.values()))

    def _describe(self, resource: Resource) -> ResourceState:
        mutes = self.broadcasts[resource.offer.session].mutes.get(resource.offer.person, set())
        is_publisher = resource.direction is Direction.PUBLISH
        return ResourceState(
            resource.id,
            resource.direction,
            resource.offer.session,
            resource.offer.person,
            resource.offer.token,
            resource.end.peer.state is PeerState.CONNECTED,
            resource.kinds,
            is_publisher and "audio" in mutes,
            is_publisher and "video" in mutes,
            resource.offer.picture,
        )

    def quality(self) -> Quality:
        """How every connection does that has come about."""
        now_ns = self._clock.now_ns()
        connected = (one for one in self.resources.values() if one.end.peer.state is PeerState.CONNECTED)
        return Quality(tuple(resource.quality(now_ns) for resource in connected))

    # --- BroadcastOwner ---

    def on_air(self, broadcast: Broadcast, publisher: Publisher) -> None:
        resource = self.resources[publisher.resource]
        resource.is_announced = True
        logger.info("publish of %s: on air", broadcast.session)
        offer = resource.offer
        self._tell(
            PublisherStarted(offer.session, resource.id, offer.person, offer.token, resource.kinds, offer.picture)
        )

    def off_air(self, broadcast: Broadcast, publisher: Publisher, words: str) -> None:
        resource = self.resources.get(publisher.resource)
        if resource is None:
            return
        if broadcast.publisher is not None and broadcast.publisher is not publisher:
            resource.why = EndReason.REPLACED
        logger.info("publish of %s: off air, %s", broadcast.session, words)
        offer = resource.offer
        self._tell(PublisherStopped(offer.session, resource.id, offer.person, offer.token, resource.why))

    def publisher_left(self, broadcast: Broadcast, publisher: Publisher, words: str) -> None:
        self._forget(broadcast, publisher.resource, words)

    def viewer_came(self, broadcast: Broadcast, viewer: Viewer) -> None:
        resource = self.resources[viewer.resource]
        resource.is_announced = True
        offer = resource.offer
        watching = len(broadcast.viewers)
        self._tell(ViewerJoined(offer.session, resource.id, offer.person, offer.token, watching))

    def viewer_left(self, broadcast: Broadcast, viewer: Viewer, words: str) -> None:
        resource = self.resources.get(viewer.resource)
        if resource is not None and resource.is_announced:
            offer = resource.offer
            watching = len(broadcast.viewers)
            self._tell(ViewerLeft(offer.session, resource.id, offer.person, offer.token, resource.why, watching))
        self._forget(broadcast, viewer.resource, words)

    def _forget(self, broadcast: Broadcast, resource_id: str, words: str) -> None:
        resource = self.resources.pop(resource_id, None)
        if resource is not None:
            logger.info("%s of %s: ended, %s", resource.direction, broadcast.session, words)
            self.sockets.remove(resource.end.peer)
            whose = (resource.offer.session, resource.offer.person)
            if not any((one.offer.session, one.offer.person) == whose for one in self.resources.values()):
                self._grants.forget(*whose)
        self._drop_unused(broadcast)

    def _drop_unused(self, broadcast: Broadcast) -> None:
        in_use = any(one.offer.session == broadcast.session for one in self.resources.values())
        if not in_use and not any(broadcast.mutes.values()):
            self.broadcasts.pop(broadcast.session, None)
