"""The UDP sockets of the router: one a listening address, shared by all connections, read without a task a packet."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from dataclasses import dataclass

from studio.media import Clock, ErrorKind, StoaError
from studio.server.router import stun
from studio.server.router.peer import Peer, PeerState

logger = logging.getLogger(__name__)

_BUFFER_BYTES = 4 * 1024 * 1024
_DATAGRAMS_A_TURN = 256


@dataclass(frozen=True, slots=True)
class Candidate:
    """A host candidate: where a peer may send."""

    host: str
    port: int


class MediaSockets:
    """Opens and closes listening addresses and gives each datagram to its connection. Event loop thread only."""

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock) -> None:
        self._loop = loop
        self._clock = clock
        self._sockets: dict[Candidate, socket.socket] = {}
        self._offered: list[Candidate] = []
        self._by_ufrag: dict[str, Peer] = {}
        self._by_address: dict[tuple[int, tuple[str, int]], Peer] = {}
        self._waiting: dict[socket.socket, list[Peer]] = {}

    @property
    def candidates(self) -> list[Candidate]:
        """The addresses that new connections are told, in the order of `listen`."""
        return list(self._offered)

    def listen(self, addresses: tuple[str, ...], low: int = 0, high: int = 0) -> list[StoaError]:
        """Listen on these addresses of this machine and no others, on a port from `low` to `high` (0: any).

        Connections on an address that is no longer named end; those on a port that no longer fits go on. Gives back
        what went wrong, an error for each address that cannot be used.
        """
        for candidate in list(self._sockets):
            if candidate.host not in addresses:
                self._close(candidate)
        self._offered, failures = [], []
        for host in addresses:
            fits = (one for one in self._sockets if one.host == host and (low == 0 or low <= one.port <= high))
            try:
                self._offered.append(next(fits, None) or self._open_in(host, low, high))
            except StoaError as failure:
                failures.append(failure)
        return failures

    def _open_in(self, host: str, low: int, high: int) -> Candidate:
        for port in range(low, max(low, high) + 1):
            try:
                return self._open(host, port)
            except StoaError as failure:
                if failure.kind is not ErrorKind.CONFLICT or port == max(low, high):
                    raise
        raise AssertionError("the range has one port at least")

    def _open(self, host: str, port: int) -> Candidate:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setblocking(False)
        for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):
            sock.setsockopt(socket.SOL_SOCKET, option, _BUFFER_BYTES)
        try:
            sock.bind((host, port))
        except OSError as cause:
            sock.close()
            if cause.errno is not None and cause.errno == socket.errno.EADDRINUSE:  # type: ignore[attr-defined]
                raise StoaError(
                    ErrorKind.CONFLICT,
                    f"UDP port {port} of {host} is in use by another program.",
                    remedy="Choose other media ports, or let the studio take any.",
                    permanent=True,
                ) from cause
            raise StoaError(
                ErrorKind.BAD_ARGUMENT,
                f"The media router cannot listen on {host}: {cause.strerror}.",
                remedy="Choose an address that this machine has.",
                permanent=True,
            ) from cause
        candidate = Candidate(host, sock.getsockname()[1])
        self._sockets[candidate] = sock
        self._loop.add_reader(sock, self._read, sock)
        return candidate

    def _close(self, candidate: Candidate) -> None:
        sock = self._sockets.pop(candidate)
        for peer in [peer for peer in self._by_ufrag.values() if peer.socket is sock]:
            peer.close("the session is no longer shared on this address")
            self.remove(peer)
        self._loop.remove_reader(sock)
        self._loop.remove_writer(sock)
        self._waiting.pop(sock, None)
        sock.close()

    def close_all(self) -> None:
        """End all connections and sockets."""
        for peer in list(self._by_ufrag.values()):
            peer.close("the media router has ended")
        self.listen(())

    def add(self, peer: Peer) -> None:
        """From now on the peer gets its datagrams."""
        self._by_ufrag[peer.ufrag] = peer

    def remove(self, peer: Peer) -> None:
        """Forget a peer."""
        self._by_ufrag.pop(peer.ufrag, None)
        for key in [key for key, known in self._by_address.items() if known is peer]:
            del self._by_address[key]

    def wants_flush(self, peer: Peer) -> None:
        """Call the peer's `flush` when its socket takes packets again."""
        if peer.socket is None:
            return
        if peer.socket not in self._waiting:
            self._waiting[peer.socket] = []
            self._loop.add_writer(peer.socket, self._flush, peer.socket)
        self._waiting[peer.socket].append(peer)

    def on_timer(self) -> None:
        """A few times a second."""
        now_ns = self._clock.now_ns()
        for peer in list(self._by_ufrag.values()):
            peer.on_timer(now_ns)
            if peer.state is PeerState.CLOSED:
                self.remove(peer)

    def _flush(self, sock: socket.socket) -> None:
        waiting = self._waiting[sock]
        # One that is still blocked goes last: nobody's backlog stands before another's for ever.
        while waiting and waiting[0].flush():
            waiting.pop(0)
        if waiting:
            waiting.append(waiting.pop(0))
        else:
            del self._waiting[sock]
            self._loop.remove_writer(sock)

    def _read(self, sock: socket.socket) -> None:
        now_ns = self._clock.now_ns()
        descriptor = sock.fileno()
        for _ in range(_DATAGRAMS_A_TURN):
            try:
                data, address = sock.recvfrom(2048)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                # Windows reports an earlier packet's "port unreachable" here; the peer's silence will tell.
                continue
            peer = self._by_address.get((descriptor, address))
            if stun.is_stun(data):
                if peer is not None and (transaction_id := stun.answered(data)) is not None:
                    peer.received_answer(transaction_id, now_ns)
                else:
                    self._received_stun(data, sock, address, now_ns)
            elif peer is not None and data:
                peer.received_datagram(data, now_ns)

    def _received_stun(self, data: bytes, sock: socket.socket, address: tuple[str, int], now_ns: int) -> None:
        with contextlib.suppress(stun.StunError):
            request = stun.parse_request(data)
            peer = self._by_ufrag.get(request.local_ufrag)
            if peer is not None and peer.received_check(request, sock, address, now_ns):
                self._by_address[(sock.fileno(), address)] = peer
