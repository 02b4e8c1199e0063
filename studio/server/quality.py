"""How everybody's connection does: asked of the media router, told to the person and to whoever may see everyone's."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from studio.media.clock import NS_PER_S, Clock
from studio.server.caller import SERVER, Caller
from studio.server.devices import Devices
from studio.server.hub import Connection, Hub
from studio.server.media_line import MediaLine
from studio.server.messages import Envelope, EventType
from studio.server.quality_words import (
    LOST_SILENT_S,
    ConnectionQuality,
    QualityOf,
    QualityTold,
    SteadyWord,
    StreamQuality,
    is_news,
    quality,
    stream,
)
from studio.server.record import line_of
from studio.server.rights import Right, may
from studio.server.router_pipe import DescribeQuality, Direction, Quality, ResourceQuality
from studio.server.tokens import new_id
from studio.server.wall import WallClock, iso

ASK_EVERY_NS = 2 * NS_PER_S
TELL_EVERY_NS = 4 * NS_PER_S
type Place = tuple[str, str]
"""A session and a person of it."""


@dataclass(frozen=True, slots=True)
class About:
    """What only the person themself and those with the right `see_connections` are told of a person."""

    device: str = ""
    quality: ConnectionQuality | None = None


@dataclass(slots=True)
class _Told:
    """What a connection was told last, and when."""

    at_ns: int
    people: dict[str, ConnectionQuality]


def sees(caller: Caller, person_id: str) -> bool:
    """Whether this caller is told of that person's device and connection."""
    return caller.person_id == person_id or may(caller.role, Right.SEE_CONNECTIONS)


class QualityDesk:
    """Belongs to the event loop; `about` may be asked from the database's thread too."""

    def __init__(self, hub: Hub, line: MediaLine, clock: Clock, wall: WallClock) -> None:
        self.devices = Devices()
        self._hub = hub
        self._line = line
        self._clock = clock
        self._wall = wall
        self._ask_at_ns = 0
        self._now: dict[str, dict[str, ConnectionQuality]] = {}
        self._words: dict[Place, SteadyWord] = {}
        self._owed: set[str] = set()
        self._told: WeakKeyDictionary[Connection, _Told] = WeakKeyDictionary()

    def sweep(self) -> None:
        """Call a few times a second: asks the router every 2 s."""
        now_ns = self._clock.now_ns()
        if self._line.up and now_ns >= self._ask_at_ns:
            self._ask_at_ns = now_ns + ASK_EVERY_NS
            self._line.tell(DescribeQuality())

    def about(self, caller: Caller, session_id: str, person_id: str) -> About:
        """A person's device and connection, as far as this caller may see them."""
        if not sees(caller, person_id):
            return About()
        return About(self.devices.of(session_id, person_id), self._now.get(session_id, {}).get(person_id))

    def lost(self) -> None:
        """The router is gone, and every connection with it."""
        self.heard(Quality(()))

    def heard(self, message: Quality) -> None:
        """The router has answered."""
        of_people: defaultdict[Place, list[ResourceQuality]] = defaultdict(list)
        for resource in message.resources:
            of_people[resource.session, resource.person].append(resource)
        self._words = {place: self._words.get(place) or SteadyWord() for place in of_people}
        now: dict[str, dict[str, ConnectionQuality]] = {}
        for (session, person), resources in of_people.items():
            now.setdefault(session, {})[person] = _together(resources, self._words[session, person])
        before, self._now = self._now, now
        sessions = self._owed | before.keys() | now.keys()
        self._owed = {
            session
            for session in sessions
            if sum(self._owes(connection, now.get(session, {})) for connection in self._hub.of_session(session))
        }

    def _owes(self, connection: Connection, now: dict[str, ConnectionQuality]) -> bool:
        """Tell what is news to this connection. True where it was told just now, or has more to read: the next time."""
        caller, now_ns = connection.caller, self._clock.now_ns()
        told = self._told.get(connection)
        known = told.people if told is not None else {}
        whose = now.keys() | known.keys() if may(caller.role, Right.SEE_CONNECTIONS) else {caller.person_id}
        news = {person: now.get(person) for person in whose if is_news(known.get(person), now.get(person))}
        if not news:
            return False
        if told is not None and now_ns - told.at_ns < TELL_EVERY_NS:
            return True
        people = tuple(QualityOf(person=person, quality=news[person]) for person in sorted(news))
        data = QualityTold(people=people).model_dump(mode="json")
        at = iso(self._wall.now_ms())
        envelope = Envelope(seq=0, id=new_id("e"), type=EventType.QUALITY, at=at, sender=SERVER, data=data)
        if not connection.whisper(line_of(envelope)):
            return True
        kept = {**known, **news}
        self._told[connection] = _Told(now_ns, {person: one for person, one in kept.items() if one is not None})
        return False


def _together(resources: list[ResourceQuality], steady: SteadyWord) -> ConnectionQuality:
    """All that a person has open: the longest round trip, in each direction the worst loss and the sum of the bitrates.

    What has fallen silent (a page that crashed) does not count where another of theirs is alive.
    """
    alive = [one for one in resources if one.silent_s < LOST_SILENT_S]
    counted = alive or resources
    rtt_ms = max((one.rtt_ms for one in counted if one.rtt_ms is not None), default=None)
    word = steady.measured(rtt_ms, max(one.loss_percent for one in counted)) if alive else steady.silent()
    up, down = (_direction(counted, way) for way in (Direction.PUBLISH, Direction.SUBSCRIBE))
    return quality(word, rtt_ms, up, down)


def _direction(resources: list[ResourceQuality], direction: Direction) -> StreamQuality | None:
    ours = [one for one in resources if one.direction is direction]
    if not ours:
        return None
    return stream(
        sum(one.bitrate_kbps for one in ours),
        max(one.loss_percent for one in ours),
        sum(one.lost_packets for one in ours),
    )
