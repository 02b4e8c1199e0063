"""Typed messages over pipes: whole or not at all, hostile ones refused, a gone peer noticed."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Callable, Iterator

import msgspec
import pytest

from studio.media import StoaError
from studio.process import Heartbeat, Link


class Blob(msgspec.Struct, frozen=True, tag="blob"):
    data: bytes


Links = Callable[[], tuple[Link[Blob | Heartbeat], Link[Blob | Heartbeat]]]


@pytest.fixture
def pair() -> Iterator[Links]:
    """Makes two ends that speak to each other; both are closed afterwards."""
    made: list[Link[Blob | Heartbeat]] = []

    def make() -> tuple[Link[Blob | Heartbeat], Link[Blob | Heartbeat]]:
        a_read, b_write = os.pipe()
        b_read, a_write = os.pipe()
        made.extend((Link(a_read, a_write, Blob | Heartbeat), Link(b_read, b_write, Blob | Heartbeat)))
        return made[-2], made[-1]

    yield make
    for link in made:
        link.close_writer()
        link.close_reader()


@pytest.fixture
def reading() -> Iterator[Callable[[bytes], Link[Blob]]]:
    """A link whose other side said these bytes, and left."""
    made: list[Link[Blob]] = []

    def make(said: bytes) -> Link[Blob]:
        read, write = os.pipe()
        made.append(Link(read, os.dup(write), Blob))
        os.write(write, said)
        os.close(write)
        made[-1].close_writer()
        return made[-1]

    yield make
    for link in made:
        link.close_reader()


def test_messages_arrive_in_order_and_whole_though_larger_than_the_pipe(pair: Links) -> None:
    left, right = pair()
    sent = [Blob(os.urandom(300_000)), Heartbeat(2.5), Blob(b"")]
    thread = threading.Thread(target=lambda: [left.send(message) for message in sent])
    thread.start()
    assert [right.receive() for _ in sent] == sent
    thread.join()


def test_the_end_is_none(pair: Links) -> None:
    left, right = pair()
    left.send(Heartbeat())
    left.close_writer()
    assert right.receive() == Heartbeat() and right.receive() is None


def test_a_message_cut_short_is_the_end(reading: Callable[[bytes], Link[Blob]]) -> None:
    assert reading(struct.pack("<I", 100) + b"half").receive() is None


@pytest.mark.parametrize("body", [b"\xff\xff", msgspec.msgpack.encode({"type": "unknown"}), b""])
def test_what_is_no_message_is_refused(reading: Callable[[bytes], Link[Blob]], body: bytes) -> None:
    with pytest.raises(StoaError):
        reading(struct.pack("<I", len(body)) + body).receive()


def test_a_length_beyond_all_reason_is_refused_before_any_memory_is_taken(
    reading: Callable[[bytes], Link[Blob]],
) -> None:
    with pytest.raises(StoaError, match="4294967295 bytes"):
        reading(struct.pack("<I", 0xFFFFFFFF)).receive()


def test_sending_to_a_peer_that_is_gone_says_so(pair: Links) -> None:
    left, right = pair()
    right.close_reader()
    assert left.send(Blob(b"x" * 100_000)) is False
