"""SRTP of one connection by libsrtp (RFC 3711, RFC 7714)."""

from __future__ import annotations

from dataclasses import dataclass

from pylibsrtp import Error, Policy, Session

REPLAY_WINDOW_PACKETS = 8192
"""Larger than a viewer's packet store: libsrtp refuses to protect again what lies further back."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One protection profile; the name is OpenSSL's."""

    name: bytes
    libsrtp: int
    key_bytes: int
    salt_bytes: int

    def split(self, material: bytes) -> tuple[bytes, bytes]:
        """The exported material as (client's key and salt, server's key and salt)."""
        key, salt = self.key_bytes, self.salt_bytes
        salts = material[2 * key :]
        return material[:key] + salts[:salt], material[key : 2 * key] + salts[salt : 2 * salt]


def _usable() -> tuple[Profile, ...]:
    profiles = (
        # AES-GCM first: with AES instructions it costs two thirds of what AES-CM with HMAC-SHA1 costs.
        Profile(b"SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
        Profile(b"SRTP_AEAD_AES_256_GCM", Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12),
        Profile(b"SRTP_AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
    )
    usable = []
    for profile in profiles:
        try:
            Policy(srtp_profile=profile.libsrtp)
        except Error:
            continue  # libsrtp built without a cryptographic library has no AES-GCM
        usable.append(profile)
    return tuple(usable)


PROFILES = _usable()


class SrtpSession:
    """Protects what leaves and opens what arrives. Not safe between threads."""

    def __init__(self, profile: Profile, incoming_key: bytes, outgoing_key: bytes) -> None:
        self._incoming = Session(_policy(profile, incoming_key, Policy.SSRC_ANY_INBOUND))
        self._outgoing = Session(_policy(profile, outgoing_key, Policy.SSRC_ANY_OUTBOUND))
        self.protect = self._outgoing.protect
        self.protect_rtcp = self._outgoing.protect_rtcp

    def open(self, data: bytes) -> bytes | None:
        """The RTP packet; None where it is forged, repeated or too old."""
        try:
            opened: bytes = self._incoming.unprotect(data)
        except (Error, ValueError):
            return None
        return opened

    def open_rtcp(self, data: bytes) -> bytes | None:
        """The RTCP packet; None where it is forged or repeated."""
        try:
            opened: bytes = self._incoming.unprotect_rtcp(data)
        except (Error, ValueError):
            return None
        return opened


def _policy(profile: Profile, key: bytes, kind: int) -> Policy:
    policy = Policy(key=key, ssrc_type=kind, srtp_profile=profile.libsrtp)
    policy.allow_repeat_tx = True
    policy.window_size = REPLAY_WINDOW_PACKETS
    return policy
