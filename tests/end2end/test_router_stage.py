"""Who is on at the media router: a publisher that is taken over, muted, ended or silent, as the viewers see it."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from studio.server.router_pipe import (
    Answered,
    DescribeState,
    Direction,
    EndPerson,
    EndPublisher,
    EndReason,
    EndTokens,
    MediaKind,
    PublisherStarted,
    PublisherStopped,
    SetMute,
    ViewerJoined,
    ViewerLeft,
)
from tests.fixtures.light_media import decode_numbers
from tests.fixtures.light_peer import LightPeer
from tests.fixtures.router_show import Show, until, without_gap


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
