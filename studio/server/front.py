"""Where a server listens: said by its parent, chosen by the owner. Light to import, since the parent stays small."""

from __future__ import annotations

import msgspec

from studio.server.addresses import LOOPBACK

UDP_LOW = 49500
UDP_HIGH = 49699


class Front(msgspec.Struct, frozen=True):
    """Where the server listens from its start. `port` 0 takes a free one. A given certificate's paths, or self-made.

    `names`: further names that it goes by. `proxies`: addresses and networks of reverse proxies whose word counts;
    `public_url`: how links begin where people reach it otherwise than it listens.
    """

    host: str = LOOPBACK
    port: int = 0
    local_port: int = 0
    certificate: str = ""
    key: str = ""
    self_signed: bool = False
    names: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    public_url: str = ""

    @property
    def is_public(self) -> bool:
        """Whether others are let in by a way that the address does not show."""
        return bool(self.proxies or self.public_url)


class Shared(msgspec.Struct, frozen=True):
    """What the owner chose to share; remembered by the parent for a people process that is started again."""

    address: str
    port: int
    https: str
    certificate: str = ""
    key: str = ""
