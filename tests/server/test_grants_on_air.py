"""Grants that run out over the real server: people and router in their processes, and a viewer that counts packets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.session import GrantTold, SessionClient, SessionEvent, parse_link
from studio.session.client import LineChange, LineState
from tests.fixtures.light_media import LightPublisher
from tests.fixtures.light_peer import LightPeer, LightViewer
from tests.fixtures.session_server import SessionServer, eventually, session_server

SDP = {"Content-Type": "application/sdp"}
WHILE = 30
"""So many packets of the one kind come (0.6 s of sound, 1 s of pictures) while none of the other does."""
pytestmark = pytest.mark.timeout(150)


class OnAir:
    """Bob sends, Ann watches, Eva is the admin; `told` is what Bob's studio heard of his time."""

    def __init__(self, server: SessionServer, eva: SessionClient, bob: SessionClient, ann: SessionClient) -> None:
        self.server, self.eva, self.bob, self.ann = server, eva, bob, ann
        self.sender, self.watcher = LightPeer(), LightPeer()
        self.publisher = LightPublisher(self.sender)
        self.viewer = LightViewer(self.watcher)
        self.told: list[GrantTold] = []
        self.ends: list[LineChange] = []
        self._following: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        for client, peer, verb in ((self.bob, self.sender, "whip"), (self.ann, self.watcher, "whep")):
            direction = "sendonly" if verb == "whip" else "recvonly"
            async with httpx.AsyncClient(base_url=self.server.base, timeout=20) as http:
                bearer = {"Authorization": f"Bearer {client.bearer}"}
                answer = await http.post(f"/{verb}/studio", content=peer.offer(direction), headers={**SDP, **bearer})
            assert answer.status_code == 201, answer.text
            await peer.take_answer(answer.text)
        self.publisher.start()
        self._following = [asyncio.create_task(self._follow(client)) for client in (self.bob, self.ann)]
        await eventually(lambda: min(self.viewer.counts.values()) > WHILE, 30, "picture and sound flow")

    async def _follow(self, client: SessionClient) -> None:
        async for event in client.events():
            if isinstance(event, SessionEvent) and isinstance(event.data, GrantTold) and client is self.bob:
                self.told.append(event.data)
            if isinstance(event, LineChange) and event.state is LineState.REFUSED:
                self.ends.append(event)

    async def limit(self, client: SessionClient, **seconds: int | None) -> None:
        assert client.me is not None
        await self.eva.command("grant", target=client.me.person.id, ends=seconds)

    async def only(self, *kinds: str) -> None:
        """Until just these kinds flow."""
        before = dict(self.viewer.counts)

        def flows() -> bool:
            nonlocal before
            now = dict(self.viewer.counts)
            if any(now[kind] != before[kind] for kind in now if kind not in kinds):
                before = now
            return all(now[kind] >= before[kind] + WHILE for kind in kinds)

        await eventually(flows, 30, f"only {kinds} flow")

    async def close(self) -> None:
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        await self.publisher.stop()
        for peer in (self.sender, self.watcher):
            peer.close()


@asynccontextmanager
async def show(home: Path) -> AsyncIterator[OnAir]:
    async with session_server(home) as server:
        people: list[Any] = []
        for role, name in (("admin", "Eva"), ("broadcaster", "Bob"), ("viewer", "Ann")):
            people.append(await SessionClient.join(parse_link(await server.link(role)), name))
        on_air = OnAir(server, *people)
        try:
            await on_air.begin()
            yield on_air
        finally:
            await on_air.close()
            for client in people:
                await client.close()


@pytest.mark.slow
async def test_only_what_ran_out_stops_and_comes_back_over_the_same_connections(stoa_home: Path) -> None:
    async with show(stoa_home) as on_air:
        ssrcs = dict(on_air.viewer.ssrcs)
        await on_air.limit(on_air.bob, camera=2)
        await on_air.only("audio")
        await eventually(lambda: [one.left_s for one in on_air.told] == [0], 10, "the studio hears of the end")
        assert on_air.told[0].grants == ("camera",)
        await on_air.limit(on_air.bob, camera=None, microphone=0)
        await on_air.only("video")
        await on_air.limit(on_air.bob, microphone=600)
        await on_air.only("audio", "video")
        assert on_air.viewer.ssrcs == ssrcs and not on_air.watcher.closed.is_set()
        assert on_air.viewer.missing("audio") == [] == on_air.viewer.missing("video"), "numbers go on without a gap"


@pytest.mark.slow
async def test_tokens_are_renewed_without_a_missing_packet(stoa_home: Path) -> None:
    async with show(stoa_home) as on_air:
        before = dict(on_air.viewer.counts)
        bearers = {on_air.bob.bearer, on_air.ann.bearer}
        for _ in range(3):
            for client in (on_air.bob, on_air.ann):
                await client.renew()
                bearers.add(client.bearer)
            await asyncio.sleep(0.3)
        await eventually(lambda: on_air.viewer.counts["video"] > before["video"] + WHILE, 20, "pictures go on")
        assert on_air.viewer.missing("video") == [] == on_air.viewer.missing("audio")
        assert not on_air.sender.closed.is_set() and not on_air.watcher.closed.is_set() and on_air.ends == []
        assert {(await client.whoami()).person.name for client in (on_air.bob, on_air.ann)} == {"Bob", "Ann"}


@pytest.mark.slow
async def test_the_router_ends_it_in_time_while_nobody_else_is_there(stoa_home: Path) -> None:
    async with show(stoa_home) as on_air:
        await on_air.limit(on_air.bob, camera=2)
        on_air.server.kill_people()
        await on_air.only("audio")
        await eventually(lambda: [one.left_s for one in on_air.told] == [0], 40, "people tells of it once it is back")


@pytest.mark.slow
async def test_whose_time_is_over_loses_line_and_media_and_the_others_notice_nothing(stoa_home: Path) -> None:
    async with show(stoa_home) as on_air:
        other = LightPeer()
        second = LightViewer(other)
        async with httpx.AsyncClient(base_url=on_air.server.base, timeout=20) as http:
            bearer = {"Authorization": f"Bearer {on_air.eva.bearer}"}
            answer = await http.post("/whep/studio", content=other.offer("recvonly"), headers={**SDP, **bearer})
        await other.take_answer(answer.text)
        try:
            await eventually(lambda: second.counts["video"] > 5, 20, "the second viewer sees it")
            await on_air.limit(on_air.ann, join=1)
            await asyncio.wait_for(on_air.watcher.closed.wait(), 20)
            (end,) = await eventually(lambda: on_air.ends, 20, "the line ends")
            assert (end.code, end.words) == ("time_over", "Your time in this session is over.")
            seen = second.counts["video"]
            await eventually(lambda: second.counts["video"] > seen + WHILE, 20, "the others go on")
            assert second.missing("video") == [] and not on_air.sender.closed.is_set()
        finally:
            other.close()
