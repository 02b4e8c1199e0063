"""TLS in front of the RTMP server: who trusts the authority gets through, who does not is told."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

import pytest

from tests.fixtures.authority import Authority, Certificate
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.rtmps import TlsProxy


def shake_hands(port: int, authority: Authority) -> None:
    context = ssl.create_default_context(cafile=authority.certificate)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as encrypted,
    ):
        encrypted.sendall(b"\x03" + bytes(1536))
        assert encrypted.recv(1) == b"\x03", "an RTMP server answers behind it"


def test_the_right_authority_gets_through(
    nginx_rtmp: NginxRtmp, authority: Authority, start_rtmps: Callable[[NginxRtmp, Certificate], TlsProxy]
) -> None:
    proxy = start_rtmps(nginx_rtmp, authority.issue("127.0.0.1", "localhost"))
    shake_hands(proxy.port, authority)


@pytest.mark.parametrize("wrong", ["authority", "name", "date"])
def test_a_wrong_certificate_is_told(
    nginx_rtmp: NginxRtmp,
    make_authority: Callable[[], Authority],
    start_rtmps: Callable[[NginxRtmp, Certificate], TlsProxy],
    wrong: str,
) -> None:
    trusted, other = make_authority(), make_authority()
    issuer = other if wrong == "authority" else trusted
    name = "elsewhere.example" if wrong == "name" else "127.0.0.1"
    proxy = start_rtmps(nginx_rtmp, issuer.issue(name, valid_days=-1 if wrong == "date" else 30))
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(proxy.port, trusted)
