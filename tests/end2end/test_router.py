"""The media router as a real process: what viewers get, decoded again, whatever happens to publisher and viewers."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable
from itertools import pairwise

import pytest
import pytest_asyncio

from studio.server.router.rtcp import SenderReport
from studio.server.router_pipe import (
    Answered,
    DescribeQuality,
    DescribeState,
    Direction,
    EndPerson,
    EndPublisher,
    EndReason,
    EndResource,
    EndTokens,
    MediaKind,
    PublisherStarted,
    PublisherStopped,
    Reach,
    Refused,
    SetMute,
    Trickle,
    ViewerJoined,
    ViewerLeft,
)
from tests.fixtures.light_media import LightPublisher, decode_numbers
from tests.fixtures.light_peer import LightPeer, LightViewer
from tests.fixtures.media_router import MediaRouter, Routers


class Show:
    """Publishers and viewers of one router, ended with the test."""

    def __init__(self, router: MediaRouter) -> None:
        self.router = router
        self._publishers: list[LightPublisher] = []
        self._peers: list[LightPeer] = []
        self._asking: list[asyncio.Task[None]] = []

    async def publish(self, *, offer: dict[str, object] | None = None, person: str = "host", **facts) -> LightPublisher:  # type: ignore[no-untyped-def]
        peer = LightPeer()
        self._peers.append(peer)
        answer = await asyncio.to_thread(
            self.router.offer, Direction.PUBLISH, peer.offer("sendonly", **(offer or {})), person=person
        )
        assert isinstance(answer, Answered), answer
        await peer.take_answer(answer.sdp)
        publisher = LightPublisher(peer, **facts)
        self._publishers.append(publisher)
        publisher.start()
        return publisher

    async def watch(self, *, lose: float = 0.0, person: str = "viewer", token: str = "t2", **offer) -> LightViewer:  # type: ignore[no-untyped-def]
        peer = LightPeer()
        self._peers.append(peer)
        answer = await asyncio.to_thread(
            self.router.offer, Direction.SUBSCRIBE, peer.offer("recvonly", **offer), person=person, token=token
        )
        assert isinstance(answer, Answered), answer
        viewer = LightViewer(peer, lose=lose)
        await peer.take_answer(answer.sdp)
        if lose:
            self._asking.append(asyncio.create_task(_keep_asking(viewer)))
        return viewer

    async def close(self) -> None:
        for task in self._asking:
            task.cancel()
        for publisher in self._publishers:
            await publisher.stop()
        for peer in self._peers:
            peer.close()
        await asyncio.sleep(0)


async def _keep_asking(viewer: LightViewer) -> None:
    while True:
        viewer.ask_again()
        await asyncio.sleep(0.05)


@pytest_asyncio.fixture
async def show(media_router: MediaRouter) -> AsyncIterator[Show]:
    running = Show(media_router)
    yield running
    await running.close()


async def until(fact: Callable[[], object], what: str, limit_s: float = 10) -> None:
    try:
        async with asyncio.timeout(limit_s):
            while not fact():
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"not within {limit_s} s: {what}") from None


def without_gap(numbers: list[int]) -> bool:
    return bool(numbers) and all(later == earlier + 1 for earlier, later in pairwise(numbers))


async def test_every_picture_reaches_every_viewer(show: Show) -> None:
    publisher = await show.publish()
    first, second = await show.watch(), await show.watch()
    await until(lambda: len(second.in_order()) > 40, "40 packets at the second viewer")
    await publisher.stop()
    await until(lambda: decode_numbers(first.in_order())[-1] == publisher.number - 1, "the last picture")
    for viewer in (first, second):
        assert not viewer.missing() and not viewer.missing("audio")
        assert without_gap(decode_numbers(viewer.in_order()))
    assert len({first.ssrcs["video"], second.ssrcs["video"], 1000}) == 3
    assert min(first.received["video"]) & 0xFFFF != min(second.received["video"]) & 0xFFFF


async def test_a_viewer_who_comes_in_the_middle_begins_with_the_cached_group(show: Show) -> None:
    publisher = await show.publish()
    await until(lambda: publisher.number > 30, "a second of pictures")
    joined_at = publisher.number
    viewer = await show.watch()
    await until(lambda: viewer.counts["video"] >= joined_at + 15, "the cached group and what follows")
    packets = viewer.in_order()
    numbers = decode_numbers(packets)
    assert numbers[0] == 0 and without_gap(numbers)
    assert not publisher.keyframes_asked
    # the past is drawn together, a picture each millisecond, so as not to play at its own pace; then time goes on
    stamps = [packet.timestamp for packet in packets]
    steps = [(later - earlier) & 0xFFFFFFFF for earlier, later in pairwise(stamps)]
    live_from = next(index for index, step in enumerate(steps) if step > 90)
    assert live_from >= joined_at - 3
    assert all(step == 3000 for step in steps[live_from:] if step)


async def test_loss_at_a_viewer_is_repaired_from_the_store(show: Show) -> None:
    publisher = await show.publish(bitrate_kbps=1500, noise=True)
    viewer = await show.watch(lose=0.05)
    await until(lambda: viewer.lost_on_purpose > 10 and viewer.counts["video"] > 300, "some loss")
    await publisher.stop()
    await until(lambda: not viewer.missing(), "repair")
    assert viewer.repaired > 0
    assert without_gap(decode_numbers(viewer.in_order()))
    assert not publisher.nacked, "the publisher was asked for what the router had"


async def test_loss_is_repaired_without_rtx_too(show: Show) -> None:
    publisher = await show.publish(bitrate_kbps=1500, noise=True)
    viewer = await show.watch(lose=0.05, rtx=False)
    await until(lambda: viewer.lost_on_purpose > 10, "some loss")
    await publisher.stop()
    await until(lambda: not viewer.missing(), "repair")
    assert without_gap(decode_numbers(viewer.in_order()))


async def test_loss_from_the_publisher_is_asked_for_again_and_forwarded(show: Show) -> None:
    skip = frozenset((65500 + n) & 0xFFFF for n in (20, 21, 37, 50))
    publisher = await show.publish(skip=skip)
    viewer = await show.watch()
    await until(lambda: publisher.number > 60, "two seconds of pictures")
    await publisher.stop()
    await until(lambda: not viewer.missing() and len(viewer.received["video"]) >= 60, "repair")
    assert set(publisher.nacked) == skip
    assert without_gap(decode_numbers(viewer.in_order()))


async def test_a_stalled_or_vanished_viewer_disturbs_nobody(show: Show) -> None:
    publisher = await show.publish(bitrate_kbps=1500, noise=True)
    stalled, vanished, well = await show.watch(), await show.watch(), await show.watch()
    stalled.peer.stop_reading()
    vanished.peer.vanish()
    before = len(well.in_order())
    await until(lambda: len(well.in_order()) > before + 300, "more packets")
    await publisher.stop()
    await until(lambda: decode_numbers(well.in_order())[-1] == publisher.number - 1, "the last picture")
    assert not well.missing() and without_gap(decode_numbers(well.in_order()))


async def test_wishes_for_a_keyframe_are_merged(show: Show) -> None:
    publisher = await show.publish()
    viewers = [await show.watch() for _ in range(4)]
    await until(lambda: all(viewer.counts["video"] > 5 for viewer in viewers), "pictures")
    asked_before = len(publisher.keyframes_asked)
    for _ in range(15):
        for viewer in viewers:
            viewer.want_keyframe()
        await asyncio.sleep(0.1)
    await until(lambda: len(publisher.keyframes_asked) >= asked_before + 2, "the second request")
    times = publisher.keyframes_asked
    assert all(later - earlier > 0.6 for earlier, later in pairwise(times)), times
    assert len(times) <= 3


async def test_a_new_connection_of_the_publisher_takes_over(show: Show) -> None:
    first = await show.publish()
    viewer = await show.watch()
    await until(lambda: viewer.counts["video"] > 20, "pictures")
    first.peer.vanish()
    await first.stop()
    second = await show.publish(first=1000, ssrc=2000)
    await until(lambda: second.number > 1030, "pictures of the second")
    await until(lambda: decode_numbers(viewer.in_order())[-1] > 1020, "they arrive")
    numbers = decode_numbers(viewer.in_order())
    assert numbers == sorted(numbers) and 1000 in numbers
    assert not viewer.missing() and not viewer.missing("audio"), "sequence numbers go on without a gap"
    stamps = [packet.timestamp for packet in viewer.in_order()]
    steps = [(later - earlier) & 0xFFFFFFFF for earlier, later in pairwise(stamps)]
    assert all(0 <= step < 90_000 * 5 for step in steps), "time goes on"
    stopped = await asyncio.to_thread(show.router.until_seen, PublisherStopped)
    assert stopped.why is EndReason.REPLACED
    assert len(show.router.seen(PublisherStarted)) == 2


async def test_a_publisher_that_was_taken_over_is_hung_up_on_and_forwarded_no_more(show: Show) -> None:
    first = await show.publish()
    viewer = await show.watch()
    await until(lambda: viewer.counts["video"] > 20, "pictures")
    second = await show.publish(first=1000, ssrc=2000)
    await until(first.peer.closed.is_set, "the first one is told")
    reached = first.number
    await until(lambda: first.number > reached + 10 and second.number > 1030, "both go on sending")
    await until(lambda: decode_numbers(viewer.in_order())[-1] > 1020, "the second one's pictures")
    numbers = decode_numbers(viewer.in_order())
    assert numbers == sorted(numbers) and reached + 5 not in numbers


async def test_a_takeover_that_never_connects_disturbs_nobody(show: Show) -> None:
    publisher = await show.publish()
    viewer = await show.watch()
    stranger = LightPeer()
    answer = await asyncio.to_thread(show.router.offer, Direction.PUBLISH, stranger.offer("sendonly"))
    assert isinstance(answer, Answered)
    await until(lambda: publisher.number > 40, "pictures")
    await publisher.stop()
    await until(lambda: decode_numbers(viewer.in_order())[-1] == publisher.number - 1, "the last picture")
    assert without_gap(decode_numbers(viewer.in_order()))


async def test_a_muted_picture_stops_at_once_and_comes_back_with_a_keyframe(show: Show) -> None:
    publisher = await show.publish()
    viewer = await show.watch()
    await until(lambda: viewer.counts["video"] > 20, "pictures")
    facts = {"session": "studio", "person": "host", "kind": MediaKind.VIDEO}
    done = await asyncio.to_thread(show.router.ask, SetMute, muted=True, **facts)
    assert done.changed
    number, pictures, sounds = publisher.number, viewer.counts["video"], viewer.counts["audio"]
    await until(lambda: viewer.counts["audio"] > sounds + 20, "the sound goes on")
    # what was on its way when the mute was done
    assert viewer.counts["video"] <= pictures + 2
    again = await asyncio.to_thread(show.router.ask, SetMute, muted=True, **facts)
    assert not again.changed
    before = viewer.counts["video"]
    await asyncio.to_thread(show.router.ask, SetMute, muted=False, **facts)
    await until(lambda: viewer.counts["video"] > before + 10, "pictures again")
    assert not viewer.missing(), "the viewer's sequence numbers have no gap"
    numbers = decode_numbers(viewer.in_order())
    assert not [one for one in numbers if number + 2 < one < number + 10], "nothing of the muted time came"


async def test_a_muted_picture_stays_away_when_a_keyframe_comes(show: Show) -> None:
    publisher = await show.publish(gop=10)
    viewer = await show.watch()
    await until(lambda: viewer.counts["video"] > 20, "pictures")
    facts = {"session": "studio", "person": "host", "kind": MediaKind.VIDEO}
    await asyncio.to_thread(show.router.ask, SetMute, muted=True, **facts)
    keyframes, pictures = publisher.keyframes, viewer.counts["video"]
    await until(lambda: publisher.keyframes >= keyframes + 3, "the publisher sends more keyframes")
    newcomer = await show.watch()
    await until(lambda: publisher.keyframes >= keyframes + 5 and newcomer.counts["audio"] > 10, "the sound goes on")
    assert viewer.counts["video"] <= pictures + 6, "but for what was on its way"
    assert newcomer.counts["video"] == 0


async def test_a_mute_holds_for_the_next_connection(show: Show) -> None:
    await asyncio.to_thread(show.router.ask, SetMute, session="studio", person="host", kind=MediaKind.AUDIO, muted=True)
    show.router.offer_facts = {"muted_audio": True}
    await show.publish()
    viewer = await show.watch()
    await until(lambda: viewer.counts["video"] > 20, "pictures")
    assert viewer.counts["audio"] == 0
    state = await asyncio.to_thread(show.router.describe, DescribeState())
    publisher = next(one for one in state.resources if one.direction is Direction.PUBLISH)
    assert publisher.muted_audio and not publisher.muted_video


@pytest.mark.parametrize("kind", ["audio", "video"])
async def test_a_publisher_of_one_track_is_forwarded(show: Show, kind: str) -> None:
    other = "video" if kind == "audio" else "audio"
    await show.publish(offer={other: False})
    viewer = await show.watch()
    await until(lambda: viewer.counts[kind] > 10, kind)
    assert viewer.counts[other] == 0
    started = await asyncio.to_thread(show.router.until_seen, PublisherStarted)
    assert started.kinds == (MediaKind(kind),)


async def test_a_viewer_may_come_before_the_publisher(show: Show) -> None:
    viewer = await show.watch()
    publisher = await show.publish(offer={"profile": "640028"})
    await until(lambda: viewer.counts["video"] > 10, "pictures")
    assert decode_numbers(viewer.in_order())[0] <= 1 and publisher.number


async def test_sender_reports_keep_sound_and_picture_together(show: Show) -> None:
    await show.publish(count_sounds=True)
    viewer = await show.watch()

    def reports(kind: str) -> list[SenderReport]:
        return [one for one in viewer.sender_reports if one.ssrc == viewer.ssrcs.get(kind)]

    await until(lambda: len(reports("video")) >= 3 and len(reports("audio")) >= 3, "sender reports")
    # picture n was taken at n / 30 s and sound k at k / 50 s of one clock: the reports must say so of each
    beginnings = []
    for kind, rate_hz in (("video", 90000), ("audio", 48000)):
        packets = viewer.in_order(kind)
        packet = packets[-1]
        taken_s = decode_numbers(packets)[-1] / 30 if kind == "video" else int.from_bytes(packet.payload[3:]) / 50
        for report in reports(kind):
            ticks = ((packet.timestamp - report.rtp_timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
            beginnings.append(report.ntp / 2**32 + ticks / rate_hz - taken_s)
    assert max(beginnings) - min(beginnings) < 0.01, beginnings


async def test_ending_a_person_a_token_a_publisher(show: Show) -> None:
    await show.publish()
    kept, dead, removed = (
        await show.watch(person="kept", token="k"),
        await show.watch(person="dead", token="d"),
        await show.watch(person="removed", token="r"),
    )
    await asyncio.to_thread(show.router.until_seen, ViewerJoined, 3)
    assert (await asyncio.to_thread(show.router.ask, EndTokens, tokens=("d",), why=EndReason.REVOKED)).changed
    await until(dead.peer.closed.is_set, "the dead token's viewer is told")
    facts = {"session": "studio", "person": "removed", "why": EndReason.REMOVED}
    assert (await asyncio.to_thread(show.router.ask, EndPerson, **facts)).changed
    await until(removed.peer.closed.is_set, "the removed person is told")
    left = await asyncio.to_thread(show.router.until_seen, ViewerLeft, 2)
    assert left.why is EndReason.REMOVED and left.watching == 1
    assert removed.goodbyes >= 1
    facts = {"session": "studio", "why": EndReason.REVOKED, "person": "kept"}
    assert not (await asyncio.to_thread(show.router.ask, EndPublisher, **facts)).changed, "they only watch"
    assert not kept.peer.closed.is_set()
    facts = {"session": "studio", "why": EndReason.STOPPED}
    assert (await asyncio.to_thread(show.router.ask, EndPublisher, **facts)).changed
    stopped = await asyncio.to_thread(show.router.until_seen, PublisherStopped)
    assert stopped.why is EndReason.STOPPED
    assert not kept.peer.closed.is_set()
    assert not (await asyncio.to_thread(show.router.ask, EndPublisher, **facts)).changed


async def test_a_publisher_that_falls_silent_is_told(show: Show) -> None:
    publisher = await show.publish()
    await asyncio.to_thread(show.router.until_seen, PublisherStarted)
    publisher.silent = True
    await asyncio.to_thread(show.router.until_seen, PublisherStopped)
    publisher.silent = False
    await asyncio.to_thread(show.router.until_seen, PublisherStarted, 2)


async def test_quality_is_told(show: Show) -> None:
    await show.publish()
    viewer = await show.watch()
    await until(lambda: viewer.counts["video"] > 45, "pictures")

    def measured() -> bool:
        quality = show.router.describe(DescribeQuality())
        return len(quality.resources) == 2 and all(one.bitrate_kbps > 10 for one in quality.resources)

    for _ in range(30):
        if await asyncio.to_thread(measured):
            return
        await asyncio.sleep(0.1)
    raise AssertionError("no bitrate was measured")


@pytest.mark.parametrize(
    ("sdp", "status"),
    [
        ("", 400),
        ("hello", 400),
        ("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", 400),
        ("v=0\r\n" + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n" * 40, 400),
        ("v=0\r\nm=video x UDP/TLS/RTP/SAVPF 96\r\n", 400),
        ("v=0\r\na=rtpmap:x y\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", 400),
        ("v=0\r\n" + "a" * 300_000, 400),
    ],
)
async def test_hostile_sdp_is_refused_in_words(media_router: MediaRouter, sdp: str, status: int) -> None:
    for direction in Direction:
        refused = await asyncio.to_thread(media_router.offer, direction, sdp)
        assert isinstance(refused, Refused) and refused.status == status
        assert refused.message.endswith(".")


async def test_noise_on_the_media_port_disturbs_nobody(show: Show) -> None:
    publisher = await show.publish()
    viewer = await show.watch()
    noise = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for first in [0, 1, 20, 22, 23, 63, 64, 127, 128, 144, 191, 192, 255] * 20:
            body = noise.randbytes(noise.randrange(1, 1400))
            for head in (bytes([first]), b"\x00\x01\x00\x58\x21\x12\xa4\x42", b""):
                stranger.sendto(head + body, viewer.peer.remote)
        stranger.sendto(b"", viewer.peer.remote)
    # and from a peer that is connected
    for _ in range(50):
        viewer.peer.send_rtcp(b"\x80\xcd" + noise.randbytes(30))
        viewer.peer.send_rtp(b"\x80" + noise.randbytes(30))
    before = len(viewer.in_order())
    await until(lambda: len(viewer.in_order()) > before + 30, "pictures go on")
    await publisher.stop()
    assert without_gap(decode_numbers(viewer.in_order()))


async def test_codecs_that_cannot_be_forwarded_are_refused(media_router: MediaRouter) -> None:
    offer = LightPeer().offer("sendonly", audio=False).replace("H264", "VP8")
    refused = await asyncio.to_thread(media_router.offer, Direction.PUBLISH, offer)
    assert isinstance(refused, Refused) and refused.status == 406 and "H.264" in refused.remedy
    denied = await asyncio.to_thread(
        media_router.offer, Direction.PUBLISH, LightPeer().offer("sendonly"), audio=False, video=False
    )
    assert isinstance(denied, Refused) and denied.status == 403


async def test_a_foreign_resource_is_not_found(media_router: MediaRouter) -> None:
    answer = await asyncio.to_thread(media_router.offer, Direction.PUBLISH, LightPeer().offer("sendonly"), token="mine")
    assert isinstance(answer, Answered)
    facts = {"resource": answer.resource, "token": "yours"}
    for message, more in ((EndResource, {"why": EndReason.LEFT}), (Trickle, {"etag": "*", "fragment": ""})):
        refused = await asyncio.to_thread(media_router.ask, message, **facts, **more)
        assert isinstance(refused, Refused) and refused.status == 404
    stale = await asyncio.to_thread(
        media_router.ask, Trickle, resource=answer.resource, token="mine", etag='"old"', fragment=""
    )
    assert isinstance(stale, Refused) and stale.status == 412


async def test_sharing_taken_back_ends_who_came_over_that_address_only(show: Show) -> None:
    router = show.router
    router.tell(Reach(("127.0.0.1", "127.0.0.2")))
    publisher = await show.publish()
    near = await show.watch()
    router.offer_facts = {"local_address": "127.0.0.2"}
    far = await show.watch()
    assert far.peer.remote[0] == "127.0.0.2" and near.peer.remote[0] == "127.0.0.1"
    await until(lambda: far.counts["video"] > 5, "pictures from afar")
    router.tell(Reach(("127.0.0.1",)))
    await until(far.peer.closed.is_set, "the far one is told")
    left = await asyncio.to_thread(router.until_seen, ViewerLeft)
    assert left.why is EndReason.LOST and left.watching == 1
    before = near.counts["video"]
    await until(lambda: near.counts["video"] > before + 10, "the near one sees on")
    assert publisher.number and not near.missing()


async def test_the_ports_are_as_asked_and_a_taken_one_is_passed_over(media_routers: Routers, free_port) -> None:  # type: ignore[no-untyped-def]
    low = free_port()
    first, second = media_routers(low=low, high=low + 3), media_routers(low=low, high=low + 3)
    ports = []
    for router in (first, second):
        answer = await asyncio.to_thread(router.offer, Direction.PUBLISH, LightPeer().offer("sendonly"))
        assert isinstance(answer, Answered)
        candidate = next(line for line in answer.sdp.splitlines() if line.startswith("a=candidate")).split()
        ports.append(int(candidate[5]))
    assert len(set(ports)) == 2 and all(low <= port <= low + 3 for port in ports)


async def test_an_address_that_is_not_ours_is_told(media_routers: Routers) -> None:
    router = media_routers(("203.0.113.7",))
    await until(lambda: router.faults, "the fault")
    assert "203.0.113.7" in router.faults[0].message
    refused = await asyncio.to_thread(router.offer, Direction.PUBLISH, LightPeer().offer("sendonly"))
    assert isinstance(refused, Refused) and refused.status == 503 and refused.retry_after_s > 0
