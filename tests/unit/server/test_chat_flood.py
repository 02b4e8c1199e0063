"""Chat from one address: one invite and many names do not drown the others; who runs the session is always heard."""

from __future__ import annotations

from dataclasses import replace

import pytest

from studio.server.api import ErrorCode
from studio.server.chat import BURST, PEOPLE_OF_ONE_ADDRESS, PER_S
from studio.server.errors import Refusal
from tests.fakes.server_house import Place, fresh_id

CROWD = PEOPLE_OF_ONE_ADDRESS + 1
HOUSE = "203.0.113.7"


class Crowd:
    """Viewers who all came by invites, each with a name, and write from addresses of a test's choice."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.bearers: list[str] = []

    async def grow(self, count: int) -> None:
        for _ in range(count):
            self.bearers.append((await self._place.join(f"Viewer {len(self.bearers)}")).bearer)

    async def says(self, who: int | str, address: str, id: str = "") -> bool:
        """Whether the message of this viewer, or of this bearer, is taken; it is told to be too fast otherwise."""
        house = self._place.house
        caller = await house.admission.identify(self.bearers[who] if isinstance(who, int) else who, address)
        try:
            await house.chat.say(replace(caller, session_id="studio"), "studio", id or fresh_id(), "hello")
        except Refusal as refusal:
            if refusal.code is not ErrorCode.TOO_FAST or not refusal.remedy:
                raise
            return False
        return True

    async def flood(self, address: str) -> int:
        """All write as much as each may; how many messages are taken."""
        return sum([await self.says(who, address) for _ in range(BURST) for who in range(len(self.bearers))])


@pytest.fixture
async def crowd(place: Place) -> Crowd:
    crowd = Crowd(place)
    await crowd.grow(CROWD)
    return crowd


async def test_many_names_of_one_address_write_no_more_than_several_people(place: Place, crowd: Crowd) -> None:
    assert await crowd.flood(HOUSE) == PEOPLE_OF_ONE_ADDRESS * BURST
    await crowd.grow(1)
    assert not await crowd.says(-1, HOUSE), "a further name brought more"
    place.clock.forward(1.0)
    again = [await crowd.says(who, HOUSE) for who in range(len(crowd.bearers))]
    assert sum(again) == PEOPLE_OF_ONE_ADDRESS * PER_S


async def test_who_is_refused_for_the_others_keeps_the_own_turns(crowd: Crowd) -> None:
    await crowd.flood(HOUSE)
    await crowd.grow(1)
    assert not any([await crowd.says(-1, HOUSE) for _ in range(BURST)])
    assert [await crowd.says(-1, "203.0.113.8") for _ in range(BURST + 1)] == [True] * BURST + [False]


async def test_other_addresses_go_on_writing(crowd: Crowd) -> None:
    await crowd.flood(HOUSE)
    await crowd.grow(1)
    assert await crowd.says(-1, "203.0.113.8")


async def test_the_whole_network_of_an_ipv6_subscriber_is_one_address(crowd: Crowd) -> None:
    await crowd.flood("2001:db8:0:1::1")
    await crowd.grow(1)
    assert not await crowd.says(-1, "2001:db8:0:1:ffff::2")
    assert await crowd.says(-1, "2001:db8:0:2::1")


async def test_who_runs_the_session_is_heard_from_a_flooded_address(place: Place, crowd: Crowd) -> None:
    await crowd.flood(HOUSE)
    for bearer in ((await place.host()).bearer, (await place.join("Eva", "admin")).bearer):
        assert await crowd.says(bearer, HOUSE)


async def test_what_the_host_says_leaves_the_others_of_the_house_their_turns(place: Place, crowd: Crowd) -> None:
    host = (await place.host()).bearer
    assert all([await crowd.says(host, HOUSE) for _ in range(BURST)])
    assert await crowd.flood(HOUSE) == PEOPLE_OF_ONE_ADDRESS * BURST


async def test_this_machines_own_programs_are_limited_each_for_itself_only(crowd: Crowd) -> None:
    assert await crowd.flood("127.0.0.1") == CROWD * BURST


async def test_a_message_sent_again_is_known_also_where_the_address_has_no_turn(crowd: Crowd) -> None:
    await crowd.grow(1)
    assert await crowd.says(-1, HOUSE, "message-once")
    del crowd.bearers[:1]
    await crowd.flood(HOUSE)
    assert await crowd.says(-1, HOUSE, "message-once")
