"""Who may have how many of the router's places: nobody shuts the others out, and the studio always gets in.

A connection is unfinished until its peer is connected. Offers cost nothing to make; therefore a new one of the same
person takes the place of that person's oldest unfinished one, and only what is connected is counted against them.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from studio.server.router import router_words
from studio.server.router.peer import PeerState
from studio.server.router.resource import Resource
from studio.server.router_pipe import Direction, Offer

PLACES = 1000
PLACES_FOR_PUBLISHERS = 16
PLACES_OF_ONE = 16
UNFINISHED_OF_ONE = 4
PLACES_OF_ONE_ADDRESS = 200


@lru_cache(maxsize=4096)
def _household(text: str) -> str:
    """The address that counts: of IPv6 its first half, since a household has all of the rest. Empty for this machine,
    where a proxy may stand that everybody comes by.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return text
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        if mapped is None:
            return "" if address.is_loopback else str(IPv6Address(int(address) >> 64 << 64))
        address = mapped
    return "" if address.is_loopback else str(address)


def _one(offer: Offer) -> tuple[str, str, str, Direction]:
    """Whose it is. Without a name there is only an invite, which many people may use: then the address tells them
    apart.
    """
    return offer.session, offer.person, "" if offer.name else _household(offer.remote_address), offer.direction


def _is_unfinished(resource: Resource) -> bool:
    return resource.end.peer.state is PeerState.CONNECTING


def make_room(resources: Collection[Resource], offer: Offer) -> Resource | None:
    """Whether there is a place for this offer, and which connection has to end for it once it is taken.

    `resources` in the order in which they came. Raises StoaError(BUSY), OneHasEnough.
    """
    own = [one for one in resources if _one(one.offer) == _one(offer)]
    unfinished = [one for one in own if _is_unfinished(one)]
    if unfinished and (len(unfinished) >= UNFINISHED_OF_ONE or len(own) >= PLACES_OF_ONE):
        return unfinished[0]
    if len(own) >= PLACES_OF_ONE:
        raise router_words.one_has_enough(PLACES_OF_ONE)
    if offer.direction is Direction.PUBLISH:
        if len(resources) >= PLACES:
            raise router_words.too_many(PLACES)
        return None
    viewers = [one for one in resources if one.direction is Direction.SUBSCRIBE]
    address = _household(offer.remote_address)
    if address and sum(_household(one.offer.remote_address) == address for one in viewers) >= PLACES_OF_ONE_ADDRESS:
        raise router_words.address_has_enough(PLACES_OF_ONE_ADDRESS)
    if len(viewers) >= PLACES - PLACES_FOR_PUBLISHERS:
        raise router_words.too_many(PLACES - PLACES_FOR_PUBLISHERS)
    return None
