"""A bounded queue gives up what its policy says, counts it, and never more."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.media import NS_PER_S, Codec, EncodedPacket, OverflowPolicy, PacketQueue
from tests.fixtures.waiting import until

FPS = 30


def picture(number: int, keyframe: bool = False, size: int = 100) -> EncodedPacket:
    return EncodedPacket(Codec.H264, bytes(size), number, 1, keyframe, number * NS_PER_S // FPS)


def sound(number: int, size: int = 10) -> EncodedPacket:
    return EncodedPacket(Codec.AAC, bytes(size), number, 1, True, number * NS_PER_S // FPS)


def dropping(limit_ms: int = 1000, limit_bytes: int = 1_000_000) -> PacketQueue:
    return PacketQueue(limit_ms=limit_ms, limit_bytes=limit_bytes, policy=OverflowPolicy.DROP_VIDEO_TO_KEYFRAME)


def refusing(limit_ms: int = 1000, limit_bytes: int = 1_000_000) -> PacketQueue:
    return PacketQueue(limit_ms=limit_ms, limit_bytes=limit_bytes, policy=OverflowPolicy.REFUSE)


def drain(queue: PacketQueue) -> list[EncodedPacket]:
    found = []
    while (packet := queue.get(0)) is not None:
        found.append(packet)
    return found


def test_packets_leave_in_the_order_in_which_they_came() -> None:
    queue = dropping()
    sent = [picture(0, keyframe=True), sound(0), picture(1), sound(1)]
    assert all(queue.put(packet) for packet in sent)
    assert queue.queued_bytes == 220
    assert drain(queue) == sent
    assert queue.queued_bytes == 0 and queue.queued_ms == 0


def test_a_full_queue_gives_up_its_pictures_up_to_the_next_keyframe_and_keeps_its_sound() -> None:
    queue = dropping(limit_ms=1000)
    for number in range(60):
        queue.put(picture(number, keyframe=number in (0, 45)))
        queue.put(sound(number))
    packets = drain(queue)
    pictures = [packet.pts for packet in packets if packet.codec.is_video]
    assert pictures == list(range(45, 60))
    assert [packet.pts for packet in packets if not packet.codec.is_video] == list(range(60))
    assert queue.dropped_video == 45


def test_a_keyframe_that_finds_it_full_stays() -> None:
    queue = dropping(limit_ms=1000)
    for number in range(31):
        queue.put(picture(number, keyframe=number == 0))
    queue.put(picture(31, keyframe=True))
    queue.put(picture(32))
    assert [packet.pts for packet in drain(queue)] == [31, 32]
    assert queue.dropped_video == 31


def test_bytes_are_limited_as_well() -> None:
    queue = dropping(limit_bytes=1000)
    for number in range(12):
        queue.put(picture(number, keyframe=number == 0))
    assert queue.queued_bytes <= 1000
    assert queue.dropped_video == 12


def test_sound_alone_never_grows_beyond_the_limit() -> None:
    queue = dropping(limit_bytes=1000)
    for number in range(500):
        queue.put(sound(number))
    assert queue.queued_bytes <= 1000
    assert drain(queue)[-1].pts == 499


def test_a_refusing_queue_loses_nothing_and_says_no() -> None:
    queue = refusing(limit_ms=1000)
    taken = [queue.put(picture(number, keyframe=number == 0)) for number in range(40)]
    assert taken == [True] * 31 + [False] * 9
    assert [packet.pts for packet in drain(queue)] == list(range(31))
    assert queue.dropped_video == 0


def test_a_new_connection_forgets_and_counts_what_was_queued() -> None:
    queue = dropping()
    for number in range(5):
        queue.put(picture(number, keyframe=number == 0))
    queue.await_keyframe()
    assert not queue.put(picture(5))
    assert queue.put(sound(5))
    assert queue.put(picture(6, keyframe=True))
    assert [packet.pts for packet in drain(queue)] == [5, 6]
    assert queue.dropped_video == 6


def test_a_closed_queue_hands_out_the_rest_and_takes_no_more() -> None:
    queue = dropping()
    queue.put(picture(0, keyframe=True))
    queue.close()
    assert queue.closed
    assert not queue.put(picture(1))
    assert drain(queue) == [picture(0, keyframe=True)]
    assert queue.get() is None


def test_a_waiting_reader_is_woken_by_a_packet_and_by_the_end() -> None:
    queue = dropping()
    got: list[EncodedPacket | None] = []
    reader = threading.Thread(target=lambda: got.extend([queue.get(10), queue.get(10)]), daemon=True)
    reader.start()
    queue.put(picture(0, keyframe=True))
    until(lambda: len(got) == 0 and not queue.queued_bytes, 5, "the packet is taken")
    queue.close()
    reader.join(5)
    assert got == [picture(0, keyframe=True), None]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from("kps"), st.integers(1, 400)), max_size=200),
    st.integers(100, 2000),
    st.integers(500, 5000),
)
def test_nothing_is_lost_uncounted_and_every_gap_ends_with_a_keyframe(
    kinds: list[tuple[str, int]], limit_ms: int, limit_bytes: int
) -> None:
    queue = dropping(limit_ms, limit_bytes)
    pictures = sounds = 0
    for number, (kind, size) in enumerate(kinds):
        if kind == "s":
            queue.put(sound(number, size))
            sounds += 1
        else:
            queue.put(EncodedPacket(Codec.H264, bytes(size), pictures, 1, kind == "k", number * NS_PER_S // FPS))
            pictures += 1
        assert queue.queued_bytes <= limit_bytes or len(drain_count(queue)) == 1
    left = drain(queue)
    numbers = [(packet.pts, packet.keyframe) for packet in left if packet.codec.is_video]
    assert len(numbers) + queue.dropped_video == pictures
    expected = 0 if queue.dropped_video == 0 else None
    for pts, keyframe in numbers:
        assert keyframe or pts == expected
        expected = pts + 1


def drain_count(queue: PacketQueue) -> list[EncodedPacket]:
    """What is queued, without taking it."""
    return list(queue._packets)


@pytest.mark.parametrize("number", [0, 29])
def test_what_is_queued_is_told_in_milliseconds_of_video(number: int) -> None:
    queue = dropping()
    for each in range(number + 1):
        queue.put(picture(each, keyframe=each == 0))
        queue.put(sound(each))
    assert queue.queued_ms == pytest.approx(number * 1000 / FPS, abs=0.01)
