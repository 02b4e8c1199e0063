"""Whom to trust: the authorities against which a destination's certificate is verified."""

from __future__ import annotations

import ssl

from studio.media import ErrorKind, StoaError
from studio.media.authorities import trusted_authorities


def authority_bundle(ca_file: str = "") -> str:
    """The PEM file to verify against: the given one, else what this machine trusts.

    Raises StoaError(NOT_FOUND) where the given file is not there or holds no certificate.
    """
    if not ca_file:
        return trusted_authorities()
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
