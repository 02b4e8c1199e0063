"""One connection: whom it believes, when it gives up, and what happens when the system takes no more packets."""

from __future__ import annotations

from typing import Any

import pytest

from studio.media import NS_PER_S
from studio.server.router import peer as peers
from studio.server.router.dtls import Certificate
from studio.server.router.peer import BACKLOG_BYTES, CONNECT_LIMIT_NS, CONSENT_LIMIT_NS, Peer, PeerState
from studio.server.router.stun import BindingRequest

CONTEXT = Certificate().context()
FIRST, SECOND = ("192.0.2.1", 1000), ("192.0.2.2", 2000)


class Wire:
    """A socket that takes packets, or does not."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, tuple[str, int]]] = []
        self.is_full = False

    def sendto(self, data: bytes, address: tuple[str, int]) -> None:
        if self.is_full:
            raise BlockingIOError
        self.sent.append((data, address))


class Owner:
    def __init__(self) -> None:
        self.words: list[str] = []

    def connected(self, now_ns: int) -> None: ...

    def received_rtp(self, data: bytes, now_ns: int) -> None: ...

    def received_rtcp(self, data: bytes, now_ns: int) -> None: ...

    def closed(self, words: str) -> None:
        self.words.append(words)


class Signed(BindingRequest):
    """A request whose signature fits."""

    def is_signed_with(self, password: str) -> bool:
        return True


def request(peer: Peer, *, use: bool = True, controlled: bool = False, kind: type[BindingRequest] = Signed) -> Any:
    return kind(b"t" * 12, f"{peer.ufrag}:theirs", use, controlled, b"x" * 20, b"covered")


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def owner() -> Owner:
    return Owner()


@pytest.fixture
def peer(owner: Owner) -> Peer:
    made = Peer(CONTEXT, [("sha-256", "AA")], "theirs", is_server=True, now_ns=0, wants_flush=lambda one: None)
    made.owner = owner
    return made


def connect(peer: Peer, wire: Wire) -> None:
    peer.received_check(request(peer), wire, FIRST, 0)  # type: ignore[arg-type]
    peer.state = PeerState.CONNECTED
    peer._protect = peer._protect_rtcp = lambda data: data
    wire.sent.clear()


def test_an_unsigned_check_is_not_answered(peer: Peer, wire: Wire) -> None:
    assert not peer.received_check(request(peer, kind=BindingRequest), wire, FIRST, 0)  # type: ignore[arg-type]
    assert not wire.sent and peer.socket is None


def test_a_check_for_another_pair_is_not_answered(peer: Peer, wire: Wire) -> None:
    foreign = Signed(b"t" * 12, f"{peer.ufrag}:somebody", True, False, b"", b"")
    assert not peer.received_check(foreign, wire, FIRST, 0) and not wire.sent  # type: ignore[arg-type]


def test_a_peer_that_moves_is_followed_where_it_nominates(peer: Peer, wire: Wire) -> None:
    assert peer.received_check(request(peer), wire, FIRST, 0)  # type: ignore[arg-type]
    assert not peer.received_check(request(peer, use=False), wire, SECOND, 0)  # type: ignore[arg-type]
    assert peer.address == FIRST
    assert peer.received_check(request(peer), wire, SECOND, 0)  # type: ignore[arg-type]
    assert peer.address == SECOND and [address for _, address in wire.sent] == [FIRST, SECOND, SECOND]


def test_a_peer_that_takes_itself_for_controlled_is_corrected(peer: Peer, wire: Wire) -> None:
    assert not peer.received_check(request(peer, controlled=True), wire, FIRST, 0)  # type: ignore[arg-type]
    assert wire.sent[0][0][:2] == b"\x01\x11" and peer.socket is None


def test_one_that_never_connects_is_given_up(peer: Peer, owner: Owner) -> None:
    peer.on_timer(CONNECT_LIMIT_NS)
    assert peer.state is PeerState.CONNECTING
    peer.on_timer(CONNECT_LIMIT_NS + 1)
    assert peer.state is PeerState.CLOSED and "no connection" in owner.words[0]


def test_one_that_falls_silent_is_given_up_and_one_that_checks_is_not(peer: Peer, wire: Wire, owner: Owner) -> None:
    connect(peer, wire)
    peer.received_check(request(peer), wire, FIRST, NS_PER_S)  # type: ignore[arg-type]
    peer.on_timer(CONSENT_LIMIT_NS + NS_PER_S)
    assert peer.state is PeerState.CONNECTED
    peer.on_timer(CONSENT_LIMIT_NS + NS_PER_S + 1)
    assert peer.state is PeerState.CLOSED and owner.words == ["nothing was heard from the other side for 20 s"]
    peer.close("again")
    assert len(owner.words) == 1


def test_what_the_system_does_not_take_waits_and_goes_in_order(peer: Peer, wire: Wire) -> None:
    connect(peer, wire)
    wanted: list[Peer] = []
    peer._wants_flush = wanted.append
    peer.send_rtp(b"1")
    wire.is_full = True
    peer.send_rtp(b"2")
    peer.send_rtp(b"3")
    assert wanted == [peer], "asked once, not for each packet"
    assert not peer.flush()
    wire.is_full = False
    peer.send_rtp(b"4")
    assert [data for data, _ in wire.sent] == [b"1"], "nothing overtakes what waits"
    assert peer.flush()
    assert [data for data, _ in wire.sent] == [b"1", b"2", b"3", b"4"] and peer.dropped == 0


def test_the_backlog_is_bounded_and_the_loss_counted(peer: Peer, wire: Wire) -> None:
    connect(peer, wire)
    wire.is_full = True
    packet = bytes(1000)
    for _ in range(BACKLOG_BYTES // 1000 + 7):
        peer.send_rtp(packet)
    assert peer.dropped == 7
    wire.is_full = False
    assert peer.flush() and len(wire.sent) == BACKLOG_BYTES // 1000


def test_an_error_of_the_network_is_counted_and_nothing_else(peer: Peer, wire: Wire) -> None:
    connect(peer, wire)

    def unreachable(data: bytes, address: tuple[str, int]) -> None:
        raise OSError(101, "Network is unreachable")

    wire.sendto = unreachable  # type: ignore[method-assign]
    peer.send_rtp(b"1")
    assert peer.send_errors == 1 and peer.state is PeerState.CONNECTED


def test_limits_are_long_enough_for_slow_checkers() -> None:
    # browsers check every 2.5 s, others every 5 s ± 20 %
    assert peers.CONSENT_LIMIT_NS >= 3 * 6 * NS_PER_S
