"""STUN of the media router, on the vectors of RFC 5769."""

from __future__ import annotations

import struct

import pytest
from aioice import stun as reference

from studio.server.router import stun

PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"
REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae"
    "802200105354554e207465737420636c69656e74"
    "002400046e0001ff"
    "80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)


def test_the_request_of_rfc_5769_is_read_and_its_signature_checked() -> None:
    assert stun.is_stun(REQUEST)
    request = stun.parse_request(REQUEST)
    assert (request.username, request.local_ufrag) == ("evtj:h6vY", "evtj")
    assert request.controlled and not request.use_candidate
    assert request.is_signed_with(PASSWORD) and not request.is_signed_with("another")


def test_a_changed_byte_breaks_the_signature() -> None:
    changed = REQUEST[:30] + b"x" + REQUEST[31:]
    assert not stun.parse_request(changed).is_signed_with(PASSWORD)


def test_the_address_is_masked_as_in_rfc_5769() -> None:
    answer = stun.success(bytes.fromhex("b7e7a701bc34d686fa87dfae"), ("192.0.2.1", 32853), PASSWORD)
    assert answer[24:32] == bytes.fromhex("0001a147e112a643")


@pytest.mark.parametrize("address", [("192.0.2.1", 32853), ("2001:db8:1234:5678:11:2233:4455:6677", 32853)])
def test_another_implementation_reads_our_answers(address: tuple[str, int]) -> None:
    message = reference.parse_message(stun.success(b"t" * 12, address, PASSWORD))
    assert message.attributes["XOR-MAPPED-ADDRESS"] == address
    assert message.check_message_integrity(PASSWORD.encode())
    conflict = reference.parse_message(stun.role_conflict(b"t" * 12, PASSWORD))
    assert conflict.error_code == 487


@pytest.mark.parametrize(
    "data",
    [
        REQUEST[:-1],
        b"\x01\x01" + REQUEST[2:],
        REQUEST[:2] + struct.pack("!H", 0) + REQUEST[4:20],
        REQUEST[:20] + b"\x00\x06\xff\xff" + REQUEST[24:],
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(stun.StunError):
        stun.parse_request(data)


def test_other_datagrams_are_no_stun() -> None:
    assert not stun.is_stun(b"\x80" + REQUEST[1:]) and not stun.is_stun(REQUEST[:10]) and not stun.is_stun(b"")
