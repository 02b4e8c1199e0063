"""HTTPS: a certificate that was given, or one made on the spot for the addresses of this machine."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from studio.media.errors import ErrorKind, StoaError

LIFE = timedelta(days=397)
SELF_MADE_FOLDER = "tls"
"""Where in the server's folder it keeps the one that it made."""
SELF_MADE_FILES = ("self-made.pem", "self-made.key")
RENEW_BEFORE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Two PEM files, the SHA-256 fingerprint that a person may compare, and the host names that it is for."""

    certificate: Path
    key: Path
    fingerprint: str
    names: tuple[str, ...]


def _certificate(path: Path, key: Path, loaded: x509.Certificate) -> Certificate:
    fingerprint = loaded.fingerprint(hashes.SHA256()).hex(":").upper()
    return Certificate(path, key, fingerprint, _host_names(loaded))


def _host_names(certificate: x509.Certificate) -> tuple[str, ...]:
    with contextlib.suppress(x509.ExtensionNotFound):
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return tuple(found.get_values_for_type(x509.DNSName))
    return ()


def given(certificate: Path, key: Path) -> Certificate:
    """Check what the owner gave. Raises StoaError(NOT_FOUND, TLS)."""
    for path, what in ((certificate, "certificate"), (key, "key")):
        if not path.is_file():
            raise StoaError(
                ErrorKind.NOT_FOUND,
                f"The {what} file {path} is not there.",
                remedy="Give the paths of a certificate and its key in PEM format.",
                permanent=True,
            )
    remedy = "Give a certificate in PEM format (with its chain) and the key that belongs to it, without a passphrase."
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
        loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ssl.SSLError, ValueError) as cause:
        raise StoaError(
            ErrorKind.TLS,
            f"The certificate {certificate.name} and its key cannot be used.",
            remedy=remedy,
            permanent=True,
        ) from cause
    if loaded.not_valid_after_utc <= datetime.now(UTC):
        raise StoaError(
            ErrorKind.TLS,
            f"The certificate {certificate.name} ran out on {loaded.not_valid_after_utc:%Y-%m-%d}.",
            remedy="Give one that is still valid.",
            permanent=True,
        )
    return _certificate(certificate, key, loaded)


def _covers(certificate: x509.Certificate, names: tuple[str, ...]) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    covered = {str(address) for address in found.get_values_for_type(x509.IPAddress)}
    covered.update(found.get_values_for_type(x509.DNSName))
    return set(names) <= covered and certificate.not_valid_after_utc > datetime.now(UTC) + RENEW_BEFORE


def _name(name: str) -> x509.GeneralName:
    with contextlib.suppress(ValueError):
        return x509.IPAddress(ipaddress.ip_address(name))
    return x509.DNSName(name)


def _write_secret(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def self_made(folder: Path, names: tuple[str, ...]) -> Certificate:
    """A certificate for these addresses and host names, kept in `folder` and used again while it serves.

    Raises StoaError(DENIED) where the folder cannot be written.
    """
    certificate_path, key_path = (folder / name for name in SELF_MADE_FILES)
    with contextlib.suppress(OSError, ValueError):
        kept = x509.load_pem_x509_certificate(certificate_path.read_bytes())
        if key_path.is_file() and _covers(kept, names):
            return _certificate(certificate_path, key_path, kept)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stoa Studio (self-made)")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_secret(key_path, private)
        certificate_path.write_bytes(made.public_bytes(pem))
    except OSError as cause:
        raise StoaError(
            ErrorKind.DENIED,
            f"The certificate cannot be written to {folder}: {cause.strerror}.",
            remedy="Choose another data folder.",
        ) from cause
    return _certificate(certificate_path, key_path, made)
