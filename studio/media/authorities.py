"""Where the certificates of the trusted authorities lie: FFmpeg looks in one place only, which Debian lacks."""

from __future__ import annotations

import ssl
from pathlib import Path

SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Debian and Alpine; Fedora, old and new; openSUSE; macOS. Beyond what OpenSSL was built to look for."""


def trusted_authorities() -> str:
    """The PEM file to verify against: SSL_CERT_FILE, OpenSSL's own, the system's bundle, else the one of certifi."""
    for path in (ssl.get_default_verify_paths().cafile, *SYSTEM_BUNDLES):
        if path and Path(path).is_file():
            return path
    import certifi

    return certifi.where()
