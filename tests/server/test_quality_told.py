"""How connections do, over the real server: measured in the router, told by people, to whom it is for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from studio import __version__
from studio.session import QualityTold, SessionClient, SessionEvent, parse_link
from studio.session.messages import ConnectionQuality
from tests.fixtures.light_peer import LightPeer, LightViewer
from tests.fixtures.lossy_relay import LossyRelay
from tests.fixtures.session_server import SessionServer, eventually, session_server

pytestmark = pytest.mark.timeout(150)
type Heard = dict[str, ConnectionQuality | None]


async def follow(client: SessionClient, heard: Heard) -> None:
    async for event in client.events():
        if isinstance(event, SessionEvent) and isinstance(event.data, QualityTold):
            assert event.seq == 0
            heard.update({one.person: one.quality for one in event.data.people})


async def watch(server: SessionServer, client: SessionClient, relay: LossyRelay) -> LightViewer:
    peer = LightPeer()
    headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {client.bearer}"}
    async with httpx.AsyncClient(base_url=server.base, timeout=20) as http:
        answer = await http.post("/whep/studio", content=peer.offer("recvonly"), headers=headers)
    assert answer.status_code == 201, answer.text
    viewer = LightViewer(peer)
    await peer.take_answer(await relay.open(answer.text))
    return viewer


async def keep_reporting(viewer: LightViewer) -> None:
    while True:
        await asyncio.sleep(0.5)
        viewer.report()
        viewer.ask_again()


@pytest.mark.slow
async def test_a_viewer_learns_of_their_own_and_an_admin_of_everybodys(stoa_home: Path) -> None:
    async with session_server(stoa_home) as server:
        admin = await SessionClient.join(parse_link(await server.link("admin")), "Eva")
        ann = await SessionClient.join(parse_link(await server.link()), "Ann")
        ben = await SessionClient.join(parse_link(await server.link()), "Ben")
        assert ann.me is not None and ben.me is not None
        ann_id, ben_id = ann.me.person.id, ben.me.person.id
        told: list[Heard] = [{}, {}, {}]
        following = [asyncio.create_task(follow(*each)) for each in zip((admin, ann, ben), told, strict=True)]
        await server.go_live()
        relays = [LossyRelay(delay_ms=40), LossyRelay()]
        viewers = [await watch(server, *each) for each in zip((ann, ben), relays, strict=True)]
        following += [asyncio.create_task(keep_reporting(viewer)) for viewer in viewers]
        await eventually(lambda: all(viewer.counts["video"] > 30 for viewer in viewers), 30, "pictures")
        relays[0].loses = 0.15

        def poor(heard: Heard) -> bool:
            mine = heard.get(ann_id)
            return mine is not None and mine.word == "poor" and mine.down is not None and mine.down.loss_percent > 5

        await eventually(lambda: poor(told[0]) and poor(told[1]), 60, f"Ann's losses are told: {told}")
        await eventually(lambda: told[0].get(ben_id) and told[2].get(ben_id), 20, "Ben's connection is told")
        assert set(told[1]) == {ann_id} and set(told[2]) == {ben_id}, "nobody else's"
        assert told[1][ann_id].rtt_ms > 70  # type: ignore[union-attr,operator]
        listed = {one.id: one for one in (await admin.people()).people}
        assert listed[ann_id].quality is not None and listed[ann_id].quality.up is None
        assert listed[ann_id].device.startswith(f"Stoa Studio {__version__.rpartition('.')[0]} on ")
        by_ben = {one.id: one for one in (await ben.people()).people}
        assert (by_ben[ann_id].quality, by_ben[ann_id].device) == (None, "")
        assert by_ben[ben_id].quality is not None and by_ben[ben_id].device
        server.kill_router()
        await eventually(lambda: told[1][ann_id] is None, 20, "the end of all media is told")
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        for viewer, relay in zip(viewers, relays, strict=True):
            viewer.peer.close()
            relay.close()
        for client in (admin, ann, ben):
            await client.close()
