"""What the router measures of each connection: by recorded reports, by answers to its questions, by its own counts."""

from __future__ import annotations

from typing import Any, cast

import pytest
from aioice import stun as reference

from studio.media import NS_PER_MS, NS_PER_S
from studio.server.router import rtcp, stun
from studio.server.router.ingest import LATE_NS, IngestTrack, SenderClock, TrackFormat
from studio.server.router.ntp import NtpClock
from studio.server.router.outgoing import OutgoingTrack
from studio.server.router.peer import PING_EVERY_NS, Peer, PeerState
from studio.server.router.publisher import Publisher
from studio.server.router.recent import STALE_NS, WINDOW_NS, Recent
from studio.server.router.resource import Resource
from studio.server.router.rtp import RtpPacket
from studio.server.router.viewer import Viewer
from studio.server.router_pipe import Direction, MediaKind, Offer
from tests.unit.server.router.test_peer import CONTEXT, FIRST, Owner, Wire, request

FORMAT = TrackFormat("video", 102, 103, 90000, True, "42e01f")
SSRC = 0x8A75C984
# What a real Chromium reported of its pictures (and of its sound, whose SSRC is another) behind a network that lost a
# tenth each way, each with the milliseconds that had passed; behind two of them its NACK and its REMB.
RECORDED = [
    (
        0,
        bytes.fromhex("81c90007000000018a75c98400000000000029fb00000095ee4858c700007209"),
    ),
    (
        2820,
        bytes.fromhex(
            "82c9000d00000001455ef3007f000001000054f70000033bee4b613400003b83"
            "8a75c9840000000600002a4b000000a2ee4b613400003b8381cd000300000001"
            "8a75c9842a4c0007"
        ),
    ),
    (
        5000,
        bytes.fromhex(
            "82c9000d00000001455ef3000000000100005501000004afee4d6505000065b7"
            "8a75c9843300001000002a910000010cee4d6505000065b78fce000600000001"
            "0000000052454d4202020252455ef3008a75c984"
        ),
    ),
]


class Nobody:
    """Owner of viewers and publishers."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def peer(wire: Wire) -> Peer:
    made = Peer(
        CONTEXT,
        [("sha-256", "AA")],
        "theirs",
        remote_password="their-password",
        is_server=True,
        now_ns=0,
        wants_flush=lambda one: None,
    )
    made.owner = Owner()
    made.received_check(request(made), cast(Any, wire), FIRST, 0)
    made.state = PeerState.CONNECTED
    made._protect_rtcp = lambda data: data
    wire.sent.clear()
    return made


def viewer_of(peer: Peer) -> Viewer:
    track = OutgoingTrack("video", 90000)
    track.ssrc = SSRC
    owner = cast(Any, Nobody())
    clock = NtpClock(cast(Any, type("Clock", (), {"now_ns": lambda self: 0})()), 0)
    return Viewer("r", peer, [track], [], owner, clock, lambda after, work: None, lambda: 0)


def publisher_of(peer: Peer) -> Publisher:
    clock = NtpClock(cast(Any, type("Clock", (), {"now_ns": lambda self: 0})()), 0)
    return Publisher("r", "host", peer, [FORMAT], cast(Any, Nobody()), clock)


def packet(seq: int) -> RtpPacket:
    return RtpPacket(seq & 0xFFFF, seq * 3000, 7, 102, 0, b"\x41p")


class TestRecent:
    def test_it_tells_what_was_gained_within_the_window(self) -> None:
        recent = Recent()
        for second in range(12):
            recent.take(100 * second, 10 * second, second * NS_PER_S)
        assert recent.gained(11 * NS_PER_S) == (500, 50)
        assert recent.span_ns == WINDOW_NS

    def test_one_measurement_tells_nothing_and_an_old_one_neither(self) -> None:
        recent = Recent()
        recent.take(100, 10, 0)
        assert recent.gained(0) == (0, 0)
        recent.take(200, 20, NS_PER_S)
        assert recent.gained(NS_PER_S + STALE_NS) == (100, 10)
        assert recent.gained(NS_PER_S + STALE_NS + 1) == (0, 0)

    def test_totals_that_begin_anew_and_a_flood_of_them_do_no_harm(self) -> None:
        recent = Recent()
        recent.take(1000, 10, 0)
        recent.take(5, 0, NS_PER_S)
        assert recent.gained(NS_PER_S) == (0, 0)
        for moment in range(10_000):
            recent.take(6 + moment, 0, NS_PER_S + moment)
        assert len(recent._totals) == 1


class TestViewer:
    def test_recorded_reports_tell_the_loss_of_the_last_seconds(self, peer: Peer) -> None:
        viewer = viewer_of(peer)
        for passed_ms, data in RECORDED:
            viewer.received_rtcp(data, passed_ms * NS_PER_MS)
        assert viewer.losses(RECORDED[-1][0] * NS_PER_MS) == (0x2A91 - 0x29FB, 16)

    def test_a_report_tells_the_round_trip_of_the_sender_report_that_it_answers(self, peer: Peer) -> None:
        viewer = viewer_of(peer)
        assert viewer.video is not None
        viewer.video._sent_reports[0xEE4B6134] = NS_PER_S
        viewer.received_rtcp(RECORDED[1][1], 2 * NS_PER_S)
        assert peer.round_trip_ms == pytest.approx(1000 - 0x3B83 * 1000 / 65536)

    @pytest.mark.parametrize(("highest", "lost"), [(0xFFFFFFFF, 0x7FFFFF), (20, -5), (11, 0x7FFFFF), (10, 9)])
    def test_a_report_that_cannot_be_true_stays_between_none_and_all(self, peer: Peer, highest: int, lost: int) -> None:
        viewer = viewer_of(peer)
        for second, (top, gone) in enumerate([(10, 0), (highest, lost)]):
            viewer._learn(rtcp.ReceptionReport(SSRC, 0.0, gone, top, 0, 0, 0), second * NS_PER_S)
        sent, missing = viewer.losses(NS_PER_S)
        assert 0 <= missing <= sent

    def test_a_report_about_a_foreign_stream_counts_for_nothing(self, peer: Peer) -> None:
        viewer = viewer_of(peer)
        for second in range(3):
            viewer._learn(rtcp.ReceptionReport(99, 0.5, 50 * second, 100 * second, 0, 0, 0), second * NS_PER_S)
        assert viewer.losses(2 * NS_PER_S) == (0, 0)

    def test_repairs_and_headers_count_as_sent(self, peer: Peer) -> None:
        viewer, epoch = viewer_of(peer), IngestTrack(FORMAT, SenderClock())
        track = viewer.video
        assert track is not None
        track.begin(packet(10), epoch, 0)
        track.render(packet(10), 0)
        assert viewer.octets == 12 + 2
        assert track.resend(track._last_seq, NS_PER_S) is not None
        assert viewer.octets == 2 * (12 + 2)


class TestPublisher:
    def test_what_was_lost_counts_though_it_came_when_asked_for(self, peer: Peer) -> None:
        publisher = publisher_of(peer)
        (track,) = publisher.tracks.values()
        for seq in range(10):
            track.take(packet(seq), 0)
        publisher.on_timer(NS_PER_S)
        for seq in (10, 13, 14):
            track.take(packet(seq), NS_PER_S)
        track.take(packet(11), NS_PER_S + 2 * LATE_NS)
        publisher.on_timer(2 * NS_PER_S)
        assert publisher.losses(2 * NS_PER_S) == (5, 2)
        assert publisher.octets == 14 * (12 + 2)

    def test_a_packet_that_was_overtaken_is_not_lost_but_a_repair_tells_of_a_loss(self) -> None:
        track = IngestTrack(FORMAT, SenderClock())
        for seq in (1, 4, 2):
            track.take(packet(seq), 0)
        assert track.counters.missed == 1
        track.take(packet(3), LATE_NS - 1, is_repair=True)
        assert track.counters.missed == 1

    def test_it_is_asked_for_the_round_trip_every_two_seconds(self, peer: Peer, wire: Wire) -> None:
        publisher = publisher_of(peer)
        for moment in (0, PING_EVERY_NS - 1, PING_EVERY_NS, PING_EVERY_NS + NS_PER_MS, 2 * PING_EVERY_NS):
            publisher.on_timer(moment)
        assert len([data for data, _ in wire.sent if stun.is_stun(data)]) == 2


class TestPing:
    def test_another_implementation_takes_the_question_for_the_peers(self, peer: Peer, wire: Wire) -> None:
        peer.ping(PING_EVERY_NS)
        ((data, address),) = wire.sent
        message = reference.parse_message(data)
        assert message.check_message_integrity(b"their-password")
        assert message.attributes["USERNAME"] == f"theirs:{peer.ufrag}"
        assert "ICE-CONTROLLED" in message.attributes and "USE-CANDIDATE" not in message.attributes
        assert address == FIRST

    def test_the_answer_tells_the_round_trip_and_later_ones_move_it_by_a_quarter(self, peer: Peer, wire: Wire) -> None:
        now_ns = PING_EVERY_NS
        for took_ms in (80, 120):
            wire.sent.clear()
            peer.ping(now_ns)
            peer.received_answer(wire.sent[0][0][8:20], now_ns + took_ms * NS_PER_MS)
            now_ns += 2 * PING_EVERY_NS
        assert peer.round_trip_ms == 90

    def test_an_answer_that_nobody_asked_for_or_a_second_one_changes_nothing(self, peer: Peer, wire: Wire) -> None:
        peer.received_answer(b"x" * 12, NS_PER_S)
        peer.ping(PING_EVERY_NS)
        peer.received_answer(b"x" * 12, PING_EVERY_NS)
        assert peer.round_trip_ms is None and peer.alive_ns == 0
        peer.received_answer(wire.sent[0][0][8:20], PING_EVERY_NS + NS_PER_MS)
        peer.received_answer(wire.sent[0][0][8:20], PING_EVERY_NS + NS_PER_S)
        assert peer.round_trip_ms == 1

    def test_nothing_is_asked_while_reports_tell_it_or_before_there_is_a_connection(
        self, peer: Peer, wire: Wire
    ) -> None:
        peer.learn_round_trip(40, PING_EVERY_NS)
        peer.ping(2 * PING_EVERY_NS - 1)
        assert not wire.sent
        peer.state = PeerState.CONNECTING
        peer.ping(9 * PING_EVERY_NS)
        assert not wire.sent

    @pytest.mark.parametrize("kind", [b"\x01\x01", b"\x01\x11"])
    def test_both_kinds_of_answer_are_known_from_a_question(self, kind: bytes) -> None:
        assert stun.answered(kind + bytes(6) + b"t" * 12) == b"t" * 12
        assert stun.answered(stun.request(b"t" * 12, "a:b", "c")) is None


def test_a_resource_tells_all_of_it(peer: Peer) -> None:
    viewer = viewer_of(peer)
    offer = Offer(1, Direction.SUBSCRIBE, "studio", "p_1", "Lin", "t_1", "v=0")
    resource = Resource("r", offer, "etag", (MediaKind.VIDEO,), viewer)
    assert viewer.video is not None
    quiet = resource.quality(0)
    assert (quiet.rtt_ms, quiet.loss_percent, quiet.lost_packets, quiet.bitrate_kbps) == (None, 0, 0, 0)
    for second, (_, data) in enumerate(RECORDED):
        viewer.video.octets = 250_000 * second
        resource.measure(second * NS_PER_S)
        viewer.received_rtcp(data, second * NS_PER_S)
    peer.learn_round_trip(42.04, 2 * NS_PER_S)
    told = resource.quality(4 * NS_PER_S)
    assert (told.session, told.person, told.direction) == ("studio", "p_1", Direction.SUBSCRIBE)
    assert (told.rtt_ms, told.lost_packets, told.loss_percent) == (42.0, 16, round(100 * 16 / 150, 2))
    assert (told.bitrate_kbps, told.silent_s) == (2000.0, 2.0)
