"""Who gets how many places of the router: a flood of offers shuts out nobody but the one who makes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from studio.media import NS_PER_S, StoaError
from studio.server.router import places, router_words
from studio.server.router.dtls import Certificate
from studio.server.router.peer import CONNECT_LIMIT_NS, PeerState
from studio.server.router.router import Router
from studio.server.router_pipe import Answered, Direction, EndReason, Offer
from tests.fakes.server_house import HandClock
from tests.fixtures.light_peer import LightPeer

CERTIFICATE = Certificate()


class Door:
    """A router that offers come to."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.router = Router(asyncio.get_running_loop(), self.clock, lambda event: None)
        self.router.sockets.listen(("127.0.0.1",), 0, 0)

    def offer(self, person: str = "p_mia", direction: Direction = Direction.SUBSCRIBE, **facts: Any) -> Answered:
        sdp = LightPeer(CERTIFICATE).offer("sendonly" if direction is Direction.PUBLISH else "recvonly")
        facts = {"name": person, "remote_address": "127.0.0.1", **facts}
        return self.router.take_offer(Offer(1, direction, "studio", person, token=f"t_{person}", sdp=sdp, **facts))

    def connect(self, answer: Answered) -> None:
        self.router.resources[answer.resource].end.peer.state = PeerState.CONNECTED

    def refused(self, person: str = "p_mia", **facts: Any) -> tuple[int, str]:
        with pytest.raises(StoaError) as refused:
            self.offer(person, **facts)
        assert refused.value.remedy
        return router_words.http_status(refused.value), refused.value.message


@pytest_asyncio.fixture
async def door() -> AsyncIterator[Door]:
    door = Door()
    yield door
    door.router.close()


async def test_a_flood_of_one_person_keeps_four_unfinished_the_newest(door: Door) -> None:
    other = door.offer("p_leo")
    answers = [door.offer().resource for _ in range(30)]
    assert list(door.router.resources) == [other.resource, *answers[-places.UNFINISHED_OF_ONE :]]
    assert len({door.offer("", name="", remote_address=f"192.0.2.{n}").resource for n in range(8)}) == 8
    assert len(door.router.resources) == 13, "one link without a name is many people's"


async def test_one_person_has_sixteen_places_and_a_new_one_takes_that_of_an_unfinished(door: Door) -> None:
    for _ in range(places.PLACES_OF_ONE - 1):
        door.connect(door.offer())
    unfinished, newer = door.offer(), door.offer()
    assert unfinished.resource not in door.router.resources
    door.connect(newer)
    assert door.refused() == (429, "You have 16 connections open, and more are not taken.")
    door.offer("p_leo")
    door.router.end(door.router.resources[newer.resource], EndReason.LEFT)
    door.offer()


@pytest.mark.parametrize("near", ["192.0.2.7", "2001:db8:1:2::7"])
async def test_one_address_has_a_limited_number_of_places(
    door: Door, near: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "PLACES_OF_ONE_ADDRESS", 5)
    for number in range(5):
        door.offer(f"p_{number}", remote_address=near)
    assert door.refused("p_5", remote_address=near)[0] == 429
    if ":" in near:
        assert door.refused("p_5", remote_address="2001:db8:1:2:ffff::1")[0] == 429, "the same household"
    door.offer("p_5", remote_address="2001:db8:1:3::7")
    door.offer("host", Direction.PUBLISH, remote_address=near)


async def test_this_machines_own_address_is_a_proxys_and_has_no_limit_of_its_own(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "PLACES_OF_ONE_ADDRESS", 5)
    for number in range(20):
        door.offer(f"p_{number}", remote_address=("127.0.0.1", "::1", "::ffff:127.0.0.1")[number % 3])
    assert len(door.router.resources) == 20


async def test_the_studio_gets_in_when_all_viewers_places_are_taken(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "PLACES", 20)
    monkeypatch.setattr(places, "PLACES_FOR_PUBLISHERS", 2)
    for number in range(18):
        door.offer(f"p_{number}")
    status, words = door.refused("p_18")
    assert status == 503 and "18 connections are open" in words
    studio = door.offer("host", Direction.PUBLISH)
    assert studio.resource in door.router.resources
    door.offer("other", Direction.PUBLISH)
    assert door.refused("guest", direction=Direction.PUBLISH)[0] == 503


async def test_who_never_connects_gives_the_place_back_after_ten_seconds(door: Door) -> None:
    assert CONNECT_LIMIT_NS == 10 * NS_PER_S
    door.offer()
    door.clock.forward(10.1)
    for resource in list(door.router.resources.values()):
        resource.end.peer.on_timer(door.clock.now_ns())
    assert not door.router.resources


async def test_an_offer_that_is_none_takes_nobodys_place(door: Door) -> None:
    before = [door.offer().resource for _ in range(4)]
    with pytest.raises(StoaError):
        door.router.take_offer(Offer(1, Direction.SUBSCRIBE, "studio", "p_mia", "p_mia", "t", "v=0\r\nm=x"))
    assert list(door.router.resources) == before
