"""The runner between its owner and a connection that the test plays."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec
import pytest

from studio.destination.connection import Measures, WantKeyframe
from studio.destination.contract import (
    DestinationState,
    DestinationStatistics,
    FreshSecret,
    KeyframeWanted,
    OpenDestination,
    Retry,
    StateChanged,
)
from studio.destination.runner import PROVEN_NS, Runner
from studio.media import NS_PER_S, Codec, EncodedPacket, ErrorKind, StoaError
from tests.fixtures.waiting import until

GONE = StoaError(ErrorKind.LOST, "Gone.")
REFUSED = StoaError(ErrorKind.REFUSED, "No.", permanent=True)


class TestClock:
    """Moves only when the test says so."""

    __test__ = False

    def __init__(self) -> None:
        self.ns = NS_PER_S

    def now_ns(self) -> int:
        return self.ns

    def sleep_until_ns(self, instant_ns: int) -> None:
        self.ns = max(self.ns, instant_ns)


class TestOwner:
    """Keeps what the runner says."""

    __test__ = False

    def __init__(self) -> None:
        self.said: list[msgspec.Struct] = []
        self.limits_s: list[float] = []

    def send(self, message: msgspec.Struct) -> bool:
        self.said.append(message)
        return True

    def beat(self, limit_s: float = 3.0) -> None:
        self.limits_s.append(limit_s)

    def states(self) -> list[DestinationState]:
        return [said.state for said in self.said if isinstance(said, StateChanged)]


@dataclass
class PlayedConnection:
    """Does what the test wrote into it."""

    connect_limit_s: float = 5.0
    write_limit_s: float = 4.0
    refuse: StoaError | None = None
    lose: StoaError | None = None
    written: list[EncodedPacket] = field(default_factory=list)
    closed: int = 0
    hold: threading.Event | None = None
    on_write: Callable[[EncodedPacket], None] = lambda packet: None

    def connect(self) -> None:
        if self.refuse:
            raise self.refuse

    def write(self, packet: EncodedPacket) -> None:
        if self.lose:
            raise self.lose
        if self.hold:
            self.hold.wait(10)
        self.written.append(packet)
        self.on_write(packet)

    def check(self) -> None:
        if self.lose:
            raise self.lose

    def measures(self) -> Measures:
        return Measures(rtt_ms=7.0, retransmitted=3)

    def close(self) -> None:
        self.closed += 1


class Played:
    """A runner at work in a thread, with the connections that it will get in turn."""

    def __init__(self, *connections: PlayedConnection, was_live: bool = False) -> None:
        self.clock = TestClock()
        self.owner = TestOwner()
        self.connections = list(connections)
        self.made = 0
        self.secrets: list[str] = []
        self.runner = Runner(self._make, self.clock)
        self.runner.take(OpenDestination("rtmp://h/a/k", "rtmp://h/a/•••", None, None, was_live=was_live))
        self.thread = threading.Thread(target=self.runner.run, args=(self.owner,), daemon=True)
        self.thread.start()

    def _make(self, opening: OpenDestination, want: WantKeyframe) -> PlayedConnection:
        self.made += 1
        self.secrets.append(opening.secret)
        return self.connections[min(self.made, len(self.connections)) - 1]

    def wait(self, fact: Callable[[], object], what: str) -> None:
        until(fact, 5, f"{what}; said {self.owner.said}")

    def wait_for(self, state: DestinationState, count: int = 1) -> None:
        self.wait(lambda: self.owner.states().count(state) >= count, state.value)

    def go_live(self, connection: PlayedConnection, number: int = 0) -> None:
        """Send pictures until the connection counts as live."""
        before = self.owner.states().count(DestinationState.LIVE)
        asked = sum(isinstance(said, KeyframeWanted) for said in self.owner.said)
        self.wait(lambda: asked or any(isinstance(said, KeyframeWanted) for said in self.owner.said), "keyframe wanted")
        self.runner.take(picture(number, keyframe=True))
        self.wait(lambda: connection.written, "the keyframe is written")
        self.clock.ns += PROVEN_NS
        self.runner.take(picture(number + 1))
        self.wait_for(DestinationState.LIVE, before + 1)

    def end(self) -> None:
        self.runner.stop()
        self.thread.join(5)
        assert not self.thread.is_alive()


def picture(number: int, keyframe: bool = False, size: int = 100) -> EncodedPacket:
    return EncodedPacket(Codec.H264, bytes(size), number, 1, keyframe, number * NS_PER_S // 30)


def sound(number: int) -> EncodedPacket:
    return EncodedPacket(Codec.AAC, b"s", number * 1024, 1024, True, number * 21_333_333)


def test_it_asks_for_a_keyframe_and_begins_with_it() -> None:
    connection = PlayedConnection()
    played = Played(connection)
    played.wait(lambda: any(isinstance(said, KeyframeWanted) for said in played.owner.said), "keyframe wanted")
    played.runner.take(picture(5))
    played.runner.take(sound(6))
    played.go_live(connection, 7)
    played.end()
    assert [packet.pts for packet in connection.written if packet.codec.is_video] == [7, 8]
    assert played.owner.states() == [DestinationState.CONNECTING, DestinationState.LIVE, DestinationState.IDLE]
    assert connection.closed == 1


def test_what_is_queued_at_the_end_is_still_written() -> None:
    connection = PlayedConnection(hold=threading.Event())
    played = Played(connection)
    played.wait(lambda: any(isinstance(said, KeyframeWanted) for said in played.owner.said), "keyframe wanted")
    for number in range(10):
        played.runner.take(picture(number, keyframe=number == 0))
    played.runner.stop()
    assert connection.hold is not None
    connection.hold.set()
    played.thread.join(5)
    assert [packet.pts for packet in connection.written] == list(range(10))
    statistics = [said for said in played.owner.said if isinstance(said, DestinationStatistics)][-1]
    assert (statistics.frames, statistics.bytes, statistics.dropped) == (10, 1000, 0)


def test_a_lost_connection_is_made_again_when_its_time_has_come() -> None:
    first, second = PlayedConnection(), PlayedConnection()
    played = Played(first, second)
    played.go_live(first)
    first.lose = GONE
    played.runner.take(picture(2))
    played.wait_for(DestinationState.RECONNECTING)
    assert played.made == 1 and first.closed == 1
    played.clock.ns += NS_PER_S
    played.wait(lambda: played.made == 2, "a second connection")
    played.go_live(second, 60)
    played.end()
    assert second.written[0].keyframe
    statistics = [said for said in played.owner.said if isinstance(said, DestinationStatistics)][-1]
    assert statistics.reconnects == 1
    assert statistics.retransmitted == 6, "of both connections"


def test_a_silent_loss_is_noticed_without_packets() -> None:
    first = PlayedConnection()
    played = Played(first, PlayedConnection())
    played.go_live(first)
    first.lose = GONE
    played.wait_for(DestinationState.RECONNECTING)
    played.end()


def test_a_refusal_waits_for_somebody_to_ask() -> None:
    played = Played(PlayedConnection(refuse=REFUSED), PlayedConnection())
    played.wait_for(DestinationState.FAILED)
    played.clock.ns += 3600 * NS_PER_S
    assert played.made == 1
    played.runner.take(Retry())
    played.wait(lambda: played.made == 2, "a second connection")
    played.end()


def test_asked_while_it_waits_it_tries_at_once() -> None:
    unreachable = StoaError(ErrorKind.UNREACHABLE, "Nobody there.")
    played = Played(PlayedConnection(refuse=unreachable), PlayedConnection())
    played.wait(lambda: any(isinstance(s, StateChanged) and s.retry_in_s for s in played.owner.said), "waits")
    played.runner.take(Retry())
    played.wait(lambda: played.made == 2, "a second connection")
    played.end()


def test_a_server_that_hangs_up_on_the_first_picture_has_refused() -> None:
    connection = PlayedConnection(lose=GONE)
    played = Played(connection)
    played.wait(lambda: any(isinstance(said, KeyframeWanted) for said in played.owner.said), "keyframe wanted")
    played.runner.take(picture(0, keyframe=True))
    played.wait(lambda: any(isinstance(s, StateChanged) and s.retry_in_s for s in played.owner.said), "lost")
    played.end()
    said = next(s for s in played.owner.said if isinstance(s, StateChanged) and s.retry_in_s)
    assert DestinationState.LIVE not in played.owner.states()
    assert said.kind == ErrorKind.REFUSED and "key" in said.remedy


def test_taking_one_picture_is_not_yet_being_live() -> None:
    connection = PlayedConnection()
    played = Played(connection)
    played.wait(lambda: any(isinstance(said, KeyframeWanted) for said in played.owner.said), "keyframe wanted")
    played.runner.take(picture(0, keyframe=True))
    played.wait(lambda: connection.written, "the keyframe is written")
    connection.lose = GONE
    played.runner.take(picture(1))
    played.wait(lambda: any(isinstance(s, StateChanged) and s.retry_in_s for s in played.owner.said), "lost")
    played.end()
    assert DestinationState.LIVE not in played.owner.states()


def test_a_slow_server_costs_pictures_up_to_the_next_keyframe_and_no_sound() -> None:
    connection = PlayedConnection()
    played = Played(connection)
    played.go_live(connection)
    connection.hold = threading.Event()
    for number in range(2, 150):
        played.runner.take(picture(number, keyframe=number % 60 == 0))
        played.runner.take(sound(number))
    connection.hold.set()
    connection.hold = None
    played.wait(lambda: connection.written[-1].pts == sound(149).pts, "the last sound is written")
    played.runner.take(picture(150))
    played.end()
    numbers = [packet.pts for packet in connection.written if packet.codec.is_video]
    after_gaps = [later for earlier, later in pairwise(numbers) if later - earlier > 1]
    assert after_gaps and all(number % 60 == 0 for number in after_gaps)
    assert [packet.pts // 1024 for packet in connection.written if not packet.codec.is_video] == list(range(2, 150))
    statistics = [said for said in played.owner.said if isinstance(said, DestinationStatistics)][-1]
    assert statistics.dropped == 151 - len(numbers)


def test_it_says_when_it_becomes_slow_and_when_that_is_over() -> None:
    connection = PlayedConnection()
    played = Played(connection)
    played.go_live(connection)
    connection.hold = threading.Event()
    for number in range(2, 70):
        played.runner.take(picture(number))
    played.clock.ns += NS_PER_S
    connection.hold.set()
    connection.hold = None
    played.wait(lambda: any(isinstance(s, StateChanged) and "dropped" in s.words for s in played.owner.said), "slow")
    for second in range(8):
        played.clock.ns += NS_PER_S
        played.runner.take(picture(120 + second, keyframe=True))
        played.wait(lambda second=second: connection.written[-1].pts == 120 + second, "written")  # type: ignore[misc]
    played.wait_for(DestinationState.LIVE, 3)
    played.end()


def test_its_owner_knows_how_long_it_may_be_silent() -> None:
    connection = PlayedConnection()
    played = Played(connection)
    played.go_live(connection)
    played.end()
    assert played.owner.limits_s[0] >= 3.0
    assert max(played.owner.limits_s) == connection.connect_limit_s + 3.0
    assert connection.write_limit_s + 3.0 in played.owner.limits_s


@pytest.mark.parametrize("before_opening", [True, False])
def test_it_ends_whenever_it_is_asked(before_opening: bool) -> None:
    if before_opening:
        runner = Runner(lambda opening, want: PlayedConnection(), TestClock())
        thread = threading.Thread(target=runner.run, args=(TestOwner(),), daemon=True)
        thread.start()
        runner.stop()
        thread.join(5)
        assert not thread.is_alive()
    else:
        played = Played(PlayedConnection(refuse=REFUSED))
        played.wait_for(DestinationState.FAILED)
        played.end()
        assert played.owner.states()[-1] is DestinationState.FAILED


def test_a_fresh_secret_leaves_what_is_open_alone_and_is_used_for_the_next_connection() -> None:
    first, second = PlayedConnection(), PlayedConnection()
    played = Played(first, second)
    played.go_live(first)
    played.runner.take(FreshSecret("fresh"))
    played.runner.take(picture(2))
    played.wait(lambda: len(first.written) == 3, "it goes on")
    assert (played.made, first.closed) == (1, 0)
    first.lose = GONE
    played.wait_for(DestinationState.RECONNECTING)
    played.runner.take(Retry())
    played.wait(lambda: played.made == 2, "the next connection")
    assert played.secrets == ["", "fresh"]
    played.end()


def test_a_fresh_secret_tries_again_where_the_old_one_was_refused() -> None:
    played = Played(PlayedConnection(refuse=REFUSED), PlayedConnection())
    played.wait_for(DestinationState.FAILED)
    played.runner.take(FreshSecret("fresh"))
    played.wait(lambda: played.made == 2, "the next try")
    assert played.secrets == ["", "fresh"]
    played.end()
