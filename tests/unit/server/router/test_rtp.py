"""RTP and RTCP of the media router, checked against aiortc's."""

from __future__ import annotations

import pytest
from aiortc import rtp as reference

from studio.server.router import rtcp, rtp


def test_extensions_contributors_and_padding_are_left_out() -> None:
    packet = reference.RtpPacket(payload_type=102, marker=1, sequence_number=7, timestamp=9, ssrc=5, payload=b"abc")
    packet.csrc = [1, 2]
    packet.extensions.mid = "0"
    packet.padding_size = 4
    extensions = reference.HeaderExtensionsMap()
    extensions._HeaderExtensionsMap__ids.mid = 3
    parsed = rtp.parse(packet.serialize(extensions))
    assert (parsed.seq, parsed.timestamp, parsed.ssrc, parsed.payload_type) == (7, 9, 5, 102)
    assert parsed.marker == 0x80 and parsed.payload == b"abc"


@pytest.mark.parametrize(
    "data",
    [b"", b"\x80" * 11, b"\x00" * 20, b"\x90" + b"\0" * 12, b"\xa0" + b"\0" * 11 + b"\xff", b"\x8f" + b"\0" * 11],
)
def test_what_is_no_rtp_is_refused(data: bytes) -> None:
    with pytest.raises(rtp.RtpError):
        rtp.parse(data)


def test_sequence_numbers_never_wrap() -> None:
    order = rtp.SequenceUnwrapper()
    seen = [order.unwrap(seq) for seq in (65534, 65535, 0, 65533, 1, 2)]
    assert [one - seen[0] for one in seen] == [0, 1, 2, -1, 3, 4]


def test_the_shorter_way_round() -> None:
    assert rtp.signed32(5 - 0xFFFFFFFE) == 7 and rtp.signed32(0xFFFFFFFE - 5) == -7


def test_reports_are_read_as_another_implementation_writes_them() -> None:
    info = reference.RtcpReceiverInfo(
        ssrc=5, fraction_lost=64, packets_lost=-3, highest_sequence=9, jitter=11, lsr=12, dlsr=13
    )
    sender = reference.RtcpSenderInfo(ntp_timestamp=1 << 40, rtp_timestamp=77, packet_count=1, octet_count=2)
    data = (
        bytes(reference.RtcpSrPacket(ssrc=3, sender_info=sender, reports=[info]))
        + bytes(reference.RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=5, lost=[10, 12, 40, 65535]))
        + bytes(reference.RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=5))
        + bytes(reference.RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=b"\0\0\0\x05\x01\0\0\0"))
        + bytes(reference.RtcpByePacket([3, 4]))
    )
    assert list(rtcp.parse(data)) == [
        rtcp.SenderReport(3, 1 << 40, 77),
        rtcp.ReceptionReport(5, 0.25, -3, 9, 11, 12, 13),
        rtcp.Nack(5, (10, 12, 40, 65535)),
        rtcp.KeyframeRequest(5),
        rtcp.KeyframeRequest(5),
        rtcp.Goodbye((3, 4)),
    ]


def test_another_implementation_reads_our_reports() -> None:
    lost = [65534, 65535, 0, 5, 40]
    report = rtcp.ReceptionReport(9, 0.5, 12, 70000, 3, 1, 2)
    data = (
        rtcp.sender_report(1, 1 << 50, 4, 5, 6, "name")
        + rtcp.receiver_report(2, [report], "name")
        + rtcp.nack(2, 9, lost)
        + rtcp.picture_loss(2, 9)
        + rtcp.goodbye([1, 2])
    )
    sr, _, rr, _, nack, pli, bye = reference.RtcpPacket.parse(data)
    assert (sr.ssrc, sr.sender_info.ntp_timestamp, sr.sender_info.octet_count) == (1, 1 << 50, 6)
    assert (rr.reports[0].fraction_lost, rr.reports[0].packets_lost, rr.reports[0].highest_sequence) == (128, 12, 70000)
    assert [one & 0xFFFF for one in nack.lost] == lost
    assert (pli.fmt, pli.media_ssrc, bye.sources) == (1, 9, [1, 2])


@pytest.mark.parametrize(
    "data", [b"", b"\x80\xc8\xff\xff" + b"\0" * 8, b"\x80\xc8\x00\x01\0\0\0\0", b"\x81\xcb\x00\x00" * 3]
)
def test_malformed_reports_say_nothing(data: bytes) -> None:
    assert list(rtcp.parse(data)) in ([], [rtcp.Goodbye(())])
