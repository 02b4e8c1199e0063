"""DTLS 1.2 with SRTP keys (RFC 5764) over datagrams that the caller carries.

The certificates are self-signed; what counts is that the peer's fits the fingerprint of its SDP, which came over the
authenticated HTTP request.
"""

from __future__ import annotations

import datetime
import secrets
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

from studio.server.router.srtp import PROFILES, SrtpSession

_CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    b"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA"
)
_DTLS_1_2 = 0xFEFD
_RECORD_HEADER_BYTES = 13
_DATAGRAM_BYTES = 1200
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}


class DtlsState(StrEnum):
    """How far the handshake is."""

    HANDSHAKE = "handshake"
    CONNECTED = "connected"
    CLOSED = "closed"
    FAILED = "failed"


class Certificate:
    """The router's own certificate, made at its start, and its fingerprint for the SDP."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, secrets.token_hex(8))])
        now = datetime.datetime.now(tz=datetime.UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=365))
            .sign(self.key, hashes.SHA256())
        )
        self.fingerprint = fingerprint(self.certificate, "sha-256")

    def context(self) -> SSL.Context:
        """A context for one side of a connection; made once and shared by all connections."""
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_max_proto_version(_DTLS_1_2)
        context.set_options(SSL.OP_NO_TICKET)
        # Any certificate passes here: the fingerprint is compared when the handshake is done.
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        context.use_certificate(self.certificate)
        context.use_privatekey(self.key)
        context.set_cipher_list(_CIPHERS)
        context.set_tlsext_use_srtp(b":".join(profile.name for profile in PROFILES))
        return context


def fingerprint(certificate: x509.Certificate, algorithm: str) -> str:
    """Upper-case hexadecimal with colons, as in `a=fingerprint` (RFC 8122)."""
    return certificate.fingerprint(_HASHES[algorithm]).hex(":").upper()


class Dtls:
    """One connection. Feed datagrams with `receive`, send what `take` gives, call `on_timer` every 50 ms or so.

    `fingerprints` are the peer's, as (algorithm, value). `srtp` is there once `state` is CONNECTED.
    """

    def __init__(self, context: SSL.Context, fingerprints: list[tuple[str, str]], *, is_server: bool = True) -> None:
        self.state = DtlsState.HANDSHAKE
        self.srtp: SrtpSession | None = None
        self._fingerprints = fingerprints
        self._is_server = is_server
        self._ssl = SSL.Connection(context)
        if is_server:
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()
        self._ssl.set_ciphertext_mtu(_DATAGRAM_BYTES)

    def start(self) -> None:
        """The client's first flight."""
        self._advance()

    def receive(self, datagram: bytes) -> None:
        """Take one datagram whose first byte is 20 to 63."""
        if self.state in (DtlsState.CLOSED, DtlsState.FAILED):
            return
        self._ssl.bio_write(datagram)
        if self.state is DtlsState.HANDSHAKE:
            self._advance()
            return
        try:
            self._ssl.recv(1500)
        except SSL.ZeroReturnError:
            self.state = DtlsState.CLOSED
        except SSL.Error:
            pass  # nothing for an application: a repeated flight, or noise, which DTLS ignores

    def on_timer(self) -> None:
        """Repeat the last flight where its time has come."""
        left_s = self._ssl.DTLSv1_get_timeout()
        if self.state is DtlsState.HANDSHAKE and left_s is not None and left_s <= 0:
            self._ssl.DTLSv1_handle_timeout()

    def take(self) -> list[bytes]:
        """The datagrams to send now, cut at record borders."""
        data = b""
        while True:
            try:
                data += self._ssl.bio_read(65536)
            except SSL.Error:
                break
        datagrams: list[bytes] = []
        current, at = b"", 0
        while at + _RECORD_HEADER_BYTES <= len(data):
            size = _RECORD_HEADER_BYTES + int.from_bytes(data[at + 11 : at + 13])
            if current and len(current) + size > _DATAGRAM_BYTES:
                datagrams.append(current)
                current = b""
            current += data[at : at + size]
            at += size
        return [*datagrams, current] if current else datagrams

    def close(self) -> None:
        """Say close_notify (take it with `take`)."""
        if self.state is DtlsState.CONNECTED:
            try:
                self._ssl.shutdown()
            except SSL.Error:
                pass
        self.state = DtlsState.CLOSED

    def _advance(self) -> None:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            return
        except SSL.Error:
            self.state = DtlsState.FAILED
            return
        if not self._peer_fits() or not self._make_keys():
            self.state = DtlsState.FAILED
            return
        self.state = DtlsState.CONNECTED

    def _peer_fits(self) -> bool:
        certificate = self._ssl.get_peer_certificate(as_cryptography=True)
        known = [(algorithm, value) for algorithm, value in self._fingerprints if algorithm in _HASHES]
        return (
            certificate is not None
            and bool(known)
            and all(fingerprint(certificate, algorithm) == value.upper() for algorithm, value in known)
        )

    def _make_keys(self) -> bool:
        chosen = self._ssl.get_selected_srtp_profile()
        profile = next((one for one in PROFILES if one.name == chosen), None)
        if profile is None:
            return False
        material = self._ssl.export_keying_material(
            b"EXTRACTOR-dtls_srtp", 2 * (profile.key_bytes + profile.salt_bytes)
        )
        client, server = profile.split(material)
        self.srtp = SrtpSession(profile, client, server) if self._is_server else SrtpSession(profile, server, client)
        return True
