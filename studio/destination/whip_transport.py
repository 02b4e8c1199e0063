"""The transport of a WHIP connection on aiortc's ICE and DTLS: bytes of RTP and RTCP in, bytes of RTCP out.

aiortc's own sender is not used: it keeps 128 packets for repair, stamps its reports with the sending time, sends
unpaced and swallows requests for keyframes. Every private name of aiortc and aioice that Stoa needs stands in this
file; tests/unit/destination/test_whip_transport.py fails when one of them changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import sys
from collections.abc import Callable
from typing import Any

from aioice import stun
from aiortc import RTCCertificate, RTCDtlsTransport, RTCIceGatherer, RTCIceServer, RTCIceTransport
from aiortc.rtcdtlstransport import RTCDtlsParameters
from aiortc.sdp import MediaDescription, candidate_to_sdp

from studio.destination.whip_http import IceServer
from studio.destination.whip_sdp import LocalTransport
from studio.media import NS_PER_S, Clock, ErrorKind, StoaError

CONNECT_LIMIT_S = 12.0
SILENCE_NS = 3 * NS_PER_S
_IP_RECVERR = 11


class _RawDtlsTransport(RTCDtlsTransport):
    """Gives RTCP as it is; RTP from the server means nothing to a publisher."""

    on_rtcp: Callable[[bytes], None]

    async def _handle_rtcp_data(self, data: bytes) -> None:
        self.on_rtcp(data)

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        pass


class WhipTransport:
    """One connection. Use on one event loop; `gather`, `connect`, then `send` until `lost` is set, then `close`.

    `lost` holds the reason once the connection is gone: the server hung up, its port is closed, or it does not answer
    the consent checks (RFC 7675) after having been silent for 3 s.
    """

    def __init__(self, clock: Clock, servers: list[IceServer], *, loopback: str = "") -> None:
        """`loopback` is this machine's own address, given where the endpoint is on it; aioice offers none itself."""
        self.lost: asyncio.Future[StoaError] = asyncio.get_running_loop().create_future()
        self.on_rtcp: Callable[[bytes], None] = lambda data: None
        self._clock = clock
        self._heard_ns = 0
        self._gatherer = RTCIceGatherer(
            [RTCIceServer(one.url, one.username or None, one.credential or None) for one in servers]
        )
        self._connection: Any = self._gatherer._connection
        if loopback:
            self._gather_also_on(loopback)
        self._ice = RTCIceTransport(self._gatherer)
        self._certificate = RTCCertificate.generateCertificate()
        self._dtls = _RawDtlsTransport(self._ice, [self._certificate])
        self._dtls.on_rtcp = self._received_rtcp
        self._watcher: asyncio.Task[None] | None = None
        self._suspect = asyncio.Event()

    def _gather_also_on(self, loopback: str) -> None:
        """Beside the other addresses: a server on this machine may itself offer no loopback candidate (Janus)."""
        gather = self._connection.get_component_candidates

        async def on_these(component: int, addresses: list[str], timeout: int = 5) -> Any:
            return await gather(component=component, addresses=[loopback, *addresses], timeout=timeout)

        self._connection.get_component_candidates = on_these

    async def gather(self) -> LocalTransport:
        """Find our candidates. Raises StoaError(UNREACHABLE) where this machine has no address at all."""
        await self._gatherer.gather()
        candidates = tuple(candidate_to_sdp(one) for one in self._gatherer.getLocalCandidates())
        if not candidates:
            raise StoaError(ErrorKind.UNREACHABLE, "This machine has no network address.", remedy="Connect it.")
        parameters = self._gatherer.getLocalParameters()
        fingerprints = {one.algorithm: one.value for one in self._certificate.getFingerprints()}
        return LocalTransport(
            parameters.usernameFragment or "", parameters.password or "", fingerprints["sha-256"], candidates
        )

    async def connect(self, remote: MediaDescription) -> None:
        """Find a path and agree on keys. Raises StoaError(UNREACHABLE) where none is found within 12 s.

        `remote` is the answer's section that carries the transport; `read_answer` has seen that it is whole.
        """
        assert remote.dtls is not None and remote.ice is not None
        self._connection.ice_controlling = True
        for candidate in remote.ice_candidates:
            await self._ice.addRemoteCandidate(candidate)
        await self._ice.addRemoteCandidate(None)
        # We offered actpass: "active" in the answer makes the server the DTLS client.
        self._dtls._set_role("server" if remote.dtls.role == "client" else "client")
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                await self._ice.start(remote.ice)
                if self._ice.state == "completed":
                    await self._dtls.start(RTCDtlsParameters(remote.dtls.fingerprints, remote.dtls.role))
        except TimeoutError:
            pass
        if self._ice.state != "completed":
            raise StoaError(
                ErrorKind.UNREACHABLE,
                "The WHIP server took the offer, but no media path to it was found (ICE failed).",
                remedy="Open its UDP ports in the firewalls on the way, or give it a TURN server.",
            )
        if self._dtls.state != "connected":
            raise StoaError(
                ErrorKind.TLS,
                "The WHIP server's media connection could not be encrypted (DTLS failed).",
                remedy="See the server's log.",
            )
        self._heard_ns = self._clock.now_ns()
        self._dtls.on("statechange", self._dtls_changed)
        self._ice.on("statechange", self._dtls_changed)
        self._notice_closed_ports()
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def send(self, data: bytes) -> None:
        """Protect and send one RTP or RTCP packet. Never waits; what cannot be sent shows in `lost`."""
        with contextlib.suppress(ConnectionError):
            await self._dtls._send_rtp(data)

    async def close(self) -> None:
        """Hang up: DTLS close_notify, sockets closed."""
        if self._watcher is not None:
            self._watcher.cancel()
        self._dtls.remove_all_listeners()
        with contextlib.suppress(ConnectionError, OSError):
            await self._dtls.stop()
        await self._ice.stop()
        if not self.lost.done():
            self.lost.cancel()

    # --- loss ---

    def _received_rtcp(self, data: bytes) -> None:
        self._heard_ns = self._clock.now_ns()
        self.on_rtcp(data)

    def _dtls_changed(self) -> None:
        if self._dtls.state in ("closed", "failed"):
            self._lose("The WHIP server ended the connection.", "It is tried again by itself.")
        elif self._ice.state in ("closed", "failed"):
            self._lose("The WHIP server does not answer any more (consent lost).", "Check the network.")

    def _lose(self, words: str, remedy: str) -> None:
        if not self.lost.done():
            self.lost.set_result(StoaError(ErrorKind.LOST, words, remedy=remedy))

    def _notice_closed_ports(self) -> None:
        """Linux tells a UDP sender of "port unreachable" if asked: a killed server is noticed at once."""
        if sys.platform != "linux":
            return
        for pair in self._connection._nominated.values():
            sock = pair.protocol.transport.get_extra_info("socket")
            if sock is not None and sock.family == socket.AF_INET:
                sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
                pair.protocol.error_received = self._socket_error

    def _socket_error(self, error: Exception) -> None:
        if isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
            self._suspect.set()

    async def _watch(self) -> None:
        while not self.lost.done():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await self._suspect.wait()
            silent = self._clock.now_ns() - self._heard_ns > SILENCE_NS
            if self._suspect.is_set():
                if not await self._answers(retransmissions=0):
                    self._lose("The WHIP server's media port is closed.", "It is tried again by itself.")
            elif silent and not await self._answers(retransmissions=2):
                self._lose("The WHIP server does not answer any more.", "It is tried again by itself.")
            self._suspect.clear()

    async def _answers(self, retransmissions: int) -> bool:
        """One consent check on the nominated pair."""
        connection = self._connection
        for pair in list(connection._nominated.values()):
            request = connection.build_request(pair, nominate=False)
            key = connection.remote_password.encode()
            try:
                await pair.protocol.request(
                    request, pair.remote_addr, integrity_key=key, retransmissions=retransmissions
                )
            except stun.TransactionError:
                return False
            self._heard_ns = self._clock.now_ns()
            return True
        return False
