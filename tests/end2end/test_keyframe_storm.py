"""Viewers of three WHIP servers ask for keyframes without end: what an RTMP server gets of it, and what was logged."""

from __future__ import annotations

import asyncio
import time
from http.server import BaseHTTPRequestHandler
from itertools import pairwise

import pytest

from studio.control.api import Event, EventType
from studio.control.client import ControlClient
from studio.server.router_pipe import Answered, Direction
from tests.fixtures.light_peer import LightPeer, LightViewer
from tests.fixtures.live_show import CARD, SMALL, LiveShow, StartShow, events_so_far
from tests.fixtures.media_router import MediaRouter, reply
from tests.fixtures.nginx_rtmp import NginxRtmp
from tests.fixtures.received import receive
from tests.fixtures.waiting import until

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(120)]
FPS = 30
SERVERS = ("first", "second", "third")
STORM_S = 8
ASK_EVERY_S = 0.02
READ_WITHIN_MS = 300
"""A keyframe is in the log so soon after its picture was due, at the latest."""


async def keyframes_logged(client: ControlClient) -> list[Event]:
    """The keyframes that the engine says it made because somebody asked."""
    return [event for event in await events_so_far(client) if event.type is EventType.KEYFRAME_REQUESTED]


def serve_sessions(router: MediaRouter) -> str:
    """The root of a server that takes a publisher at /whip/NAME for each name."""

    def publish(http: BaseHTTPRequestHandler) -> bool:
        if http.command != "POST":
            return False
        offer = http.rfile.read(int(http.headers.get("Content-Length") or 0)).decode()
        answer = router.offer(Direction.PUBLISH, offer, session=http.path.rpartition("/")[2])
        assert isinstance(answer, Answered)
        reply(http, 201, answer.sdp, {"Content-Type": "application/sdp", "Location": f"/media/{answer.resource}"})
        return True

    router.front = publish
    return router.serve()


async def watch(router: MediaRouter, session: str) -> LightViewer:
    """A viewer who has seen something."""
    peer = LightPeer()
    answer = await asyncio.to_thread(router.offer, Direction.SUBSCRIBE, peer.offer("recvonly"), session=session)
    assert isinstance(answer, Answered)
    viewer = LightViewer(peer)
    await peer.take_answer(answer.sdp)
    await asyncio.to_thread(until, lambda: viewer.counts["video"] > 0, 10, f"a picture of {session}")
    return viewer


async def storm(viewers: list[LightViewer]) -> int:
    """All of them ask, again and again. How often they did.

    They begin one after the other: each server passes a wish on once a second, and so these come at different times.
    """
    asked = 0
    begin_s = time.monotonic()
    while (passed_s := time.monotonic() - begin_s) < STORM_S:
        for place, viewer in enumerate(viewers):
            if passed_s > place / len(viewers):
                viewer.want_keyframe()
                asked += 1
        await asyncio.sleep(ASK_EVERY_S)
    return asked


def start(start_show: StartShow, rtmp_url: str, root: str) -> LiveShow:
    to = [word for name in SERVERS for word in ("--to", f"whip+{root}/whip/{name}")]
    show = start_show(*CARD, *SMALL, "--to", rtmp_url, *to)
    show.wait_live(1 + len(SERVERS))
    return show


async def test_a_storm_of_requests_costs_one_extra_keyframe_a_second_and_each_is_logged(
    start_show: StartShow, nginx_rtmp: NginxRtmp, media_router: MediaRouter
) -> None:
    root = await asyncio.to_thread(serve_sessions, media_router)
    show = await asyncio.to_thread(start, start_show, nginx_rtmp.url(), root)
    viewers = [await watch(media_router, name) for name in SERVERS]
    asked = await storm(viewers)
    read_ms = time.monotonic_ns() // 1_000_000
    logged = await asyncio.to_thread(show.ask, keyframes_logged)
    for viewer in viewers:
        viewer.peer.close()
    show.interrupt()
    told = await asyncio.to_thread(show.result, status=130)
    await asyncio.to_thread(nginx_rtmp.stop)

    got = receive(nginx_rtmp.recordings()[0])
    extra = got.keyframes_off_grid()
    assert asked > 300
    assert len(extra) >= STORM_S - 3, "they were heard"
    assert min(later - earlier for earlier, later in pairwise(extra)) >= FPS, extra
    if not told["skipped"]:
        assert got.grid_without_keyframe() == []

    first_ms = got.pictures[0].clock_ms
    logged_ms = [event.at_ns // 1_000_000 for event in logged]
    # Wishes that were on their way are still answered after the log was read.
    made_ms = [first_ms + (number - got.first_number()) * 1000 / FPS for number in extra]
    made_ms = [at for at in made_ms if at < read_ms - READ_WITHIN_MS]
    unlogged = [at for at in made_ms if not any(-1 <= said - at < 900 for said in logged_ms)]
    assert unlogged == []
    assert len(made_ms) >= STORM_S - 4
    askers = {reason.partition(":")[0] for event in logged for reason in event.data["reasons"]}
    assert len(askers) >= len(SERVERS), askers
