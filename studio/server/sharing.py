"""Sharing: who may reach the server. Loopback only, until the owner picks an address; taken back at any time.

A change that fails leaves the share of before as it is. What an earlier life of the process shared comes back by
itself, as soon as its address and port can be had.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from studio.media.clock import NS_PER_S, Clock, StudioClock
from studio.media.errors import StoaError
from studio.server.addresses import EVERY, LOOPBACK, addresses, firewall_words, in_url, is_loopback, reach_words
from studio.server.api import ErrorCode, Https, ShareChoice, ShareRequest, ShareStatus
from studio.server.certificate import SELF_MADE_FOLDER, Certificate, given, self_made
from studio.server.connections import Connections
from studio.server.errors import Refusal
from studio.server.front import UDP_HIGH, UDP_LOW, Front, Shared
from studio.server.known_names import host_name
from studio.server.listeners import Listener, Listeners
from studio.server.proxy import Proxies
from studio.server.router_pipe import Reach

_WILDCARDS = ("0.0.0.0", "::")
RETURN_EVERY_NS = 2 * NS_PER_S


class Sharing:
    """Keeps the listeners. Belongs to the event loop."""

    def __init__(
        self,
        listeners: Listeners,
        folder: Path,
        *,
        tell_router: Callable[[Reach], object],
        remember: Callable[[Shared | None], object],
        clock: Clock | None = None,
    ) -> None:
        self._listeners = listeners
        self._folder = folder
        self._tell_router = tell_router
        self._remember = remember
        self._turn = asyncio.Lock()
        self._shared: list[Listener] = []
        self._choice: Shared | None = None
        self._clock = clock or StudioClock()
        self._returning: Shared | None = None
        self._obstacle = ""
        self._try_at_ns = 0
        self.front: Listener | None = None
        self.local: Listener | None = None
        self._told: tuple[str, ...] = ()
        self._is_public = False
        self.proxies = Proxies()

    async def open(self, front: Front, shared: Shared | None) -> None:
        """Begin to listen. Raises StoaError for the front; a share of before that cannot be had yet is tried on."""
        self.proxies = Proxies(front.proxies, front.public_url)
        self.counted.is_proxy = self.proxies.trusts
        self._is_public = front.is_public
        self._told = tuple(filter(None, (front.host, *front.names, host_name(urlsplit(front.public_url).netloc))))
        certificate = await self._front_certificate(front)
        self.front = await self._listeners.open(front.host, front.port, certificate)
        plain_loopback = certificate is None and (front.host in (LOOPBACK, "0.0.0.0", "localhost"))
        self.local = self.front if plain_loopback else await self._listeners.open(LOOPBACK, front.local_port)
        self._returning = shared
        await self.sweep()

    async def sweep(self) -> None:
        """Call a few times a second: what an earlier life shared, and is not back yet, is tried again."""
        if self._returning is None or self._clock.now_ns() < self._try_at_ns:
            return
        async with self._turn:
            shared = self._returning
            if shared is None:
                return  # the owner was quicker
            try:
                await self._share(
                    ShareRequest(
                        address=shared.address,
                        port=shared.port,
                        https=Https(shared.https),
                        certificate=shared.certificate,
                        key=shared.key,
                    )
                )
            except StoaError as error:
                self._obstacle = error.message
                self._try_at_ns = self._clock.now_ns() + RETURN_EVERY_NS

    async def _front_certificate(self, front: Front) -> Certificate | None:
        if front.certificate:
            return await asyncio.to_thread(given, Path(front.certificate), Path(front.key))
        if front.self_signed:
            hosts = [item.address for item in addresses()] if front.host in _WILDCARDS else [front.host]
            return await self._self_made(hosts)
        return None

    async def _self_made(self, hosts: list[str]) -> Certificate:
        names = tuple(sorted({*hosts, LOOPBACK, "localhost", socket.gethostname()} - {""}))
        return await asyncio.to_thread(self_made, self._folder / SELF_MADE_FOLDER, names)

    @property
    def local_base(self) -> str:
        """Begins every URL that programs on this machine use."""
        port = self.local.port if self.local else 0
        return f"http://{LOOPBACK}:{port}"

    @property
    def links_base(self) -> str:
        """Begins every link that is given to people."""
        if self.proxies.base:
            return self.proxies.base
        if self._shared:
            return self._shared[0].base
        front = self.front
        if front is None:
            return self.local_base
        if front.address in _WILDCARDS:
            found = [item.address for item in addresses() if (":" in item.address) == (front.address == "::")]
            scheme = "https" if front.certificate else "http"
            return f"{scheme}://{in_url(found[0] if found else LOOPBACK)}:{front.port}"
        return front.base

    @property
    def counted(self) -> Connections:
        """How many connections are open."""
        return self._listeners.counted

    def names(self) -> set[str]:
        """The names that this server goes by, beside the machine's own: those it was told, and its certificates'."""
        return {*self._told, *self._listeners.names()}

    def reach(self) -> Reach:
        """Where media may go in and out."""
        here = {LOOPBACK, *(listener.address for listener in self._shared)}
        front = self.front.address if self.front else LOOPBACK
        if self._is_public:  # media goes past the proxy
            here.update(item.address for item in addresses())
        if front in _WILDCARDS:
            here.update(item.address for item in addresses() if (":" in item.address) == (front == "::"))
        elif front != "localhost":
            here.add(front)
        shared = any(not is_loopback(address) for address in here)
        return Reach(tuple(sorted(here)), UDP_LOW if shared else 0, UDP_HIGH if shared else 0)

    async def share(self, request: ShareRequest) -> ShareStatus:
        """Listen on one more address (or every one), instead of what was shared before.

        Raises Refusal(SHARE_FAILED); what was shared before is shared on then.
        """
        async with self._turn:
            try:
                await self._share(request)
            except StoaError as cause:
                words = " ".join(filter(None, (cause.message, self._earlier_words())))
                raise Refusal(ErrorCode.SHARE_FAILED, words, cause.remedy, kind=cause.kind) from cause
            return self.status()

    def _earlier_words(self) -> str:
        """What is with the earlier share where another could not be had."""
        if not self._shared:
            return ""
        gone = self._gone_words()
        return f"The earlier share at {self.links_base} goes on." + (f" {gone}" if gone else "")

    async def _share(self, request: ShareRequest) -> None:
        wanted = self._wanted(request.address)
        certificate = await self._certificate(request, wanted)
        before = self._shared
        self._shared = await self._open_all(wanted, request.port, certificate)
        port = self._shared[0].port
        self._choice = Shared(request.address, port, request.https.value, request.certificate, request.key)
        self._returning = None
        self._remember(self._choice)
        self._tell_router(self.reach())
        await asyncio.gather(*(self._listeners.close(old) for old in before if old not in self._shared))

    def _wanted(self, address: str) -> list[str]:
        """The addresses to listen on. Raises Refusal(SHARE_FAILED)."""
        if self.front is not None and self.front.address in _WILDCARDS:
            raise Refusal(
                ErrorCode.SHARE_FAILED,
                "This server listens on every address of this machine already.",
                "Start it with another --host to choose one address.",
            )
        known = [item.address for item in addresses()]
        wanted = known if address == EVERY else [address]
        if not wanted or not (address == EVERY or address in known or _own(address)):
            raise Refusal(
                ErrorCode.SHARE_FAILED,
                f"This machine has no address {address}.",
                "Choose one of the list; connect to a network first if it is empty.",
            )
        return wanted

    async def _certificate(self, request: ShareRequest, hosts: list[str]) -> Certificate | None:
        if request.https is Https.GIVEN:
            return await asyncio.to_thread(given, Path(request.certificate), Path(request.key))
        return await self._self_made(hosts) if request.https is Https.SELF_MADE else None

    async def _open_all(self, wanted: list[str], port: int, certificate: Certificate | None) -> list[Listener]:
        """Listen on all of them at one port: the one asked for, else the usual one, the present one, a free one."""
        usual = [self.front.port] if self.front else []
        ports = [port] if port else list(dict.fromkeys([*usual, *(listener.port for listener in self._shared), 0]))
        for one in ports[:-1]:
            try:
                return await self._open_at(wanted, one, certificate)
            except Refusal:
                continue
        return await self._open_at(wanted, ports[-1], certificate)

    async def _open_at(self, wanted: list[str], port: int, certificate: Certificate | None) -> list[Listener]:
        """What is open at the same place already is used on. Raises Refusal, and all is as it was."""
        present = {(listener.address, listener.port): listener for listener in self._shared}
        found: list[Listener] = []
        try:
            for address in wanted:
                listener = present.get((address, port)) or await self._listeners.open(address, port, certificate)
                found.append(listener)
                port = listener.port
            for listener in found:
                if listener.certificate != certificate:
                    await self._listeners.change(listener, certificate)
        except StoaError as cause:
            fresh = [listener for listener in found if listener not in self._shared]
            await asyncio.gather(*(self._listeners.close(listener) for listener in fresh))
            remedy = "Choose another port, or another address."
            raise Refusal(ErrorCode.SHARE_FAILED, cause.message, remedy) from cause
        return found

    async def withdraw(self) -> ShareStatus:
        """Back to what was open at the start; connections that came by the shared address are closed."""
        async with self._turn:
            shared, self._shared = self._shared, []
            self._choice = self._returning = None
            self._remember(None)
            await asyncio.gather(*(self._listeners.close(listener) for listener in shared))
            self._tell_router(self.reach())
            return self.status()

    def _gone_words(self) -> str:
        """Says it where a shared address is no longer one of this machine's."""
        known = {item.address for item in addresses()}
        gone = [each.address for each in self._shared if each.address not in known and not _own(each.address)]
        if not gone:
            return ""
        return f"This machine does not have the address {gone[0]} at present: nobody reaches it there until it is back."

    def _returning_words(self) -> str:
        """Says it where a share of before is not back yet."""
        if self._returning is None:
            return ""
        where = "every address" if self._returning.address == EVERY else self._returning.address
        return (
            f"What was shared on {where} at port {self._returning.port} is not back yet: {self._obstacle} "
            "It is tried on by itself; share anew to choose another place."
        )

    def status(self) -> ShareStatus:
        """Who can reach the server now, in words."""
        listener = self._shared[0] if self._shared else self.front
        port = listener.port if listener else 0
        certificate = listener.certificate if listener else None
        address = self._choice.address if self._choice else (listener.address if listener else LOOPBACK)
        shown = EVERY if address in _WILDCARDS else address
        open_to_others = not (shown == "localhost" or (shown != EVERY and is_loopback(shown)))
        https = Https(self._choice.https) if self._choice else Https.GIVEN if certificate else Https.OFF
        if certificate and certificate.certificate.name == "self-made.pem":
            https = Https.SELF_MADE
        interface = {item.address: item.interface for item in addresses()}
        reach = LOOPBACK if shown == "localhost" else shown
        return ShareStatus(
            shared=bool(self._shared),
            address=address,
            port=port,
            https=https,
            links_base=self.links_base,
            loopback_base=self.local_base,
            fingerprint=certificate.fingerprint if certificate else "",
            reach_words=reach_words(reach, interface.get(reach, "")),
            firewall_words=firewall_words(port, UDP_LOW, UDP_HIGH) if open_to_others else "Nothing has to be let in.",
            warning_words=" ".join(
                filter(
                    None,
                    (self._returning_words(), self._gone_words(), _warning(https, certificate, open_to_others)),
                )
            ),
            returning=self._returning is not None,
            choices=tuple(
                ShareChoice(address=item.address, interface=item.interface, words=item.words) for item in addresses()
            ),
        )


def _own(address: str) -> bool:
    """Other loopback addresses are not listed, but are this machine's."""
    return is_loopback(address) and address != "localhost"


def _warning(https: Https, certificate: Certificate | None, open_to_others: bool) -> str:
    if https is Https.SELF_MADE and certificate is not None:
        return (
            "The certificate is self-made: a browser says that the connection is not private. Choose Advanced, then "
            f"Proceed, if it shows this fingerprint: {certificate.fingerprint}."
        )
    if https is Https.OFF and open_to_others:
        return (
            "Without HTTPS, whoever is on the way can read the chat and use the links of others. Use it in a network "
            "that you trust, or switch HTTPS on."
        )
    return ""
