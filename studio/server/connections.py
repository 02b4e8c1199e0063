"""How many connections are open, in all and from each client; who comes beyond that is turned away, quietly."""

from __future__ import annotations

import ipaddress
import logging
from collections import Counter
from collections.abc import Callable

from studio.media.clock import NS_PER_S, Clock, StudioClock
from studio.server.addresses import is_loopback

CONNECTIONS = 2500
OF_ONE_CLIENT = 100
KEPT_FOR_THIS_MACHINE = 64
OTHER_FILES = 128
TELL_EVERY_NS = 10 * NS_PER_S
log = logging.getLogger(__name__)


def client_of(address: str) -> str:
    """Whom an address counts for: an IPv6 subscriber has a whole /64 of them. IPv4 in IPv6's clothes is IPv4."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if ip.version == 6 and ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    if ip.version == 4 or ip.is_loopback:
        return str(ip)
    return str(ipaddress.IPv6Network((int(ip) >> 64 << 64, 64)))


def trusted(address: str) -> bool:
    """Whether connections from there are not limited each for itself: this machine's own programs."""
    return is_loopback(client_of(address))


class Connections:
    """Counts HTTP connections and WebSockets of all listeners. Belongs to the event loop."""

    def __init__(self, descriptors: int, clock: Clock | None = None) -> None:
        """`descriptors`: how many files and sockets this process may have open."""
        self.limit = max(KEPT_FOR_THIS_MACHINE + 1, min(CONNECTIONS, descriptors - OTHER_FILES))
        self._clock = clock or StudioClock()
        self._open: Counter[str] = Counter()
        self._behind: Counter[str] = Counter()
        self.is_proxy: Callable[[str], bool] = lambda address: False
        self._refused = 0
        self._tell_at_ns = 0

    @property
    def total(self) -> int:
        return self._open.total()

    def admit(self, address: str) -> bool:
        """Count one more, or False: turn it away, and call no `gone` for it."""
        client = client_of(address)
        if trusted(address):
            free = self.total < self.limit
        elif self.is_proxy(address):
            free = self.total < self.limit - KEPT_FOR_THIS_MACHINE
        else:
            free = self._open[client] < OF_ONE_CLIENT and self.total < self.limit - KEPT_FOR_THIS_MACHINE
        if free:
            self._open[client] += 1
        else:
            self._refuse(client)
        return free

    def gone(self, address: str) -> None:
        """One that was admitted is closed."""
        client = client_of(address)
        self._open[client] -= 1
        if self._open[client] <= 0:
            del self._open[client]

    def admit_behind(self, address: str) -> bool:
        """Count one more request or WebSocket that a proxy brings of this client, or False: call no `gone_behind`.

        The proxy's own connections are counted beside it; where it is on this machine they do not leave room for the
        machine's own programs, therefore these do.
        """
        client = client_of(address)
        here = trusted(address)
        room = self._behind.total() < self.limit - KEPT_FOR_THIS_MACHINE
        if room and (here or self._behind[client] < OF_ONE_CLIENT):
            self._behind[client] += 1
            return True
        self._refuse(client)
        return False

    def gone_behind(self, address: str) -> None:
        """One that was admitted has ended."""
        client = client_of(address)
        self._behind[client] -= 1
        if self._behind[client] <= 0:
            del self._behind[client]

    def _refuse(self, client: str) -> None:
        if not self._open[client]:
            del self._open[client]
        self._refused += 1
        now_ns = self._clock.now_ns()
        if now_ns >= self._tell_at_ns:
            log.warning("%d connections turned away, the last from %s", self._refused, client)
            self._tell_at_ns, self._refused = now_ns + TELL_EVERY_NS, 0
