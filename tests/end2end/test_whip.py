"""The WHIP destination as a real child: against the media router, and against Janus."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path

import av
import pytest
import pytest_asyncio

from studio.destination.contract import (
    DestinationState,
    DestinationStatistics,
    DestinationToEngine,
    KeyframeWanted,
    OpenDestination,
    StateChanged,
)
from studio.media import ErrorKind
from studio.server.router_pipe import Answered, Direction, EndPublisher, EndReason, PublisherStarted, PublisherStopped
from tests.fakes.child import DrivenChild
from tests.fakes.feeder import Feeder
from tests.fakes.lossy import LossyUdp
from tests.fakes.program import Program, make_webrtc_program, number_of
from tests.fixtures.janus import WhipServer
from tests.fixtures.light_media import decode_pictures
from tests.fixtures.light_peer import LightPeer, LightViewer
from tests.fixtures.media_router import MediaRouter, reply
from tests.fixtures.waiting import until


class Sender:
    """A WHIP destination and the engine's end of its link."""

    def __init__(self, folder: Path, url: str, program: Program, **facts: object) -> None:
        self.child = DrivenChild("whip", DestinationToEngine, folder)
        self.program = program
        self.feeder: Feeder | None = None
        self.child.send(OpenDestination(f"whip+{url}", "MASKED", program.video, program.audio, **facts))  # type: ignore[arg-type]

    def feed(self) -> Feeder:
        self.child.wait_for(KeyframeWanted)
        self.feeder = Feeder(self.child, self.program)
        return self.feeder

    def states(self) -> list[DestinationState]:
        return [said.state for said in self.child.all_of(StateChanged)]

    def statistics(self) -> DestinationStatistics:
        found = self.child.last(DestinationStatistics)
        assert found is not None
        return found

    def close(self) -> None:
        if self.feeder is not None:
            self.feeder.stop()
        self.child.close()


@pytest.fixture
def start_whip(tmp_path: Path) -> Iterator[Callable[..., Sender]]:
    """Starts a WHIP destination to a URL with a program."""
    running: list[Sender] = []

    def start(url: str, program: Program | None = None, **facts: object) -> Sender:
        running.append(Sender(tmp_path / f"whip-{len(running)}.log", url, program or make_webrtc_program(3.0), **facts))
        return running[-1]

    yield start
    for sender in running:
        sender.close()


@pytest_asyncio.fixture
async def watch(media_router: MediaRouter) -> AsyncIterator[Callable[..., object]]:
    """Connects a viewer to the router."""
    peers: list[LightPeer] = []

    async def connect() -> LightViewer:
        peer = LightPeer()
        peers.append(peer)
        answer = await asyncio.to_thread(media_router.offer, Direction.SUBSCRIBE, peer.offer("recvonly"))
        assert isinstance(answer, Answered)
        await peer.take_answer(answer.sdp)
        return LightViewer(peer)

    yield connect
    for peer in peers:
        peer.close()


def brightnesses(viewer: LightViewer) -> list[int]:
    pictures = decode_pictures(viewer.in_order())
    return [number_of(float(picture.to_ndarray(format="yuv420p")[:180].mean())) for picture in pictures]


def without_gap(numbers: list[int]) -> bool:
    return bool(numbers) and all((later - earlier) % 25 == 1 for earlier, later in pairwise(numbers))


@pytest.mark.slow
async def test_every_picture_reaches_a_viewer_and_the_resource_is_deleted(
    media_router: MediaRouter, start_whip: Callable[..., Sender], watch: Callable[..., object]
) -> None:
    root = await asyncio.to_thread(media_router.serve)
    sender = start_whip(f"{root}/whip/studio")
    feeder = await asyncio.to_thread(sender.feed)
    await asyncio.to_thread(media_router.until_seen, PublisherStarted)
    viewer = await watch()  # type: ignore[misc]
    await asyncio.to_thread(feeder.join)
    assert await asyncio.to_thread(sender.child.end) == 0
    stopped = await asyncio.to_thread(media_router.until_seen, PublisherStopped)
    await asyncio.sleep(0.2)
    numbers = brightnesses(viewer)
    assert without_gap(numbers) and numbers[-1] == (1000 + 89) % 25, numbers
    assert not viewer.missing() and not viewer.missing("audio") and viewer.counts["audio"] > 100
    assert sender.states() == [DestinationState.CONNECTING, DestinationState.LIVE, DestinationState.IDLE]
    assert (sender.statistics().frames, sender.statistics().dropped) == (90, 0)
    assert stopped.why is EndReason.LEFT
    assert [method for method, _ in media_router.calls] == ["OPTIONS", "POST", "DELETE"]


async def test_a_viewers_wish_for_a_keyframe_reaches_the_engine(
    media_router: MediaRouter, start_whip: Callable[..., Sender], watch: Callable[..., object]
) -> None:
    root = await asyncio.to_thread(media_router.serve)
    sender = start_whip(f"{root}/whip/studio", make_webrtc_program(6.0, gop=1000))
    await asyncio.to_thread(sender.feed)
    await asyncio.to_thread(media_router.until_seen, PublisherStarted)
    viewer: LightViewer = await watch()  # type: ignore[misc]
    await asyncio.to_thread(until, lambda: viewer.counts["video"] > 0, 10, "a picture")
    before = len(sender.child.all_of(KeyframeWanted))
    viewer.want_keyframe()
    await asyncio.to_thread(until, lambda: len(sender.child.all_of(KeyframeWanted)) > before, 5, "the wish")


@pytest.mark.slow
async def test_five_percent_of_loss_on_the_way_is_repaired(
    media_router: MediaRouter, start_whip: Callable[..., Sender], watch: Callable[..., object]
) -> None:
    relays: list[LossyUdp] = []

    def through_the_relay(http: BaseHTTPRequestHandler) -> bool:
        if http.command != "POST":
            return False
        offer = http.rfile.read(int(http.headers.get("Content-Length") or 0)).decode()
        answer = media_router.offer(Direction.PUBLISH, offer)
        assert isinstance(answer, Answered)
        port = next(line for line in answer.sdp.splitlines() if line.startswith("a=candidate")).split()[5]
        relays.append(LossyUdp(int(port), 0.05))
        sdp = answer.sdp.replace(f" {port} ", f" {relays[0].port} ")
        reply(http, 201, sdp, {"Content-Type": "application/sdp", "Location": f"/media/{answer.resource}"})
        return True

    media_router.front = through_the_relay
    root = await asyncio.to_thread(media_router.serve)
    # enough packets for some loss: several a picture
    program = make_webrtc_program(4.0, gop=15)
    sender = start_whip(f"{root}/whip/studio", program)
    feeder = await asyncio.to_thread(sender.feed)
    await asyncio.to_thread(media_router.until_seen, PublisherStarted)
    viewer: LightViewer = await watch()  # type: ignore[misc]
    await asyncio.to_thread(feeder.join)
    try:
        assert relays[0].lost > 5
        await asyncio.to_thread(until, lambda: not viewer.missing(), 5, "all is repaired")
        await asyncio.to_thread(sender.child.wait_for, DestinationStatistics, lambda said: said.retransmitted > 0)
        numbers = brightnesses(viewer)
        assert without_gap(numbers) and len(numbers) >= 100, numbers
    finally:
        for relay in relays:
            relay.close()


async def test_a_killed_router_is_found_again_and_the_old_resource_deleted(
    media_router: MediaRouter, start_whip: Callable[..., Sender]
) -> None:
    root = await asyncio.to_thread(media_router.serve)
    sender = start_whip(f"{root}/whip/studio", make_webrtc_program(12.0))
    await asyncio.to_thread(sender.feed)
    await asyncio.to_thread(sender.child.wait_for, StateChanged, lambda said: said.state is DestinationState.LIVE)
    await asyncio.to_thread(media_router.kill)
    killed_s = time.monotonic()
    media_router.start()
    await asyncio.to_thread(media_router.until_seen, PublisherStarted, 2)
    assert time.monotonic() - killed_s < 8
    lost = next(said for said in sender.child.all_of(StateChanged) if said.state is DestinationState.RECONNECTING)
    assert lost.kind == ErrorKind.LOST and lost.words
    await asyncio.to_thread(
        until, lambda: [method for method, _ in media_router.calls].count("DELETE") == 1, 5, "the old one is deleted"
    )
    await asyncio.to_thread(sender.child.wait_for, DestinationStatistics, lambda said: said.reconnects == 1)


async def test_a_server_that_ends_the_connection_is_told(
    media_router: MediaRouter, start_whip: Callable[..., Sender]
) -> None:
    root = await asyncio.to_thread(media_router.serve)
    sender = start_whip(f"{root}/whip/studio", make_webrtc_program(6.0))
    await asyncio.to_thread(sender.feed)
    await asyncio.to_thread(sender.child.wait_for, StateChanged, lambda said: said.state is DestinationState.LIVE)
    await asyncio.to_thread(media_router.ask, EndPublisher, session="studio", why=EndReason.STOPPED)
    lost = await asyncio.to_thread(
        sender.child.wait_for, StateChanged, lambda said: said.state is DestinationState.RECONNECTING
    )
    assert lost.kind == ErrorKind.LOST and "ended the connection" in lost.words


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, ErrorKind.DENIED, "token"),
        (403, ErrorKind.DENIED, "token"),
        (404, ErrorKind.NOT_FOUND, "no such stream"),
        (409, ErrorKind.CONFLICT, "already has a publisher"),
        (406, ErrorKind.NOT_SUPPORTED, "H.264"),
    ],
)
def test_a_refusal_has_words_of_its_own(
    media_router: MediaRouter, start_whip: Callable[..., Sender], status: int, kind: ErrorKind, words: str
) -> None:
    def refuse(http: BaseHTTPRequestHandler) -> bool:
        http.rfile.read(int(http.headers.get("Content-Length") or 0))
        reply(http, status)
        return True

    media_router.front = refuse
    sender = start_whip(f"{media_router.serve()}/whip/studio", secret="hunter2hunter2")
    failed = sender.child.wait_for(StateChanged, lambda said: said.state is DestinationState.FAILED)
    assert failed.kind == kind and failed.permanent and words in failed.words and failed.remedy
    assert "hunter2" not in sender.child.log() and "hunter2" not in str(sender.child.said)


def test_places_that_cannot_be_reached_are_told(
    start_whip: Callable[..., Sender], free_port: Callable[[], int]
) -> None:
    nobody = start_whip(f"http://127.0.0.1:{free_port()}/whip")
    unknown = start_whip("http://no-such-host.invalid/whip")
    said = nobody.child.wait_for(StateChanged, lambda said: said.retry_in_s > 0)
    assert said.kind == ErrorKind.UNREACHABLE and "Nothing listens" in said.words and not said.permanent
    nobody.child.wait_for(StateChanged, lambda later: later.retry_in_s > 0 and later is not said)
    said = unknown.child.wait_for(StateChanged, lambda said: said.retry_in_s > 0)
    assert said.kind == ErrorKind.UNREACHABLE and "no-such-host.invalid" in said.words


@pytest.mark.slow
def test_a_port_that_takes_offers_but_no_media_is_told(
    media_router: MediaRouter, start_whip: Callable[..., Sender], free_port: Callable[[], int]
) -> None:
    def without_path(http: BaseHTTPRequestHandler) -> bool:
        if http.command != "POST":
            return False
        offer = http.rfile.read(int(http.headers.get("Content-Length") or 0)).decode()
        answer = media_router.offer(Direction.PUBLISH, offer)
        assert isinstance(answer, Answered)
        port = next(line for line in answer.sdp.splitlines() if line.startswith("a=candidate")).split()[5]
        sdp = answer.sdp.replace(f" {port} ", f" {free_port()} ")
        reply(http, 201, sdp, {"Content-Type": "application/sdp", "Location": f"/media/{answer.resource}"})
        return True

    media_router.front = without_path
    sender = start_whip(f"{media_router.serve()}/whip/studio")
    said = sender.child.wait_for(StateChanged, lambda said: said.retry_in_s > 0, 20)
    assert said.kind == ErrorKind.UNREACHABLE and "no media path" in said.words and "firewall" in said.remedy
    assert [method for method, _ in media_router.calls].count("DELETE") == 1


def test_a_server_that_asks_to_come_back_later_is_obeyed(
    media_router: MediaRouter, start_whip: Callable[..., Sender]
) -> None:
    times: list[float] = []

    def busy_once(http: BaseHTTPRequestHandler) -> bool:
        if http.command != "POST":
            return False
        times.append(time.monotonic())
        if len(times) > 1:
            return False
        http.rfile.read(int(http.headers.get("Content-Length") or 0))
        reply(http, 503, "", {"Retry-After": "2"})
        return True

    media_router.front = busy_once
    sender = start_whip(f"{media_router.serve()}/whip/studio")
    said = sender.child.wait_for(StateChanged, lambda said: said.retry_in_s > 0)
    assert said.kind == ErrorKind.BUSY and said.retry_in_s >= 2
    sender.child.wait_for(KeyframeWanted)
    assert times[1] - times[0] >= 2


def test_janus_takes_the_show(whip_server: WhipServer, start_whip: Callable[..., Sender]) -> None:
    url = whip_server.make_endpoint("show", token="let-me-in")
    wrong = start_whip(url, make_webrtc_program(4.0), secret="wrong")
    refused = wrong.child.wait_for(StateChanged, lambda said: said.state is DestinationState.FAILED)
    assert refused.kind == ErrorKind.DENIED
    sender = start_whip(url, make_webrtc_program(4.0), secret="let-me-in")
    sender.feed().join()
    assert sender.child.end() == 0
    assert sender.states() == [DestinationState.CONNECTING, DestinationState.LIVE, DestinationState.IDLE]
    until(lambda: not whip_server.live("show"), 5, "the endpoint is free again")
    for kind in ("video", "audio"):
        numbers = [packet.sequence_number for packet in whip_server.rtp(kind)]
        assert {(later - earlier) % 65536 for earlier, later in pairwise(numbers)} == {1}, kind
    with av.open(whip_server.decodable()) as container:
        seen = [number_of(float(one.to_ndarray(format="yuv420p")[:180].mean())) for one in container.decode(video=0)]
    assert without_gap(seen) and len(seen) >= 110, seen


@pytest.mark.slow
def test_janus_killed_and_back(whip_server: WhipServer, start_whip: Callable[..., Sender]) -> None:
    url = whip_server.make_endpoint("show")
    sender = start_whip(url, make_webrtc_program(20.0))
    sender.feed()
    sender.child.wait_for(StateChanged, lambda said: said.state is DestinationState.LIVE)
    whip_server.janus.kill()
    whip_server.front.kill()
    lost = sender.child.wait_for(StateChanged, lambda said: said.state is DestinationState.RECONNECTING)
    assert lost.kind == ErrorKind.LOST
    whip_server.start()
    whip_server.make_endpoint("show")
    sender.child.wait_for(DestinationStatistics, lambda said: said.reconnects == 1, 20)
    until(lambda: whip_server.live("show"), 5, "live again")
