"""STUN as an ICE-lite server needs it: read a binding request, check it, answer it (RFC 8489, RFC 8445).

An ICE-lite agent needs no checks of its own. The peer finds the path, so addresses that a browser hides behind mDNS
names and addresses that a NAT changed need no care here: an authenticated request shows the address that works. What is
asked from here, over a path that stands, is only how long an answer takes.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import struct
import zlib
from dataclasses import dataclass

MAGIC_COOKIE = 0x2112A442
BINDING_REQUEST = 0x0001
BINDING_SUCCESS = 0x0101
BINDING_ERROR = 0x0111
USERNAME = 0x0006
MESSAGE_INTEGRITY = 0x0008
ERROR_CODE = 0x0009
XOR_MAPPED_ADDRESS = 0x0020
PRIORITY = 0x0024
USE_CANDIDATE = 0x0025
FINGERPRINT = 0x8028
ICE_CONTROLLED = 0x8029
_FINGERPRINT_XOR = 0x5354554E
_HEADER = struct.Struct("!HHI12s")
_INTEGRITY_BYTES = 24


class StunError(Exception):
    """A datagram that is no well-formed binding request."""


@dataclass(frozen=True, slots=True)
class BindingRequest:
    """A parsed request. `username` is `local:remote` as the server sees it; `covered` is what the HMAC was taken of."""

    transaction_id: bytes
    username: str
    use_candidate: bool
    controlled: bool
    integrity: bytes
    covered: bytes

    @property
    def local_ufrag(self) -> str:
        """The server's own user fragment, which names the connection."""
        return self.username.partition(":")[0]

    def is_signed_with(self, password: str) -> bool:
        """Whether MESSAGE-INTEGRITY fits the password."""
        wanted = hmac.new(password.encode(), self.covered, hashlib.sha1).digest()
        return hmac.compare_digest(wanted, self.integrity)


def is_stun(data: bytes) -> bool:
    """RFC 7983: the first byte of STUN is 0 to 3; then the magic cookie."""
    return len(data) >= 20 and data[0] < 4 and data[4:8] == b"\x21\x12\xa4\x42"


def parse_request(data: bytes) -> BindingRequest:
    """Raises StunError for anything but a binding request with USERNAME and MESSAGE-INTEGRITY."""
    kind, length, _cookie, transaction_id = _HEADER.unpack_from(data)
    if kind != BINDING_REQUEST or length + 20 != len(data) or length % 4:
        raise StunError("not a binding request")
    username, integrity, covered = "", b"", b""
    use_candidate = controlled = False
    at = 20
    while at + 4 <= len(data):
        attribute, size = struct.unpack_from("!HH", data, at)
        value = data[at + 4 : at + 4 + size]
        if len(value) < size:
            raise StunError("truncated attribute")
        if attribute == USERNAME:
            username = value.decode("utf-8", "replace")
        elif attribute == USE_CANDIDATE:
            use_candidate = True
        elif attribute == ICE_CONTROLLED:
            controlled = True
        elif attribute == MESSAGE_INTEGRITY and size == 20:
            integrity = value
            # The HMAC is taken with the length as if this attribute were the last one.
            covered = data[:2] + struct.pack("!H", at - 20 + _INTEGRITY_BYTES) + data[4:at]
            break
        at += 4 + size + (-size % 4)
    if not integrity or not username:
        raise StunError("no username or integrity")
    return BindingRequest(transaction_id, username, use_candidate, controlled, integrity, covered)


def success(transaction_id: bytes, address: tuple[str, int], password: str) -> bytes:
    """The signed answer that tells the peer the address it was seen from."""
    body = _attribute(XOR_MAPPED_ADDRESS, _xor_address(address, transaction_id))
    return _sealed(BINDING_SUCCESS, transaction_id, body, password)


def role_conflict(transaction_id: bytes, password: str) -> bytes:
    """The answer to a peer that takes itself for controlled: a lite agent never controls (RFC 8445, 7.3.1.1)."""
    reason = struct.pack("!HBB", 0, 4, 87) + b"Role Conflict"
    return _sealed(BINDING_ERROR, transaction_id, _attribute(ERROR_CODE, reason), password)


def request(transaction_id: bytes, username: str, password: str) -> bytes:
    """A signed binding request of the controlled side, whose answer tells the round trip (RFC 8445, 7.2.2)."""
    body = _attribute(USERNAME, username.encode()) + _attribute(ICE_CONTROLLED, bytes(8))
    body += _attribute(PRIORITY, struct.pack("!I", 1))
    return _sealed(BINDING_REQUEST, transaction_id, body, password)


def answered(data: bytes) -> bytes | None:
    """The transaction that a datagram answers, with success or an error; None for anything else."""
    return data[8:20] if data[:2] in (b"\x01\x01", b"\x01\x11") else None


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def _xor_address(address: tuple[str, int], transaction_id: bytes) -> bytes:
    ip = ipaddress.ip_address(address[0].partition("%")[0])
    family = 1 if ip.version == 4 else 2
    mask = (struct.pack("!I", MAGIC_COOKIE) + transaction_id)[: len(ip.packed)]
    hidden = bytes(a ^ b for a, b in zip(ip.packed, mask, strict=True))
    return struct.pack("!BBH", 0, family, address[1] ^ (MAGIC_COOKIE >> 16)) + hidden


def _sealed(kind: int, transaction_id: bytes, body: bytes, password: str) -> bytes:
    def head(length: int) -> bytes:
        return _HEADER.pack(kind, length, MAGIC_COOKIE, transaction_id)

    covered = head(len(body) + _INTEGRITY_BYTES) + body
    body += _attribute(MESSAGE_INTEGRITY, hmac.new(password.encode(), covered, hashlib.sha1).digest())
    printed = head(len(body) + 8) + body
    crc = (zlib.crc32(printed) & 0xFFFFFFFF) ^ _FINGERPRINT_XOR
    return printed + _attribute(FINGERPRINT, struct.pack("!I", crc))
