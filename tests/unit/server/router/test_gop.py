"""Keyframes found in RTP, and the group of pictures kept for latecomers."""

from __future__ import annotations

from studio.destination.h264_rtp import payloads
from studio.server.router import gop, h264
from studio.server.router.gop import GopCache
from studio.server.router.rtp import RtpPacket

SPS, PPS = b"\x67sps", b"\x68pps"
START = b"\x00\x00\x00\x01"


def picture(seq: int, timestamp: int, *parts: bytes) -> list[RtpPacket]:
    return [RtpPacket(seq + index, timestamp, 1, 102, 0, part) for index, part in enumerate(parts)]


def test_nal_types_are_seen_in_every_kind_of_payload() -> None:
    idr = b"\x65" + b"\x7f" * 3000
    aggregate, *fragments = payloads(START + idr, START + SPS + START + PPS)
    assert h264.nal_types(aggregate) == (7, 8)
    assert [h264.nal_types(fragment) for fragment in fragments] == [(5,), (), ()]
    assert h264.parameter_sets(aggregate) == [SPS, PPS] and h264.aggregate([SPS, PPS]) == aggregate
    assert h264.nal_types(b"\x41x") == (1,) and h264.nal_types(b"") == () and h264.nal_types(b"\x1c") == ()


def test_truncated_aggregates_are_harmless() -> None:
    for payload in (b"\x78", b"\x78\x00", b"\x78\x00\x00\x00", b"\x78\xff\xff\x67"):
        h264.nal_types(payload)
        h264.parameter_sets(payload)


def test_the_cache_holds_from_the_keyframes_first_packet_on() -> None:
    cache = GopCache()
    assert not cache.add(picture(9, 0, b"\x41a")[0]) and not cache.is_whole
    delimiter, idr = picture(10, 1, b"\x09\xf0", b"\x65x")
    assert not cache.add(delimiter)
    assert cache.add(idr)
    cache.add(picture(12, 2, b"\x41b")[0])
    assert [packet.seq for packet in cache.packets] == [10, 11, 12] and cache.is_whole
    assert cache.add(picture(13, 3, b"\x65y")[0])
    assert [packet.seq for packet in cache.packets] == [13]


def test_a_second_slice_of_a_keyframe_begins_no_other() -> None:
    cache = GopCache()
    begins = [cache.add(packet) for packet in picture(1, 5, b"\x67s", b"\x68p", b"\x65a", b"\x65b")]
    assert begins == [True, False, False, False] and cache.keyframes == 1


def test_a_repaired_packet_closes_the_gap() -> None:
    cache = GopCache()
    for seq, timestamp, payload in ((1, 1, b"\x65a"), (2, 2, b"\x41b"), (4, 4, b"\x41d")):
        cache.add(picture(seq, timestamp, payload)[0])
    assert not cache.is_whole
    cache.add(picture(3, 3, b"\x41c")[0])
    assert cache.is_whole and [packet.seq for packet in cache.packets] == [1, 2, 3, 4]


def test_a_group_without_end_is_forgotten() -> None:
    cache = GopCache()
    cache.add(picture(1, 1, b"\x65a")[0])
    for seq in range(2, gop.LIMIT_PACKETS + 3):
        cache.add(picture(seq, seq, b"\x41b")[0])
    assert not cache.packets and not cache.is_whole
    assert cache.add(picture(9000, 9000, b"\x65a")[0]) and cache.is_whole


def test_parameter_sets_that_came_once_are_put_in_front() -> None:
    cache = GopCache()
    for packet in picture(1, 1, SPS, PPS, b"\x65a"):
        cache.add(packet)
    assert cache.leading_parameter_sets() is None
    cache.add(picture(4, 2, b"\x65b")[0])
    assert cache.leading_parameter_sets() == h264.aggregate([SPS, PPS])
