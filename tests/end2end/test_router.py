"""The media router as a real process: what viewers get, decoded again, whatever happens to publisher and viewers."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from studio.server.router.rtcp import SenderReport
from studio.server.router_pipe import DescribeQuality, MediaKind, PublisherStarted
from tests.fixtures.light_media import decode_numbers
from tests.fixtures.router_show import Show, until, without_gap


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
