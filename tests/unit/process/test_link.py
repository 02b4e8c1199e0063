"""Typed messages over pipes: whole or not at all, hostile ones refused, a gone peer noticed."""

from __future__ import annotations

import os
import struct
import threading

import msgspec
import pytest

from studio.media import StoaError
from studio.process import Heartbeat, Link


class Blob(msgspec.Struct, frozen=True, tag="blob"):
    data: bytes


def pair() -> tuple[Link[Blob | Heartbeat], Link[Blob | Heartbeat]]:
    a_read, b_write = os.pipe()
    b_read, a_write = os.pipe()
    return Link(a_read, a_write, Blob | Heartbeat), Link(b_read, b_write, Blob | Heartbeat)


def test_messages_arrive_in_order_and_whole_though_larger_than_the_pipe() -> None:
    left, right = pair()
    sent = [Blob(os.urandom(300_000)), Heartbeat(2.5), Blob(b"")]
    thread = threading.Thread(target=lambda: [left.send(message) for message in sent])
    thread.start()
    assert [right.receive() for _ in sent] == sent
    thread.join()


def test_the_end_is_none() -> None:
    left, right = pair()
    left.send(Heartbeat())
    left.close_writer()
    assert right.receive() == Heartbeat() and right.receive() is None


def test_a_message_cut_short_is_the_end() -> None:
    read, write = os.pipe()
    link: Link[Blob] = Link(read, os.dup(write), Blob)
    os.write(write, struct.pack("<I", 100) + b"half")
    os.close(write)
    link.close_writer()
    assert link.receive() is None


@pytest.mark.parametrize("body", [b"\xff\xff", msgspec.msgpack.encode({"type": "unknown"}), b""])
def test_what_is_no_message_is_refused(body: bytes) -> None:
    read, write = os.pipe()
    link: Link[Blob] = Link(read, os.dup(write), Blob)
    os.write(write, struct.pack("<I", len(body)) + body)
    os.close(write)
    with pytest.raises(StoaError):
        link.receive()
    link.close_writer()


def test_a_length_beyond_all_reason_is_refused_before_any_memory_is_taken() -> None:
    read, write = os.pipe()
    link: Link[Blob] = Link(read, os.dup(write), Blob)
    os.write(write, struct.pack("<I", 0xFFFFFFFF))
    os.close(write)
    with pytest.raises(StoaError, match="4294967295 bytes"):
        link.receive()
    link.close_writer()


def test_sending_to_a_peer_that_is_gone_says_so() -> None:
    left, right = pair()
    right.close_reader()
    right.close_writer()
    assert left.send(Blob(b"x" * 100_000)) is False
