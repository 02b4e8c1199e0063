"""One WebRTC connection of the router: ICE-lite, DTLS, SRTP, on a socket that all connections share."""

from __future__ import annotations

import logging
import secrets
import socket
import string
from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import Protocol

from OpenSSL import SSL

from studio.media import NS_PER_MS, NS_PER_S
from studio.server.router import rtcp, stun
from studio.server.router.dtls import Dtls, DtlsState

logger = logging.getLogger(__name__)

CONNECT_LIMIT_NS = 10 * NS_PER_S
CONSENT_LIMIT_NS = 20 * NS_PER_S
"""Browsers check every 2.5 s, other clients every 5 s: this is at least three checks missed."""
PING_EVERY_NS = 2 * NS_PER_S
BACKLOG_BYTES = 2 * 1024 * 1024
_ICE_CHARACTERS = string.ascii_letters + string.digits


class PeerState(StrEnum):
    """A connection lives once."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    CLOSED = "closed"


class PeerOwner(Protocol):
    """A publisher or a viewer: what the connection is for. All calls come from the event loop's thread."""

    def connected(self, now_ns: int) -> None:
        """The keys are there: packets may be sent."""

    def received_rtp(self, data: bytes, now_ns: int) -> None:
        """One opened RTP packet."""

    def received_rtcp(self, data: bytes, now_ns: int) -> None:
        """One opened compound RTCP packet."""

    def closed(self, words: str) -> None:
        """The connection has ended, for this reason. Called once."""


def _random(length: int) -> str:
    return "".join(secrets.choice(_ICE_CHARACTERS) for _ in range(length))


class Peer:
    """The connection. It learns its address from authenticated STUN requests and follows a peer that moves.

    Sending never blocks: what the system's buffer refuses waits in a backlog of `BACKLOG_BYTES`, and what does not fit
    there is lost and counted in `dropped`. `wants_flush` is called when the backlog begins.
    """

    def __init__(
        self,
        context: SSL.Context,
        fingerprints: list[tuple[str, str]],
        remote_ufrag: str,
        *,
        remote_password: str = "",
        is_server: bool,
        now_ns: int,
        wants_flush: Callable[[Peer], None],
    ) -> None:
        self.ufrag = _random(8)
        self.password = _random(24)
        self.state = PeerState.CONNECTING
        self.dropped = 0
        self.send_errors = 0
        self.owner: PeerOwner | None = None
        self.socket: socket.socket | None = None
        self.address: tuple[str, int] = ("", 0)
        self.remote_ufrag = remote_ufrag
        self.round_trip_ms: float | None = None
        self.alive_ns = now_ns
        self._remote_password = remote_password
        self._ping: tuple[bytes, int] | None = None
        self._pinged_ns = now_ns
        self._is_server = is_server
        self._dtls = Dtls(context, fingerprints, is_server=is_server)
        self._begun_ns = now_ns
        self._heard_ns = now_ns
        self._wants_flush = wants_flush
        self._backlog: deque[bytes] = deque()
        self._backlog_bytes = 0

    # --- what comes in ---

    def received_check(
        self, request: stun.BindingRequest, sock: socket.socket, address: tuple[str, int], now_ns: int
    ) -> bool:
        """Answer a connectivity check. True where the peer is reached at this address from now on."""
        if self.state is PeerState.CLOSED or not request.is_signed_with(self.password):
            return False
        if request.username != f"{self.ufrag}:{self.remote_ufrag}":
            return False
        if request.controlled:
            self._transmit(stun.role_conflict(request.transaction_id, self.password), sock, address)
            return False
        self._heard_ns = self.alive_ns = now_ns
        self._transmit(stun.success(request.transaction_id, address, self.password), sock, address)
        moved = self.socket is None or (request.use_candidate and (self.socket, self.address) != (sock, address))
        if moved:
            is_first = self.socket is None
            self.socket, self.address = sock, address
            if is_first and not self._is_server:
                self._dtls.start()
                self._send_dtls()
        return moved

    def ping(self, now_ns: int) -> None:
        """Ask for the round trip where it was not learned for 2 s: receivers' reports tell it while media flow."""
        if now_ns - self._pinged_ns < PING_EVERY_NS or self.state is not PeerState.CONNECTED or self.socket is None:
            return
        self._pinged_ns = now_ns
        transaction_id = secrets.token_bytes(12)
        self._ping = transaction_id, now_ns
        data = stun.request(transaction_id, f"{self.remote_ufrag}:{self.ufrag}", self._remote_password)
        self._transmit(data, self.socket, self.address)

    def received_answer(self, transaction_id: bytes, now_ns: int) -> None:
        """An answer from the peer's address. One that was not asked for is ignored; nobody guesses 96 random bits."""
        if self._ping is not None and transaction_id == self._ping[0]:
            self.learn_round_trip((now_ns - self._ping[1]) / NS_PER_MS, now_ns)
            self._ping = None

    def learn_round_trip(self, round_trip_ms: float, now_ns: int) -> None:
        """One measurement, by an answer or by the receiver's report; the figure follows by a quarter."""
        known = self.round_trip_ms
        self.round_trip_ms = round_trip_ms if known is None else known + (round_trip_ms - known) / 4
        self.alive_ns = self._pinged_ns = now_ns

    def received_datagram(self, data: bytes, now_ns: int) -> None:
        """Anything but STUN, from the peer's address."""
        first = data[0]
        if 127 < first < 192:
            self._received_media(data, now_ns)
        elif 19 < first < 64:
            self._dtls.receive(data)
            self._send_dtls()
            self._follow_dtls(now_ns)

    def _received_media(self, data: bytes, now_ns: int) -> None:
        srtp, owner = self._dtls.srtp, self.owner
        if srtp is None or owner is None or self.state is not PeerState.CONNECTED:
            return
        if rtcp.is_rtcp(data):
            opened = srtp.open_rtcp(data)
            if opened is not None:
                self.alive_ns = now_ns
                owner.received_rtcp(opened, now_ns)
        else:
            opened = srtp.open(data)
            if opened is not None:
                owner.received_rtp(opened, now_ns)

    def _follow_dtls(self, now_ns: int) -> None:
        match self._dtls.state:
            case DtlsState.CONNECTED if self.state is PeerState.CONNECTING and self._dtls.srtp is not None:
                self.state = PeerState.CONNECTED
                self._protect = self._dtls.srtp.protect
                self._protect_rtcp = self._dtls.srtp.protect_rtcp
                if self.owner is not None:
                    self.owner.connected(now_ns)
            case DtlsState.CLOSED:
                self.close("the other side hung up")
            case DtlsState.FAILED:
                self.close("the encryption could not be agreed (DTLS handshake failed)")
            case _:
                pass

    def on_timer(self, now_ns: int) -> None:
        """A few times a second: repeat handshakes, notice the peer's silence."""
        if self.state is PeerState.CONNECTING:
            self._dtls.on_timer()
            self._send_dtls()
            if now_ns - self._begun_ns > CONNECT_LIMIT_NS:
                self.close("no connection came about within 10 s")
        elif self.state is PeerState.CONNECTED and now_ns - self._heard_ns > CONSENT_LIMIT_NS:
            self.close("nothing was heard from the other side for 20 s")

    # --- what goes out ---

    def send_rtp(self, data: bytes) -> None:
        """Protect and send one RTP packet. Only once connected."""
        protected = self._protect(data)
        if self._backlog:
            self._keep(protected)
            return
        try:
            self.socket.sendto(protected, self.address)  # type: ignore[union-attr]  # connected, so there is one
        except BlockingIOError:
            self._keep(protected)
        except OSError:
            self.send_errors += 1

    def send_rtcp(self, data: bytes) -> None:
        """Protect and send one compound RTCP packet; nothing where not connected."""
        if self.state is PeerState.CONNECTED and self.socket is not None:
            self._transmit(self._protect_rtcp(data), self.socket, self.address)

    def flush(self) -> bool:
        """Send from the backlog. True where it is empty now."""
        while self._backlog and self.socket is not None:
            try:
                self.socket.sendto(self._backlog[0], self.address)
            except BlockingIOError:
                return False
            except OSError:
                self.send_errors += 1
            self._backlog_bytes -= len(self._backlog.popleft())
        return True

    def _keep(self, protected: bytes) -> None:
        if self._backlog_bytes + len(protected) > BACKLOG_BYTES:
            self.dropped += 1
            return
        if not self._backlog:
            self._wants_flush(self)
        self._backlog.append(protected)
        self._backlog_bytes += len(protected)

    def _send_dtls(self) -> None:
        for datagram in self._dtls.take():
            if self.socket is not None:
                self._transmit(datagram, self.socket, self.address)

    def _transmit(self, data: bytes, sock: socket.socket, address: tuple[str, int]) -> None:
        try:
            sock.sendto(data, address)
        except OSError:
            self.send_errors += 1

    def close(self, words: str) -> None:
        """End the connection, with a word to the peer; may be called again."""
        if self.state is PeerState.CLOSED:
            return
        self.state = PeerState.CLOSED
        self._dtls.close()
        self._send_dtls()
        self._backlog.clear()
        if self.owner is not None:
            self.owner.closed(words)
