"""Encoded packets to all who take them: destinations, recorder, the session."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from studio.media import Codec, EncodedPacket


@dataclass(frozen=True, slots=True)
class Outlet:
    """One taker: its codecs, and what takes a packet without ever blocking."""

    name: str
    codecs: frozenset[Codec]
    put: Callable[[EncodedPacket], bool]


class Fanout:
    """Hands each packet to the outlets that want its codec. `outlets` is replaced as a whole; `send` is the encoder
    thread's."""

    def __init__(self) -> None:
        self.outlets: tuple[Outlet, ...] = ()

    def send(self, packets: Iterable[EncodedPacket]) -> None:
        """Give packets to every outlet that takes them."""
        for packet in packets:
            for outlet in self.outlets:
                if packet.codec in outlet.codecs:
                    outlet.put(packet)

    def wants(self, codec: Codec) -> bool:
        """True where someone takes this codec."""
        return any(codec in outlet.codecs for outlet in self.outlets)

    def add(self, outlet: Outlet) -> None:
        self.outlets = (*self.outlets, outlet)

    def remove(self, name: str) -> None:
        self.outlets = tuple(outlet for outlet in self.outlets if outlet.name != name)
