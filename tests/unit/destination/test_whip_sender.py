"""A WHIP track: packets, repair, reports of the capture time; on a clock of the test's own."""

from __future__ import annotations

from aiortc.rtp import (
    HeaderExtensionsMap,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtpPacket,
    unwrap_rtx,
)

from studio.destination.whip_sdp import AgreedTrack, TrackNumbers
from studio.destination.whip_sender import HISTORY_PACKETS, TrackSender, read_feedback
from studio.media import NS_PER_S, AudioTrack, Codec, EncodedPacket, VideoTrack

START = b"\x00\x00\x00\x01"
SETS = START + b"\x67sps" + START + b"\x68pps"
VIDEO = VideoTrack(Codec.H264, 320, 180, 30, 1, SETS, 400, "constrained baseline", 31)
AUDIO = AudioTrack(Codec.OPUS, b"", 96, 960)


def video(*, rtx: int | None = 103, extension: int | None = 4) -> TrackSender:
    return TrackSender(AgreedTrack(TrackNumbers("video", "1", 55, 56), 102, rtx, extension), VIDEO)


def picture(number: int, *, keyframe: bool = False, made_ns: int | None = None, data: bytes = b"") -> EncodedPacket:
    made = number * NS_PER_S // 30 if made_ns is None else made_ns
    return EncodedPacket(Codec.H264, data or START + b"\x41p", number, 1, keyframe, made)


def parse(data: bytes) -> RtpPacket:
    extensions = HeaderExtensionsMap()
    extensions._HeaderExtensionsMap__ids.mid = 4
    return RtpPacket.parse(data, extensions)


def test_parameter_sets_go_before_each_keyframe_only() -> None:
    sender = video()
    first = [parse(data) for data in sender.pack(picture(0, keyframe=True, data=START + b"\x65i"))]
    second = [parse(data) for data in sender.pack(picture(1))]
    assert b"sps" in first[0].payload and first[-1].marker and first[0].extensions.mid == "1"
    assert b"sps" not in second[0].payload
    assert (second[0].timestamp - first[0].timestamp) & 0xFFFFFFFF == 3000
    assert (second[0].sequence_number - first[-1].sequence_number) & 0xFFFF == 1


def test_a_picture_of_nothing_but_filler_sends_nothing() -> None:
    sender = video()
    assert sender.pack(picture(0, data=START + b"\x0c\xff\x80")) == [] and sender.counters.pictures == 0


def test_a_lost_packet_is_sent_again_as_rtx() -> None:
    sender = video()
    (data,) = sender.pack(picture(3))
    packet = parse(data)
    again = parse(sender.resend(packet.sequence_number, 0) or b"")
    assert again.ssrc == 56 and again.payload_type == 103 and again.extensions.mid == "1"
    assert unwrap_rtx(again, 102, 55).serialize() == RtpPacket.parse(data).serialize()
    assert sender.resend(packet.sequence_number, 1) is None, "twice in a moment"
    assert video(rtx=None).resend(1, 0) is None


def test_without_rtx_it_is_sent_again_as_it_was() -> None:
    sender = video(rtx=None, extension=None)
    (data,) = sender.pack(picture(3))
    assert sender.resend(parse(data).sequence_number, 0) == data


def test_the_history_holds_a_second_of_a_high_bitrate_and_no_more() -> None:
    assert HISTORY_PACKETS > 20_000_000 / 8 / 1200
    sender = video()
    numbers = [parse(sender.pack(picture(number))[0]).sequence_number for number in range(HISTORY_PACKETS + 5)]
    assert sender.resend(numbers[4], 0) is None
    assert sender.resend(numbers[5], 0) is not None


def test_reports_tell_the_capture_time_also_when_a_picture_was_late() -> None:
    sender = video()
    stamps = {}
    for number in range(10):
        late_ns = 40_000_000 if number == 3 else 0
        (data,) = sender.pack(picture(number, made_ns=7 * NS_PER_S + number * NS_PER_S // 30 + late_ns))
        stamps[number] = parse(data).timestamp
    report = RtcpPacket.parse(sender.report(8 * NS_PER_S, 0) or b"")[0]
    # picture 30 would be captured at second 8
    expected = (stamps[0] + 30 * 3000) & 0xFFFFFFFF
    assert abs(report.sender_info.rtp_timestamp - expected) <= 1
    assert report.sender_info.packet_count == 10


def test_sound_and_picture_of_one_instant_have_one_ntp_time() -> None:
    picture_sender = video()
    sound_sender = TrackSender(AgreedTrack(TrackNumbers("audio", "0", 65, 66), 111, None, None), AUDIO)
    (image,) = picture_sender.pack(picture(30, made_ns=5 * NS_PER_S))
    (sound,) = sound_sender.pack(EncodedPacket(Codec.OPUS, b"opus", 48_000, 960, False, 5 * NS_PER_S))
    for data, sender, rate in ((image, picture_sender, 90_000), (sound, sound_sender, 48_000)):
        report = RtcpPacket.parse(sender.report(6 * NS_PER_S, 0) or b"")[0]
        passed = (report.sender_info.rtp_timestamp - parse(data).timestamp) & 0xFFFFFFFF
        assert abs(passed / rate - 1.0) < 0.001


def test_no_report_before_the_first_packet() -> None:
    assert video().report(0, 0) is None


def test_loss_and_round_trip_come_from_receiver_reports() -> None:
    sender = video()
    sender.pack(picture(0))
    report = RtcpPacket.parse(sender.report(NS_PER_S, 50 * NS_PER_S) or b"")[0]
    lsr = (report.sender_info.ntp_timestamp >> 16) & 0xFFFFFFFF
    info = RtcpReceiverInfo(55, 128, 3, 9, 0, lsr, 65536 // 2)
    sender.learn(info, NS_PER_S + 540_000_000)
    assert sender.counters.loss == 0.5 and abs(sender.counters.round_trip_ms - 40) < 0.1


def test_feedback_is_read_and_malformed_feedback_says_nothing() -> None:
    data = (
        bytes(RtcpRrPacket(ssrc=1, reports=[RtcpReceiverInfo(55, 1, 2, 3, 4, 5, 6)]))
        + bytes(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=55, lost=[5, 7]))
        + bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=55))
    )
    feedback = read_feedback(data)
    assert feedback.lost == ((55, 5), (55, 7)) and feedback.wants_keyframe and len(feedback.reports) == 1
    assert not read_feedback(b"\x80\xc8\xff").wants_keyframe
