"""The router ends what a person may not send any more, on its own clock, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from studio.server.router.broadcast import Broadcast
from studio.server.router.dtls import Certificate
from studio.server.router.grant_clock import GrantClock
from studio.server.router.peer import PeerState
from studio.server.router.router import Router
from studio.server.router.rtp import RtpPacket
from studio.server.router.viewer import Viewer
from studio.server.router_pipe import (
    Direction,
    GrantEnds,
    MediaKind,
    Offer,
    Picture,
    PublisherStarted,
    PublisherStopped,
    ViewerLeft,
)
from tests.fakes.server_house import HandClock, HandWall
from tests.fixtures.light_peer import LightPeer

CERTIFICATE = Certificate()
BOB = "p_bob"


class Booth:
    """A router with clocks at hand, a publisher on air and a viewer; `sent` counts what the viewer got of each kind."""

    def __init__(self) -> None:
        self.clock, self.wall = HandClock(), HandWall()
        self.told: list[msgspec.Struct] = []
        self.router = Router(asyncio.get_running_loop(), self.clock, self.told.append, self.wall.now_ms)
        self.router.sockets.listen(("127.0.0.1",), 0, 0)
        self.seq = 0

    def offer(self, person: str, direction: Direction, **facts: Any) -> str:
        sdp = LightPeer(CERTIFICATE).offer("sendonly" if direction is Direction.PUBLISH else "recvonly")
        offer = Offer(1, direction, "studio", person, name=person, token=f"t_{person}", sdp=sdp, **facts)
        resource = self.router.take_offer(offer).resource
        end = self.router.resources[resource].end
        end.peer.state = PeerState.CONNECTED
        end.peer.send_rtcp = lambda data: None  # type: ignore[method-assign]
        if isinstance(end, Viewer):
            end._send = lambda data: None
        end.connected(self.clock.now_ns())
        return resource

    @property
    def broadcast(self) -> Broadcast:
        return self.router.broadcasts["studio"]

    def turn(self, seconds: float = 0.0) -> None:
        """Time of day passes, and the timer looks at it; to the connections it is a moment, or they would be lost."""
        self.clock.forward(0.02)
        self.wall.forward(seconds)
        self.router._on_timer()
        if self.router._timer is not None:
            self.router._timer.cancel()

    def forwarded(self, viewer: str, publisher: str) -> set[str]:
        """One keyframe and one packet of sound from the publisher: what of it the viewer is sent."""
        got: set[str] = set()
        watching, sending = self.router.resources[viewer].end, self.router.resources[publisher].end
        watching._send = lambda data: got.add("video" if data[1] & 0x7F == 102 else "audio")  # type: ignore[union-attr,method-assign]
        for kind, payload in (("video", b"\x65keyframe"), ("audio", b"sound")):
            for _ in range(2):
                self.seq = self.seq + 1 if kind == "video" else self.seq
                track = sending.tracks[kind]
                packet = RtpPacket(self.seq, self.seq * 960, ord(kind[0]), track.format.payload_type, 0x80, payload)
                if track.take(packet, self.clock.now_ns(), is_repair=False):
                    self.broadcast.publisher_packet(sending, track, packet, self.clock.now_ns())  # type: ignore[arg-type]
        return got


@pytest_asyncio.fixture
async def booth() -> AsyncIterator[Booth]:
    booth = Booth()
    yield booth
    booth.router.close()


@pytest.mark.parametrize(
    ("ends", "picture", "left"),
    [
        ("camera_ms", Picture.CAMERA, {"audio"}),
        ("microphone_ms", Picture.CAMERA, {"video"}),
        ("screen_ms", Picture.CAMERA, {"audio", "video"}),
        ("screen_ms", Picture.SCREEN, {"audio"}),
        ("camera_ms", Picture.SCREEN, {"audio", "video"}),
    ],
)
async def test_the_track_whose_time_is_over_stops_and_only_that_one(
    booth: Booth, ends: str, picture: Picture, left: set[str]
) -> None:
    viewer, publisher = booth.offer("p_ann", Direction.SUBSCRIBE), booth.offer(BOB, Direction.PUBLISH, picture=picture)
    end_ms = booth.wall.now_ms() + 60_000
    assert booth.router.set_ends("studio", BOB, GrantEnds(**{ends: end_ms})) is True
    assert booth.router.set_ends("studio", BOB, GrantEnds(**{ends: end_ms})) is False
    booth.turn(59.9)
    assert booth.forwarded(viewer, publisher) == {"audio", "video"}
    booth.turn(0.1)
    assert booth.forwarded(viewer, publisher) == left
    booth.router.set_ends("studio", BOB, GrantEnds(**{ends: end_ms + 60_000}))
    assert booth.forwarded(viewer, publisher) == {"audio", "video"}, "given again without a new connection"


async def test_what_a_picture_counts_as_is_told_with_it(booth: Booth) -> None:
    viewer = booth.offer("p_ann", Direction.SUBSCRIBE)
    publisher = booth.offer(BOB, Direction.PUBLISH, picture=Picture.SCREEN)
    booth.forwarded(viewer, publisher)
    (started,) = [event for event in booth.told if isinstance(event, PublisherStarted)]
    (described,) = [one for one in booth.router.state().resources if one.resource == publisher]
    assert (started.picture, described.picture) == (Picture.SCREEN, Picture.SCREEN)


async def test_an_end_and_an_admins_mute_do_not_lift_each_other(booth: Booth) -> None:
    viewer, publisher = booth.offer("p_ann", Direction.SUBSCRIBE), booth.offer(BOB, Direction.PUBLISH)
    over = GrantEnds(camera_ms=booth.wall.now_ms())
    booth.router.set_ends("studio", BOB, over)
    booth.router.mute("studio", BOB, MediaKind.VIDEO, muted=True)
    booth.router.set_ends("studio", BOB, GrantEnds())
    assert booth.forwarded(viewer, publisher) == {"audio"}
    booth.router.set_ends("studio", BOB, over)
    booth.router.mute("studio", BOB, MediaKind.VIDEO, muted=False)
    assert booth.forwarded(viewer, publisher) == {"audio"}
    booth.router.set_ends("studio", BOB, GrantEnds())
    assert booth.forwarded(viewer, publisher) == {"audio", "video"}


async def test_ends_come_with_the_offer_and_hold_from_the_first_packet(booth: Booth) -> None:
    viewer = booth.offer("p_ann", Direction.SUBSCRIBE)
    publisher = booth.offer(BOB, Direction.PUBLISH, ends=GrantEnds(microphone_ms=booth.wall.now_ms()))
    assert booth.forwarded(viewer, publisher) == {"video"}


async def test_whose_time_is_over_loses_all_that_is_open_and_nobody_else(booth: Booth) -> None:
    viewer, own = booth.offer("p_ann", Direction.SUBSCRIBE), booth.offer(BOB, Direction.SUBSCRIBE)
    publisher = booth.offer(BOB, Direction.PUBLISH, ends=GrantEnds(join_ms=booth.wall.now_ms() + 5_000))
    booth.turn(4.9)
    assert booth.forwarded(viewer, publisher) == {"audio", "video"}
    assert set(booth.router.resources) == {viewer, own, publisher}
    booth.turn(0.1)
    assert set(booth.router.resources) == {viewer}
    ended = [event for event in booth.told if isinstance(event, PublisherStopped | ViewerLeft)]
    assert {(event.person, event.why.value) for event in ended} == {(BOB, "time_over")}


async def test_nothing_is_kept_of_who_has_nothing_open(booth: Booth) -> None:
    ends = GrantEnds(camera_ms=booth.wall.now_ms() + 1)
    assert booth.router.set_ends("studio", BOB, ends) is False
    publisher = booth.offer(BOB, Direction.PUBLISH, ends=ends)
    assert list(booth.router._grants.limited()) == [("studio", BOB)]
    booth.router.resources[publisher].end.peer.close("gone")
    assert list(booth.router._grants.limited()) == []


def test_no_end_is_never_over() -> None:
    clock = GrantClock(lambda: 10**15)
    clock.keep("studio", BOB, GrantEnds())
    assert not clock.is_out("studio", BOB) and clock.over("studio", BOB, Picture.CAMERA) == set()
