"""Whom to trust: the authorities against which a destination's certificate is verified."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi

from studio.media import ErrorKind, StoaError

# Where systems keep their bundle, beyond what OpenSSL was built to look for.
_SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


def authority_bundle(ca_file: str = "") -> str:
    """The PEM file to verify against: the given one, else the system's, else certifi's.

    PyAV's FFmpeg finds no system bundle by itself (DESIGN.md, facts). Raises StoaError(NOT_FOUND) where the given file
    is not there or holds no certificate.
    """
    if ca_file:
        try:
            ssl.create_default_context(cafile=ca_file)
        except (OSError, ssl.SSLError) as cause:
            raise StoaError(
                ErrorKind.NOT_FOUND,
                f"The file of trusted authorities {ca_file} holds no certificate that can be read.",
                remedy="Give a PEM file, or none to trust what the system trusts.",
                permanent=True,
            ) from cause
        return ca_file
    found = ssl.get_default_verify_paths().cafile
    for bundle in (found, *_SYSTEM_BUNDLES):
        if bundle and Path(bundle).is_file():
            return bundle
    return certifi.where()
