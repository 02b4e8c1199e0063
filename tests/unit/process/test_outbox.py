"""What an owner writes to its child arrives in order, and the child is asked to end only after its last packet."""

from __future__ import annotations

import threading

import msgspec

from studio.media import Codec, EncodedPacket, OverflowPolicy, PacketQueue
from studio.process.messages import End
from studio.process.outbox import Outbox
from tests.fakes.puppet import Say
from tests.fixtures.waiting import until


class SlowLink:
    """A link whose other side reads nothing until the gate opens."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.sent: list[msgspec.Struct] = []
        self.closed = False

    def send(self, message: msgspec.Struct) -> bool:
        assert self.gate.wait(20)
        self.sent.append(message)
        return True

    def close_writer(self) -> None:
        self.closed = True


def test_the_end_comes_after_all_packets() -> None:
    link = SlowLink()
    queue = PacketQueue(limit_ms=9000, limit_bytes=1_000_000, policy=OverflowPolicy.REFUSE)
    outbox = Outbox(link, queue)  # type: ignore[arg-type]
    packets = [EncodedPacket(Codec.H264, b"x", number, 1, True, number) for number in range(5)]
    for packet in packets:
        outbox.send_packet(packet)
    outbox.send(Say("by the way"))
    outbox.close(End())
    outbox.close(End())
    link.gate.set()
    until(lambda: link.closed, 10, "all to be written")
    assert [item for item in link.sent if isinstance(item, EncodedPacket)] == packets
    assert link.sent[-1] == End() and link.sent.count(End()) == 1
    assert link.sent.index(Say("by the way")) <= 1, "orders do not wait for packets"
