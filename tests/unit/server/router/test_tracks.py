"""What comes from the publisher and what goes to a viewer, packet by packet, on a clock of the test's own."""

from __future__ import annotations

import itertools

from studio.media import NS_PER_MS, NS_PER_S
from studio.server.router import outgoing, rtcp, rtp
from studio.server.router.ingest import NACK_FOR_NS, IngestTrack, SenderClock, TrackFormat
from studio.server.router.outgoing import STORE_PACKETS, OutgoingTrack
from studio.server.router.rtp import RtpPacket

FORMAT = TrackFormat("video", 102, 103, 90000, True, "42e01f")


def packet(seq: int, timestamp: int | None = None, payload: bytes = b"\x41p", ssrc: int = 7) -> RtpPacket:
    return RtpPacket(seq & 0xFFFF, seq * 3000 if timestamp is None else timestamp, ssrc, 102, 0, payload)


def ingest(clock: SenderClock | None = None) -> IngestTrack:
    return IngestTrack(FORMAT, clock or SenderClock())


def viewer_track() -> OutgoingTrack:
    track = OutgoingTrack("video", 90000)
    track.payload_type, track.rtx_payload_type = 96, 97
    return track


def fed(track: IngestTrack, *seqs: int) -> list[RtpPacket]:
    packets = [packet(seq) for seq in seqs]
    return [one for one in packets if track.take(one, 0)]


class TestIngest:
    def test_what_is_missing_is_asked_for_until_it_comes(self) -> None:
        track = ingest()
        fed(track, 10, 11, 14)
        assert track.to_ask(0) == [12, 13]
        assert track.to_ask(NS_PER_MS) == []
        assert track.to_ask(50 * NS_PER_MS) == [12, 13]
        fed(track, 12, 13)
        assert not track.has_gaps and track.counters.repaired == 2

    def test_numbers_are_asked_for_across_the_wrap(self) -> None:
        track = ingest()
        fed(track, 65534, 65535 + 3)
        assert track.to_ask(0) == [65535, 0, 1]

    def test_a_repetition_and_a_foreign_stream_are_not_taken(self) -> None:
        track = ingest()
        assert len(fed(track, 1, 2, 2, 1)) == 2 and track.counters.repeated == 2
        assert not track.take(packet(3, ssrc=8), 0)

    def test_a_repair_before_anything_else_is_not_taken(self) -> None:
        assert not ingest().take(packet(1), 0, is_repair=True)

    def test_what_does_not_come_is_given_up(self) -> None:
        track = ingest()
        fed(track, 1, 3)
        assert not track.give_up(NACK_FOR_NS)
        assert track.give_up(NACK_FOR_NS + 1) and not track.has_gaps and track.counters.lost == 1

    def test_a_jump_is_a_new_beginning(self) -> None:
        track = ingest()
        fed(track, 1, 10_000)
        assert track.to_ask(0) == []

    def test_the_report_counts_the_loss_of_the_last_interval(self) -> None:
        track = ingest()
        fed(track, *range(1, 10), 11)
        report = track.reception(0)
        assert report is not None and report.packets_lost == 1 and report.highest_seq & 0xFFFF == 11
        assert abs(report.fraction_lost - 1 / 11) < 1e-9
        fed(track, 12, 13)
        later = track.reception(0)
        assert later is not None and later.fraction_lost == 0 and later.packets_lost == 1


class TestOutgoing:
    def test_the_viewer_has_numbers_and_times_of_its_own_without_gap(self) -> None:
        source, track = ingest(), viewer_track()
        first, *rest = fed(source, 100, 101, 102)
        track.begin(first, source, 0)
        sent = [rtp.parse(track.render(one, 0) or b"") for one in (first, *rest)]
        assert [(one.seq - sent[0].seq) & 0xFFFF for one in sent] == [0, 1, 2]
        assert [(one.timestamp - sent[0].timestamp) & 0xFFFFFFFF for one in sent] == [0, 3000, 6000]
        assert {one.ssrc for one in sent} == {track.ssrc} and {one.payload_type for one in sent} == {96}

    def test_a_loss_of_the_publishers_stays_a_gap_until_it_is_repaired(self) -> None:
        source, track = ingest(), viewer_track()
        first, third, second = fed(source, 1, 3, 2)
        track.begin(first, source, 0)
        numbers = [rtp.parse(track.render(one, 0) or b"").seq for one in (first, third, second)]
        assert [(one - numbers[0]) & 0xFFFF for one in numbers] == [0, 2, 1]

    def test_after_a_pause_numbers_go_on_and_what_was_paused_never_comes(self) -> None:
        source, track = ingest(), viewer_track()
        packets = fed(source, *range(1, 10))
        track.begin(packets[0], source, 0)
        before = rtp.parse(track.render(packets[0], 0) or b"")
        track.pause()
        track.begin(packets[6], source, NS_PER_S)
        after = rtp.parse(track.render(packets[6], NS_PER_S) or b"")
        assert (after.seq - before.seq) & 0xFFFF == 1
        assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 6 * 3000, "the same clock goes on"
        assert track.render(packets[3], NS_PER_S) is None

    def test_a_new_publisher_goes_on_by_the_time_that_has_passed(self) -> None:
        source, track = ingest(), viewer_track()
        (first,) = fed(source, 50)
        track.begin(first, source, 5 * NS_PER_S)
        before = rtp.parse(track.render(first, 5 * NS_PER_S) or b"")
        other = ingest()
        newcomer = packet(9, 123_456_789)
        other.take(newcomer, 0)
        track.begin(newcomer, other, 7 * NS_PER_S)
        after = rtp.parse(track.render(newcomer, 7 * NS_PER_S) or b"")
        assert (after.seq - before.seq) & 0xFFFF == 1
        assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 2 * 90000

    def test_a_replayed_group_is_drawn_together_and_ends_at_the_newest(self) -> None:
        source, track = ingest(), viewer_track()
        group = fed(source, *range(1, 61))
        replayed = [rtp.parse(data) for data in track.replay(group, source, 0)]
        steps = {(later.timestamp - earlier.timestamp) & 0xFFFFFFFF for earlier, later in itertools.pairwise(replayed)}
        assert steps == {outgoing.REPLAY_STEP}
        (live,) = fed(source, 61)
        following = rtp.parse(track.render(live, 0) or b"")
        assert (following.timestamp - replayed[-1].timestamp) & 0xFFFFFFFF == 3000
        assert (following.seq - replayed[-1].seq) & 0xFFFF == 1

    def test_a_stored_packet_is_sent_again_as_rtx(self) -> None:
        source, track = ingest(), viewer_track()
        packets = fed(source, *range(1, 6))
        track.begin(packets[0], source, 0)
        sent = [rtp.parse(track.render(one, 0) or b"") for one in packets]
        again = rtp.parse(track.resend(sent[2].seq, 0) or b"")
        assert again.payload_type == 97 and again.ssrc == track.rtx_ssrc and again.timestamp == sent[2].timestamp
        assert again.payload == sent[2].seq.to_bytes(2) + sent[2].payload
        assert track.resend(sent[2].seq, NS_PER_MS) is None, "asked for twice in a moment"
        assert track.resend(sent[2].seq, 20 * NS_PER_MS) is not None
        assert track.resend((sent[4].seq + 1) & 0xFFFF, 0) is None and track.unavailable == 1

    def test_without_rtx_the_packet_itself_is_sent_again(self) -> None:
        source, track = ingest(), viewer_track()
        track.rtx_payload_type = None
        (first,) = fed(source, 1)
        track.begin(first, source, 0)
        data = track.render(first, 0)
        assert data is not None and track.resend(rtp.parse(data).seq, 0) == data

    def test_the_store_is_bounded_and_longer_than_a_second_of_20_mbps(self) -> None:
        assert STORE_PACKETS > 20_000_000 / 8 / 1200
        source, track = ingest(), viewer_track()
        packets = fed(source, *range(1, STORE_PACKETS + 10))
        track.begin(packets[0], source, 0)
        sent = [rtp.parse(track.render(one, 0) or b"").seq for one in packets]
        assert track.resend(sent[0], 0) is None
        assert track.resend(sent[-STORE_PACKETS], 0) is not None

    def test_sender_reports_carry_the_publishers_relation_on(self) -> None:
        source, track = ingest(), viewer_track()
        (first,) = fed(source, 1)
        track.begin(first, source, 0)
        data = track.render(first, 0)
        assert data is not None and track.sender_report(0, 5 << 32, "x") is None, "the publisher's clock is unknown"
        # the publisher says: at its second 1000 the timestamp was 90000; it reaches us at our second 5
        assert source.take_sender_report(rtcp.SenderReport(7, 1000 << 32, 90_000), 0, 5 << 32)
        report = next(iter(rtcp.parse(track.sender_report(0, 7 << 32, "x") or b"")))
        assert isinstance(report, rtcp.SenderReport) and report.ntp == 7 << 32
        shift = (rtp.parse(data).timestamp - first.timestamp) & 0xFFFFFFFF
        assert (report.rtp_timestamp - shift) & 0xFFFFFFFF == 90_000 + 2 * 90_000

    def test_one_shift_holds_for_all_tracks_of_a_publisher(self) -> None:
        clock = SenderClock()
        first, second = ingest(clock), ingest(clock)
        first.take_sender_report(rtcp.SenderReport(7, 1000 << 32, 0), 0, 5 << 32)
        second.take_sender_report(rtcp.SenderReport(8, 1001 << 32, 0), 0, 9 << 32)
        assert clock.ntp_shift == (5 - 1000) << 32

    def test_the_round_trip_is_read_from_a_receivers_report(self) -> None:
        source, track = ingest(), viewer_track()
        (first,) = fed(source, 1)
        track.begin(first, source, 0)
        source.take_sender_report(rtcp.SenderReport(7, 1 << 32, 0), 0, 5 << 32)
        assert track.sender_report(NS_PER_S, 6 << 32, "x")
        half_second = 32768
        report = rtcp.ReceptionReport(track.ssrc, 0, 0, 0, 0, (6 << 32 >> 16) & 0xFFFFFFFF, half_second)
        found = track.round_trip_ms(report, NS_PER_S + 530 * NS_PER_MS)
        assert found is not None and abs(found - 30) < 0.1
