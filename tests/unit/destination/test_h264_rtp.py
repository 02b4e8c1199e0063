"""H.264 into RTP payloads, read back by another implementation."""

from __future__ import annotations

from aiortc.codecs.h264 import H264PayloadDescriptor

from studio.destination.h264_rtp import PAYLOAD_BYTES, payloads

START = b"\x00\x00\x00\x01"
SETS = START + b"\x67sps" + START + b"\x68pps"


def read_back(parts: list[bytes]) -> bytes:
    return b"".join(H264PayloadDescriptor.parse(part)[1] for part in parts)


def test_small_units_share_a_payload_with_the_parameter_sets() -> None:
    parts = payloads(START + b"\x65idr", SETS)
    assert len(parts) == 1 and read_back(parts) == SETS + START + b"\x65idr"


def test_a_large_unit_is_cut_and_no_piece_is_too_long() -> None:
    unit = b"\x65" + bytes(range(1, 256)) * 40
    parts = payloads(START + unit)
    assert max(map(len, parts)) <= PAYLOAD_BYTES and len(parts) > 8
    assert read_back(parts) == START + unit


def test_filler_and_delimiters_are_left_out() -> None:
    unit = START + b"\x09\xf0" + START + b"\x41p" + START + b"\x0c" + b"\xff" * 500 + b"\x80"
    assert payloads(unit) == [b"\x41p"]
    assert payloads(START + b"\x0c\xff\x80") == []


def test_a_unit_of_exactly_the_limit_is_sent_whole() -> None:
    for size in (PAYLOAD_BYTES - 1, PAYLOAD_BYTES, PAYLOAD_BYTES + 1):
        unit = b"\x41" + b"\x7f" * (size - 1)
        parts = payloads(START + unit)
        assert len(parts) == (1 if size <= PAYLOAD_BYTES else 2) and read_back(parts) == START + unit
