"""What the real router tells of its connections over a network that loses a tenth and takes 40 ms each way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from studio.server.router_pipe import DescribeQuality, Direction, ResourceQuality
from tests.fixtures.light_peer import LightViewer
from tests.fixtures.lossy_relay import LossyRelay
from tests.fixtures.router_show import Show, until

WITHIN_S = 20


async def described(show: Show) -> dict[str, ResourceQuality]:
    quality = await asyncio.to_thread(show.router.describe, DescribeQuality())
    return {one.person: one for one in quality.resources}


async def when(show: Show, person: str, fact: Callable[[ResourceQuality], object], what: str) -> ResourceQuality:
    """How this person's connection stands once it is so."""
    found: dict[str, ResourceQuality] = {}
    try:
        async with asyncio.timeout(WITHIN_S):
            while person not in found or not fact(found[person]):
                await asyncio.sleep(0.2)
                found = await described(show)
    except TimeoutError:
        raise AssertionError(f"not within {WITHIN_S} s: {what}: {found.get(person)}") from None
    return found[person]


async def keep_reporting(viewer: LightViewer) -> None:
    while True:
        await asyncio.sleep(0.5)
        viewer.report()
        viewer.ask_again()


def half_full(one: ResourceQuality) -> bool:
    """So many packets that a tenth of them is between a twentieth and a sixth."""
    return one.lost_packets > 25 and one.rtt_ms is not None


@pytest.mark.slow
async def test_a_viewer_behind_a_bad_network_shows_its_loss_and_round_trip(show: Show) -> None:
    await show.publish()
    relay = LossyRelay(delay_ms=40)
    viewer = await show.watch(relay=relay)
    await until(lambda: viewer.counts["video"] > 30 and viewer.sender_reports, "pictures")
    relay.loses = 0.1
    reporting = asyncio.create_task(keep_reporting(viewer))
    found = await when(show, "viewer", half_full, "losses")
    reporting.cancel()
    assert found.direction is Direction.SUBSCRIBE and found.session == "studio"
    assert 4 < found.loss_percent < 17, (found, relay.dropped)
    assert found.rtt_ms is not None and 75 < found.rtt_ms < 400, found
    assert found.bitrate_kbps > 50 and found.silent_s < 3


@pytest.mark.slow
async def test_a_publisher_behind_a_bad_network_shows_its_loss_and_round_trip(show: Show) -> None:
    relay = LossyRelay(delay_ms=40)
    await show.publish(relay=relay)
    clean = await when(show, "host", lambda one: one.rtt_ms is not None and one.bitrate_kbps > 0, "a round trip")
    assert (clean.direction, clean.loss_percent) == (Direction.PUBLISH, 0)
    relay.loses = 0.1
    found = await when(show, "host", half_full, "losses")
    assert 4 < found.loss_percent < 17, (found, relay.dropped)
    assert found.rtt_ms is not None and 75 < found.rtt_ms < 400, found


async def test_a_viewer_without_losses_shows_none_and_its_bitrate(show: Show) -> None:
    publisher = await show.publish()
    viewer = await show.watch()
    await until(lambda: viewer.counts["video"] > 30, "pictures")
    reporting = asyncio.create_task(keep_reporting(viewer))
    found = await when(show, "viewer", lambda one: one.rtt_ms is not None and one.bitrate_kbps > 50, "figures")
    sent = (await described(show))["host"]
    reporting.cancel()
    assert (found.loss_percent, found.lost_packets) == (0, 0)
    assert sent.bitrate_kbps * 0.5 < found.bitrate_kbps < sent.bitrate_kbps * 2, "what comes is what goes on"
    assert publisher.number > 30


@pytest.mark.slow
async def test_a_viewer_is_asked_for_its_round_trip_while_nothing_is_on_air_and_falls_silent(show: Show) -> None:
    relay = LossyRelay(delay_ms=40)
    await show.watch(relay=relay)
    found = await when(show, "viewer", lambda one: one.rtt_ms is not None, "a round trip")
    assert found.rtt_ms is not None and 75 < found.rtt_ms < 400 and found.bitrate_kbps == 0
    relay.loses = 1.0
    found = await when(show, "viewer", lambda one: one.silent_s > 4, "silence")
    relay.loses = 0.0
    await when(show, "viewer", lambda one: one.silent_s < 3, "its answers again")
