"""Nothing that arrives from outside brings the router down: every parser answers or refuses in its own way."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from studio.media import StoaError
from studio.server.router import h264, rtcp, rtp, stun
from studio.server.router.answer import agree_with_publisher, agree_with_viewer
from studio.server.router.dtls import Certificate, Dtls, DtlsState
from studio.server.router.gop import GopCache
from studio.server.router.sdp import parse_offer

LINES = st.sampled_from(
    [
        "v=0",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "m=video 0 x y",
        "m=",
        "a=mid:0",
        "a=mid",
        "a=group:BUNDLE 0 1",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:" + "x" * 24,
        "a=fingerprint:sha-256 AA",
        "a=fingerprint:x",
        "a=setup:actpass",
        "a=rtpmap:96 H264/90000",
        "a=rtpmap:96 H264",
        "a=rtpmap:96 H264/0",
        "a=rtpmap:200 H264/90000",
        "m=video " + "9" * 5000 + " UDP/TLS/RTP/SAVPF 96",
        "a=rtpmap:" + "9" * 5000 + " H264/90000",
        "m=video ² UDP/TLS/RTP/SAVPF 96",
        "a=rtpmap:111 opus/48000/2",
        "a=rtpmap:-1 x/0/0",
        "a=fmtp:96 packetization-mode=1;profile-level-id=42e01f",
        "a=fmtp:96 profile-level-id=zzzzzz;packetization-mode=1",
        "a=fmtp:96",
        "a=fmtp:x",
        "a=rtcp-fb:* nack",
        "a=recvonly",
        "a=sendonly",
        "a=rtcp-mux",
        "",
        "\x00",
    ]
)


@given(st.lists(LINES, max_size=30))
def test_any_sdp_is_agreed_or_refused(lines: list[str]) -> None:
    with contextlib.suppress(StoaError):
        offer = parse_offer("\r\n".join(["v=0", *lines]))
        with contextlib.suppress(StoaError):
            agree_with_publisher(offer, audio=True, video=True)
        agree_with_viewer(offer)


@given(st.text(max_size=300))
def test_any_text_is_refused(text: str) -> None:
    with contextlib.suppress(StoaError):
        parse_offer(text)


@given(st.binary(max_size=200))
def test_any_datagram_is_harmless(data: bytes) -> None:
    with contextlib.suppress(rtp.RtpError):
        packet = rtp.parse(b"\x80" + data)
        GopCache().add(packet)
    list(rtcp.parse(b"\x80\xc8" + data))
    list(rtcp.parse(b"\x81\xcd" + data))
    h264.nal_types(data)
    h264.parameter_sets(data)
    if stun.is_stun(b"\x00\x01\x00\x00\x21\x12\xa4\x42" + data):
        with contextlib.suppress(stun.StunError):
            stun.parse_request(b"\x00\x01" + len(data[12:]).to_bytes(2) + b"\x21\x12\xa4\x42" + data)


_CONTEXT: SSL.Context = Certificate().context()


@given(st.lists(st.binary(min_size=1, max_size=100), max_size=5))
def test_any_handshake_is_harmless(datagrams: list[bytes]) -> None:
    dtls = Dtls(_CONTEXT, [("sha-256", "AA")])
    for datagram in datagrams:
        dtls.receive(b"\x16\xfe\xfd" + datagram)
        dtls.take()
        dtls.on_timer()
    assert dtls.state in (DtlsState.HANDSHAKE, DtlsState.FAILED)
    dtls.close()


def test_a_certificate_that_is_not_the_sdps_is_refused() -> None:
    server_certificate, client_certificate = Certificate(), Certificate()
    server = Dtls(server_certificate.context(), [("sha-256", server_certificate.fingerprint)])
    client = Dtls(client_certificate.context(), [("sha-256", server_certificate.fingerprint)], is_server=False)
    client.start()
    for _ in range(6):
        for datagram in client.take():
            server.receive(datagram)
        for datagram in server.take():
            client.receive(datagram)
    assert server.state is DtlsState.FAILED and server.srtp is None
