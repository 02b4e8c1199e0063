"""Where the certificates of the trusted authorities lie: FFmpeg looks in one place only, which Debian lacks."""

from __future__ import annotations

import os
from pathlib import Path

SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Debian and Alpine; Fedora; openSUSE; macOS."""


def trusted_authorities() -> str:
    """The file for FFmpeg's `ca_file`: SSL_CERT_FILE, the system's bundle, else the one of certifi."""
    chosen = os.environ.get("SSL_CERT_FILE", "")
    for path in (chosen, *SYSTEM_BUNDLES):
        if path and Path(path).is_file():
            return path
    import certifi

    return certifi.where()
